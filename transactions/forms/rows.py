"""Rows of a form that a person adds and removes: further balances, lines of a journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.lookups import Found, LookupField, find_keys
from transactions.checks import LEGS_MAX
from transactions.forms.sides import SideField
from web.forms import ComboboxInput


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in one cell, for the summary above the form."""

    label: str
    cell_id: str
    message: str


class RowForm(forms.Form):
    """One row: a balance, and what the kind of row adds to it.

    None of its fields is required: without any of `telling` it does not count.
    """

    use_required_attribute = False
    telling: ClassVar[tuple[str, ...]]

    side = SideField(label=gettext_lazy("Balance"), required=False)

    def __init__(self, *args: Any, found: Found, **kwargs: Any) -> None:
        """`found` is shared by all rows, so that what they name is looked up once."""
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"aria-label": field.label, "placeholder": field.label}
            if isinstance(field, LookupField):
                field.lookup = field.lookup.remembering(found)
                if isinstance(field.widget, ComboboxInput) and field.widget.label_for:
                    field.widget.label_for = field.lookup.label

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.is_filled and not given.get("side") and "side" not in self.errors:
            self.add_error("side", _("Name the balance."))
        return given

    @property
    def index(self) -> str:
        """Its place from 0; of the pattern for new rows, what is put in its stead."""
        return str(self.prefix).rpartition("-")[2]

    @property
    def number(self) -> str:
        """Its place from 1, likewise."""
        return str(int(self.index) + 1) if self.index.isdecimal() else "__number__"

    @property
    def is_filled(self) -> bool:
        return any(str(self[name].value() or "").strip() for name in self.telling)


if TYPE_CHECKING:
    RowFormSet = forms.BaseFormSet[RowForm]
else:  # which Django's class does not take when it runs
    RowFormSet = forms.BaseFormSet


class Rows(RowFormSet):
    """The rows of one form; `label` is what the summary of errors calls each, before its number."""

    label: str | Promise = ""

    @property
    def filled(self) -> list[RowForm]:
        return [row for row in self.forms if row.is_filled]

    def errors_by_cell(self) -> Iterator[RowError]:
        for message in self.non_form_errors():
            yield RowError(str(self.label), "", str(message))
        for number, row in enumerate(self.forms, start=1):
            for name, messages in row.errors.items():
                cell = row[name]
                label = f"{self.label} {number}, {cell.label}"
                yield from (RowError(label, cell.id_for_label, str(each)) for each in messages)


def rows_of(row_form: type[RowForm], *, label: str | Promise, count_max: int) -> type[Rows]:
    """A class of rows, of which a form takes `count_max` at most."""
    made = forms.formset_factory(
        row_form,
        formset=Rows,
        extra=0,
        max_num=count_max,
        absolute_max=LEGS_MAX + 1,
        validate_max=True,
    )
    rows = cast("type[Rows]", made)
    rows.label = label
    return rows


def open_rows(
    rows_class: type[Rows],
    data: QueryDict | None,
    *,
    prefix: str,
    initial: Sequence[Mapping[str, Any]],
    blank: int,
) -> Rows:
    """The rows as they were sent, else those of `initial` and some blank ones below them."""
    if data is not None and f"{prefix}-TOTAL_FORMS" in data:
        sides = [str(text) for name, text in data.items() if name.endswith("-side")]
        return rows_class(
            data,
            prefix=prefix,
            form_kwargs={"found": find_keys(sides)},
            error_messages=_messages(rows_class),
        )
    if data is not None:  # sent without any
        counts = {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
        return rows_class(counts, prefix=prefix, form_kwargs={"found": {}})
    found = find_keys(row["side"] for row in initial if "side" in row)
    rows = rows_class(prefix=prefix, initial=list(initial), form_kwargs={"found": found})
    rows.extra = blank
    return rows


def typed_rows(rows_class: type[Rows], data: QueryDict, *, prefix: str) -> list[dict[str, str]]:
    """What was typed into the rows, without the one that was removed and the blank ones."""
    sent = open_rows(rows_class, data, prefix=prefix, initial=(), blank=0)
    removed = data.get(f"{prefix}-remove", "")
    typed = [
        {name: str(row[name].value() or "") for name in row.fields}
        for row in sent.forms
        if row.prefix != f"{prefix}-{removed}"
    ]
    return [row for row in typed if any(each.strip() for each in row.values())]


def _messages(rows_class: type[Rows]) -> dict[str, Any]:
    return {
        "too_many_forms": _("Enter %(max)s at most.") % {"max": rows_class.max_num},
        "missing_management_form": _("These rows did not arrive whole. Enter them again."),
    }
