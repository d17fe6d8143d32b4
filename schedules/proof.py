"""Checks of the schedules, which `prove` runs with those of the books."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from transactions.proof_books import Check

# Compared as texts, which whatever stands in the request can be read as.
CONTENT = """
WITH wanted AS (
    SELECT s.id, array_agg(format('%s %s %s', coalesce(
               leg ->> 'balance',
               balances_indicator(leg ->> 'indicator', leg ->> 'currency')::text
           ), leg ->> 'direction', leg ->> 'amount_minor')) AS legs
    FROM schedules_schedule AS s
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(s.request -> 'legs') WHEN 'array' THEN s.request -> 'legs' END
    ) AS leg
    WHERE s.state = 'POSTED'
    GROUP BY s.id
), made AS (
    SELECT s.id, array_agg(format('%s %s %s', m.balance_id,
               CASE m.direction WHEN -1 THEN 'DEBIT' ELSE 'CREDIT' END, m.amount_minor)) AS legs
    FROM schedules_schedule AS s
    JOIN (
        SELECT transaction_id, balance_id, direction, amount_minor FROM transactions_entry
        UNION ALL
        SELECT transaction_id, balance_id, direction, amount_minor FROM transactions_reservation
        WHERE kind = 'HOLD'
    ) AS m USING (transaction_id)
    WHERE s.state = 'POSTED'
    GROUP BY s.id
)
SELECT format('sch_%s (%s): %s', s.public_id, s.reference, CASE
           WHEN t.id IS NULL THEN 'posted without a transaction'
           WHEN t.reference <> s.reference THEN format('posted as %s', t.reference)
           WHEN t.kind IS DISTINCT FROM s.request ->> 'kind' THEN format('posted as a %s', t.kind)
           WHEN t.effective_at > s.due_at THEN 'posted as of a later time'
           ELSE 'posted with other entries' END)
FROM schedules_schedule AS s
LEFT JOIN transactions_transaction AS t ON t.id = s.transaction_id
LEFT JOIN wanted ON wanted.id = s.id
LEFT JOIN made ON made.id = s.id
WHERE s.state = 'POSTED'
  AND (t.reference = s.reference AND t.kind = s.request ->> 'kind' AND t.effective_at <= s.due_at
       AND ARRAY(SELECT unnest(wanted.legs) ORDER BY 1) = ARRAY(SELECT unnest(made.legs) ORDER BY 1)
      ) IS NOT TRUE
"""

CHECKS = [
    Check(
        gettext_noop("posted schedules are their transactions"),
        "SELECT count(*) FROM schedules_schedule WHERE state = 'POSTED'",
        CONTENT,
    ),
    Check(
        gettext_noop("schedules are decided as they say"),
        "SELECT count(*) FROM schedules_schedule",
        """
        SELECT format('sch_%s (%s): %s, decided %s, transaction %s, reason "%s"', public_id,
                      reference, state, decided_at, transaction_id, reason)
        FROM schedules_schedule
        WHERE state NOT IN ('SCHEDULED', 'POSTED', 'CANCELLED', 'REJECTED')
           OR (state = 'SCHEDULED') <> (decided_at IS NULL)
           OR (state = 'POSTED') <> (transaction_id IS NOT NULL)
           OR (state = 'REJECTED') <> (reason_code <> '' AND reason <> '')
           OR decided_at < created_at
        """,
    ),
]
