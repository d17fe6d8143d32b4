"""The Entries table: every debit and credit as a line of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import EmptyResultSet
from django.db.models import BigIntegerField, F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ledgers.money import format_amount
from transactions.entry_fields import entry_fields
from transactions.entry_orders import SORTED_BY
from transactions.entry_rows import (
    format_entries,
    plain_entries,
    read_entries,
    read_metadata,
)
from transactions.filters import TransactionFilter
from transactions.models import Entry
from web.converters import parse_key
from web.counting import EXACT_MAX, count_exact, is_exact
from web.formatting import format_count
from web.planned import explain
from web.sorting import Column, Sorting
from web.statements import Row, fetch_all
from web.tables.conditions import bounds
from web.tables.definition import (
    Label,
    Table,
    TableRow,
    metadata_value,
    register,
    with_column,
)
from web.tables.definition import Sum as TableSum
from web.tables.fields import Field
from web.tables.lookback import look_back, say_looked_back
from web.tables.state import METADATA, TableState

# How many entries some balances have, and what these add up to, is kept with them.
KEPT = """
SELECT c.code, c.exponent, s.debit_minor, s.credit_minor, s.entry_count
FROM (
    SELECT currency, sum(debit_minor) AS debit_minor, sum(credit_minor) AS credit_minor,
           sum(entry_count) AS entry_count
    FROM balances_balance {within} GROUP BY currency
) AS s
JOIN ledgers_currency AS c ON c.code = s.currency
WHERE s.entry_count > 0 ORDER BY c.code
"""
WITHIN = {
    "ledger_id": "WHERE ledger_id = %(ledger_id)s",
    "balance_id": "WHERE id = %(balance_id)s",
}
ADDED_UP = """
SELECT code, exponent, coalesce(sum(amount_minor) FILTER (WHERE direction = -1), 0),
       coalesce(sum(amount_minor) FILTER (WHERE direction = 1), 0), count(*)
FROM ({entries}) AS e
GROUP BY code, exponent ORDER BY code
"""
KEYS = {"balance": ("effective_at", "id"), "ledger": ("effective_at", "transaction_id", "id")}
# Entries of all books come along the dates of their transactions, which have the index.
OF_BOOKS = ("transaction__effective_at", "number", "id")


def _few(name: str, label: Label, key: str, css: str = "", *, is_shown: bool = True) -> Column:
    return Column(name, label, (key, "id"), css, is_shown=is_shown, sorts_few=True)


def _few_amounts(name: str, label: Label, css: str) -> Column:
    column = _few(name, label, f"{name}_major", css)
    return replace(column, descending_first=True, is_number=True)


CURRENCY = _few(
    "currency", gettext_lazy("Currency"), "balance__currency_id", "hide-s", is_shown=False
)


def _columns(effective: tuple[str, ...]) -> tuple[Column, ...]:
    return (
        Column(
            "effective", gettext_lazy("Effective"), effective, descending_first=True, is_fixed=True
        ),
        Column(
            "reference",
            gettext_lazy("Reference"),
            ("transaction__reference", "id"),
            "hide-s",
            is_fixed=True,
        ),
        _few("description", gettext_lazy("Description"), "told", "hide-s", is_shown=False),
        _few("balance", gettext_lazy("Balance"), "balance_title"),
        _few("ledger", gettext_lazy("Ledger"), "balance__ledger__name", "hide-s"),
        _few("direction", gettext_lazy("Direction"), "direction", "hide-s", is_shown=False),
        _few_amounts("debit", gettext_lazy("Debit"), "num"),
        _few_amounts("credit", gettext_lazy("Credit"), "num"),
        CURRENCY,
        _few_amounts("running", gettext_lazy("Balance after"), "num hide-s"),
        Column(
            "recorded",
            gettext_lazy("Recorded"),
            ("id",),
            "hide-s muted",
            descending_first=True,
            is_shown=False,
        ),
        Column("id", gettext_lazy("Id"), ("id",), "hide-s id", is_shown=False),
    )


class EntryTable(Table):
    """Entries of all books; those of a ledger or balance walk indexes of their own."""

    name: ClassVar[str] = "entries"
    element: ClassVar[str] = "entry-table"
    url_name: ClassVar[str] = "entries:list"
    title: ClassVar[Label] = gettext_lazy("Entries")
    search_label: ClassVar[Label] = gettext_lazy("Start of the reference, or id of a transaction")
    empty_template: ClassVar[str] = "transactions/_no_entries.html"
    columns: ClassVar[Sequence[Column]] = _columns(OF_BOOKS)
    fields: ClassVar[Sequence[Field]] = entry_fields("transaction__effective_at")
    default_sort: ClassVar[str] = "-effective"
    date_key: ClassVar[str] = OF_BOOKS[0]
    scope: ClassVar[Sequence[str]] = ("ledger", "balance")
    has_sums: ClassVar[bool] = True
    refreshes_on: ClassVar[Sequence[str]] = ("transactionPosted",)
    watches: ClassVar[str] = "transactions_entry"
    is_standing: ClassVar[bool] = True
    has_bulk: ClassVar[bool] = True
    bulk_template: ClassVar[str] = "bulk/_export.html"
    ticked_url_name: ClassVar[str] = "bulk:ticked"

    def __init__(self, chosen: TransactionFilter | None = None) -> None:
        self.chosen = chosen or TransactionFilter()
        self._count: str | None = None
        self._sums: list[Row] | None = None
        self._looked_back: tuple[datetime | None] | None = None

    def for_request(self, request: HttpRequest) -> Table:
        chosen = TransactionFilter.read(request)
        if chosen.balance:
            return EntryTableOfBalance(chosen)
        return EntryTableOfLedger(chosen) if chosen.ledger else EntryTable(chosen)

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        """Values: the keys of the order."""
        names = [key.field for key in state.sorting.order]
        entries: QuerySet[Entry, Any] = self._entries(state)
        if "number" in names:
            # The key of the transaction as its own table has it, for the index by date.
            number = RawSQL("transactions_transaction.id", (), output_field=BigIntegerField())
            entries = entries.annotate(number=number)
        entries = entries.annotate(**{name: SORTED_BY[name] for name in names if name in SORTED_BY})
        rows: QuerySet[Entry, Any] = entries.values(*dict.fromkeys(("id", *names)))
        return rows

    def _entries(self, state: TableState) -> QuerySet[Entry, Any]:
        """What passes; of the latest, where all would take long and nobody asks for it."""
        passing = self._passing(state)
        if self._looked_back is None:
            self._looked_back = (self._look_back(state, passing),)
        (since,) = self._looked_back
        return self._since(passing, since) if since else passing

    def _look_back(self, state: TableState, passing: QuerySet[Entry, Any]) -> datetime | None:
        """Since when entries are looked through; None for all of them."""
        if not state.conditions or state.is_exact:
            return None
        dates = bounds(state.compiled.q, self.date_key)
        rows = Entry.objects.filter(dates, **self._scope()).order_by(f"-{self.date_key}")
        looked_back = look_back(
            _cost_of(passing),
            rows.values_list(self.date_key, flat=True),
            lambda since: self._since(passing, since).order_by()[: EXACT_MAX + 1],
        )
        return looked_back.since if looked_back else None

    def _since(self, entries: QuerySet[Entry, Any], moment: datetime) -> QuerySet[Entry, Any]:
        return entries.filter(**{f"{self.date_key}__gte": moment})

    def note(self, state: TableState) -> str:
        (since,) = self._looked_back or (None,)
        return say_looked_back(state.request, since) if since else ""

    def _passing(self, state: TableState) -> QuerySet[Entry, Any]:
        chosen = self.chosen
        if chosen.is_impossible or state.is_broken:
            return Entry.objects.none()
        entries = Entry.objects.filter(**self._scope())
        if chosen.text:
            entries = entries.filter(_is_of(chosen.text))
        return entries.filter(state.q) if state.conditions else entries

    def _scope(self) -> dict[str, int]:
        return {}

    def format_rows(self, rows: Sequence[Mapping[str, Any]], state: TableState) -> list[TableRow]:
        ids = [row["id"] for row in rows]
        metadata = read_metadata(ids) if state.has_metadata_columns else {}
        return format_entries(read_entries(ids), metadata)

    def read_plain(
        self, rows: Sequence[Mapping[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        ids = [row["id"] for row in rows]
        cells = plain_entries(read_entries(ids))
        names = [column.name for column in state.columns if column.name.startswith(METADATA)]
        if not names:
            return cells
        metadata = read_metadata(ids)
        return [
            {**each, **{name: metadata_value(metadata[pk], name) for name in names}}
            for pk, each in zip(ids, cells, strict=True)
        ]

    def count(self, state: TableState) -> str:
        if self._count is None:
            if self._is_kept(state):
                self._count = format_count(sum(int(row[-1]) for row in self._kept))
            elif self._is_whole(state):
                self._count = count_exact(self._entries(state))
            else:
                count = sum(row[-1] for row in self._added_up(state))
                is_many = count > EXACT_MAX and not state.is_exact
                said = format_count(EXACT_MAX if is_many else count)
                self._count = f"{said}+" if is_many or self.note(state) else said
        return self._count

    def _added_up(self, state: TableState) -> list[Row]:
        """As `_kept`, of what passes; of the first ones where that is too much."""
        if self._sums is None:
            limit = None if state.is_exact else EXACT_MAX + 1
            self._sums = _add_up(self._entries(state), limit=limit)
        return self._sums

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """On the page the currency stands behind the amounts."""
        return with_column(state.columns, CURRENCY, behind="credit")

    def name_count(self, count: str) -> str:
        words = ngettext("%(count)s entry", "%(count)s entries", 1 if count == "1" else 2)
        return words % {"count": count}

    def sorting(self, state: TableState, count: str) -> Sorting:
        """Those of the latest that pass are few, however many there are before."""
        return state.sorting if self.note(state) else super().sorting(state, count)

    def chips(self, state: TableState) -> list[tuple[str, str]]:
        return self.chosen.chips()

    def sums(self, state: TableState) -> list[TableSum]:
        """Debits and credits of each currency; kept ones of a scope, and of little that passes."""
        if self._is_kept(state):
            return _as_sums([row[:-1] for row in self._kept])
        if self._is_whole(state) or not is_exact(self.count(state)):
            return []
        return _as_sums([row[:-1] for row in self._added_up(state)])

    def sums_of_ticked(self, state: TableState) -> list[TableSum]:
        """Also what remains of them, of each currency."""
        rows = self._kept if self._is_kept(state) else self._added_up(state)
        return _with_nets([row[:-1] for row in rows])

    def _is_kept(self, state: TableState) -> bool:
        """Whether the balances tell of all the rows; of all books, if that is asked for."""
        return self._is_whole(state) and bool(self.chosen.scope or state.is_exact)

    def _is_whole(self, state: TableState) -> bool:
        return not (state.is_filtered or self.chosen.is_impossible)

    @cached_property
    def _kept(self) -> list[Row]:
        scope = self._scope()
        return fetch_all(KEPT.format(within="".join(WITHIN[name] for name in scope)), scope)


class EntryTableOfLedger(EntryTable):
    columns: ClassVar[Sequence[Column]] = _columns(KEYS["ledger"])
    fields: ClassVar[Sequence[Field]] = entry_fields("effective_at")
    date_key: ClassVar[str] = "effective_at"

    def _scope(self) -> dict[str, int]:
        return {"ledger_id": self.chosen.ledger.pk} if self.chosen.ledger else {}


class EntryTableOfBalance(EntryTable):
    columns: ClassVar[Sequence[Column]] = _columns(KEYS["balance"])
    fields: ClassVar[Sequence[Field]] = entry_fields("effective_at")
    date_key: ClassVar[str] = "effective_at"

    def _scope(self) -> dict[str, int]:
        return {"balance_id": self.chosen.balance.pk} if self.chosen.balance else {}


ENTRIES = register(EntryTable())


def _is_of(text: str) -> Q:
    """Of transactions whose reference begins with the text, or whose id it is."""
    public_id = parse_key(text, "txn")
    if public_id:
        return Q(transaction__public_id=public_id)
    return Q(transaction__reference__startswith=text)


def _cost_of(entries: QuerySet[Entry, Any]) -> float:
    """What reading all of them costs, in the server's units."""
    try:
        return explain(*entries.order_by().values("pk").query.sql_with_params()).cost
    except EmptyResultSet:
        return 0.0


def _add_up(entries: QuerySet[Entry, Any], *, limit: int | None) -> list[Row]:
    """For each currency: code, exponent, debits, credits and how many; of no more than `limit`."""
    listed = entries.order_by().values(
        "direction",
        "amount_minor",
        code=F("balance__currency_id"),
        exponent=F("balance__currency__exponent"),
    )
    try:
        sql, parameters = listed[:limit].query.sql_with_params()
    except EmptyResultSet:
        return []
    return fetch_all(ADDED_UP.format(entries=sql), parameters)


def _as_sums(rows: Sequence[tuple[Any, ...]]) -> list[TableSum]:
    return [each for row in rows for each in _sums_of(*row)]


def _with_nets(rows: Sequence[tuple[Any, ...]]) -> list[TableSum]:
    return [each for row in rows for each in (*_sums_of(*row), _net_of(*row))]


def _sums_of(currency: str, exponent: int, debits: int, credits: int) -> list[TableSum]:
    return [
        TableSum(currency, format_amount(int(minor), exponent), str(label), column=column)
        for minor, label, column in (
            (debits, _("debits"), "debit"),
            (credits, _("credits"), "credit"),
        )
    ]


def _net_of(currency: str, exponent: int, debits: int, credits: int) -> TableSum:
    net = format_amount(int(credits) - int(debits), exponent)
    return TableSum(currency, net, _("credits less debits"))
