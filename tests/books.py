"""The strong invariant: every kept figure equals what the entries say.

Written apart from `transactions/proof.py`, so that the two check each other.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

_KEPT = """
    SELECT b.id, b.credit_minor, b.debit_minor, b.entry_count
    FROM balances_balance AS b
    EXCEPT
    SELECT b.id, coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0),
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0), count(e.id)
    FROM balances_balance AS b LEFT JOIN transactions_entry AS e ON e.balance_id = b.id
    GROUP BY b.id
"""
_COUNTED = """
    SELECT b.id, b.transaction_count, b.follower_count
    FROM balances_balance AS b
    EXCEPT
    SELECT b.id, count(t.id), count(t.id) FILTER (WHERE t.kind NOT IN ('POST', 'HOLD'))
    FROM balances_balance AS b
    LEFT JOIN transactions_transaction AS t
      ON EXISTS (SELECT FROM transactions_entry AS e
                 WHERE e.transaction_id = t.id AND e.balance_id = b.id)
      OR EXISTS (SELECT FROM transactions_reservation AS r
                 WHERE r.transaction_id = t.id AND r.balance_id = b.id)
    GROUP BY b.id
"""
_INFLIGHT = """
    SELECT b.id, b.inflight_credit_minor, b.inflight_debit_minor
    FROM balances_balance AS b
    EXCEPT
    SELECT b.id, coalesce(sum(r.minor) FILTER (WHERE r.direction = 1), 0),
           coalesce(sum(r.minor) FILTER (WHERE r.direction = -1), 0)
    FROM balances_balance AS b
    LEFT JOIN (
        SELECT r.balance_id, r.direction,
               r.amount_minor - coalesce((
                   SELECT sum(x.amount_minor) FROM transactions_reservation AS x
                   WHERE x.hold_id = r.hold_id AND x.balance_id = r.balance_id AND x.kind <> 'HOLD'
               ), 0) AS minor
        FROM transactions_reservation AS r WHERE r.kind = 'HOLD'
    ) AS r ON r.balance_id = b.id
    GROUP BY b.id
"""
_HOLDS = """
    SELECT t.id, h.total_minor - h.committed_minor - h.released_minor
    FROM transactions_transaction AS t
    LEFT JOIN transactions_hold AS h ON h.transaction_id = t.id
    WHERE t.kind = 'HOLD'
    EXCEPT
    SELECT r.hold_id, sum(CASE WHEN r.hold_id = r.transaction_id THEN r.amount_minor
                               ELSE -r.amount_minor END)
    FROM transactions_reservation AS r WHERE r.direction = -1 GROUP BY r.hold_id
"""
_UNDONE = """
    WITH moved AS (
        SELECT transaction_id, balance_id, sum(direction * amount_minor) AS minor
        FROM transactions_entry GROUP BY transaction_id, balance_id
    ), undone AS (
        SELECT coalesce(t.parent_id, t.reverses_id) AS id, m.balance_id, sum(m.minor) AS minor,
               bool_or(t.kind = 'REVERSAL') AS is_whole
        FROM transactions_transaction AS t
        JOIN moved AS m ON m.transaction_id = t.id
        WHERE t.kind IN ('REVERSAL', 'REFUND')
          AND NOT EXISTS (SELECT FROM transactions_transaction AS r WHERE r.reverses_id = t.id)
        GROUP BY 1, 2
    )
    SELECT u.id, u.balance_id, u.minor, m.minor
    FROM undone AS u
    LEFT JOIN moved AS m ON m.transaction_id = u.id AND m.balance_id = u.balance_id
    WHERE (CASE WHEN u.is_whole THEN u.minor = -m.minor
                ELSE abs(u.minor) <= abs(m.minor) AND sign(u.minor) = -sign(m.minor) END
          ) IS NOT TRUE
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
    SELECT l.id, coalesce(sum(b.ledger_transaction_count), 0),
           coalesce(sum(b.ledger_follower_count), 0)
    FROM ledgers_ledger AS l LEFT JOIN balances_balance AS b ON b.ledger_id = l.id
    GROUP BY l.id
    EXCEPT
    SELECT l.id, count(DISTINCT t.id),
           count(DISTINCT t.id) FILTER (WHERE t.kind NOT IN ('POST', 'HOLD'))
    FROM ledgers_ledger AS l
    LEFT JOIN (
        SELECT ledger_id, transaction_id FROM transactions_entry
        UNION SELECT ledger_id, transaction_id FROM transactions_reservation
    ) AS c ON c.ledger_id = l.id
    LEFT JOIN transactions_transaction AS t ON t.id = c.transaction_id
    GROUP BY l.id
"""
_TRANSACTIONS = """
    SELECT t.id FROM transactions_transaction AS t
    WHERE t.entry_count <> greatest(
        (SELECT count(*) FROM transactions_entry AS e WHERE e.transaction_id = t.id),
        (SELECT count(*) FROM transactions_reservation AS r WHERE r.transaction_id = t.id)
    )
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
      AND NOT EXISTS (SELECT FROM transactions_transaction WHERE overdraft_minor > 0)
"""


def mismatches(cursor: Any) -> dict[str, list[Any]]:
    """What does not fit, by check; empty when the books are sound."""
    found = {}
    for name, query in {
        "totals of balances": _KEPT,
        "transactions of balances": _COUNTED,
        "inflight figures": _INFLIGHT,
        "holds": _HOLDS,
        "reversals and refunds": _UNDONE,
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
            " ledger_transaction_count, last_entry_at, inflight_credit_minor,"
            " inflight_debit_minor, follower_count FROM balances_balance ORDER BY id"
        )
        balances = cursor.fetchall()
        cursor.execute(
            "SELECT (SELECT count(*) FROM transactions_transaction),"
            " (SELECT count(*) FROM transactions_entry), (SELECT count(*) FROM audit_auditevent),"
            " (SELECT count(*) FROM transactions_reservation),"
            " (SELECT coalesce(sum(committed_minor), 0) FROM transactions_hold)"
        )
        return [*balances, *cursor.fetchall()]
