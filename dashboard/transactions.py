"""The latest transactions, on pages that are about something else."""

from __future__ import annotations

from ledgers.models import Ledger
from transactions.rows import TransactionRow, read_rows
from web.statements import fetch_all

# As the transactions table finds them.
LATEST = "SELECT id FROM transactions_transaction ORDER BY effective_at DESC, id DESC LIMIT 10"
LATEST_OF_LEDGER = """
SELECT transaction_id FROM (
    SELECT DISTINCT effective_at, transaction_id FROM transactions_entry WHERE ledger_id = %s
    ORDER BY effective_at DESC, transaction_id DESC LIMIT 10
) AS t
ORDER BY effective_at DESC, transaction_id DESC
"""


def latest_transactions(*, ledger: Ledger | None = None) -> list[TransactionRow]:
    """The top of the transactions table, of `ledger` or of all."""
    rows = fetch_all(LATEST_OF_LEDGER, [ledger.pk]) if ledger else fetch_all(LATEST)
    return read_rows([pk for (pk,) in rows])
