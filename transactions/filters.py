"""Which transactions a table shows: read from the address, told in chips, applied to the query.

Each kind of table walks its indexes, so that a page costs the same however long the history is:
see `transactions.walks`. Those found by reference come in the order of their references.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from balances.filters import find_by_key
from balances.models import Balance
from balances.naming import name_of
from ledgers.models import Ledger
from transactions import walks
from transactions.models import IS_OPEN, Entry, Hold, Reservation, Transaction
from web.arms import Arms
from web.converters import parse_key
from web.pagination import Key
from web.text import search_text

# How many references with the text's beginning are looked through within a ledger or balance.
REFERENCES_MAX = 1_000


class Tab(StrEnum):
    """The tabs of the table. The first three are of the books, the others of the schedules."""

    ALL = ""
    POSTED = "posted"
    INFLIGHT = "inflight"
    SCHEDULED = "scheduled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


# A transaction of another kind follows one of these.
HEADS = ("POST", "HOLD")
WALKS = {Tab.ALL: walks.events, Tab.POSTED: walks.posted, Tab.INFLIGHT: walks.inflight}
IS_IN = {
    Tab.ALL: Q(),
    Tab.POSTED: Q(kind="POST")
    | Q(Exists(Hold.objects.filter(transaction=OuterRef("pk"), committed_minor__gt=0))),
    Tab.INFLIGHT: Q(Exists(Hold.objects.filter(IS_OPEN, transaction=OuterRef("pk")))),
}


@dataclass(frozen=True, slots=True)
class TransactionFilter:
    """The filters of a transactions table.

    `unknown` are those whose record does not exist: name and key.
    """

    ledger: Ledger | None = None
    balance: Balance | None = None
    text: str = ""
    unknown: tuple[tuple[str, str], ...] = ()
    tab: Tab = Tab.ALL
    asks_every: bool = False

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """The filters of `?ledger=&balance=&q=&tab=&records=every`."""
        ledger_key, balance_key = request.GET.get("ledger", ""), request.GET.get("balance", "")
        ledger = find_by_key(Ledger, ledger_key, "ldg")
        balance = find_by_key(Balance, balance_key, "bln", "identity")
        found = (("ledger", ledger_key, ledger), ("balance", balance_key, balance))
        unknown = tuple((name, key) for name, key, record in found if key and record is None)
        tab = request.GET.get("tab", "")
        return cls(
            ledger,
            balance,
            search_text(request),
            unknown,
            Tab(tab) if tab in list(Tab) else Tab.ALL,
            request.GET.get("records") == "every",
        )

    @property
    def scope(self) -> Ledger | Balance | None:
        """What the transactions must touch."""
        return self.balance or self.ledger

    @property
    def is_every(self) -> bool:
        """Whether each record has a row of its own; a reference may be that of any record."""
        return self.tab == Tab.ALL and (self.asks_every or bool(self.text))

    @property
    def is_any(self) -> bool:
        """Whether anything is filtered, the tab aside."""
        return bool(self.ledger or self.balance or self.text or self.unknown)

    @property
    def is_impossible(self) -> bool:
        """Whether nothing can pass: an unknown record, or a balance of another ledger."""
        elsewhere = self.ledger and self.balance and self.balance.ledger_id != self.ledger.pk
        return bool(self.unknown or elsewhere)

    def chips(self) -> list[tuple[str, str]]:
        """What is filtered: words, and the name of the parameter."""
        labels = {
            "ledger": _("Ledger: %(name)s") % {"name": self.ledger.name} if self.ledger else "",
            "balance": (
                _("Balance: %(name)s, %(currency)s")
                % {"name": name_of(self.balance), "currency": self.balance.currency_id}
                if self.balance
                else ""
            ),
            "q": _("Reference begins with: %(text)s") % {"text": self.text} if self.text else "",
        }
        labels |= {
            name: _("No such record: %(key)s") % {"key": key[:60]} for name, key in self.unknown
        }
        return [(label, name) for name, label in labels.items() if label]

    def on_tab(self, tab: Tab) -> Self:
        """The same filters on another tab."""
        return replace(self, tab=tab)

    def walk(self, *, descending: bool) -> tuple[QuerySet[Any, Any] | Arms, tuple[Key, ...]]:
        """The rows to page through, each with `transaction_id`, and the order of the pages."""
        if self.text or self.is_impossible:
            return self.matching(), (Key("reference", descending),)
        arms = self.arms()
        first, second, *_rest = arms.fields
        return arms, (Key(first, descending), Key(second, descending))

    def arms(self) -> Arms:
        """The list on a tab of the books, text aside."""
        return walks.records(self.scope) if self.is_every else WALKS[self.tab](self.scope)

    def matching(self) -> QuerySet[Transaction, Any]:
        """Those on a tab of the books whose reference begins with the text, or whose id it is."""
        transactions = self._beginning()
        if self.scope:
            nearest = self._beginning().values("pk")[:REFERENCES_MAX]
            transactions = Transaction.objects.filter(_touches(self.scope), pk__in=nearest)
        transactions = transactions.filter(IS_IN[self.tab])
        return transactions.annotate(transaction_id=F("id")).values("reference", "transaction_id")

    def select(self) -> QuerySet[Transaction, Any]:
        """Those on a tab of the books, in no order: not to be read whole, nor in pages."""
        if self.text or self.is_impossible:
            return self.matching()
        transactions: QuerySet[Transaction, Any] = Transaction.objects.filter(IS_IN[self.tab])
        if not self.is_every:
            transactions = transactions.filter(kind__in=HEADS)
        if self.scope:
            transactions = transactions.filter(_touches(self.scope))
        return transactions.annotate(transaction_id=F("id")).values("transaction_id")

    def is_cut(self) -> bool:
        """Whether more references begin so than are looked through in a ledger or balance."""
        if not self.text or self.is_impossible or not self.scope:
            return False
        return self._beginning()[REFERENCES_MAX : REFERENCES_MAX + 1].exists()

    def _beginning(self) -> QuerySet[Transaction]:
        """The transactions whose reference begins with the text, or whose id it is, in order."""
        if self.is_impossible:
            return Transaction.objects.none()
        public_id = parse_key(self.text, "txn")
        found = {"public_id": public_id} if public_id else {"reference__startswith": self.text}
        return Transaction.objects.filter(**found).order_by("reference")


def _touches(scope: Ledger | Balance) -> Q:
    """That a transaction moves or reserves something there."""
    there = {"transaction": OuterRef("pk"), walks.column_of(scope): scope.pk}
    return Q(Exists(Entry.objects.filter(**there))) | Q(Exists(Reservation.objects.filter(**there)))
