"""The latest transactions, on pages that are about something else."""

from __future__ import annotations

from ledgers.models import Ledger
from transactions.filters import TransactionFilter
from transactions.rows import TransactionRow, read_rows

ROWS_SHOWN = 10


def latest_transactions(*, ledger: Ledger | None = None) -> list[TransactionRow]:
    """The top of the transactions table, of `ledger` or of all."""
    queryset, order = TransactionFilter(ledger=ledger).walk(descending=True)
    newest = queryset.order_by(*(f"-{key.field}" for key in order))[:ROWS_SHOWN]
    return read_rows([row["transaction_id"] for row in newest])
