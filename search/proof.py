"""Checks of the documents, which `prove` runs with those of the books."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from transactions.proof_books import Check

CHECKS = [
    Check(
        gettext_noop("documents of the search equal what they are made from"),
        "SELECT count(*) FROM search_document",
        r"""
        SELECT format('txn_%s: %s; its entries say %s', t.public_id,
                      coalesce(format('%s %s', kept.currency, kept.amount), 'no document'),
                      coalesce(format('%s %s', said.currency, said.amount), 'nothing'))
        FROM (
            SELECT e.transaction_id, b.currency::text AS currency,
                   sum(e.amount_minor) * min(('1e-' || c.exponent)::numeric) AS amount
            FROM (
                SELECT transaction_id, balance_id, amount_minor FROM transactions_entry
                WHERE direction = -1
                UNION ALL
                SELECT transaction_id, balance_id, amount_minor FROM transactions_reservation
                WHERE direction = -1 AND kind IN ('HOLD', 'VOID', 'EXPIRY')
            ) AS e
            JOIN balances_balance AS b ON b.id = e.balance_id
            JOIN ledgers_currency AS c ON c.code = b.currency
            GROUP BY e.transaction_id, b.currency
        ) AS said
        FULL JOIN search_document AS kept USING (transaction_id, currency)
        LEFT JOIN transactions_transaction AS t ON t.id = transaction_id
        WHERE (kept.amount, kept.effective_at, kept.created_at, kept.actor_id, kept.kind,
               kept.text, kept.metadata)
              IS DISTINCT FROM
              (said.amount, t.effective_at, t.created_at, t.actor_id, t.kind::text,
               lower(t.reference || E'\n' || t.description), t.metadata)
          -- What is behind the mark has a document; before it, it may have one.
          AND (kept.line IS NOT NULL
               OR t.id <= (SELECT m.transaction_id FROM search_mark AS m))
        """,
    ),
    Check(
        gettext_noop("lines of documents count their currencies"),
        "SELECT count(*) FROM search_document",
        """
        SELECT format('transaction %s: %s is line %s, and not %s',
                      transaction_id, currency, line, said)
        FROM (
            SELECT transaction_id, currency, line, row_number() OVER (
                PARTITION BY transaction_id ORDER BY currency COLLATE "C"
            ) AS said
            FROM search_document
        ) AS d
        WHERE line <> said
        """,
    ),
]
