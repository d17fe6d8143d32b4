"""A journal entry: any number of lines, each a debit or a credit, that balance per currency."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.lookups import CURRENCIES, LookupField
from balances.models import Balance
from ledgers.models import Currency
from ledgers.money import format_amount
from transactions.checks import LEGS_MAX
from transactions.drafts import DraftLine
from transactions.forms.asking import amount_field
from transactions.forms.options import OptionsForm, Place
from transactions.forms.rows import RowForm, rows_of
from transactions.forms.sides import Side, currencies_of, key_of
from transactions.requests import CREDIT, DEBIT
from web.forms import ComboboxInput


@dataclass(frozen=True, slots=True)
class JournalSum:
    """What the lines in one currency come to."""

    currency: str
    debit: str
    credit: str
    difference: str
    is_balanced: bool


class LineForm(RowForm):
    """One line: a balance, and a debit or a credit."""

    telling = ("side", "debit", "credit")

    currency = LookupField(
        CURRENCIES,
        label=gettext_lazy("Currency"),
        required=False,
        widget=ComboboxInput("balances:suggest-currency", label_for=CURRENCIES.label),
    )
    debit = amount_field(label=gettext_lazy("Debit"), required=False)
    credit = amount_field(label=gettext_lazy("Credit"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.index == "0":
            # Where one begins on the page; above it the summary of errors, if there is one.
            self.fields["side"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not self.is_filled:
            return given
        if given.get("debit") and given.get("credit"):
            self.add_error("credit", _("A line has a debit or a credit, not both."))
        elif not (given.get("debit") or given.get("credit") or self.errors):
            self.add_error("debit", _("Enter a debit or a credit."))
        return given


class JournalForm(OptionsForm):
    """Lines of debits and credits, as accountants write them."""

    mode = "journal"
    rows_class = rows_of(LineForm, label=gettext_lazy("Line"), count_max=LEGS_MAX)
    rows_prefix = "line"
    rows_blank = 3

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exponents: dict[str, int] = {}
        self._currencies_of = cache(lambda name: currencies_of([name]))

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        lines = self.rows.filled
        sides = [line.cleaned_data.get("side") for line in lines]
        known = {side.currency for side in sides if isinstance(side, Balance)}
        common = known.pop() if len(known) == 1 else None
        for line in lines:
            self._enter(line, common)
        if any(line.errors for line in lines):
            self.settle_overdraft([])
            return given
        self.settle_overdraft([Currency.objects.get(pk=code) for code in self.exponents])
        if len(lines) < 2:
            self.add_error(None, _("Enter two lines at least."))
        elif len({(line.side, line.currency) for line in self.lines}) < 2:
            self.add_error(None, _("Enter two balances at least."))
        for each in self.sums:
            if not each.is_balanced:
                self.add_error(
                    None,
                    _("Debits and credits differ by %(difference)s %(currency)s.")
                    % {"difference": each.difference, "currency": each.currency},
                )
        return given

    @property
    def sums(self) -> list[JournalSum]:
        """The sums of the lines that can be read, by currency."""
        totals: Counter[tuple[str, int]] = Counter()
        for line in self.lines:
            totals[line.currency, line.direction] += line.amount_minor
        found = []
        for code, exponent in sorted(self.exponents.items()):
            debit, credit = totals[code, int(DEBIT)], totals[code, int(CREDIT)]
            found.append(
                JournalSum(
                    currency=code,
                    debit=format_amount(debit, exponent),
                    credit=format_amount(credit, exponent),
                    difference=format_amount(abs(debit - credit), exponent),
                    is_balanced=debit == credit,
                )
            )
        return found

    def _enter(self, line: RowForm, common: Currency | None) -> None:
        given = line.cleaned_data
        side: Side | None = given.get("side")
        currency = self._currency_of(line, side, common) if side else None
        if side is None or currency is None:
            return
        try:
            side = self.settle(side, currency)
        except ValidationError as error:
            line.add_error("side", error)
            return
        if self.cleaned_data.get("is_hold") and side in [place.side for place in self.places]:
            line.add_error("side", _("A hold takes each balance once."))
        self.places.append(Place(side, line, "side"))
        if "credit" in line.errors:
            return
        for name, direction in (("debit", DEBIT), ("credit", CREDIT)):
            if minor := self.read(line, name, currency):
                self.exponents[currency.code] = currency.exponent
                self.lines.append(DraftLine(key_of(side), currency.code, int(direction), minor))

    def _currency_of(self, line: RowForm, side: Side, common: Currency | None) -> Currency | None:
        """The currency of the balance; for an indicator what is said, its only one, or `common`."""
        chosen: Currency | None = line.cleaned_data.get("currency")
        if isinstance(side, Balance):
            if chosen and chosen != side.currency:
                message = _("This balance is in %(code)s.") % {"code": side.currency_id}
                line.add_error("currency", message)
                return None
            return side.currency
        if chosen or "currency" in line.errors:
            return chosen
        held = self._currencies_of(side)
        if len(held) == 1 or common:
            return held[0] if len(held) == 1 else common
        line.add_error("currency", _("Say which currency."))
        return None
