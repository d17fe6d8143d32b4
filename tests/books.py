"""The strong invariant: every kept figure equals what the entries say.

Written apart from `transactions/proof.py`, so that the two check each other.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

_KEPT = """
    SELECT b.id, b.credit_minor, b.debit_minor, b.entry_count, b.transaction_count
    FROM balances_balance AS b
    EXCEPT
    SELECT b.id, coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0),
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0),
           count(e.id), count(DISTINCT e.transaction_id)
    FROM balances_balance AS b LEFT JOIN transactions_entry AS e ON e.balance_id = b.id
    GROUP BY b.id
"""
_RUNNING = """
    SELECT * FROM (
        SELECT id, position, running_minor,
               row_number() OVER w AS counted,
               sum(direction * amount_minor) OVER w AS summed
        FROM transactions_entry
        WINDOW w AS (PARTITION BY balance_id ORDER BY position)
    ) AS e WHERE position <> counted OR running_minor <> summed
"""
_LEDGERS = """
    SELECT l.id, (SELECT coalesce(sum(b.ledger_transaction_count), 0)
                  FROM balances_balance AS b WHERE b.ledger_id = l.id)
    FROM ledgers_ledger AS l
    EXCEPT
    SELECT l.id, count(DISTINCT e.transaction_id)
    FROM ledgers_ledger AS l LEFT JOIN transactions_entry AS e ON e.ledger_id = l.id
    GROUP BY l.id
"""
_TRANSACTIONS = """
    SELECT t.id FROM transactions_transaction AS t
    WHERE t.entry_count <> (SELECT count(*) FROM transactions_entry AS e
                            WHERE e.transaction_id = t.id)
    UNION ALL
    SELECT e.transaction_id
    FROM transactions_entry AS e JOIN balances_balance AS b ON b.id = e.balance_id
    GROUP BY e.transaction_id, b.currency
    HAVING sum(e.direction * e.amount_minor) <> 0
"""
_OVERDRAWN = """
    SELECT id FROM balances_balance
    WHERE floor_minor > CASE normal_side WHEN 'CREDIT' THEN credit_minor - debit_minor
                                         ELSE debit_minor - credit_minor END
"""


def mismatches(cursor: Any) -> dict[str, list[Any]]:
    """What does not fit, by check; empty when the books are sound."""
    found = {}
    for name, query in {
        "totals and counts of balances": _KEPT,
        "running figures and positions": _RUNNING,
        "transactions of ledgers": _LEDGERS,
        "transactions": _TRANSACTIONS,
        "floors": _OVERDRAWN,
    }.items():
        cursor.execute(query)
        if rows := cursor.fetchall():
            found[name] = rows[:5]
    return found


def assert_sound() -> None:
    """Compare through Django's connection."""
    with connection.cursor() as cursor:
        assert mismatches(cursor) == {}


def snapshot() -> list[Any]:
    """All that posting writes, to show that nothing was written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'balance', id, credit_minor, debit_minor, entry_count, transaction_count,"
            " ledger_transaction_count, last_entry_at FROM balances_balance ORDER BY id"
        )
        balances = cursor.fetchall()
        cursor.execute(
            "SELECT (SELECT count(*) FROM transactions_transaction),"
            " (SELECT count(*) FROM transactions_entry), (SELECT count(*) FROM audit_auditevent)"
        )
        return [*balances, *cursor.fetchall()]
