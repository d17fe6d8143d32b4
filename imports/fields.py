"""The fields in which a person says how a file is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from balances.lookups import LEDGERS
from balances.naming import spelling_of
from ledgers.models import Ledger
from ledgers.operations import find_namesake
from transactions.forms.sides import Side, SideField
from web.converters import parse_key
from web.forms import ComboboxInput
from web.text import NameField


def validate_no_braces(text: str) -> None:
    """Refuse what a mapping would take for the name of a column.

    Raises:
        ValidationError: there are braces.
    """
    if "{" in text or "}" in text:
        raise ValidationError(_("Leave out { and }."))


class ColumnField(forms.ChoiceField):
    """One of the file's columns, by its header; `empty` says what it means to choose none."""

    def __init__(self, *, empty: str | Promise, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.empty = empty

    def offer(self, headers: Iterable[str]) -> None:
        self.choices = [("", self.empty), *((header, header) for header in headers)]


class ColumnsField(forms.MultipleChoiceField):
    """Any of the file's columns."""

    widget = forms.CheckboxSelectMultiple

    def offer(self, headers: Iterable[str]) -> None:
        self.choices = [(header, header) for header in headers]


class FixedSideField(SideField):
    """Cleans to the one balance, or the `@indicator` as the house spells it, of every row."""

    def clean(self, value: Any) -> Side | None:
        side = super().clean(value)
        if not isinstance(side, str):
            return side
        validate_no_braces(side)
        return spelling_of(side)


class LedgerNameField(NameField):
    """The name of a ledger, which may be yet to come; one that is picked is named as it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget = ComboboxInput("ledgers:suggest", label_for=LEDGERS.label)
        self.widget.attrs |= self.widget_attrs(self.widget) | {"dir": "auto"}

    def clean(self, value: Any) -> str:
        name = " ".join(str(super().clean(value)).split())
        if not name:
            return ""
        ledger = find_namesake(name)
        if parse_key(name, "ldg"):
            ledger = _find_by_key(name)
        if ledger and ledger.is_general:
            raise ValidationError(_("The General Ledger holds indicators. Name another ledger."))
        return ledger.name if ledger else name


def _find_by_key(key: str) -> Ledger:
    matches = LEDGERS.find(key)
    if not matches:
        raise ValidationError(str(LEDGERS.missing))
    ledger: Ledger = matches[0].record
    # An import knows ledgers by their names.
    if find_namesake(ledger.name) != ledger:
        raise ValidationError(_("An older ledger has the same name. Rename one of them first."))
    return ledger
