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
    is_first_run: bool


def counts() -> Counts:
    """As the tables count them."""
    ledger_count = count_exact(Ledger.objects.all())
    books = count_books()
    transactions = books.events.text
    return Counts(
        ledgers=ledger_count,
        balances=count_exact(Balance.objects.all()),
        transactions=transactions,
        inflight=books.inflight,
        is_first_run=ledger_count == "1" and transactions == "0",
    )
