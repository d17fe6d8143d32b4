"""The figures on Home."""

from __future__ import annotations

from dataclasses import dataclass

from balances.models import Balance
from ledgers.models import Ledger
from transactions.counts import Count, count_books
from web.counting import count_exact


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the books hold. Transactions are events, and estimated once they are many."""

    ledgers: str
    balances: str
    transactions: str
    inflight: Count
    has_many_balances: bool
    is_first_run: bool


def counts() -> Counts:
    """As the tables count them."""
    ledger_count = count_exact(Ledger.objects.all())
    balances = Count.said(count_exact(Balance.objects.all()))
    books = count_books()
    transactions = books.events.text
    return Counts(
        ledgers=ledger_count,
        balances=balances.text,
        transactions=transactions,
        inflight=books.inflight,
        has_many_balances=not balances.is_exact,
        is_first_run=ledger_count == "1" and transactions == "0",
    )
