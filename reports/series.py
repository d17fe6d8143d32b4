"""The figures of one balance at many moments, as a chart needs them: one statement, one snapshot.

As `reports.moments`, except that what is not rolled up yet is read once for all moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reports.moments import Totals
from web.statements import fetch_all

# `moments` ascend. `beyond` are the entries whose day totals do not tell the truth that is asked
# for: those not rolled up yet are added, and those recorded after `known_at` taken away.
PARTS = """
asked AS (
    SELECT m.before, m.number, (m.before AT TIME ZONE 'UTC')::date AS day
    FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS m (before, number)
),
reach AS MATERIALIZED (
    SELECT coalesce((
        SELECT t.entry_count FROM reports_daytotal AS t
        WHERE t.balance_id = %(balance_id)s ORDER BY t.day DESC LIMIT 1
    ), 0) AS rolled,
    CASE WHEN %(known_at)s::timestamptz IS NULL THEN 9223372036854775807
         ELSE reports_position_by(%(balance_id)s, %(known_at)s::timestamptz) END AS known
),
beyond AS MATERIALIZED (
    SELECT width_bucket(e.effective_at, %(moments)s::timestamptz[]) AS passed,
           CASE WHEN e.position > (SELECT rolled FROM reach) THEN 1 ELSE -1 END AS sign,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0) AS credit_minor,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0) AS debit_minor,
           count(*) AS entry_count
    FROM transactions_entry AS e
    WHERE e.balance_id = %(balance_id)s
      AND e.position > (SELECT least(rolled, known) FROM reach)
      AND e.position <= (SELECT CASE WHEN known < rolled THEN rolled ELSE known END FROM reach)
    GROUP BY 1, 2
),
series AS (
    SELECT asked.number, whole.credit_minor + part.credit_minor + rest.credit_minor AS credit_minor,
           whole.debit_minor + part.debit_minor + rest.debit_minor AS debit_minor,
           whole.entry_count + part.entry_count + rest.entry_count AS entry_count
    FROM asked
    CROSS JOIN LATERAL (
        SELECT coalesce(max(t.credit_minor), 0) AS credit_minor,
               coalesce(max(t.debit_minor), 0) AS debit_minor,
               coalesce(max(t.entry_count), 0) AS entry_count
        FROM (
            SELECT t.credit_minor, t.debit_minor, t.entry_count FROM reports_daytotal AS t
            WHERE t.balance_id = %(balance_id)s AND t.day < asked.day
            ORDER BY t.day DESC LIMIT 1
        ) AS t
    ) AS whole
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0) AS credit_minor,
               coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0) AS debit_minor,
               count(*) AS entry_count
        FROM transactions_entry AS e
        WHERE e.balance_id = %(balance_id)s
          AND e.effective_at >= asked.day::timestamp AT TIME ZONE 'UTC'
          AND e.effective_at < asked.before
          AND e.position <= (SELECT rolled FROM reach)
    ) AS part
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(b.sign * b.credit_minor), 0) AS credit_minor,
               coalesce(sum(b.sign * b.debit_minor), 0) AS debit_minor,
               coalesce(sum(b.sign * b.entry_count), 0) AS entry_count
        FROM beyond AS b WHERE b.passed < asked.number
    ) AS rest
)
"""
SERIES = """
WITH {parts}
SELECT credit_minor, debit_minor, entry_count FROM series ORDER BY number
"""
OF_BALANCE = SERIES.format(parts=PARTS)


def totals_through(
    balance_id: int, moments: Sequence[datetime], *, known_at: datetime | None = None
) -> list[Totals]:
    """What the entries effective before each of the ascending `moments` add up to.

    With `known_at`, only what had been recorded by then. The cost grows with the number of
    moments, and with the entries of the days (UTC) that a moment cuts in two.
    """
    parameters = {"balance_id": balance_id, "moments": list(moments), "known_at": known_at}
    return [Totals(*map(int, row)) for row in fetch_all(OF_BALANCE, parameters)]
