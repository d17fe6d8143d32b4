"""Who stood on the other side of a balance in a period, with what came in and went out.

In goes what was credited, from the balances debited; out what was debited, to those credited:
the direction of every transaction, whatever the normal side.

A transaction is told apart by pairs wherever that is exact. Where the balance stands alone on its
side, each balance opposite took what its entries say; where one balance stands alone opposite,
it took all. Where several stand on both sides, no pair can be named, and the amount is that of
several together. In and out add up to the balance's credits and debits of the period, always.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import get_current_timezone_name

from balances.models import Balance
from balances.naming import name_balance
from reports.moments import Totals
from reports.series import PARTS
from web.statements import Row, fetch_all

# What is broken down at most, so that a page costs the same however busy the balance is. Of more,
# the newest whole days are; of the newest day alone, if that is too much, its newest transactions.
ENTRIES_MAX = 2_000
LEGS_MAX = 20_000
TOP = 12

# Windows instead of joins: the planner takes what it has found so far for a row or two. `party` 0
# is several together. `place` sorts the parties: 0 several together, 1 … the largest, `top` + 1
# all others; -1 is the period as a whole, -2 what of it was broken down, and since when.
FLOWS = """
WITH {parts},
recent AS MATERIALIZED (
    SELECT r.transaction_id, r.effective_at, row_number() OVER newest > 1 AND (
               sum(r.own_count) OVER newest > %(entries_max)s
               OR sum(t.entry_count) OVER newest > %(legs_max)s
           ) AS is_beyond
    FROM (
        SELECT e.transaction_id, max(e.effective_at) AS effective_at, max(e.id) AS id,
               count(*) AS own_count
        FROM (
            SELECT e.transaction_id, e.effective_at, e.id FROM transactions_entry AS e
            WHERE e.balance_id = %(balance_id)s
              AND e.effective_at >= (%(moments)s::timestamptz[])[1]
              AND e.effective_at < (%(moments)s::timestamptz[])[2]
              AND e.position <= (SELECT known FROM reach)
            ORDER BY e.effective_at DESC, e.id DESC LIMIT %(entries_max)s + 1
        ) AS e
        GROUP BY e.transaction_id
    ) AS r
    JOIN transactions_transaction AS t ON t.id = r.transaction_id
    WINDOW newest AS (ORDER BY r.effective_at DESC, r.id DESC)
),
whole AS MATERIALIZED (
    SELECT l.begins_at FROM (
        SELECT (date_trunc('day', max(effective_at) FILTER (WHERE is_beyond)
                AT TIME ZONE %(zone)s) + interval '1 day') AT TIME ZONE %(zone)s AS begins_at
        FROM recent
    ) AS l
    WHERE EXISTS (SELECT FROM recent AS r WHERE NOT r.is_beyond AND r.effective_at >= l.begins_at)
),
told AS MATERIALIZED (
    SELECT r.transaction_id, r.effective_at FROM recent AS r
    WHERE NOT r.is_beyond
      AND r.effective_at >= coalesce((SELECT begins_at FROM whole), '-infinity')
),
legs AS MATERIALIZED (
    SELECT e.transaction_id, e.balance_id, e.direction, sum(e.amount_minor) AS amount_minor,
           count(*) AS entry_count
    FROM told
    CROSS JOIN LATERAL (
        SELECT e.transaction_id, e.balance_id, e.direction, e.amount_minor
        FROM transactions_entry AS e WHERE e.transaction_id = told.transaction_id OFFSET 0
    ) AS e
    CROSS JOIN LATERAL (
        SELECT FROM balances_balance AS b
        WHERE b.id = e.balance_id AND b.currency = %(currency)s OFFSET 0
    ) AS b
    GROUP BY e.transaction_id, e.balance_id, e.direction
),
opposite AS (
    SELECT transaction_id, balance_id, direction, amount_minor,
           count(*) OVER side AS side_count, row_number() OVER side AS side_number,
           count(*) OVER whole - count(*) OVER side AS own_side_count,
           CASE direction WHEN 1
               THEN sum(amount_minor) FILTER (WHERE balance_id = %(balance_id)s AND direction = -1)
                    OVER whole
               ELSE sum(amount_minor) FILTER (WHERE balance_id = %(balance_id)s AND direction = 1)
                    OVER whole
           END AS own_minor
    FROM legs
    WINDOW whole AS (PARTITION BY transaction_id),
           side AS (PARTITION BY transaction_id, direction)
),
pairs AS (
    SELECT transaction_id, -direction AS direction,
           CASE WHEN own_side_count = 1 OR side_count = 1 THEN balance_id ELSE 0 END AS party,
           CASE WHEN own_side_count = 1 THEN amount_minor ELSE own_minor END AS amount_minor
    FROM opposite
    WHERE own_minor IS NOT NULL AND (own_side_count = 1 OR side_number = 1)
),
summed AS (
    SELECT *, sum(amount_minor) OVER (PARTITION BY party) AS party_minor FROM pairs
),
placed AS (
    SELECT *, CASE WHEN party = 0 THEN 0 ELSE least(
        dense_rank() OVER (PARTITION BY party = 0 ORDER BY party_minor DESC, party), %(top)s + 1
    ) END AS place
    FROM summed
),
parties AS (
    SELECT place, min(party) AS party, count(DISTINCT party) AS party_count,
           coalesce(sum(amount_minor) FILTER (WHERE direction = 1), 0) AS credit_minor,
           coalesce(sum(amount_minor) FILTER (WHERE direction = -1), 0) AS debit_minor,
           count(DISTINCT transaction_id) AS transaction_count
    FROM placed
    GROUP BY place
)
SELECT p.place, p.party, p.party_count, p.credit_minor, p.debit_minor, p.transaction_count,
       b.public_id::text, b.indicator, i.name, NULL::timestamptz, NULL::timestamptz
FROM parties AS p
LEFT JOIN balances_balance AS b ON b.id = p.party AND p.place BETWEEN 1 AND %(top)s
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
UNION ALL
SELECT -1, NULL, 0, max(credit_minor) FILTER (WHERE number = 2)
       - max(credit_minor) FILTER (WHERE number = 1),
       max(debit_minor) FILTER (WHERE number = 2) - max(debit_minor) FILTER (WHERE number = 1),
       max(entry_count) FILTER (WHERE number = 2) - max(entry_count) FILTER (WHERE number = 1),
       NULL, NULL, NULL, NULL, NULL
FROM series
UNION ALL
SELECT -2, NULL, 0, coalesce(sum(amount_minor) FILTER (WHERE direction = 1), 0),
       coalesce(sum(amount_minor) FILTER (WHERE direction = -1), 0),
       coalesce(sum(entry_count), 0), NULL, NULL, NULL,
       (SELECT begins_at FROM whole), (SELECT min(effective_at) FROM told)
FROM legs WHERE balance_id = %(balance_id)s
ORDER BY 1
"""
OF_BALANCE = FLOWS.format(parts=PARTS)


@dataclass(frozen=True, slots=True)
class Party:
    """Who took part, and with how much, in minor units.

    One balance, which has a name and a public id; or `balance_count` others without.
    """

    in_minor: int
    out_minor: int
    transaction_count: int | None
    name: str = ""
    public_id: str = ""
    balance_count: int = 1
    is_self: bool = False

    @property
    def has_page(self) -> bool:
        """Whether one can walk on from here."""
        return bool(self.public_id) and not self.is_self


@dataclass(frozen=True, slots=True)
class Flows:
    """All that came in and went out in a period.

    `parties` are the largest first, `others` the rest of them; `together` is what several had
    on both sides of a transaction. `earlier` are the entries before those that were broken down.
    They add up to `total`. If there are any, those broken down are all from `since` on, the first
    moment of a day; where not even one day could be, `since` is None. `oldest` is their first.
    """

    parties: tuple[Party, ...]
    others: Party | None
    together: Party | None
    earlier: Totals
    total: Totals
    since: datetime | None
    oldest: datetime | None


def flows_of(
    balance: Balance,
    starts_at: datetime,
    ends_before: datetime,
    *,
    known_at: datetime | None = None,
    top: int = TOP,
) -> Flows:
    """Break down the newest entries of the period, by the effective clock, up to a bound.

    Days are those of the current time zone. One statement on one snapshot, so that its parts
    add up.
    """
    rows = fetch_all(
        OF_BALANCE,
        {
            "balance_id": balance.pk,
            "currency": balance.currency_id,
            "moments": [starts_at, ends_before],
            "known_at": known_at,
            "entries_max": ENTRIES_MAX,
            "legs_max": LEGS_MAX,
            "top": top,
            "zone": get_current_timezone_name(),
        },
    )
    by_place = {row[0]: row for row in rows}
    total, read = _totals(by_place[-1]), _totals(by_place[-2])
    return Flows(
        parties=tuple(_party(row, balance) for row in rows if 1 <= row[0] <= top),
        others=_several(by_place.get(top + 1)),
        together=_several(by_place.get(0)),
        earlier=total - read,
        total=total,
        since=by_place[-2][9],
        oldest=by_place[-2][10],
    )


def _totals(row: Row) -> Totals:
    return Totals(int(row[3]), int(row[4]), int(row[5]))


def _party(row: Row, balance: Balance) -> Party:
    _place, party, count, in_minor, out_minor, transaction_count, *names = row[:9]
    public_id, indicator, owner = names
    return Party(
        in_minor=int(in_minor),
        out_minor=int(out_minor),
        transaction_count=transaction_count,
        name=name_balance(indicator=indicator, owner=owner, public_id=public_id),
        public_id=public_id,
        balance_count=count,
        is_self=party == balance.pk,
    )


def _several(row: Row | None) -> Party | None:
    if row is None:
        return None
    return Party(int(row[3]), int(row[4]), row[5], balance_count=row[2])
