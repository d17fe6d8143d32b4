"""The views of a table, as tabs: those that are always there, and those that people have saved.

Saved views are kept by an app above this one, which gives them by `provide_views`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from time import monotonic
from urllib.parse import urlencode

from django.db import DatabaseError, connection
from django.db import transaction as db_transaction
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from web.addresses import url_of
from web.query import VOLATILE, with_query
from web.tables.conditions import say_condition
from web.tables.definition import Tab, Table, find_table
from web.tables.state import TableState, choices_of, read_state

# Asks for the tab without a name, where the bare address leads to a saved view.
ALL = "all"
# What belongs to a look at a table rather than to the table.
FLEETING = (*VOLATILE, "count", "view", "open", "export")
# So many saved views stand as tabs, the others in a menu.
SHOWN_MAX = 4
COUNTED_MAX = 20
COUNT_MILLISECONDS = 300
COUNTS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class View:
    """A saved view. `query` is normal, as `view_query` gives it."""

    key: str
    name: str
    description: str
    query: str
    can_change: bool


ViewReader = Callable[[HttpRequest, Table], Sequence[View]]
_readers: list[ViewReader] = []


def provide_views(reader: ViewReader) -> None:
    """Let `reader` say which saved views of a table the person who asks can see."""
    _readers[:] = [reader]


def read_views(request: HttpRequest, table: Table) -> list[View]:
    return [view for reader in _readers for view in reader(request, table)]


@dataclass(frozen=True, slots=True)
class TabLink:
    """`query` is what the tab shows; `key` names it on the page."""

    key: str
    label: str
    url: str
    query: str
    count: str
    is_current: bool
    description: str = ""

    @property
    def row(self) -> dict[str, str | bool]:
        """As the page prints it."""
        return {
            "id": f"count-{self.key}",
            "label": self.label,
            "url": self.url,
            "count": self.count,
            "is_current": self.is_current,
            "description": self.description,
        }


@dataclass(frozen=True, slots=True)
class Tabs:
    """The tabs of a page. `view` is the saved view it shows, `query` what saving would keep."""

    shown: Sequence[TabLink]
    more: Sequence[TabLink]
    view: View | None
    query: str

    @property
    def links(self) -> list[dict[str, str | bool]]:
        """Those in sight, for `{% each %}`."""
        return [tab.row for tab in self.shown]

    @property
    def links_in_menu(self) -> list[dict[str, str | bool]]:
        return [tab.row for tab in self.more]

    @property
    def others(self) -> list[TabLink]:
        """Those whose counts the page does not say."""
        return [tab for tab in (*self.shown, *self.more) if not (tab.is_current or tab.count)]

    @property
    def is_changed(self) -> bool:
        """Whether the saved view has been filtered or arranged otherwise since."""
        return self.view is not None and self.view.query != self.query

    @property
    def is_new(self) -> bool:
        """Whether what is shown is more than a view that is there already."""
        return self.view is None and any(name != "tab" for name in QueryDict(self.query))


def view_query(query: QueryDict) -> str:
    """What a saved view keeps of an address: always the same text for the same view."""
    pairs = [pair for pair in _lasting(query) if pair != ("tab", ALL)]
    return _encode(sorted(pairs, key=itemgetter(0)))


def unknown_tab(state: TableState) -> str:
    """The tab that the address asks for though the table has none of that name; "" if it has."""
    asked = state.request.GET.get("tab", "")
    return "" if asked in ("", ALL, state.tab_name) else asked


def table_url(table: Table, query: str, *, view: str = "") -> str:
    """The table under this query; `view` is the id of the saved view whose tab is current."""
    query = "&".join(part for part in (query, view and urlencode({"view": view})) if part)
    url = url_of(table.url_name)
    return f"{url}?{query}" if query else url


def view_url(table: Table, view: View) -> str:
    """The table as the view has it."""
    return table_url(table, view.query, view=view.key)


def describe_query(request: HttpRequest, table: Table, query: str) -> list[str]:
    """What a view keeps, in words."""
    table, state = _ask(request, table, query)
    words = [words for words, _name in table.chips(state)]
    words += [say_condition(condition, table.fields) for condition in state.conditions]
    if state.text:
        words.append(_("holds “%(text)s”") % {"text": state.text})
    heads = {column.name: str(column.label) for column in table.columns}
    if (sort := state.request.GET.get("sort", "")).removeprefix("-") in heads:
        label = heads[sort.removeprefix("-")]
        told = _("sorted by %(label)s, descending") if sort[0] == "-" else _("sorted by %(label)s")
        words.append(told % {"label": label})
    if state.request.GET.get("columns"):
        labels = ", ".join(str(column.label) for column in state.columns)
        words.append(_("columns: %(labels)s") % {"labels": labels})
    return words


def first_view_url(request: HttpRequest, table: Table) -> str:
    """Where the bare address of the table leads the person who asks; "" if nowhere else."""
    chosen = choices_of(request, table).get("view")
    if request.GET or not chosen:
        return ""
    found = (view for view in read_views(request, table) if view.key == chosen)
    return next((view_url(table, view) for view in found), "")


def all_url(request: HttpRequest, table: Table) -> str:
    """The table with nothing filtered, also for whom it opens with a saved view."""
    return table_url(table, _all_query(request, table))


def link_tabs(request: HttpRequest, table: Table, state: TableState, *, count: str) -> Tabs:
    """The tabs of this page; `count` is that of what it shows."""
    views = read_views(request, table)
    key = request.GET.get("view", "")
    current = next((view for view in views if view.key == key), None)
    counts = {} if current else table.count_tabs(state, count)
    has_tabs = bool(table.tabs or views)
    shown = _built_in(request, table, state, counts=counts, view=current) if has_tabs else []
    saved = [
        TabLink(
            key=view.key,
            label=view.name,
            url=view_url(table, view),
            query=view.query,
            count=count if view is current else "",
            is_current=view is current,
            description=view.description,
        )
        for view in views
    ]
    # The current one is always in sight.
    rest = saved[SHOWN_MAX:]
    shown += [*saved[:SHOWN_MAX], *(tab for tab in rest if tab.is_current)]
    more = [tab for tab in rest if not tab.is_current]
    return Tabs(shown, more, current, view_query(request.GET))


def _built_in(
    request: HttpRequest,
    table: Table,
    state: TableState,
    *,
    counts: Mapping[str, str],
    view: View | None,
) -> list[TabLink]:
    """Filters stay when one goes from one to another, those of a saved view do not."""
    lasting = [] if view else [pair for pair in _lasting(request.GET) if pair[0] != "tab"]
    encoded = [(name, _encode([(name, value)])) for name, value in lasting]
    links = []
    for number, tab in enumerate(table.tabs or (Tab("", _("All")),)):
        dropped = table.dropped_on(tab)
        parts = [part for name, part in encoded if name not in dropped]
        parts += [f"tab={tab.name}"] if tab.name else []
        query = "&".join(parts) or _all_query(request, table)
        links.append(
            TabLink(
                key=tab.name or ALL,
                label=str(tab.label),
                url=table_url(table, query),
                query=query,
                count=counts.get(tab.name, ""),
                is_current=view is None and (tab == state.tab if state.tab else number == 0),
            )
        )
    return links


def count_tabs(
    request: HttpRequest, table: Table, tabs: Sequence[TabLink]
) -> list[tuple[TabLink, str]]:
    """The counts of some tabs, as far as they can be had quickly; "" where they cannot."""
    until = monotonic() + COUNTS_SECONDS
    counts = []
    with db_transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {COUNT_MILLISECONDS}")
        for tab in tabs[:COUNTED_MAX]:
            if monotonic() > until:
                break
            counts.append((tab, _count(request, table, tab)))
    return counts


def _count(request: HttpRequest, table: Table, tab: TabLink) -> str:
    try:
        with db_transaction.atomic():
            table, state = _ask(request, table, tab.query)
            return "" if state.is_broken else table.count(state)
    except DatabaseError:
        return ""


def _ask(request: HttpRequest, table: Table, query: str) -> tuple[Table, TableState]:
    """The table as it is under another query, which may make another table of it."""
    asked = with_query(request, query)
    table = (find_table(table.name) or table).for_request(asked)
    return table, read_state(asked, table)


def _all_query(request: HttpRequest, table: Table) -> str:
    return f"tab={ALL}" if choices_of(request, table).get("view") else ""


def _lasting(query: QueryDict) -> list[tuple[str, str]]:
    """What belongs to the table rather than to one look at it."""
    return [
        (name, value)
        for name, values in query.lists()
        if name not in FLEETING
        for value in values
        if value
    ]


def _encode(pairs: Sequence[tuple[str, str]]) -> str:
    return urlencode(pairs, safe=":,@|")
