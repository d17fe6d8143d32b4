"""The form in which a person says how the rows of a file become transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.lookups import CURRENCIES, LookupField
from imports.dates import DATE_STYLES, find_styles
from imports.fields import (
    ColumnField,
    ColumnsField,
    FixedSideField,
    LedgerNameField,
    validate_no_braces,
)
from imports.fitting import SIDES, find_problems
from imports.models import NAME_LENGTH_MAX
from imports.sample import Sample
from imports.suggesting import suggest
from imports.writing import BEGINS_LENGTH_MAX, write_mapping
from transactions.forms.sides import key_of
from transactions.importing.mapping import Negative, plain_header
from users.middleware import read_zone
from web.formatting import zone_name
from web.forms import ComboboxInput
from web.text import NameField

__all__ = ["ColumnsForm", "suggest"]

NONE = gettext_lazy("None")
CHOOSE = gettext_lazy("Choose a column")


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that belong together, those of a row side by side."""

    title: str
    hint: str
    rows: list[list[forms.BoundField]]


def _ledger_field(label: Any) -> LedgerNameField:
    return LedgerNameField(
        label=label,
        required=False,
        help_text=gettext_lazy("Its name. It is opened on first use."),
    )


def _below_zero_field(label: Any, *, initial: bool) -> forms.BooleanField:
    return forms.BooleanField(
        label=label,
        required=False,
        initial=initial,
        help_text=gettext_lazy("For those that are opened by this import."),
    )


class ColumnsForm(forms.Form):
    """How a file is read; `imports/_columns.html` draws it. `initial` is what was chosen before.

    Columns are chosen by their headers, as `sample` has them. What was chosen for another file
    and does not fit this one is left out.
    """

    kind = NameField(
        label=gettext_lazy("Kind of file"),
        max_length=NAME_LENGTH_MAX,
        help_text=gettext_lazy("What you choose here is offered again for the next file of it."),
    )
    timezone = forms.CharField(widget=forms.HiddenInput, required=False)
    date = ColumnField(label=gettext_lazy("Column of the date"), empty=CHOOSE)
    date_format = forms.ChoiceField(
        label=gettext_lazy("Dates are written like"),
        choices=[
            ("", gettext_lazy("Choose one")),
            *((key, style.example) for key, style in DATE_STYLES.items()),
        ],
    )
    amount = ColumnField(
        label=gettext_lazy("Column of the amounts"),
        empty=CHOOSE,
        help_text=gettext_lazy("Where there are two columns, the one of what is paid in."),
    )
    less = ColumnField(
        label=gettext_lazy("Column of what is paid out"),
        required=False,
        empty=NONE,
        help_text=gettext_lazy("Where there are two columns. It is taken from the first."),
    )
    decimal = forms.ChoiceField(
        label=gettext_lazy("Amounts are written like"),
        choices=((".", "1,234.56"), (",", "1.234,56")),
        widget=forms.RadioSelect,
    )
    signs = NameField(
        label=gettext_lazy("Signs beside the amounts"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Such as £, with spaces between several. A code may always stand."),
    )
    negative = forms.ChoiceField(
        label=gettext_lazy("An amount below zero"),
        choices=(
            (Negative.SWAP, gettext_lazy("goes the other way")),
            (Negative.REFUSE, gettext_lazy("is refused")),
        ),
        initial=Negative.SWAP,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("What is paid out always goes the other way."),
    )
    currency = LookupField(
        CURRENCIES,
        label=gettext_lazy("Currency"),
        required=False,
        help_text=gettext_lazy("Of all rows: its code, such as EUR."),
        widget=ComboboxInput("balances:suggest-currency", label_for=CURRENCIES.label),
    )
    currency_column = ColumnField(
        label=gettext_lazy("Or the column of its code"), required=False, empty=NONE
    )
    debit = FixedSideField(
        label=gettext_lazy("Debited balance"),
        required=False,
        help_text=gettext_lazy("Its owner, its id, or an indicator such as @Uncategorised."),
    )
    debit_column = ColumnField(
        label=gettext_lazy("Or a debited balance for each value of"), required=False, empty=NONE
    )
    debit_ledger = _ledger_field(gettext_lazy("Ledger of the debited balances"))
    debit_below_zero = _below_zero_field(
        gettext_lazy("The debited balances may go below zero"), initial=True
    )
    credit = FixedSideField(
        label=gettext_lazy("Credited balance"),
        required=False,
        help_text=gettext_lazy("Its owner, its id, or an indicator such as @Uncategorised."),
    )
    credit_column = ColumnField(
        label=gettext_lazy("Or a credited balance for each value of"), required=False, empty=NONE
    )
    credit_ledger = _ledger_field(gettext_lazy("Ledger of the credited balances"))
    credit_below_zero = _below_zero_field(
        gettext_lazy("The credited balances may go below zero"), initial=False
    )
    description = ColumnField(
        label=gettext_lazy("Column of the description"), required=False, empty=NONE
    )
    reference = ColumnField(
        label=gettext_lazy("Column of the reference"),
        required=False,
        empty=gettext_lazy("The file’s name and the line"),
        help_text=gettext_lazy("What tells each row from all others."),
    )
    begins = NameField(
        label=gettext_lazy("References begin with"),
        required=False,
        max_length=BEGINS_LENGTH_MAX,
        validators=[validate_no_braces],
    )
    together = forms.BooleanField(
        label=gettext_lazy("Rows with the same reference are one transaction"),
        required=False,
        help_text=gettext_lazy("Otherwise the second one is refused."),
    )
    extra = ColumnsField(label=gettext_lazy("Columns to keep"), required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        sample: Sample,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=_fit(initial or {}, sample))
        self._sample = sample
        for field in self.fields.values():
            if isinstance(field, ColumnField | ColumnsField):
                field.offer(sample.columns)
        self.fields["date_format"].help_text = self._explain_dates()

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"]) or zone_name()
        if not read_zone(name):
            raise ValidationError(_("There is no time zone %s.") % name)
        return name

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for name, message in find_problems(dict(given), self._sample):
            self.add_error(name, message)
        for side in SIDES:
            given[side] = key_of(given[side]) if given.get(side) else ""
        given["currency"] = given["currency"].code if given.get("currency") else ""
        return given

    @property
    def name(self) -> str:
        """The kind of file, once the form is valid."""
        return str(self.cleaned_data["kind"])

    def mapping(self) -> str:
        """The mapping as TOML, once the form is valid."""
        return write_mapping(self.choices(), self._sample)

    def choices(self) -> dict[str, Any]:
        """What was chosen, to open the form with again."""
        return dict(self.cleaned_data)

    def parts(self) -> Iterator[Part]:
        """The visible fields, as they belong together."""
        for title, hint, rows in _PARTS:
            bound = [[self[name] for name in names.split()] for names in rows]
            yield Part(str(title), str(hint), bound)

    def _explain_dates(self) -> str:
        """From when a date counts, and why none of several ways to read the dates was chosen."""
        zone = str(self.initial["timezone"])
        explained = _("A date counts from its beginning in %s.") % zone
        column = self["date"].value()
        styles = find_styles(self._sample.texts(column)) if column in self._sample.columns else []
        if len(styles) < 2:
            return explained
        examples = ", ".join(style.example for style in styles)
        ambiguous = _("The first rows do not tell which it is: %s.") % examples
        return f"{ambiguous} {explained}"


def _fit(initial: Mapping[str, Any], sample: Sample) -> dict[str, Any]:
    """What was chosen before, less the columns that this file does not have."""
    headers = {plain_header(header): header for header in sample.columns}
    fitted = {name: value for name, value in initial.items() if name in ColumnsForm.base_fields}
    for name, field in ColumnsForm.base_fields.items():
        if isinstance(field, ColumnField) and name in fitted:
            fitted[name] = headers.get(plain_header(str(fitted[name])), "")
    kept = map(plain_header, map(str, fitted.get("extra") or []))
    fitted["extra"] = [headers[each] for each in kept if each in headers]
    zone = str(fitted.get("timezone") or "")
    fitted["timezone"] = zone if read_zone(zone) else zone_name()
    return fitted


# Each with its title, what to know, and rows of fields.
_PARTS = (
    ("", "", ("kind",)),
    (gettext_lazy("Date"), "", ("date date_format",)),
    (
        gettext_lazy("Amount"),
        "",
        ("amount less", "decimal negative", "currency currency_column", "signs"),
    ),
    (
        gettext_lazy("From (debit)"),
        gettext_lazy(
            "An amount above zero goes from the debited to the credited balance. On a bank"
            " statement, where that is money received, the account’s own balance stands here if it"
            " is debit-normal, as those of cash are, for these rise when they are debited; a"
            " credit-normal one stands on the other side. The check shows what becomes of both."
        ),
        ("debit", "debit_column debit_ledger", "debit_below_zero"),
    ),
    (
        gettext_lazy("To (credit)"),
        "",
        ("credit", "credit_column credit_ledger", "credit_below_zero"),
    ),
    (
        gettext_lazy("Description and reference"),
        gettext_lazy(
            "References are unique in all the books. A row whose reference and content are there"
            " already changes nothing; one with the same reference and other content is refused."
            " So let those of each kind of file begin in their own way; and where they are made"
            " of the file’s name and the line, give each file its own name."
        ),
        ("description", "reference begins", "together"),
    ),
    (
        gettext_lazy("Extra information"),
        gettext_lazy("Kept with each transaction, and found again by filters."),
        ("extra",),
    ),
)
