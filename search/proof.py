"""A check of the documents, which `prove` runs with those of the books."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from transactions.proof_books import Check

CHECKS = [
    Check(
        gettext_noop("documents of the search equal what they are made from"),
        "SELECT count(*) FROM search_document",
        r"""
        SELECT format('txn_%s, line %s: %s; its entries say %s', t.public_id,
                      coalesce(kept.line, said.line),
                      coalesce(format('%s %s', kept.currency, kept.amount), 'no document'),
                      coalesce(format('%s %s', said.currency, said.amount), 'nothing'))
        FROM (
            SELECT t.id, s.currency, s.amount, t.effective_at, t.created_at, t.actor_id, t.kind,
                   lower(t.reference || E'\n' || t.description) AS text, t.metadata,
                   row_number() OVER (PARTITION BY t.id ORDER BY s.currency COLLATE "C") AS line
            FROM transactions_transaction AS t
            JOIN (
                SELECT e.transaction_id, c.code AS currency,
                       sum(e.amount_minor) * ('1e-' || c.exponent)::numeric AS amount
                FROM (
                    SELECT transaction_id, balance_id, amount_minor FROM transactions_entry
                    WHERE direction = -1
                    UNION ALL
                    SELECT transaction_id, balance_id, amount_minor FROM transactions_reservation
                    WHERE direction = -1 AND kind IN ('HOLD', 'VOID', 'EXPIRY')
                ) AS e
                JOIN balances_balance AS b ON b.id = e.balance_id
                JOIN ledgers_currency AS c ON c.code = b.currency
                GROUP BY e.transaction_id, c.code, c.exponent
            ) AS s ON s.transaction_id = t.id
        ) AS said
        FULL JOIN search_document AS kept
          ON kept.transaction_id = said.id AND kept.line = said.line
        LEFT JOIN transactions_transaction AS t ON t.id = coalesce(said.id, kept.transaction_id)
        WHERE (kept.currency, kept.amount, kept.effective_at, kept.created_at, kept.actor_id,
               kept.kind, kept.text, kept.metadata)
              IS DISTINCT FROM
              (said.currency::text, said.amount, said.effective_at, said.created_at, said.actor_id,
               said.kind::text, said.text, said.metadata)
          -- What is behind the mark has a document; before it, it may have one.
          AND (kept.line IS NOT NULL OR said.id <= (SELECT transaction_id FROM search_mark))
        """,
    ),
]
