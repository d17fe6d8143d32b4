"""The state of a table: all of it is in the address; what is not comes from the person's choices.

`?where=…&match=any&q=…&sort=-created&columns=name,metadata.region&size=50&tab=…&count=exact`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import HttpRequest

from web.addresses import url_with_names
from web.pagination import PAGE_SIZE
from web.sorting import Column, Sorting, sort_columns
from web.tables.conditions import Compiled, Conditions, find_field
from web.tables.fields import Field
from web.tables.periods import Period, read_period
from web.text import search_text

if TYPE_CHECKING:
    from web.tables.definition import Tab, Table

SIZES = (20, 50, 100)
COLUMNS_MAX = 30
METADATA = "metadata."
METADATA_NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class TableState:
    """What a table shows. `columns` are those that stand, in their order."""

    request: HttpRequest
    text: str
    conditions: Conditions
    compiled: Compiled
    tab: Tab | None
    columns: tuple[Column, ...]
    size: int
    density: str
    sorting: Sorting
    fields: Sequence[Field]
    jump: Period | None = None

    @property
    def q(self) -> Q:
        """The tab and the conditions, on the queryset."""
        return self.compiled.q & self.tab.q if self.tab else self.compiled.q

    @property
    def tab_name(self) -> str:
        return self.tab.name if self.tab else ""

    @property
    def is_broken(self) -> bool:
        """Whether a condition means nothing: then no row passes until it is mended."""
        return bool(self.compiled.problems)

    @property
    def is_exact(self) -> bool:
        """Whether the rows are to be counted however long it takes."""
        return self.request.GET.get("count") == "exact"

    @property
    def is_filtered(self) -> bool:
        """Whether anything is, the tab aside."""
        return bool(self.text or self.conditions)

    @property
    def has_metadata_columns(self) -> bool:
        return any(column.name.startswith(METADATA) for column in self.columns)

    def needs(self, path: str) -> bool:
        """Whether the rows are sorted or filtered by it, so that the queryset must hold it."""
        if any(key.field == path for key in self.sorting.order):
            return True
        return any(
            path == field.path
            for condition in self.conditions
            if (field := find_field(condition.field, self.fields))
        )

    def scope(self, name: str) -> str:
        """What the address says beside: `?ledger=`."""
        return self.request.GET.get(name, "")

    def on_tab(self, tab: Tab) -> TableState:
        """The same on another tab."""
        return replace(self, tab=tab)


def read_state(request: HttpRequest, table: Table) -> TableState:
    """The state that the address asks for, under what its reader has chosen for this table."""
    conditions = Conditions.read(request.GET)
    chosen = choices_of(request, table)
    columns = _columns(table, request.GET.get("columns", ""), chosen)
    jump = read_period(request.GET.get("jump", "")) if table.date_key else None
    sorting = _sort(request, table, columns, jump)
    return TableState(
        request=request,
        text=search_text(request),
        conditions=conditions,
        compiled=conditions.compile(table.fields),
        tab=_tab(table, request.GET.get("tab", "")),
        columns=columns,
        size=_size(request.GET.get("size", ""), chosen),
        density="compact" if chosen.get("density") == "compact" else "",
        sorting=sorting,
        fields=table.fields,
        jump=jump,
    )


def sort_many(state: TableState, table: Table) -> Sorting:
    """Its order where the rows are more than are counted: some columns do not sort so many."""
    panel_url = url_with_names("web:filters", table.name)
    narrow_url = f"{panel_url}?{state.request.GET.urlencode()}"
    return _sort(state.request, table, state.columns, state.jump, narrow_url=narrow_url)


def _sort(
    request: HttpRequest,
    table: Table,
    columns: Sequence[Column],
    jump: Period | None,
    *,
    narrow_url: str = "",
) -> Sorting:
    return sort_columns(
        request,
        (*table.columns, *(each for each in columns if each.name.startswith(METADATA))),
        table=table.element,
        default=table.default_sort,
        shown=columns,
        first_key=table.date_key if jump else "",
        narrow_url=narrow_url,
    )


def choices_of(request: HttpRequest, table: Table) -> Mapping[str, Any]:
    """What its reader has chosen for the table: `columns`, `size`, `density`."""
    choices = getattr(request.user, "table_choices", None) or {}
    chosen = choices.get(table.name)
    return chosen if isinstance(chosen, Mapping) else {}


def chosen_columns(table: Table, names: Sequence[str]) -> tuple[Column, ...]:
    """The columns of these names, after those that always stand; unknown names are left out."""
    known = {column.name: column for column in table.columns}
    shown = {column.name: column for column in table.columns if column.is_fixed}
    for name in names[:COLUMNS_MAX]:
        if name in known:
            shown.setdefault(name, known[name])
        elif table.has_metadata and is_metadata_name(name):
            label, keys = name.removeprefix(METADATA), table.metadata_keys
            shown.setdefault(name, Column(name, label, keys, "hide-s", sorts_few=bool(keys)))
    return tuple(shown.values())


def is_metadata_name(name: str) -> bool:
    """Whether it names a column of extra information: `metadata.region`."""
    path = name.removeprefix(METADATA)
    is_path = name.startswith(METADATA) and all(path.split(".")) and path.isprintable()
    return is_path and len(name) <= METADATA_NAME_MAX


def _columns(table: Table, asked: str, chosen: Mapping[str, Any]) -> tuple[Column, ...]:
    names = asked.split(",") if asked else chosen.get("columns")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        names = [column.name for column in table.columns if column.is_shown]
    return chosen_columns(table, names)


def _size(asked: str, chosen: Mapping[str, Any]) -> int:
    size = int(asked) if asked in map(str, SIZES) else chosen.get("size")
    return size if size in SIZES else PAGE_SIZE


def _tab(table: Table, name: str) -> Tab | None:
    """The tab of that name; the first one for any other."""
    return next((tab for tab in table.tabs if tab.name == name), next(iter(table.tabs), None))
