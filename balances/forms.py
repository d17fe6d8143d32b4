from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.lookups import CURRENCIES, IDENTITIES, LEDGERS, LookupField
from balances.models import Balance
from balances.naming import spelling_of
from ledgers.money import AmountError, parse_entered
from web.formatting import lazy_number
from web.forms import ComboboxInput
from web.metadata import MetadataField
from web.text import NameField

INDICATOR = re.compile(r"@[^\s@][^@]*")

ALLOWED, LIMITED, REFUSED = "yes", "limit", "no"
BELOW_ZERO = (
    (REFUSED, gettext_lazy("No")),
    (LIMITED, gettext_lazy("Yes, down to a limit")),
    (ALLOWED, gettext_lazy("Yes, without a limit")),
)


class IndicatorField(NameField):
    """An indicator such as `@Revenue`; the `@` may be left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, **kwargs)

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value))
        return f"@{text}" if text and not text.startswith("@") else text

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not INDICATOR.fullmatch(value):
            raise ValidationError(_("Write one @ and then a name, such as @Revenue."))


class BalanceForm(forms.Form):
    """A new balance. `public_id` is drawn when the form is shown: sent twice, it makes one."""

    public_id = forms.UUIDField(widget=forms.HiddenInput)
    ledger = LookupField(
        LEDGERS,
        label=gettext_lazy("Ledger"),
        help_text=gettext_lazy("Its name or id."),
        widget=ComboboxInput("ledgers:suggest", label_for=LEDGERS.label),
    )
    currency = LookupField(
        CURRENCIES,
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy(
            "Its code, such as EUR. It decides the decimals, and never changes."
        ),
        widget=ComboboxInput("balances:suggest-currency", label_for=CURRENCIES.label),
    )
    identity = LookupField(
        IDENTITIES,
        label=gettext_lazy("Owner"),
        required=False,
        help_text=gettext_lazy("The name or id of a person or organization."),
        widget=ComboboxInput("identities:suggest", label_for=IDENTITIES.label),
    )
    indicator = IndicatorField(
        label=gettext_lazy("Indicator"),
        required=False,
        help_text=gettext_lazy("For the General Ledger only, such as @Revenue."),
    )
    normal_side = forms.ChoiceField(
        label=gettext_lazy("Normal side"),
        choices=(
            (Balance.NormalSide.CREDIT, gettext_lazy("Credit: customer money, revenue, debts")),
            (Balance.NormalSide.DEBIT, gettext_lazy("Debit: cash, other assets, expenses")),
        ),
        initial=Balance.NormalSide.CREDIT,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("The side that makes the figure rise. It never changes."),
    )
    below_zero = forms.ChoiceField(
        label=gettext_lazy("May it go below zero?"),
        choices=BELOW_ZERO,
        initial=REFUSED,
        widget=forms.RadioSelect,
    )
    limit = forms.CharField(
        label=gettext_lazy("Limit"),
        required=False,
        max_length=80,
        help_text=format_lazy(
            gettext_lazy("How far below zero, such as {example}."), example=lazy_number("500.00")
        ),
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "class": "num", "autocomplete": "off"}
        ),
    )
    metadata = MetadataField()

    def clean_indicator(self) -> str:
        indicator = str(self.cleaned_data["indicator"])
        return indicator and spelling_of(indicator)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        ledger, indicator = given.get("ledger"), given.get("indicator")
        if ledger and indicator and not ledger.is_general:
            self.add_error("indicator", _("Only the General Ledger holds indicators."))
        if indicator and given.get("identity"):
            self.add_error("identity", _("A balance has an owner or an indicator, not both."))
        given["floor_minor"] = self._floor_minor()
        return given

    def opening(self) -> dict[str, Any]:
        """What `open_balance` asks for."""
        asked = {*self.fields, "floor_minor"} - {"below_zero", "limit"}
        return {name: self.cleaned_data[name] for name in asked}

    def asks_for(self, balance: Balance) -> bool:
        """Whether `balance` is what was entered, not what this form had opened before."""
        kept = ("ledger", "currency", "identity", "indicator", "normal_side")
        return all(getattr(balance, name) == self.cleaned_data[name] for name in kept)

    def _floor_minor(self) -> int | None:
        """The lowest figure allowed: zero, none, or the limit below zero in minor units."""
        below_zero, currency = (
            self.cleaned_data.get("below_zero"),
            self.cleaned_data.get("currency"),
        )
        if below_zero == ALLOWED:
            return None
        limit = self.cleaned_data.get("limit", "")
        if below_zero != LIMITED:
            if limit:
                self.add_error("limit", _("A limit needs the answer “Yes, down to a limit”."))
            return 0
        if currency is None:
            return 0
        try:
            return -parse_entered(limit, currency.exponent)
        except AmountError as error:
            self.add_error("limit", str(error))
            return 0
