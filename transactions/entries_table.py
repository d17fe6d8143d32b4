"""The Entries table: every debit and credit as a line of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import BigIntegerField, DecimalField, F, Func, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from balances.filters import find_by_key
from balances.models import Balance
from balances.naming import name_of
from identities.models import Identity
from ledgers.models import Ledger
from ledgers.money import format_amount
from transactions.entry_rows import format_entries, plain_entries, read_entries
from transactions.filters import TransactionFilter
from transactions.models import Entry, Transaction
from web.converters import parse_key
from web.counting import count_exact, is_exact
from web.formatting import format_count
from web.sorting import Column
from web.statements import Row, fetch_all
from web.tables.definition import Label, Table, TableRow, register, with_column
from web.tables.definition import Sum as TableSum
from web.tables.fields import ChoiceField, DateField, Field, NumberField, RecordField, TextField
from web.tables.state import TableState

# How many entries some balances have, and what these add up to, is kept with them.
KEPT = """
SELECT c.code, c.exponent, sum(b.debit_minor), sum(b.credit_minor), sum(b.entry_count)
FROM balances_balance AS b JOIN ledgers_currency AS c ON c.code = b.currency
WHERE (%(ledger)s::bigint IS NULL OR b.ledger_id = %(ledger)s)
  AND (%(balance)s::bigint IS NULL OR b.id = %(balance)s)
GROUP BY c.code, c.exponent HAVING sum(b.entry_count) > 0 ORDER BY c.code
"""
KEYS = {"balance": ("effective_at", "id"), "ledger": ("effective_at", "transaction_id", "id")}
# Entries of all books come along the dates of their transactions, which have the index.
OF_BOOKS = ("transaction__effective_at", "number", "id")


def find_balance(key: str) -> tuple[int, str] | None:
    balance = find_by_key(Balance, key, "bln", "identity")
    return (balance.pk, f"{name_of(balance)}, {balance.currency_id}") if balance else None


def find_ledger(key: str) -> tuple[int, str] | None:
    ledger = find_by_key(Ledger, key, "ldg")
    return (ledger.pk, ledger.name) if ledger else None


def find_owner(key: str) -> tuple[int, str] | None:
    owner = find_by_key(Identity, key, "idt")
    return (owner.pk, owner.name) if owner else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyField(Field):
    """The code of a currency, small letters or not."""

    def read(self, text: str) -> str:
        return text.upper()

    def say_value(self, text: str) -> str:
        return text.upper()


def _fields(effective: str) -> tuple[Field, ...]:
    return (
        DateField(name="effective", label=gettext_lazy("Effective"), lookup=effective),
        TextField(
            name="reference", label=gettext_lazy("Reference"), lookup="transaction__reference"
        ),
        TextField(
            name="description",
            label=gettext_lazy("Description"),
            lookup="transaction__description",
            can_be_empty=True,
        ),
        RecordField(
            name="balance",
            label=gettext_lazy("Balance"),
            lookup="balance_id",
            find=find_balance,
            suggest_url_name="balances:suggest",
        ),
        RecordField(
            name="ledger",
            label=gettext_lazy("Ledger"),
            lookup="ledger_id",
            find=find_ledger,
            suggest_url_name="ledgers:suggest",
        ),
        RecordField(
            name="owner",
            label=gettext_lazy("Owner"),
            lookup="balance__identity_id",
            find=find_owner,
            suggest_url_name="identities:suggest",
        ),
        ChoiceField(
            name="direction",
            label=gettext_lazy("Direction"),
            choices=[(each.name.lower(), each.label) for each in Entry.Direction],
            conditions={each.name.lower(): Q(direction=each) for each in Entry.Direction},
        ),
        NumberField(name="amount", label=gettext_lazy("Amount"), lookup="major"),
        CurrencyField(
            name="currency", label=gettext_lazy("Currency"), lookup="balance__currency_id"
        ),
        ChoiceField(
            name="kind",
            label=gettext_lazy("Kind of transaction"),
            lookup="transaction__kind",
            choices=Transaction.Kind.choices,
        ),
        DateField(
            name="recorded", label=gettext_lazy("Recorded"), lookup="transaction__created_at"
        ),
    )


CURRENCY = Column("currency", gettext_lazy("Currency"), css="hide-s", is_shown=False)


def _columns(effective: tuple[str, ...]) -> tuple[Column, ...]:
    return (
        Column(
            "effective", gettext_lazy("Effective"), effective, descending_first=True, is_fixed=True
        ),
        Column(
            "reference",
            gettext_lazy("Reference"),
            ("transaction__reference", "id"),
            is_fixed=True,
        ),
        Column("description", gettext_lazy("Description"), css="hide-s", is_shown=False),
        Column("balance", gettext_lazy("Balance")),
        Column("ledger", gettext_lazy("Ledger"), css="hide-s"),
        Column("direction", gettext_lazy("Direction"), css="hide-s", is_shown=False),
        Column("debit", gettext_lazy("Debit"), css="num", is_number=True),
        Column("credit", gettext_lazy("Credit"), css="num", is_number=True),
        CURRENCY,
        Column("running", gettext_lazy("Balance after"), css="num hide-s", is_number=True),
        Column(
            "recorded",
            gettext_lazy("Recorded"),
            ("id",),
            "hide-s muted",
            descending_first=True,
            is_shown=False,
        ),
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
    fields: ClassVar[Sequence[Field]] = _fields("transaction__effective_at")
    default_sort: ClassVar[str] = "-effective"
    date_key: ClassVar[str] = OF_BOOKS[0]
    scope: ClassVar[Sequence[str]] = ("ledger", "balance")
    has_metadata: ClassVar[bool] = False
    has_sums: ClassVar[bool] = True
    refreshes_on: ClassVar[Sequence[str]] = ("transactionPosted",)
    watches: ClassVar[str] = "transactions_entry"

    def __init__(self, chosen: TransactionFilter | None = None) -> None:
        self.chosen = chosen or TransactionFilter()
        self._count: str | None = None

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
        rows: QuerySet[Entry, Any] = entries.values(*dict.fromkeys(("id", *names)))
        return rows

    def _entries(self, state: TableState) -> QuerySet[Entry, Any]:
        chosen = self.chosen
        if chosen.is_impossible or state.is_broken:
            return Entry.objects.none()
        entries = Entry.objects.filter(**self._scope())
        if chosen.text:
            entries = entries.filter(_is_of(chosen.text))
        if state.needs("major"):
            entries = entries.annotate(major=_in_major_units())
        return entries.filter(state.q) if state.conditions else entries

    def _scope(self) -> dict[str, int]:
        return {}

    def format_rows(self, rows: Sequence[Mapping[str, Any]], state: TableState) -> list[TableRow]:
        return format_entries(read_entries([row["id"] for row in rows]))

    def read_plain(
        self, rows: Sequence[Mapping[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        return plain_entries(read_entries([row["id"] for row in rows]))

    def count(self, state: TableState) -> str:
        if self._count is None:
            if self._is_kept(state):
                self._count = format_count(sum(int(row[-1]) for row in self._kept))
            elif state.is_exact:
                self._count = format_count(self._entries(state).count())
            else:
                self._count = count_exact(self._entries(state))
        return self._count

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """On the page the currency stands behind the amounts."""
        return with_column(state.columns, CURRENCY, behind="credit")

    def name_count(self, count: str) -> str:
        words = ngettext("%(count)s entry", "%(count)s entries", 1 if count == "1" else 2)
        return words % {"count": count}

    def chips(self, state: TableState) -> list[tuple[str, str]]:
        return self.chosen.chips()

    def sums(self, state: TableState) -> list[TableSum]:
        """Debits and credits of each currency; kept ones of a scope, and of little that passes."""
        if self._is_kept(state):
            return _as_sums([row[:-1] for row in self._kept])
        is_whole = not (state.is_filtered or self.chosen.is_impossible)
        if is_whole or not is_exact(self.count(state)):
            return []
        return _as_sums(_add_up(self._entries(state)))

    def _is_kept(self, state: TableState) -> bool:
        """Whether the balances tell of all the rows; of all books, if that is asked for."""
        is_whole = not (state.is_filtered or self.chosen.is_impossible)
        return is_whole and bool(self.chosen.scope or state.is_exact)

    @cached_property
    def _kept(self) -> list[Row]:
        scope = {name.removesuffix("_id"): pk for name, pk in self._scope().items()}
        return fetch_all(KEPT, {"ledger": None, "balance": None, **scope})


class EntryTableOfLedger(EntryTable):
    columns: ClassVar[Sequence[Column]] = _columns(KEYS["ledger"])
    fields: ClassVar[Sequence[Field]] = _fields("effective_at")
    date_key: ClassVar[str] = "effective_at"

    def _scope(self) -> dict[str, int]:
        return {"ledger_id": self.chosen.ledger.pk} if self.chosen.ledger else {}


class EntryTableOfBalance(EntryTable):
    columns: ClassVar[Sequence[Column]] = _columns(KEYS["balance"])
    fields: ClassVar[Sequence[Field]] = _fields("effective_at")
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


def _in_major_units() -> Func:
    return Func(
        F("amount_minor"),
        F("balance__currency__exponent"),
        arg_joiner=" * ('1e-' || ",
        template="(%(expressions)s)::numeric)",
        output_field=DecimalField(max_digits=56, decimal_places=18),
    )


def _add_up(entries: QuerySet[Entry, Any]) -> list[tuple[str, int, int, int]]:
    is_debit = Q(direction=Entry.Direction.DEBIT)
    rows = (
        entries.order_by()
        .values_list("balance__currency_id", "balance__currency__exponent")
        .annotate(
            debits=Sum("amount_minor", filter=is_debit, default=0),
            credits=Sum("amount_minor", filter=~is_debit, default=0),
        )
        .order_by("balance__currency_id")
    )
    return list(rows)


def _as_sums(rows: Sequence[tuple[Any, ...]]) -> list[TableSum]:
    return [
        TableSum(currency, format_amount(int(minor), exponent), str(label), column=column)
        for currency, exponent, debits, credits in rows
        for minor, label, column in (
            (debits, _("debits"), "debit"),
            (credits, _("credits"), "credit"),
        )
    ]
