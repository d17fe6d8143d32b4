from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.forms import IndicatorField
from balances.lookups import BALANCES, CURRENCIES, LookupField
from balances.models import Balance
from balances.naming import name_of, shown_minor
from ledgers.models import Currency
from ledgers.money import AmountError, format_amount, format_plain, parse_amount
from transactions.checks import DESCRIPTION_LENGTH_MAX, REFERENCE_LENGTH_MAX
from transactions.drafts import Draft
from transactions.errors import (
    ClosedBalanceError,
    FutureDateError,
    InsufficientFundsError,
    PostingError,
    ReferenceUsedError,
    SameBalanceError,
)
from transactions.models import Transaction
from web.formatting import zone_name
from web.forms import ComboboxInput
from web.metadata import MetadataField, split_metadata
from web.text import NameField

EARLIEST = date(1900, 1, 1)
# Letters and digits that cannot be taken for one another when read aloud.
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def draw_reference() -> str:
    """A reference that nobody else draws, with the day in front."""
    letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _place in range(10))
    return f"{timezone.localdate():%Y%m%d}-{letters}"


class SideField(LookupField):
    """One side of a transfer: cleans to a balance, or to the name of an `@indicator`."""

    def __init__(self, *, has_focus: bool = False, **kwargs: Any) -> None:
        attrs = {"autofocus": True} if has_focus else {}
        widget = ComboboxInput("balances:suggest", label_for=BALANCES.label, attrs=attrs)
        super().__init__(BALANCES, widget=widget, **kwargs)

    def clean(self, value: Any) -> Balance | str:
        if str(value or "").strip().startswith("@"):
            return str(IndicatorField().clean(value))
        balance: Balance = super().clean(value)
        if balance.is_closed:
            raise ValidationError(
                _("The balance of %(name)s is closed.") % {"name": name_of(balance)}
            )
        return balance


class TransactionForm(forms.Form):
    """A transfer between two balances. The reference makes sending it twice harmless."""

    source = SideField(
        has_focus=True,
        label=gettext_lazy("From"),
        help_text=gettext_lazy("Debited. An owner, an id or an @indicator."),
    )
    destination = SideField(
        label=gettext_lazy("To"),
        help_text=gettext_lazy("Credited. An owner, an id or an @indicator."),
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=120,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "class": "num", "autocomplete": "off"}
        ),
        help_text=gettext_lazy("As written, such as 1,250.00."),
    )
    currency = LookupField(
        CURRENCIES,
        label=gettext_lazy("Currency"),
        required=False,
        widget=ComboboxInput("balances:suggest-currency"),
        help_text=gettext_lazy("Taken from the balances; needed between new @indicators."),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=DESCRIPTION_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    reference = NameField(
        label=gettext_lazy("Reference"),
        max_length=REFERENCE_LENGTH_MAX,
        help_text=gettext_lazy("Unique. Take your own, such as an invoice number, or keep this."),
    )
    effective_date = forms.DateField(
        label=gettext_lazy("Effective date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    effective_time = forms.TimeField(
        label=gettext_lazy("Time"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    metadata = MetadataField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day, moment = self.fields["effective_date"], self.fields["effective_time"]
        day.widget.attrs |= {"min": EARLIEST.isoformat(), "max": timezone.localdate().isoformat()}
        day.help_text = _("Empty: the moment of posting.")
        moment.help_text = _("In %(zone)s. Empty: the start of that day.") % {"zone": zone_name()}

    def clean_description(self) -> str:
        text = str(self.cleaned_data["description"]).replace("\r\n", "\n")
        for character in text:
            if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs"):
                raise ValidationError(
                    _("This contains the control character U+%(code)04X. Remove it.")
                    % {"code": ord(character)}
                )
        return text

    def clean_reference(self) -> str:
        reference = str(self.cleaned_data["reference"])
        posted = Transaction.objects.filter(reference=reference).first()
        if posted:
            raise ValidationError(_used_reference(posted))
        return reference

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        given["currency"] = currency = self._currency()
        given["effective_at"] = self._effective_at()
        if currency and given.get("amount"):
            try:
                given["amount_minor"] = parse_amount(given["amount"], currency.exponent)
            except AmountError as error:
                self.add_error("amount", f"{error}")
        if currency:
            self._settle_sides(currency)
        return given

    def draft(self) -> Draft:
        """What was entered, once it is valid."""
        given = self.cleaned_data
        source, destination = (
            side.key if isinstance(side, Balance) else side
            for side in (given["source"], given["destination"])
        )
        return Draft(
            source=source,
            destination=destination,
            currency=given["currency"].code,
            amount_minor=given["amount_minor"],
            reference=given["reference"],
            description=given["description"],
            effective_at=given["effective_at"],
            metadata=given["metadata"],
        )

    def blame(self, error: PostingError) -> None:
        """Show a refusal of the posting engine at the field that can put it right."""
        match error:
            case InsufficientFundsError() | ClosedBalanceError():
                name = self._side_of(error.balance_id)
                self.add_error(name, self._reason(error, name))
            case SameBalanceError():
                self.add_error("destination", str(error))
            case FutureDateError():
                self.add_error("effective_date", str(error))
            case ReferenceUsedError():
                self.add_error("reference", str(error))
            case _:
                self.add_error(None, str(error))

    def _currency(self) -> Currency | None:
        """The one currency that the sides and the field agree on."""
        given = self.cleaned_data
        sides = {name: given.get(name) for name in ("source", "destination")}
        balances = {name: side for name, side in sides.items() if isinstance(side, Balance)}
        codes = {name: balance.currency_id for name, balance in balances.items()}
        chosen: Currency | None = given.get("currency")
        if len(set(codes.values())) > 1:
            self.add_error(
                "destination",
                _("This balance is in %(destination)s, the other in %(source)s.") % codes,
            )
            return None
        known = next((balance.currency for balance in balances.values()), None)
        if known and chosen and known != chosen:
            self.add_error("currency", _("The balances are in %(code)s.") % {"code": known.code})
            return None
        if known or chosen or self.errors:
            return known or chosen
        return self._currency_of_indicators([str(side) for side in sides.values()])

    def _currency_of_indicators(self, names: list[str]) -> Currency | None:
        held = Balance.objects.filter(indicator__in=names).values("currency")
        currencies = list(Currency.objects.filter(pk__in=held)[:2])
        if len(currencies) == 1:
            return currencies[0]
        self.add_error("currency", _("Say which currency: the indicators do not tell."))
        return None

    def _settle_sides(self, currency: Currency) -> None:
        """Take the balance that an indicator has in this currency; refuse one side twice."""
        given = self.cleaned_data
        for name in ("source", "destination"):
            if isinstance(side := given.get(name), str):
                given[name] = _find_indicator(side, currency) or side
                if isinstance(given[name], Balance) and given[name].is_closed:
                    self.add_error(name, _("The balance of %(name)s is closed.") % {"name": side})
        source, destination = given.get("source"), given.get("destination")
        if source and source == destination:
            self.add_error("destination", str(SameBalanceError()))

    def _effective_at(self) -> datetime | None:
        day: date | None = self.cleaned_data.get("effective_date")
        moment: time | None = self.cleaned_data.get("effective_time")
        if day is None:
            if moment and "effective_date" not in self.errors:
                self.add_error("effective_date", _("A time needs its date."))
            return None
        if day < EARLIEST:
            self.add_error("effective_date", _("The earliest date is 1 January 1900."))
            return None
        try:
            effective_at = from_current_timezone(datetime.combine(day, moment or time.min))
        except ValidationError as error:
            self.add_error("effective_time", error)
            return None
        if effective_at and effective_at > timezone.now():
            self.add_error("effective_date", str(FutureDateError()))
        return effective_at

    def _side_of(self, balance_id: int | None) -> str:
        source = self.cleaned_data["source"]
        is_source = isinstance(source, Balance) and source.pk == balance_id
        return "source" if is_source else "destination"

    def _reason(self, error: PostingError, name: str) -> str:
        balance = self.cleaned_data[name]
        if not isinstance(balance, Balance) or isinstance(error, ClosedBalanceError):
            return str(error)
        moved_minor = self.cleaned_data["amount_minor"] * (-1 if name == "source" else 1)
        exponent, side = balance.currency.exponent, balance.normal_side
        return _(
            "%(name)s holds %(before)s %(currency)s; this would take it to %(after)s,"
            " and it may not fall below %(floor)s."
        ) % {
            "name": name_of(balance),
            "currency": balance.currency_id,
            "before": format_amount(shown_minor(balance.balance_minor, side), exponent),
            "after": format_amount(
                shown_minor(balance.balance_minor + moved_minor, side), exponent
            ),
            "floor": format_amount(balance.floor_minor or 0, exponent),
        }


def as_initial(draft: Draft) -> dict[str, Any]:
    """What the form is filled with to change a draft."""
    exponent = Currency.objects.get(pk=draft.currency).exponent
    moment = draft.effective_at and timezone.localtime(draft.effective_at)
    return {
        "source": draft.source,
        "destination": draft.destination,
        "amount": format_plain(draft.amount_minor, exponent),
        "currency": draft.currency,
        "description": draft.description,
        "reference": draft.reference,
        "effective_date": moment.date() if moment else None,
        "effective_time": moment.time() if moment else None,
        "metadata": draft.metadata,
    }


def as_sent(draft: Draft) -> Mapping[str, Any]:
    """A draft as the form would send it, to show a refusal at its fields."""
    initial = as_initial(draft)
    metadata = split_metadata(initial.pop("metadata"))
    data = QueryDict(mutable=True)
    data.update({name: "" if value is None else str(value) for name, value in initial.items()})
    data.setlist("metadata_key", [key for key, _value in metadata.rows])
    data.setlist("metadata_value", [value for _key, value in metadata.rows])
    data["metadata_json"] = metadata.json_text
    return data


def _find_indicator(name: str, currency: Currency) -> Balance | None:
    """The balance that has this indicator, or else one written with other capitals."""
    balances = Balance.objects.filter(currency=currency).select_related("identity", "currency")
    return (
        balances.filter(indicator=name).first()
        or balances.exclude(indicator="").filter(indicator__iexact=name).order_by("pk").first()
    )


def _used_reference(posted: Transaction) -> str:
    link = format_html(
        '<a href="{}"><bdi>{}</bdi></a>', posted.get_absolute_url(), posted.reference
    )
    message = _("This reference belongs to a transaction that is posted: {link}. Choose a new one.")
    return format_html(message, link=link)
