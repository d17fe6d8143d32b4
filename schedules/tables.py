"""The transactions table, as what serves every table knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.http import HttpRequest

from schedules.books_columns import COLUMNS
from schedules.books_table import OF_BOOKS, BooksTable, FoundTable
from schedules.listing import STATES
from schedules.schedule_table import DecidedTable, ScheduleTable
from schedules.transaction_table import TransactionTable
from transactions.filters import Tab, TransactionFilter
from web.sorting import Column
from web.tables.definition import Table, register
from web.tables.fields import Field


class EveryTransactionTable(TransactionTable):
    """Shows nothing itself: each address asks for one of the tables that its tabs are."""

    columns: ClassVar[Sequence[Column]] = COLUMNS
    fields: ClassVar[Sequence[Field]] = OF_BOOKS
    # Tabs of schedules ask about no rows.
    changed_by: ClassVar[Mapping[str, str]] = BooksTable.changed_by

    def for_request(self, request: HttpRequest) -> Table:
        chosen = TransactionFilter.read(request)
        if chosen.tab == Tab.SCHEDULED:
            return ScheduleTable(chosen)
        if chosen.tab in STATES:
            return DecidedTable(chosen)
        return FoundTable(chosen) if chosen.text else BooksTable(chosen)


TRANSACTIONS = register(EveryTransactionTable())
