"""The tabs of the transactions table that show the books.

Without conditions the rows come along the lists that indexes are, see `transactions.walks`. Under
conditions, or in another order, they are found by `search.listing`. By columns without an index
only as many are sorted as are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ledgers.money import format_amount
from schedules.books_columns import COLUMNS
from schedules.books_listing import Passing, list_passing, read_passing
from schedules.cells import table_row
from schedules.expiry import EXPIRES
from schedules.left_out import list_left_out
from schedules.lives import rows_of_events
from schedules.transaction_table import PART, TransactionTable
from search.at_once import CurrencySum
from search.fields import FIELDS
from search.models import FoundTransaction
from search.orders import SORTS, is_looked_up
from transactions import filters
from transactions.counts import Count, count_all
from transactions.filters import Tab, TransactionFilter
from transactions.plain_rows import plain_rows
from transactions.row_details import COLUMNS as TOLD_ON_DEMAND
from transactions.row_details import Details, read_details
from transactions.rows import TransactionRow, read_rows
from web.counting import EXACT_MAX
from web.formatting import active_dates, format_count
from web.journals import by_column
from web.pagination import Key, Source
from web.query import url_with
from web.sorting import Column, Sorting
from web.tables.conditions import Condition
from web.tables.definition import Part, Sum, Switch, TableRow, metadata_value, with_column
from web.tables.fields import Field
from web.tables.state import METADATA, TableState, sort_many

OF_BOOKS = (*FIELDS, EXPIRES)
# So many rows of a ledger, a balance or a tab are added up unasked.
UNASKED_MAX = 1_000


class BooksTable(TransactionTable):
    """Transactions."""

    columns: ClassVar[Sequence[Column]] = COLUMNS
    fields: ClassVar[Sequence[Field]] = OF_BOOKS
    has_sums: ClassVar[bool] = True
    default_sort: ClassVar[str] = "-effective"
    date_key: ClassVar[str] = "effective_at"
    metadata_keys: ClassVar[tuple[str, ...]] = SORTS["metadata"]
    watches: ClassVar[str] = "transactions_transaction"
    # With what others do to a hold it may leave the tab or the filter.
    changed_by: ClassVar[Mapping[str, str]] = {"transactions_transaction": by_column("parent_id")}
    watched_key: ClassVar[str] = "transaction_id"

    def __init__(self, chosen: TransactionFilter | None = None) -> None:
        super().__init__(chosen)
        self._passing: Passing | None = None
        self._found_count: Count | None = None

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        """The same in no order: what live pages count the newest of."""
        if self._is_empty(state):
            return FoundTransaction.objects.none()
        if not state.conditions:
            return self.chosen.select()
        found = FoundTransaction.objects.filter(self.passing(state).listing.q)
        return found.values("transaction_id").distinct()

    def source(self, state: TableState) -> tuple[QuerySet[Any, Any] | Source, Sequence[Key]]:
        if self._is_empty(state):
            return FoundTransaction.objects.none(), (Key("effective_at"),)
        sorting = state.sorting if self._can_be_sorted(state) else sort_many(state, self)
        sort, descending = sorting.name, sorting.order[0].descending
        if not state.conditions and sort == self.default_sort.removeprefix("-"):
            return self.chosen.walk(descending=descending)
        listing = self.passing(state).listing
        if sort != listing.sort:
            listing = listing.in_order(sort)
        return listing, listing.order(descending=descending)

    def sorting(self, state: TableState, count: str) -> Sorting:
        """As many rows as are counted are sorted by any column, more by those with an index."""
        said = Count.said(count)
        is_latest = bool(self._passing and self._passing.since)
        are_few = is_latest or (said.is_exact and said.number <= EXACT_MAX)
        if is_looked_up(state.sorting.name):
            are_few = self._can_be_sorted(state)
        return state.sorting if are_few else sort_many(state, self)

    def _can_be_sorted(self, state: TableState) -> bool:
        """Whether the rows are so few as the order that was chosen asks for."""
        is_free = not is_looked_up(state.sorting.name) or self._is_empty(state)
        return is_free or self.passing(state).listing.can_be_sorted

    def passing(self, state: TableState) -> Passing:
        """What passes scope, text and conditions, as the index of searches has it.

        The same each time for the same state: what its page has counted is not counted again.
        """
        if self._passing is None or self._passing.state is not state:
            self._passing = read_passing(self.chosen, state)
        return self._passing

    def note(self, state: TableState) -> str:
        return self._passing.note() if self._passing else ""

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

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """On the page what became of a part of the amount stands below it."""
        return with_column(super().file_columns(state), PART, behind="currency")

    def count(self, state: TableState) -> str:
        if self._is_empty(state):
            return format_count(0)
        if state.conditions:
            return self._count_found(state).text
        count = self.counts[self.chosen.tab]
        return count_all(self.chosen).text if state.is_exact and not count.is_exact else count.text

    def _count_found(self, state: TableState) -> Count:
        if self._found_count is None:
            self._found_count = self.passing(state).count()
        return self._found_count

    def sums(self, state: TableState) -> list[Sum]:
        """Of events, with their amounts as the rows show them: what follows would count twice."""
        if self._is_empty(state) or not (state.is_exact or self._is_little(state)):
            return []
        is_every = self.chosen.is_every
        listing = (
            list_passing(self.chosen, state, is_every=False)
            if is_every
            else self.passing(state).listing
        )
        label = _("events only") if is_every else ""
        return [replace(as_sum(each), label=label) for each in listing.sums(maximum=None) or ()]

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
            "left_out": list_left_out(state.request, self.counts)
            if self._leaves_out(state)
            else [],
        }

    def above(self, state: TableState) -> str:
        return "schedules/_left_out.html" if self._leaves_out(state) else ""

    def _leaves_out(self, state: TableState) -> bool:
        """Whether All is shown, and not filtered: schedules have other fields to filter by."""
        return self.chosen.tab == Tab.ALL and not state.conditions

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


def as_sum(found: CurrencySum) -> Sum:
    """What the amounts of rows add up to, and what of it is not in the books."""
    parts = (
        (found.reserved_minor, _("inflight")),
        (found.released_minor, _("voided or expired")),
    )
    return Sum(
        found.currency,
        format_amount(found.amount_minor, found.exponent),
        column="amount",
        parts=[
            Part(format_amount(minor, found.exponent), label) for minor, label in parts if minor
        ],
    )


def _read_details(rows: Sequence[TransactionRow], state: TableState) -> dict[str, Details]:
    """Of the transactions among the rows, if a column tells of them; by their keys."""
    has_metadata = state.has_metadata_columns
    if not has_metadata and TOLD_ON_DEMAND.isdisjoint(column.name for column in state.columns):
        return {}
    keys = {row["pk"]: row["key"] for row in rows if row["key"].startswith("txn_")}
    details = read_details(list(keys), has_metadata=has_metadata)
    return {keys[pk]: each for pk, each in details.items()}
