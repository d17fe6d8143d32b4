"""The choice of a table's columns: a list that is ticked and ordered, and what else is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from users.table_choices import TableChoices
from web.pagination import PAGE_SIZE
from web.sorting import Column
from web.tables.definition import Table
from web.tables.state import (
    COLUMNS_MAX,
    METADATA,
    METADATA_NAME_MAX,
    SIZES,
    TableState,
    is_metadata_name,
)
from web.tables.tabs import ALL, View
from web.text import NameField

COMFORTABLE, COMPACT = "comfortable", "compact"


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column in the list; one that is fixed always stands, and before all others."""

    name: str
    label: str
    place: int
    is_shown: bool
    is_fixed: bool = False


class TableChoicesForm(forms.Form):
    metadata = NameField(
        label=gettext_lazy("Columns of extra information"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("Keys, such as region or bill.number, with commas between."),
    )
    size = forms.TypedChoiceField(
        label=gettext_lazy("Rows on a page"),
        choices=[(size, str(size)) for size in SIZES],
        coerce=int,
    )
    density = forms.ChoiceField(
        label=gettext_lazy("Density"),
        choices=[
            (COMFORTABLE, gettext_lazy("Comfortable")),
            (COMPACT, gettext_lazy("Compact")),
        ],
    )
    view = forms.ChoiceField(label=gettext_lazy("Opens with"))

    def __init__(self, *args: Any, table: Table, views: Sequence[View], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not table.has_metadata:
            del self.fields["metadata"]
        if not views:
            del self.fields["view"]
            return
        field = self.fields["view"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(ALL, _("All")), *((view.key, view.name) for view in views)]

    def clean_metadata(self) -> list[str]:
        """The names of the columns."""
        keys = [key.strip() for key in self.cleaned_data["metadata"].split(",")]
        names = [f"{METADATA}{key}" for key in keys if key]
        if wrong := next((name for name in names if not is_metadata_name(name)), ""):
            key = wrong.removeprefix(METADATA)
            if len(wrong) > METADATA_NAME_MAX:
                told = _("A key has at most %(most)s characters.")
                raise forms.ValidationError(told % {"most": METADATA_NAME_MAX - len(METADATA)})
            raise forms.ValidationError(_("“%(key)s” is not a key.") % {"key": key})
        return list(dict.fromkeys(names))


def rows_of(table: Table, state: TableState) -> list[ColumnRow]:
    """All columns of the table, those that stand first, in their order."""
    shown = {column.name: column for column in state.columns}
    rest = [column for column in table.columns if column.name not in shown]
    return [
        ColumnRow(
            name=column.name,
            label=label_of(column.name, table.columns),
            place=place,
            is_shown=column.name in shown,
            is_fixed=column.is_fixed,
        )
        for place, column in enumerate([*shown.values(), *rest], start=1)
    ]


def read_rows(data: QueryDict, table: Table) -> list[ColumnRow]:
    """The list as it was sent, in the order that the numbers in it ask for."""
    fixed = {column.name for column in table.columns if column.is_fixed}
    known = {column.name for column in table.columns}
    ticked = set(data.getlist("shown"))
    places = data.getlist("place")
    asked: dict[str, tuple[int, int, int]] = {}
    for number, name in enumerate(data.getlist("column"), start=1):
        if name in known or (table.has_metadata and is_metadata_name(name)):
            place = _read_place(places[number - 1] if number <= len(places) else "", number)
            # Of two at one place, the one that was moved there stands before what it displaced.
            asked.setdefault(name, (place, (place > number) - (place < number), number))
    ordered = sorted(asked, key=lambda name: (name not in fixed, asked[name]))
    return [
        ColumnRow(
            name=name,
            label=label_of(name, table.columns),
            place=place,
            is_shown=name in ticked or name in fixed,
            is_fixed=name in fixed,
        )
        for place, name in enumerate(ordered, start=1)
    ]


def chosen_names(rows: Sequence[ColumnRow], added: Sequence[str]) -> list[str]:
    """The columns that shall stand, in order.

    Raises:
        forms.ValidationError: they are too many.
    """
    names = [row.name for row in rows if row.is_shown]
    names += [name for name in added if name not in names]
    if len(names) > COLUMNS_MAX:
        told = _("A table has at most %(most)s columns.")
        raise forms.ValidationError(told % {"most": COLUMNS_MAX})
    return names


def choices_to_keep(table: Table, columns: list[str], told: dict[str, Any]) -> TableChoices:
    """What differs from how the table is for everybody."""
    choices: TableChoices = {}
    if columns != default_names(table.columns):
        choices["columns"] = columns
    if told["size"] != PAGE_SIZE:
        choices["size"] = told["size"]
    if told["density"] == COMPACT:
        choices["density"] = COMPACT
    if told.get("view", ALL) != ALL:
        choices["view"] = told["view"]
    return choices


def default_names(columns: Sequence[Column]) -> list[str]:
    fixed = [column.name for column in columns if column.is_fixed]
    return fixed + [each.name for each in columns if each.is_shown and not each.is_fixed]


def label_of(name: str, columns: Sequence[Column]) -> str:
    """As the head of the table has it; the key of a column of extra information."""
    labels = {column.name: str(column.label) for column in columns}
    return labels.get(name, name.removeprefix(METADATA))


def _read_place(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else otherwise
