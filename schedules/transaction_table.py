"""What the tabs of the transactions table have in common: those of the books, and of schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from schedules.listing import STATES, count_tabs_of_schedules
from schedules.news import followed_since
from transactions.counts import Count, count_tabs
from transactions.filters import Tab, TransactionFilter
from transactions.models import Transaction
from web.marks import Mark
from web.sorting import Column
from web.tables.definition import Label, Table, with_column
from web.tables.definition import Tab as TableTab
from web.tables.state import TableState

LABELS: dict[Tab, Label] = {
    Tab.ALL: _("All"),
    Tab.POSTED: _("Posted"),
    Tab.INFLIGHT: _("Inflight"),
    Tab.SCHEDULED: _("Scheduled"),
    Tab.REJECTED: _("Rejected"),
    Tab.CANCELLED: _("Cancelled"),
}
DESCRIPTION = Column("description", _("Description"), css="hide-s")
FROM = Column("from", _("From"), css="hide-s party")
TO = Column("to", _("To"), css="hide-s party")
STATUS = Column("status", _("Status"), css="hide-s")
CURRENCY = Column("currency", _("Currency"), css="hide-s", is_shown=False)
CREATED_BY = Column("created_by", _("Recorded by"), css="hide-s", is_shown=False)
KIND = Column("kind", _("Kind"), css="hide-s", is_shown=False)
PART = Column("part", _("Of the amount"))
REASON = Column("reason", _("Reason"))
ID = Column("id", _("Id"), css="hide-s id", is_shown=False)


class TransactionTable(Table):
    """One of the tabs, under what else the address says."""

    name: ClassVar[str] = "transactions"
    element: ClassVar[str] = "transaction-table"
    url_name: ClassVar[str] = "transactions:list"
    title: ClassVar[Label] = _("Transactions")
    search_label: ClassVar[Label] = _("Start of the reference, or id")
    empty_template: ClassVar[str] = "transactions/_empty.html"
    tabs: ClassVar[Sequence[TableTab]] = tuple(
        TableTab(tab.value, label) for tab, label in LABELS.items()
    )
    refreshes_on: ClassVar[Sequence[str]] = ("transactionPosted", "scheduleDecided")
    scope: ClassVar[Sequence[str]] = ("ledger", "balance", "records")
    has_bulk: ClassVar[bool] = True
    bulk_template: ClassVar[str] = "bulk/_transactions.html"
    ticked_url_name: ClassVar[str] = "bulk:ticked"

    def __init__(self, chosen: TransactionFilter | None = None) -> None:
        self.chosen = chosen or TransactionFilter()

    @cached_property
    def counts(self) -> dict[Tab, Count]:
        """The rows on each tab, under scope and text."""
        return count_tabs(self.chosen) | count_tabs_of_schedules(self.chosen)

    def chips(self, state: TableState) -> list[tuple[str, str]]:
        return self.chosen.chips()

    def count_tabs(self, state: TableState, count: str) -> Mapping[str, str]:
        """All of them; with conditions, which each tab would have to be searched for, one."""
        if state.conditions:
            return {state.tab_name: count}
        return {tab.value: each.text for tab, each in self.counts.items()} | {state.tab_name: count}

    def select_new(self, state: TableState, since: Mark) -> QuerySet[Any, Any]:
        return self.select(state).filter(since.added_since(self.watched_key))

    def select_changed(self, state: TableState, since: Mark) -> QuerySet[Any, Any]:
        """Rows that something has followed since; of Inflight also those that it ended."""
        is_inflight = self.chosen.tab == Tab.INFLIGHT
        followed = followed_since(since, of_holds=is_inflight)
        if is_inflight and not state.conditions:
            holds = self.chosen.on_tab(Tab.ALL).select().filter(kind=Transaction.Kind.HOLD)
            rows: QuerySet[Any, Any] = holds.filter(pk__in=followed)
        else:
            rows = self.select(state).filter(**{f"{self.watched_key}__in": followed})
        return rows.exclude(since.added_since(self.watched_key))

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """On the page the currency stands behind the amount, and the kind behind the reference."""
        columns = with_column(state.columns, CURRENCY, behind="amount")
        return with_column(columns, KIND, behind="reference")

    def dropped_on(self, tab: TableTab) -> Sequence[str]:
        """An order, and records, of its own; and between books and schedules other fields."""
        is_other = (Tab(tab.name) in STATES) != (self.chosen.tab in STATES)
        return ("records", "sort", "open", *(("where", "match") if is_other else ()))
