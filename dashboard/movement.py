"""What moved in each currency in the last 30 days, as the trial balance of that time says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from time import monotonic
from urllib.parse import urlencode

from django.db import connection
from django.utils import timezone

from ledgers.money import format_amount
from web.addresses import url_of
from web.formatting import format_date
from web.statements import fetch_all

DAYS = 30
# A phone has no room for more signs in one line.
LONG = 16
# Two steps into an index find what a ledger had come to by now and by the day of the start. Then
# what was before the start on its day is taken away.
ROLLED_UP = """
WITH mark AS MATERIALIZED (SELECT entry_id FROM reports_rollmark),
parts AS (
    SELECT kept.currency, latest.debit_minor - coalesce(before.debit_minor, 0) AS debit_minor
    FROM reports_ledgercurrency AS kept
    CROSS JOIN LATERAL (
        SELECT t.debit_minor, t.day FROM reports_ledgerdaytotal AS t
        WHERE t.ledger_id = kept.ledger_id AND t.currency = kept.currency
        ORDER BY t.day DESC LIMIT 1
    ) AS latest
    LEFT JOIN LATERAL (
        SELECT t.debit_minor FROM reports_ledgerdaytotal AS t
        WHERE t.ledger_id = kept.ledger_id AND t.currency = kept.currency
          AND t.day < (%(start)s AT TIME ZONE 'UTC')::date
        ORDER BY t.day DESC LIMIT 1
    ) AS before ON true
    WHERE latest.day >= (%(start)s AT TIME ZONE 'UTC')::date
    UNION ALL
    SELECT b.currency, -e.debit_minor
    FROM (
        SELECT e.balance_id, sum(e.amount_minor) AS debit_minor
        FROM transactions_transaction AS t
        CROSS JOIN LATERAL (
            SELECT e.balance_id, e.amount_minor FROM transactions_entry AS e
            WHERE e.transaction_id = t.id AND e.direction = -1
              AND e.id <= (SELECT entry_id FROM mark) OFFSET 0
        ) AS e
        WHERE t.effective_at >= date_trunc('day', %(start)s, 'UTC') AND t.effective_at < %(start)s
        GROUP BY e.balance_id
    ) AS e
    CROSS JOIN LATERAL (
        SELECT currency FROM balances_balance WHERE id = e.balance_id OFFSET 0
    ) AS b
)
SELECT m.entry_id, p.currency, p.debit_minor
FROM mark AS m
LEFT JOIN (SELECT currency, sum(debit_minor) AS debit_minor FROM parts GROUP BY currency) AS p
    ON true
"""
# What was recorded since is added, and told together with what was found before.
DEBITS = """
SELECT d.currency, c.exponent, d.debit_minor
FROM (
    SELECT p.currency, sum(p.debit_minor) AS debit_minor
    FROM (
        SELECT * FROM unnest(%(currencies)s::text[], %(debits)s::numeric[])
            AS rolled (currency, debit_minor)
        UNION ALL
        SELECT b.currency, e.debit_minor
        FROM (
            SELECT e.balance_id, sum(e.amount_minor) AS debit_minor
            FROM transactions_entry AS e
            WHERE e.id > %(entry_id)s AND e.direction = -1 AND e.effective_at >= %(start)s
            GROUP BY e.balance_id
        ) AS e
        CROSS JOIN LATERAL (
            SELECT currency FROM balances_balance WHERE id = e.balance_id OFFSET 0
        ) AS b
    ) AS p
    GROUP BY p.currency
) AS d
JOIN ledgers_currency AS c ON c.code = d.currency
WHERE d.debit_minor > 0
ORDER BY d.currency
"""
# Entries up to a mark never change, so that what they came to is right however old it is; only
# what was recorded since grows.
KEPT_SECONDS = 60.0
# One for each time zone that somebody reads in, and day.
KEPT_MAX = 100


@dataclass(frozen=True, slots=True)
class RolledUp:
    """The debits of entries up to `entry_id`, in minor units by currency; found at `found_at`."""

    entry_id: int
    debits: dict[str, int]
    found_at: float


_kept: dict[tuple[str, datetime], RolledUp] = {}


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
    rolled = _rolled_up(start)
    parameters = {
        "start": start,
        "entry_id": rolled.entry_id,
        "currencies": list(rolled.debits),
        "debits": list(rolled.debits.values()),
    }
    moved = []
    for currency, exponent, debit_minor in fetch_all(DEBITS, parameters):
        query = urlencode({"currency": currency, "from": first.isoformat()})
        amount = format_amount(int(debit_minor), exponent)
        url = f"{url_of('reports:trial-balance')}?{query}"
        moved.append(Moved(currency, amount, len(amount) > LONG, url))
    return Movement(format_date(first), moved)


def _rolled_up(start: datetime) -> RolledUp:
    """Kept for a minute in each process: it takes two look-ups for each ledger and currency."""
    key = (str(connection.settings_dict["NAME"]), start)
    kept = _kept.get(key)
    if kept and monotonic() - kept.found_at < KEPT_SECONDS:
        return kept
    rows = fetch_all(ROLLED_UP, {"start": start})
    debits = {currency: int(debit_minor) for _mark, currency, debit_minor in rows if currency}
    rolled = RolledUp(rows[0][0], debits, monotonic())
    if rolled.entry_id:
        if len(_kept) >= KEPT_MAX:
            _kept.clear()
        _kept[key] = rolled
    return rolled
