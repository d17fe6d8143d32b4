"""A transfer: one amount from a balance to another, split over several, or exchanged."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.forms import IndicatorField
from balances.lookups import CURRENCIES, LookupField
from balances.models import Balance
from ledgers.models import Currency
from ledgers.money import format_amount
from transactions.drafts import DraftLine
from transactions.errors import SameBalanceError
from transactions.exchange import (
    LIQUIDITY,
    Exchange,
    RateError,
    exchange_at,
    exchange_for,
    format_rate,
    parse_rate,
)
from transactions.forms.asking import amount_field
from transactions.forms.options import Place
from transactions.forms.sides import Side, SideField, currencies_of, key_of
from transactions.forms.splits import SOURCES, SplitForm
from transactions.requests import CREDIT, DEBIT
from web.formatting import lazy_number
from web.forms import ComboboxInput


class TransferForm(SplitForm):
    """An amount that leaves one balance, or several, and arrives on another, or several."""

    mode = "transfer"
    advanced: ClassVar[tuple[str, ...]] = (*SplitForm.advanced, "rate", "received")
    field_order = ("source", "destination", "amount", "currency", "description", "reference")

    source = SideField(
        attrs={"autofocus": True, "data-beside": "destination"},
        label=gettext_lazy("From"),
        help_text=gettext_lazy("Debited. An owner, an id or an @indicator."),
    )
    destination = SideField(
        attrs={"data-beside": "source"},
        label=gettext_lazy("To"),
        help_text=gettext_lazy("Credited. An owner, an id or an @indicator."),
    )
    amount = amount_field(
        label=gettext_lazy("Amount"),
        help_text=format_lazy(
            gettext_lazy("As written, such as {example}, or a sum: 1200/12."),
            example=lazy_number("1,250.00"),
        ),
    )
    currency = LookupField(
        CURRENCIES,
        label=gettext_lazy("Currency"),
        required=False,
        widget=ComboboxInput("balances:suggest-currency", label_for=CURRENCIES.label),
        help_text=gettext_lazy("Taken from the balances; needed between new @indicators."),
    )
    rate = forms.CharField(
        label=gettext_lazy("Rate"),
        required=False,
        max_length=80,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "class": "num", "autocomplete": "off"}
        ),
        help_text=gettext_lazy("What one unit paid is worth in the other currency."),
    )
    received = amount_field(
        label=gettext_lazy("Amount received"),
        required=False,
        help_text=gettext_lazy("Instead of the rate."),
    )
    through = IndicatorField(
        label=gettext_lazy("Through"),
        required=False,
        initial=LIQUIDITY,
        help_text=gettext_lazy("The indicator that holds the position, in both currencies."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        paid, received = self._currencies()
        self.settle_overdraft([paid] if paid else [])
        if paid is None or received is None:
            return given
        self._settle("source", paid)
        self._settle("destination", received)
        given["amount_minor"] = self.read(self, "amount", paid)
        if paid != received:
            self._enter_exchange(paid, received)
        elif given.get("rate") or given.get("received"):
            message = _("Both balances are in %(code)s: nothing is exchanged.")
            self.add_error(
                "rate" if given.get("rate") else "received", message % {"code": paid.code}
            )
        else:
            self._enter_transfer(paid)
        return given

    def _currencies(self) -> tuple[Currency | None, Currency | None]:
        """The currency of what is paid, and of what is received; the same but for an exchange."""
        given = self.cleaned_data
        known = [
            side.currency if isinstance(side, Balance) else None
            for side in (given.get("source"), given.get("destination"))
        ]
        chosen: Currency | None = given.get("currency")
        paid = known[0] or known[1]
        if paid and chosen and paid != chosen:
            message = _("The balances are in %(code)s.")
            if known[0] and known[1] and known[0] != known[1]:
                message = _("The amount is in %(code)s, as the balance it comes from.")
            self.add_error("currency", message % {"code": paid.code})
            return None, None
        paid = paid or chosen
        if paid is None and not self.errors:
            paid = self._currency_of_indicators()
        return paid, known[1] or paid

    def _currency_of_indicators(self) -> Currency | None:
        given = self.cleaned_data
        currencies = currencies_of([given["source"], given["destination"]])
        if len(currencies) == 1:
            return currencies[0]
        self.add_error("currency", _("Say which currency: the indicators do not tell."))
        return None

    def _settle(self, name: str, currency: Currency) -> None:
        """Take the balance that an indicator has in this currency."""
        side: Side | None = self.cleaned_data.get(name)
        if not side:
            return
        try:
            settled = self.settle(side, currency)
        except ValidationError as error:
            self.add_error(name, error)
            return
        self.cleaned_data[name] = settled
        self.places.append(Place(settled, self, name))

    def _enter_transfer(self, currency: Currency) -> None:
        """The lines of a transfer, split or not, in the order they were entered."""
        given = self.cleaned_data
        source, destination = given.get("source"), given.get("destination")
        if source and source == destination:
            self.add_error("destination", str(SameBalanceError()))
        parts = self.rows.filled
        if given.get("first_share") and not parts:
            self.add_error("first_share", _("A share needs further balances to split with."))
        amount_minor = given.get("amount_minor")
        if not (source and destination and amount_minor) or self.errors:
            return
        is_sources = given.get("split_of") == SOURCES
        first, other = (source, destination) if is_sources else (destination, source)
        amounts = {key_of(first): amount_minor}
        if parts:
            sides = [first, *self.part_sides(currency, other)]
            amounts = self.share_out(amount_minor, sides, currency)
        direction = DEBIT if is_sources else CREDIT
        shared = [
            DraftLine(key, currency.code, int(direction), minor) for key, minor in amounts.items()
        ]
        whole = DraftLine(key_of(other), currency.code, -int(direction), amount_minor)
        self.lines = [*shared, whole] if is_sources else [whole, *shared]

    def _enter_exchange(self, paid: Currency, received: Currency) -> None:
        """The four lines of an exchange; the rate is kept."""
        given = self.cleaned_data
        self._refuse_other_options()
        exchange = self._exchange(paid, received)
        source, destination = given.get("source"), given.get("destination")
        if exchange is None or not (source and destination):
            return
        through = given.get("through") or LIQUIDITY
        try:
            paid_into, paid_out_of = (self.settle(through, each) for each in (paid, received))
        except ValidationError as error:
            self.add_error("through", error)
            return
        if paid_into == source or paid_out_of == destination:
            self.add_error("through", _("This is the source or the destination itself."))
            return
        given["exchange_rate"] = exchange.rate
        self.places += [Place(side, self, "through") for side in (paid_into, paid_out_of)]
        self.lines = [
            DraftLine(key_of(source), paid.code, int(DEBIT), exchange.source_minor),
            DraftLine(key_of(paid_into), paid.code, int(CREDIT), exchange.source_minor),
            DraftLine(key_of(paid_out_of), received.code, int(DEBIT), exchange.destination_minor),
            DraftLine(key_of(destination), received.code, int(CREDIT), exchange.destination_minor),
        ]

    def _refuse_other_options(self) -> None:
        """An exchange is neither split nor held."""
        if self.rows.filled:
            message = _("An exchange has one source and one destination.")
            self.rows.filled[0].add_error("side", message)
        if self.cleaned_data.get("is_hold"):
            self.add_error("is_hold", _("An exchange cannot be held."))

    def _is_rate_told(self, paid: Currency, received: Currency) -> bool:
        """Whether the rate or the amount received is given, and not both."""
        given = self.cleaned_data
        if given.get("rate") and given.get("received"):
            self.add_error("received", _("Enter the rate or the amount received, not both."))
            return False
        if given.get("rate") or given.get("received"):
            return True
        if not {"rate", "received"} & self.errors.keys():
            message = _("%(paid)s becomes %(received)s: enter the rate, or what is received.")
            message %= {"paid": paid.code, "received": received.code}
            self.add_error("rate", message)
            self.outcomes.append(f"{message} {_('The advanced options ask for it.')}")
        return False

    def _exchange(self, paid: Currency, received: Currency) -> Exchange | None:
        given = self.cleaned_data
        source_minor = given.get("amount_minor")
        if not self._is_rate_told(paid, received) or not source_minor:
            return None
        field = "rate" if given.get("rate") else "received"
        exponents = {
            "source_exponent": paid.exponent,
            "destination_exponent": received.exponent,
        }
        try:
            if given.get("rate"):
                rate = parse_rate(given["rate"])
                exchange = exchange_at(rate, source_minor=source_minor, **exponents)
            else:
                received_minor = self.read(self, "received", received)
                if received_minor is None:
                    return None
                exchange = exchange_for(received_minor, source_minor=source_minor, **exponents)
        except RateError as error:
            self.add_error(field, str(error))
            return None
        self.outcomes.append(
            f"{format_amount(exchange.source_minor, paid.exponent)} {paid.code}"
            f" = {format_amount(exchange.destination_minor, received.exponent)} {received.code}"
            f" · 1 {paid.code} = {format_rate(exchange.rate)} {received.code}"
        )
        return exchange
