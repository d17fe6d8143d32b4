"""What an app says about one of its tables; everything else follows from it.

    class IdentityTable(Table):
        name, element, url_name = "identities", "identity-table", "identities:list"
        ...
    IDENTITIES = register(IdentityTable())

and its view is `show_table(request, IDENTITIES, "identities/identity_list.html")`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from typing import Any, ClassVar, NamedTuple, TypeVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.counting import are_few, count_exact
from web.formatting import ROWS_KEPT, format_count
from web.pagination import Key, Source
from web.sorting import Column, Sorting
from web.standing import Standing
from web.tables.fields import Field
from web.tables.periods import Period
from web.tables.state import TableState, sort_many

Label = str | Promise
# What pages are read from, and in which order.
Selected = tuple[QuerySet[Any, Any] | Source, Sequence[Key]]


@dataclass(frozen=True, slots=True)
class Tab:
    """A view that is always there: `name` as in `?tab=`, and what its rows have in common."""

    name: str
    label: Label
    q: Q = field(default_factory=Q)


class Cell(NamedTuple):
    """A cell with classes of its own beside those of its column."""

    html: SafeString
    css: str = ""


class TableRow(NamedTuple):
    """A row as the page prints it; a cell is escaped unless it is ready HTML.

    `key` is that of the record, "" for a row that is none of its own; `name` says to screen readers
    which one would be ticked. `url` opens its page, `quick` its panel beside the table. `metadata`
    is read when it has columns. `tick` is what its box sends where `key` is that of several rows.
    """

    key: str
    url: str
    cells: Mapping[str, str | Cell]
    css: str = ""
    quick: str = ""
    metadata: Mapping[str, Any] | None = None
    name: str = ""
    tick: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """Another look at the same rows, such as one row for each record."""

    label: Label
    url: str


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a sum is of this kind."""

    amount: str
    label: Label


@dataclass(frozen=True, slots=True)
class Sum:
    """What the rows add up to in one currency; `label` says of what.

    `column` is the name of the column that has been added up. `parts` are what of it counts
    otherwise than the rest.
    """

    currency: str
    amount: str
    label: str = ""
    url: str = ""
    column: str = ""
    parts: Sequence[Part] = ()

    @property
    def of_which(self) -> str:
        """The parts in words: "of which 30.00 voided or expired"; "" without any."""
        words = ", ".join(f"{part.amount} {part.label}" for part in self.parts)
        return _("of which %(parts)s") % {"parts": words} if words else ""


class Table:
    """A table: subclass it, set what is below, and write `select` and `format_rows`.

    `columns` are all that can be shown. The last key of each order is unique. `refreshes_on`
    are the events after which the page asks for the table again.
    """

    name: ClassVar[str]
    element: ClassVar[str]
    url_name: ClassVar[str]
    title: ClassVar[Label]
    search_label: ClassVar[Label]
    empty_template: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    fields: ClassVar[Sequence[Field]] = ()
    tabs: ClassVar[Sequence[Tab]] = ()
    default_sort: ClassVar[str] = "-created"
    refreshes_on: ClassVar[Sequence[str]] = ()
    # What the address may hold beside the state of every table: `ledger`, `balance`, ...
    scope: ClassVar[Sequence[str]] = ()
    # Those of them under which a row may come by a change.
    changing_scope: ClassVar[Sequence[str]] = ()
    has_metadata: ClassVar[bool] = True
    # The keys of the order by a key of extra information, for as many rows as are counted.
    metadata_keys: ClassVar[tuple[str, ...]] = ()
    # Whether rows can be ticked, for what is done to many at once.
    has_bulk: ClassVar[bool] = False
    # The buttons of its form of ticked rows (`key`; or `all` and `query`), and what adds them up.
    bulk_template: ClassVar[str] = ""
    ticked_url_name: ClassVar[str] = ""
    # The table of the database whose new rows its readers are told of; its id in `select`.
    watches: ClassVar[str] = ""
    watched_key: ClassVar[str] = "id"
    # Tables of the database whose new rows change rows of this one, and a query for the ids of
    # those that the row `added` changes.
    changed_by: ClassVar[Mapping[str, str]] = {}
    # Whether the tab and the order alone make its query where nothing is filtered: its SQL is
    # then written once.
    is_standing: ClassVar[bool] = False
    # Whether its dates can be jumped to: the name of the first key of the order by date.
    date_key: ClassVar[str] = ""
    # Whether it can tell `sums`, if they are asked for.
    has_sums: ClassVar[bool] = False

    @property
    def refresh_trigger(self) -> str:
        """`refreshes_on`, as htmx is told of it."""
        return ", ".join(f"{event} from:body" for event in self.refreshes_on) or "never"

    @property
    def has_moments(self) -> bool:
        """Whether it can be shown as of a moment of the past."""
        return "as_of" in self.scope

    def for_request(self, request: HttpRequest) -> Table:
        """The table that this address asks for: a tab may have columns and fields of its own."""
        return self

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        """The rows that pass everything in the address, as `format_rows` takes them."""
        raise NotImplementedError

    def source(self, state: TableState) -> Selected:
        """What the pages are read from, and in which order."""
        if self._sorts_few(state):
            state = replace(state, sorting=self.sorting(state, self.count(state)))
        return self.select(state), state.sorting.order

    def standing(self, state: TableState) -> tuple[Standing, Sequence[Key]] | None:
        """`source` where nothing is filtered, kept with its SQL; None for any other."""
        if not self.is_standing or state.is_filtered or any(map(state.scope, self.scope)):
            return None
        if self._sorts_few(state):
            return None
        return self.keep(state, "", self.source)

    def keep(
        self, state: TableState, name: str, source: Callable[[TableState], Selected]
    ) -> tuple[Standing, Sequence[Key]]:
        """`source` for this tab and order, which makes it of nothing else but `name`."""
        key = (type(self), name, state.tab_name, state.sorting.order)
        kept = _STANDING.get(key)
        if kept is None:
            rows, order = source(state)
            assert isinstance(rows, QuerySet)  # what else is a source keeps its SQL itself
            kept = _STANDING[key] = (Standing(rows), order)
        return kept

    def sorting(self, state: TableState, count: str) -> Sorting:
        """The order of `source`, and the heads of the table; `count` is that of its rows."""
        has_few = [column for column in self.columns if column.sorts_few]
        return sort_many(state, self) if has_few and not are_few(count) else state.sorting

    def _sorts_few(self, state: TableState) -> bool:
        """Whether the order that was asked for has no index."""
        name = state.sorting.name
        return bool([each for each in self.columns if each.sorts_few and each.name == name])

    def start_of_jump(self, period: Period, order: Sequence[Key]) -> list[Any] | None:
        """What stands right before the first row of the period; None unless it comes by date."""
        if order[0].field != self.date_key:
            return None
        moment = period.end if order[0].descending else period.start
        return [moment, *(0 for _key in order[1:])]

    def format_rows(self, rows: Sequence[Any], state: TableState) -> list[TableRow]:
        """The rows of a page, ready to print, in their order."""
        raise NotImplementedError

    def read_plain(self, rows: Sequence[Any], state: TableState) -> list[Mapping[str, str]]:
        """The rows as a file has them: by columns, numbers exact and plain, moments in ISO 8601."""
        raise NotImplementedError

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """The columns of a file: those that stand, and what the page says in one of them, too."""
        return state.columns

    def count(self, state: TableState) -> str:
        """How many rows pass: "9,120", or "10,000+" when there are more than are counted."""
        kept = self.standing(state)
        selected = kept[0].queryset if kept and not kept[0].given else self.select(state)
        return (
            format_count(selected.order_by().count()) if state.is_exact else count_exact(selected)
        )

    def name_count(self, count: str) -> str:
        """The count in words, such as "9,120 identities"."""
        return _("%(count)s rows") % {"count": count}

    def sums(self, state: TableState) -> list[Sum]:
        """What the rows that pass add up to, in each currency; nothing where that is too much."""
        return []

    def sums_in_files(self, state: TableState) -> list[Sum]:
        """Also those that a page shows elsewhere than below its rows."""
        return self.sums(state)

    def sums_of_ticked(self, state: TableState) -> list[Sum]:
        """What the bar of ticked rows says when they are all that pass."""
        return self.sums(state)

    def context(self, state: TableState) -> Mapping[str, object]:
        """What the templates of its page ask for beside what all tables have."""
        return {}

    def note(self, state: TableState) -> str:
        """What is to be said of the rows above them, such as how far back was looked."""
        return ""

    def above(self, state: TableState) -> str:
        """A template that stands above the rows, such as their totals; "" for none."""
        return ""

    def below(self, state: TableState, count: str) -> str:
        """A template that stands below the rows, to teach those who begin; "" for none."""
        return ""

    def chips(self, state: TableState) -> list[tuple[str, str]]:
        """What is filtered beside the conditions: words, and the name of the parameter."""
        return []

    def count_tabs(self, state: TableState, count: str) -> Mapping[str, str]:
        """What tabs say of their rows, by name; `count` is that of the present one."""
        return {state.tab_name: count}

    def dropped_on(self, tab: Tab) -> Sequence[str]:
        """What of the address means nothing on another tab, and is not taken there."""
        return ()

    def switches(self, state: TableState) -> list[Switch]:
        """Links at the end of the tabs."""
        return []


def with_column(columns: Sequence[Column], column: Column, *, behind: str) -> Sequence[Column]:
    """The columns, and right behind the one of that name another, unless it stands anyway."""
    names = [each.name for each in columns]
    if column.name in names or behind not in names:
        return columns
    place = names.index(behind) + 1
    return (*columns[:place], column, *columns[place:])


def render_rows(
    rows: Iterable[TableRow], columns: Sequence[Column], *, has_bulk: bool = False
) -> SafeString:
    """The rows as HTML; written here and not in a template, which would take most of a page."""
    names = [column.name for column in columns]
    css = tuple([column.css for column in columns])
    tick_label = _("Tick %(name)s") if has_bulk else None
    parts = []
    for row in rows:
        about = (row.css, row.key, row.url, row.quick, row.name, row.tick or row.key)
        parts.append(_render_row(css, tick_label, about, *_values(row, names)))
    return SafeString("".join(parts))  # every text goes through escape()


def _values(row: TableRow, names: Sequence[str]) -> list[str | Cell]:
    cells = row.cells
    return [cells[name] if name in cells else _metadata_cell(row, name) for name in names]


# By types as well: a text and ready HTML that look alike must not be taken for each other.
@lru_cache(maxsize=ROWS_KEPT, typed=True)
def _render_row(
    column_css: tuple[str, ...],
    tick_label: str | None,
    about: tuple[str, str, str, str, str, str],
    *values: str | Cell,
) -> str:
    css, key, url, quick, name, ticked = map(escape, about)
    attributes = f' class="{css}"' if css else ""
    if key:
        attributes += f' data-row="{key}" data-page="{url}" data-quick="{quick}"'
    tick = "" if tick_label is None else _tick(ticked, escape(tick_label) % {"name": name})
    return f"<tr{attributes}>{tick}{''.join(map(_cell, values, column_css))}</tr>"


def _cell(value: str | Cell, css: str) -> str:
    if isinstance(value, Cell):
        css = f"{css} {value.css}".strip()
        value = value.html
    text = value if isinstance(value, SafeString) else escape(value)
    return f'<td class="{css}">{text}</td>' if css else f"<td>{text}</td>"


def _metadata_cell(row: TableRow, name: str) -> str:
    value = metadata_value(row.metadata, name)
    return SafeString(f"<bdi>{escape(value)}</bdi>") if value else ""


def metadata_value(metadata: Mapping[str, Any] | None, name: str) -> str:
    """What `metadata.a.b` names, as a text or as JSON; "" if it is not there."""
    value: Any = metadata
    for key in name.split(".")[1:]:
        value = value.get(key) if isinstance(value, Mapping) else None
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _tick(key: str, label: str) -> str:
    """`key` and `label` are escaped."""
    if not key:
        return '<td class="tick"></td>'
    return (
        f'<td class="tick"><input type="checkbox" name="key" value="{key}"'
        f' form="bulk" aria-label="{label}"></td>'
    )


TableT = TypeVar("TableT", bound=Table)
_TABLES: dict[str, Table] = {}
_STANDING: dict[object, tuple[Standing, Sequence[Key]]] = {}


def register(table: TableT) -> TableT:
    """Make it known by its name, to what serves every table."""
    _TABLES[table.name] = table
    return table


def find_table(name: str) -> Table | None:
    """The table of that name, if its app has been loaded."""
    return _TABLES.get(name)


def all_tables() -> list[Table]:
    return list(_TABLES.values())
