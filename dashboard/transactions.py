"""The latest transactions, on pages that are about something else."""

from __future__ import annotations

from ledgers.models import Ledger
from transactions import walks
from transactions.rows import TransactionRow, read_rows
from web.addresses import url_of
from web.pagination import Key

SHOWN = 10


def latest_transactions(*, ledger: Ledger | None = None) -> list[TransactionRow]:
    """The top of the transactions table, of `ledger` or of all."""
    order = [Key(field, descending=True) for field in walks.BOOKS_KEYS]
    found = walks.events(ledger).read(order, None, SHOWN)
    rows = [row["transaction_id"] for row in found]
    return read_rows(rows, legend_url=url_of("transactions:list"))
