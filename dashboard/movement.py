"""What moved in each currency in the last 30 days, as the trial balance of that time says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from ledgers.money import LONG, format_amount
from web.addresses import url_of
from web.formatting import format_date
from web.statements import fetch_all, unseen

DAYS = 30
START = unseen("%(start)s", "timestamptz")
# Two steps into an index find what a currency had come to by now and by the day of the start. What
# was before the start on its day is taken away, and what is not rolled up yet is added. The upper
# bound says nothing new; it tells the planner to expect few rows. OFFSET 0 keeps a look-up from
# becoming a join with all of a table.
DEBITS = f"""
WITH mark AS MATERIALIZED (
    SELECT entry_id, coalesce((SELECT max(id) FROM transactions_entry), 0) AS last_id
    FROM reports_rollmark
),
on_top AS (
    SELECT e.balance_id, -sum(e.amount_minor) AS debit_minor
    FROM transactions_transaction AS t
    CROSS JOIN LATERAL (
        SELECT e.balance_id, e.amount_minor FROM transactions_entry AS e
        WHERE e.transaction_id = t.id AND e.direction = -1
          AND e.id <= (SELECT entry_id FROM mark) OFFSET 0
    ) AS e
    WHERE t.effective_at >= date_trunc('day', {START}, 'UTC') AND t.effective_at < {START}
    GROUP BY e.balance_id
    UNION ALL
    SELECT e.balance_id, sum(e.amount_minor)
    FROM transactions_entry AS e
    WHERE e.id > (SELECT entry_id FROM mark) AND e.id <= (SELECT last_id FROM mark)
      AND e.direction = -1 AND e.effective_at >= {START}
    GROUP BY e.balance_id
)
SELECT c.code, c.exponent, d.debit_minor
FROM (
    SELECT p.currency, sum(p.debit_minor) AS debit_minor
    FROM (
        SELECT c.code AS currency, latest.debit_minor - coalesce(before.debit_minor, 0)
            AS debit_minor
        FROM ledgers_currency AS c
        CROSS JOIN LATERAL (
            SELECT t.debit_minor FROM reports_currencydaytotal AS t
            WHERE t.currency = c.code ORDER BY t.day DESC LIMIT 1
        ) AS latest
        LEFT JOIN LATERAL (
            SELECT t.debit_minor FROM reports_currencydaytotal AS t
            WHERE t.currency = c.code AND t.day < ({START} AT TIME ZONE 'UTC')::date
            ORDER BY t.day DESC LIMIT 1
        ) AS before ON true
        UNION ALL
        SELECT b.currency, e.debit_minor
        FROM on_top AS e
        CROSS JOIN LATERAL (
            SELECT currency FROM balances_balance WHERE id = e.balance_id OFFSET 0
        ) AS b
    ) AS p
    GROUP BY p.currency
) AS d
JOIN ledgers_currency AS c ON c.code = d.currency
WHERE d.debit_minor > 0
ORDER BY c.code
"""  # noqa: S608 -- a constant


@dataclass(frozen=True, slots=True)
class Moved:
    """The debits of one currency, which equal its credits; `url` is where the same is said."""

    currency: str
    amount: str
    is_long: bool
    url: str


@dataclass(frozen=True, slots=True)
class Movement:
    """What moved since the beginning of a day."""

    first_day: str
    currencies: list[Moved]


def find_movement() -> Movement:
    """Of the last 30 days, today among them; days are the person's. The cost is flat in history."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    start = timezone.make_aware(datetime.combine(first, time.min))
    moved = []
    for currency, exponent, debit_minor in fetch_all(DEBITS, {"start": start}):
        query = urlencode({"currency": currency, "from": first.isoformat()})
        amount = format_amount(int(debit_minor), exponent)
        url = f"{url_of('reports:trial-balance')}?{query}"
        moved.append(Moved(currency, amount, len(amount) > LONG, url))
    return Movement(format_date(first), moved)
