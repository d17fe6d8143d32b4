"""The tabs of the transactions table that show the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schedules.cells import table_row
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
from transactions import filters
from transactions.counts import count_all
from transactions.filters import Tab
from transactions.row_details import COLUMNS as TOLD_ON_DEMAND
from transactions.row_details import Details, read_details
from transactions.rows import TransactionRow, read_rows
from web.formatting import active_dates, format_count
from web.pagination import Key, Source
from web.query import url_with
from web.sorting import Column
from web.tables.definition import Switch, TableRow
from web.tables.state import TableState

COLUMNS = (
    Column(
        "effective",
        gettext_lazy("Effective"),
        ("effective_at", "transaction_id"),
        descending_first=True,
        is_fixed=True,
    ),
    Column("reference", gettext_lazy("Reference"), ("reference",), is_fixed=True),
    DESCRIPTION,
    FROM,
    TO,
    STATUS,
    Column("amount", gettext_lazy("Amount"), css="num", is_number=True),
    CURRENCY,
    Column("created", gettext_lazy("Recorded"), css="hide-s muted", is_shown=False),
    CREATED_BY,
    KIND,
    Column("parent", gettext_lazy("Follows"), css="hide-s", is_shown=False),
    Column("batch", gettext_lazy("Batch"), css="hide-s id", is_shown=False),
    ID,
)


class BooksTable(TransactionTable):
    """Transactions. Without conditions they are read from the lists that indexes are."""

    columns: ClassVar[Sequence[Column]] = COLUMNS
    default_sort: ClassVar[str] = "-effective"
    date_key: ClassVar[str] = "effective_at"
    watches: ClassVar[str] = "transactions_transaction"
    watched_key: ClassVar[str] = "transaction_id"

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        """The same in no order: what live pages count the newest of."""
        return self.chosen.select()

    def source(self, state: TableState) -> tuple[QuerySet[Any, Any] | Source, Sequence[Key]]:
        return self.chosen.walk(descending=state.sorting.order[0].descending)

    def format_rows(self, rows: Sequence[Mapping[str, Any]], state: TableState) -> list[TableRow]:
        """By one query for all of them; one more each for lives, and for what is on demand."""
        request = state.request
        found = read_rows([row["transaction_id"] for row in rows], new=request.GET.get("new", ""))
        if not self.chosen.is_every:
            found = rows_of_events(request, found)
        details = _read_details(found, state)
        dates = active_dates()
        return [table_row(row, details.get(row["key"]), dates) for row in found]

    def count(self, state: TableState) -> str:
        count = self.counts[self.chosen.tab]
        return count_all(self.chosen).text if state.is_exact and not count.is_exact else count.text

    def name_count(self, count: str) -> str:
        if self.chosen.is_cut():
            said = _("%(count)s among the first %(max)s references that begin so: type more of it")
            return said % {"count": count, "max": format_count(filters.REFERENCES_MAX)}
        if self.chosen.is_every:
            words = _("1 record") if count == "1" else _("%(count)s records")
        else:
            words = _("1 transaction") if count == "1" else _("%(count)s transactions")
        return words % {"count": count}

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


def _read_details(rows: Sequence[TransactionRow], state: TableState) -> dict[str, Details]:
    """Of the transactions among the rows, if a column tells of them; by their keys."""
    has_metadata = state.has_metadata_columns
    if not has_metadata and TOLD_ON_DEMAND.isdisjoint(column.name for column in state.columns):
        return {}
    keys = {row["pk"]: row["key"] for row in rows if row["key"].startswith("txn_")}
    details = read_details(list(keys), has_metadata=has_metadata)
    return {keys[pk]: each for pk, each in details.items()}
