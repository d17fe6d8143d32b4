"""What a batch or import holds, and what stands in the way of reversing it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from ledgers.money import format_amount
from transactions.errors import (
    ClosedBalanceError,
    PostingError,
    RefundedError,
    ReversedError,
)
from web.statements import fetch_all, fetch_row

COUNT = "SELECT count(*) FROM transactions_transaction WHERE batch_id = %s"
TOTALS = """
SELECT b.currency, c.exponent, sum(e.amount_minor)
FROM transactions_transaction AS t
JOIN transactions_entry AS e ON e.transaction_id = t.id AND e.direction = -1
JOIN balances_balance AS b ON b.id = e.balance_id
JOIN ledgers_currency AS c ON c.code = b.currency
WHERE t.batch_id = %s
GROUP BY b.currency, c.exponent ORDER BY b.currency
"""
# What is plain without trying; the balances may lack funds beside.
OBSTACLES = """
SELECT o.code, count(*)
FROM (
    SELECT CASE
        WHEN EXISTS (SELECT FROM transactions_transaction AS v WHERE v.reverses_id = t.id)
            THEN 'reversed'
        WHEN EXISTS (SELECT FROM transactions_transaction AS f WHERE f.parent_id = t.id)
             AND transactions_has_refunds(t.id) THEN 'refunded'
        WHEN EXISTS (
            SELECT FROM transactions_entry AS e
            JOIN balances_balance AS b ON b.id = e.balance_id
            WHERE e.transaction_id = t.id AND b.closed_at IS NOT NULL
        ) THEN 'closed_balance'
    END AS code
    FROM transactions_transaction AS t WHERE t.batch_id = %s
) AS o
WHERE o.code IS NOT NULL GROUP BY o.code ORDER BY o.code
"""
REASONS: dict[str, type[PostingError]] = {
    error.code: error for error in (ReversedError, RefundedError, ClosedBalanceError)
}


@dataclass(frozen=True, slots=True)
class Batch:
    """How much a batch holds: `totals` are debits, one for each currency."""

    batch_id: uuid.UUID
    count: int
    totals: tuple[str, ...]


def read_batch(batch_id: uuid.UUID) -> Batch:
    """What a batch holds."""
    totals = fetch_all(TOTALS, [batch_id])
    (count,) = fetch_row(COUNT, [batch_id])
    return Batch(
        batch_id,
        count,
        tuple(f"{format_amount(int(minor), exponent)} {code}" for code, exponent, minor in totals),
    )


def count_obstacles(batch_id: uuid.UUID) -> dict[str, int]:
    """How many transactions of a batch cannot be reversed as it is plain without trying, and why.

    What each of them would meet with by itself; whether funds suffice is found when it is done.
    """
    rows = fetch_all(OBSTACLES, [batch_id])
    return {str(REASONS[code]()): count for code, count in rows}
