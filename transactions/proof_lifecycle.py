"""What `proof` compares in the life of transactions: holds, reversals and refunds."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from transactions.proof_books import BALANCES, Check

HOLDS = "SELECT count(*) FROM transactions_hold"
RESERVATIONS = "SELECT count(*) FROM transactions_reservation"
FOLLOWERS = (
    "SELECT count(*) FROM transactions_transaction"
    " WHERE parent_id IS NOT NULL OR reverses_id IS NOT NULL"
)

CHECKS = [
    Check(
        gettext_noop("inflight figures equal their reservations"),
        BALANCES,
        """
        SELECT format('bln_%s: inflight credits %s, debits %s; its reservations say %s and %s',
                      b.public_id, b.inflight_credit_minor, b.inflight_debit_minor,
                      coalesce(r.credit, 0), coalesce(r.debit, 0))
        FROM balances_balance AS b
        LEFT JOIN (
            SELECT r.balance_id,
                   sum(r.moved) FILTER (WHERE r.direction = 1) AS credit,
                   sum(r.moved) FILTER (WHERE r.direction = -1) AS debit
            FROM (
                SELECT balance_id, direction,
                       CASE kind WHEN 'HOLD' THEN amount_minor ELSE -amount_minor END AS moved
                FROM transactions_reservation
            ) AS r GROUP BY r.balance_id
        ) AS r ON r.balance_id = b.id
        WHERE b.inflight_credit_minor <> coalesce(r.credit, 0)
           OR b.inflight_debit_minor <> coalesce(r.debit, 0)
        """,
    ),
    Check(
        gettext_noop("holds equal their reservations"),
        HOLDS,
        """
        SELECT format('hold %s: %s held, %s committed, %s released%s;'
                      ' its reservations say %s, %s, %s%s',
                      h.transaction_id, h.total_minor, h.committed_minor, h.released_minor,
                      ' ' || nullif(h.ended_as, ''), r.held, r.committed, r.released,
                      ' ' || r.ended_as)
        FROM transactions_hold AS h
        LEFT JOIN (
            SELECT hold_id,
                   coalesce(sum(amount_minor) FILTER (WHERE kind = 'HOLD'), 0) AS held,
                   coalesce(sum(amount_minor) FILTER (WHERE kind = 'COMMIT'), 0) AS committed,
                   coalesce(sum(amount_minor) FILTER (WHERE kind IN ('VOID', 'EXPIRY')), 0)
                       AS released,
                   coalesce(max(kind) FILTER (WHERE kind IN ('VOID', 'EXPIRY')), '') AS ended_as
            FROM transactions_reservation WHERE direction = -1 GROUP BY hold_id
        ) AS r ON r.hold_id = h.transaction_id
        WHERE (h.total_minor, h.committed_minor, h.released_minor, h.ended_as)
              IS DISTINCT FROM (r.held, r.committed, r.released, r.ended_as)
           OR h.total_minor < h.committed_minor + h.released_minor
           OR h.ended_as <> '' AND h.total_minor <> h.committed_minor + h.released_minor
        """,
    ),
    Check(
        gettext_noop("no more is taken from a hold than it reserves"),
        HOLDS,
        """
        SELECT format('hold %s: %s more taken from balance %s than reserved',
                      hold_id, -left_minor, balance_id)
        FROM (
            SELECT hold_id, balance_id,
                   sum(CASE kind WHEN 'HOLD' THEN amount_minor ELSE -amount_minor END) AS left_minor
            FROM transactions_reservation GROUP BY hold_id, balance_id, direction
        ) AS r WHERE left_minor < 0
        """,
    ),
    Check(
        gettext_noop("reservations belong to a transaction, a balance and its ledger"),
        RESERVATIONS,
        """
        SELECT format('reservation %s: transaction %s, hold %s, balance %s',
                      r.id, r.transaction_id, r.hold_id, r.balance_id)
        FROM transactions_reservation AS r
        LEFT JOIN transactions_transaction AS t ON t.id = r.transaction_id
        LEFT JOIN transactions_hold AS h ON h.transaction_id = r.hold_id
        LEFT JOIN balances_balance AS b ON b.id = r.balance_id
        WHERE t.id IS NULL OR b.id IS NULL OR h.transaction_id IS NULL
           OR r.ledger_id <> b.ledger_id OR r.effective_at <> t.effective_at OR r.kind <> t.kind
           OR r.hold_id <> coalesce(t.parent_id, t.id)
        """,
    ),
    Check(
        gettext_noop("holds, commits, voids and expiries have all of their reservations"),
        RESERVATIONS,
        """
        SELECT format('transaction %s (%s): %s reservations, %s more credited than debited',
                      t.id, t.reference, coalesce(r.lines, 0), r.net)
        FROM transactions_transaction AS t
        LEFT JOIN (
            SELECT transaction_id, count(*) AS lines, sum(direction * amount_minor) AS net
            FROM transactions_reservation GROUP BY transaction_id
        ) AS r ON r.transaction_id = t.id
        WHERE coalesce(r.lines, 0) <> CASE
                  WHEN t.kind IN ('HOLD', 'COMMIT', 'VOID', 'EXPIRY') THEN t.entry_count ELSE 0 END
           OR r.net <> 0
        """,
    ),
    Check(
        gettext_noop("commits post what their holds reserved"),
        RESERVATIONS,
        """
        SELECT format('transaction %s: on balance %s it posts %s and releases %s',
                      l.transaction_id, l.balance_id, sum(l.posted), sum(l.released))
        FROM (
            SELECT transaction_id, balance_id, 0 AS posted, direction * amount_minor AS released
            FROM transactions_reservation WHERE kind = 'COMMIT'
            UNION ALL
            SELECT e.transaction_id, e.balance_id, e.direction * e.amount_minor, 0
            FROM transactions_entry AS e
            JOIN transactions_transaction AS t ON t.id = e.transaction_id
            WHERE t.kind = 'COMMIT'
        ) AS l
        GROUP BY l.transaction_id, l.balance_id
        HAVING sum(l.posted) <> sum(l.released)
        """,
    ),
    Check(
        gettext_noop("what follows a transaction is of a kind that may"),
        FOLLOWERS,
        """
        SELECT format('transaction %s (%s): %s of %s', t.id, t.reference, t.kind, o.kind)
        FROM transactions_transaction AS t
        LEFT JOIN transactions_transaction AS o ON o.id = coalesce(t.parent_id, t.reverses_id)
        WHERE CASE
            WHEN t.parent_id IS NULL AND t.reverses_id IS NULL THEN t.kind NOT IN ('POST', 'HOLD')
            WHEN t.reverses_id IS NULL THEN
                (o.kind = 'HOLD' AND t.kind IN ('COMMIT', 'VOID', 'EXPIRY')
                 OR o.kind IN ('POST', 'COMMIT') AND t.kind = 'REFUND') IS NOT TRUE
            ELSE (t.parent_id IS NULL AND t.kind = 'REVERSAL'
                  AND o.kind IN ('POST', 'COMMIT', 'REFUND')) IS NOT TRUE
        END
        """,
    ),
    Check(
        gettext_noop("reversals post the same entries the other way round"),
        "SELECT count(*) FROM transactions_transaction WHERE reverses_id IS NOT NULL",
        """
        SELECT format('transaction %s reverses %s: balance %s is off by %s',
                      l.id, min(l.reverses_id), l.balance_id, sum(l.moved))
        FROM (
            SELECT t.id, t.reverses_id, e.balance_id, e.direction * e.amount_minor AS moved
            FROM (
                SELECT id, reverses_id, id AS one_id FROM transactions_transaction
                UNION ALL
                SELECT id, reverses_id, reverses_id FROM transactions_transaction
            ) AS t
            JOIN transactions_entry AS e ON e.transaction_id = t.one_id
            WHERE t.reverses_id IS NOT NULL
        ) AS l
        GROUP BY l.id, l.balance_id HAVING sum(l.moved) <> 0
        """,
    ),
    Check(
        gettext_noop("refunds do not exceed their originals"),
        "SELECT count(*) FROM transactions_transaction WHERE kind = 'REFUND'",
        """
        SELECT format('transaction %s: %s more refunded on balance %s than it posted',
                      o.parent_id, -r.amount, r.balance_id)
        FROM (SELECT DISTINCT parent_id FROM transactions_transaction WHERE kind = 'REFUND') AS o
        CROSS JOIN LATERAL transactions_refundable(o.parent_id) AS r
        WHERE r.amount < 0
        UNION ALL
        SELECT format('transaction %s is both reversed and refunded', t.reverses_id)
        FROM transactions_transaction AS t
        WHERE t.reverses_id IS NOT NULL AND transactions_has_refunds(t.reverses_id)
        """,
    ),
]
