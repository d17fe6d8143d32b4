"""The tabs of the transactions table that show the books.

Without conditions the rows come along the lists that indexes are, see `transactions.walks`. Under
conditions, or in another order, they are found by `search.listing`. By columns without an index
only as many are sorted as are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledgers.money import format_amount
from schedules.cells import table_row
from schedules.expiry import EXPIRES
from schedules.lives import rows_of_events
from schedules.transaction_table import (
    CREATED_BY,
    CURRENCY,
    DESCRIPTION,
    FROM,
    ID,
    KIND,
    STATUS,
    TO,
    TransactionTable,
)
from search.fields import FIELDS
from search.listing import Listing, list_transactions
from search.looking_back import look_back
from search.models import FoundTransaction
from search.orders import SORTS, is_looked_up
from transactions import filters
from transactions.counts import Count, count_all
from transactions.filters import Tab, TransactionFilter
from transactions.plain_rows import plain_rows
from transactions.row_details import COLUMNS as TOLD_ON_DEMAND
from transactions.row_details import Details, read_details
from transactions.rows import TransactionRow, read_rows
from web.converters import parse_key
from web.counting import EXACT_MAX
from web.formatting import active_dates, format_count
from web.pagination import Key, Source
from web.query import url_with
from web.sorting import Column, Sorting
from web.tables.conditions import Condition
from web.tables.definition import Sum, Switch, TableRow, metadata_value
from web.tables.fields import Field
from web.tables.lookback import say_looked_back
from web.tables.state import METADATA, TableState, sort_many


def _sorting_few(column: Column) -> Column:
    return replace(column, fields=SORTS[column.name], sorts_few=True)


COLUMNS = (
    Column(
        "effective",
        gettext_lazy("Effective"),
        SORTS["effective"],
        descending_first=True,
        is_fixed=True,
    ),
    Column("reference", gettext_lazy("Reference"), SORTS["reference"], is_fixed=True),
    _sorting_few(DESCRIPTION),
    _sorting_few(FROM),
    _sorting_few(TO),
    _sorting_few(STATUS),
    Column(
        "amount",
        gettext_lazy("Amount"),
        SORTS["amount"],
        "num",
        descending_first=True,
        is_number=True,
    ),
    _sorting_few(CURRENCY),
    Column(
        "created",
        gettext_lazy("Recorded"),
        SORTS["created"],
        "hide-s muted",
        descending_first=True,
        is_shown=False,
    ),
    _sorting_few(CREATED_BY),
    _sorting_few(KIND),
    Column("parent", gettext_lazy("Follows"), css="hide-s", is_shown=False),
    Column("batch", gettext_lazy("Batch"), css="hide-s id", is_shown=False),
    ID,
)


OF_BOOKS = (*FIELDS, EXPIRES)
SORT_OF = {keys: name for name, keys in SORTS.items()}
NONE = Count.of(0)
# So many rows of a ledger, a balance or a tab are added up unasked.
UNASKED_MAX = 1_000


class BooksTable(TransactionTable):
    """Transactions."""

    columns: ClassVar[Sequence[Column]] = COLUMNS
    fields: ClassVar[Sequence[Field]] = OF_BOOKS
    has_sums: ClassVar[bool] = True
    default_sort: ClassVar[str] = "-effective"
    date_key: ClassVar[str] = "effective_at"
    watches: ClassVar[str] = "transactions_transaction"
    watched_key: ClassVar[str] = "transaction_id"

    def __init__(self, chosen: TransactionFilter | None = None) -> None:
        super().__init__(chosen)
        self._listed: tuple[TableState, Listing] | None = None
        self._since: datetime | None = None

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        """The same in no order: what live pages count the newest of."""
        if self._is_empty(state):
            return FoundTransaction.objects.none()
        if not state.conditions:
            return self.chosen.select()
        found = FoundTransaction.objects.filter(self.listing(state).q)
        return found.values("transaction_id").distinct()

    def source(self, state: TableState) -> tuple[QuerySet[Any, Any] | Source, Sequence[Key]]:
        if self._is_empty(state):
            return FoundTransaction.objects.none(), (Key("effective_at"),)
        sorting = state.sorting if self._can_be_sorted(state) else sort_many(state, self)
        sort, descending = _sort_of(sorting), sorting.order[0].descending
        if not state.conditions and sort == self.default_sort.removeprefix("-"):
            return self.chosen.walk(descending=descending)
        listing = self.listing(state)
        if sort != listing.sort:
            listing = listing.in_order(sort)
        return listing, listing.order(descending=descending)

    def sorting(self, state: TableState, count: str) -> Sorting:
        """As many rows as are counted are sorted by any column, more by those with an index."""
        said = Count.said(count)
        are_few = bool(self._since) or (said.is_exact and said.number <= EXACT_MAX)
        if is_looked_up(_sort_of(state.sorting)):
            are_few = self._can_be_sorted(state)
        return state.sorting if are_few else sort_many(state, self)

    def _can_be_sorted(self, state: TableState) -> bool:
        """Whether the rows are so few as the order that was chosen asks for."""
        is_free = not is_looked_up(_sort_of(state.sorting)) or self._is_empty(state)
        return is_free or self.listing(state).can_be_sorted

    def listing(self, state: TableState, *, events_only: bool = False) -> Listing:
        """What passes scope, text and conditions, as the index of searches has it.

        The same each time for the same state: what its page has counted is not counted again.
        """
        is_every = self.chosen.is_every
        if events_only and is_every:
            return self._list(state, is_every=False)
        if self._listed is None or self._listed[0] is not state:
            self._listed = state, self._look_back(state, self._list(state, is_every=is_every))
        return self._listed[1]

    def _look_back(self, state: TableState, listing: Listing) -> Listing:
        """The latest part, where all would take long and nobody asks for it."""
        looked_back = look_back(listing) if state.conditions and not state.is_exact else None
        if looked_back is None:
            return listing
        self._since = looked_back.since
        return looked_back.part

    def note(self, state: TableState) -> str:
        return say_looked_back(state.request, self._since) if self._since else ""

    def _list(self, state: TableState, *, is_every: bool) -> Listing:
        chosen = self.chosen
        return list_transactions(
            state.q & _begins(chosen.text),
            tab=chosen.tab,
            scope=chosen.scope,
            is_every=is_every,
            sort=_sort_of(state.sorting),
        )

    def _is_empty(self, state: TableState) -> bool:
        return state.is_broken or self.chosen.is_impossible

    def format_rows(self, rows: Sequence[Mapping[str, Any]], state: TableState) -> list[TableRow]:
        """By one query for all of them; one more each for lives, and for what is on demand."""
        request = state.request
        found = read_rows([row["transaction_id"] for row in rows], new=request.GET.get("new", ""))
        if not self.chosen.is_every:
            found = rows_of_events(request, found)
        details = _read_details(found, state)
        dates = active_dates()
        return [table_row(row, details.get(row["key"]), dates) for row in found]

    def read_plain(
        self, rows: Sequence[Mapping[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        ids = [row["transaction_id"] for row in rows]
        names = [column.name for column in state.columns if column.name.startswith(METADATA)]
        return [
            {**cells, **{name: metadata_value(metadata, name) for name in names}}
            for cells, metadata in plain_rows(ids, has_metadata=bool(names))
        ]

    def count(self, state: TableState) -> str:
        if self._is_empty(state):
            return format_count(0)
        if state.conditions:
            return self._count_found(state).text
        count = self.counts[self.chosen.tab]
        return count_all(self.chosen).text if state.is_exact and not count.is_exact else count.text

    def _count_found(self, state: TableState) -> Count:
        if self._found_count is None:
            listing = self.listing(state)
            count = listing.count(maximum=None if state.is_exact else EXACT_MAX + 1)
            self._found_count = Count.of(count, maximum=None if state.is_exact else EXACT_MAX)
            if self._since:
                self._found_count = Count(f"{format_count(count)}+", is_exact=False)
        return self._found_count

    def sums(self, state: TableState) -> list[Sum]:
        """Of events, with their amounts as the rows show them: what follows would count twice."""
        if self._is_empty(state) or not (state.is_exact or self._is_little(state)):
            return []
        listing = self.listing(state, events_only=True)
        label = _("events only") if self.chosen.is_every else ""
        return [
            Sum(each.currency, format_amount(each.amount_minor, each.exponent), label)
            for each in listing.sums(maximum=None) or ()
        ]

    def _is_little(self, state: TableState) -> bool:
        """Whether the rows are so few that adding them up costs nothing to speak of."""
        if state.conditions:
            return self._count_found(state).is_exact
        count = self.counts[self.chosen.tab]
        is_part = bool(self.chosen.tab or self.chosen.is_any)
        return is_part and count.is_exact and count.number <= UNASKED_MAX

    def name_count(self, count: str) -> str:
        if self._found_count is None and self.chosen.is_cut():
            said = _("%(count)s among the first %(max)s references that begin so: type more of it")
            return said % {"count": count, "max": format_count(filters.REFERENCES_MAX)}
        if self.chosen.is_every:
            words = _("1 record") if count == "1" else _("%(count)s records")
        else:
            words = _("1 transaction") if count == "1" else _("%(count)s transactions")
        return words % {"count": count}

    def context(self, state: TableState) -> Mapping[str, object]:
        """Where a text is looked for that no reference begins with; and what the books lack."""
        wider = str(Condition("text", "contains", (self.chosen.text,)))
        return {
            "wider_url": f"?{urlencode({'where': wider})}" if self.chosen.text else "",
            "unposted": self._unposted(state),
        }

    def above(self, state: TableState) -> str:
        return "schedules/_unposted.html" if self._unposted(state) else ""

    def _unposted(self, state: TableState) -> list[tuple[str, str]]:
        """What All leaves out, in words with the tab that shows it; other fields filter there."""
        if self.chosen.tab != Tab.ALL or state.conditions:
            return []
        counts = self.counts
        words = {
            Tab.SCHEDULED: _("%(count)s scheduled, not yet posted"),
            Tab.REJECTED: _("%(count)s rejected"),
        }
        dropped = dict.fromkeys(("records", "sort", "open", "count", "view"), "")
        return [
            (said % {"count": counts[tab].text}, url_with(state.request, **dropped, tab=tab.value))
            for tab, said in words.items()
            if counts[tab] != NONE
        ]

    def switches(self, state: TableState) -> list[Switch]:
        if self.chosen.tab != Tab.ALL or self.chosen.text:
            return []
        if self.chosen.is_every:
            url = url_with(state.request, records="", open="", count="")
            return [Switch(_("One row for each event"), url)]
        url = url_with(state.request, records="every", open="", count="")
        return [Switch(_("Every record"), url)]


class FoundTable(BooksTable):
    """What is found by its reference comes in the order of references."""

    default_sort: ClassVar[str] = "reference"


def _sort_of(sorting: Sorting) -> str:
    """The name of the order, as `search.orders` has it."""
    return SORT_OF[tuple(key.field for key in sorting.order)]


def _begins(text: str) -> Q:
    """That the reference begins with the text, or that it is the id."""
    public_id = parse_key(text, "txn")
    if public_id:
        return Q(transaction__public_id=public_id)
    return Q(transaction__reference__startswith=text) if text else Q()


def _read_details(rows: Sequence[TransactionRow], state: TableState) -> dict[str, Details]:
    """Of the transactions among the rows, if a column tells of them; by their keys."""
    has_metadata = state.has_metadata_columns
    if not has_metadata and TOLD_ON_DEMAND.isdisjoint(column.name for column in state.columns):
        return {}
    keys = {row["pk"]: row["key"] for row in rows if row["key"].startswith("txn_")}
    details = read_details(list(keys), has_metadata=has_metadata)
    return {keys[pk]: each for pk, each in details.items()}
