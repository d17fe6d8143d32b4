"""The figures of whole ledgers at any moment, in each currency, and what several come to.

One step into an index finds each figure at the end of the day before. What comes on top is found
once for all of them: the entries of the last day by their dates, and those that are not rolled up
yet by their numbers. `reports.moments` does the same for each of some balances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reports.moments import SUMS, CurrencySum, Totals
from web.statements import array_of, fetch_all, unseen

BEFORE = unseen("%(before)s", "timestamptz")
# The upper bounds say nothing new; they tell the planner to expect few rows. OFFSET 0 keeps a
# look-up from becoming a join with all of a table.
ON_TOP = """
WITH mark AS MATERIALIZED (
    SELECT entry_id, coalesce((SELECT max(id) FROM transactions_entry), 0) AS last_id
    FROM reports_rollmark
),
on_top AS (
    SELECT {columns}, {sums}
    FROM (
        {last_day}
        UNION ALL
        SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
        FROM (
            -- Few; a ledger has many, which must not be gone through to find these among them.
            SELECT * FROM transactions_entry AS e
            WHERE e.id > (SELECT entry_id FROM mark) AND e.id <= (SELECT last_id FROM mark)
            OFFSET 0
        ) AS e
        WHERE e.effective_at < {before} AND {is_entry_asked}
    ) AS e
    {with_currency}
    GROUP BY {columns}
    {later}
),
"""
BY_LEDGER = """
figures AS (
    SELECT ledger_id, currency, sum(credit_minor) AS credit_minor,
           sum(debit_minor) AS debit_minor, sum(entry_count)::bigint AS entry_count
    FROM (
        SELECT t.ledger_id, t.currency, t.credit_minor, t.debit_minor, t.entry_count
        FROM {whole_days}
        UNION ALL
        SELECT ledger_id, currency, credit_minor, debit_minor, entry_count FROM on_top
    ) AS parts
    GROUP BY ledger_id, currency
)
SELECT f.ledger_id, f.currency, c.exponent, f.credit_minor, f.debit_minor, f.entry_count
FROM figures AS f JOIN ledgers_currency AS c ON c.code = f.currency
WHERE f.entry_count > 0
"""
# A ledger, or a balance, stands in the column of its net. Its net at the end of the day before is
# asked for only where something comes on top.
SUM_UP = """
moved AS MATERIALIZED (
    SELECT {names}, sum(credit_minor) AS credit_minor, sum(debit_minor) AS debit_minor,
           sum(entry_count) AS entry_count
    FROM on_top GROUP BY {names}
),
figures AS (
    SELECT currency, sum(credit_minor) AS credit_minor, sum(debit_minor) AS debit_minor,
           sum(net_credit_minor) AS net_credit_minor, sum(entry_count)::bigint AS entry_count
    FROM (
        SELECT t.currency, t.credit_minor, t.debit_minor, t.net_credit_minor, t.entry_count
        FROM {whole_days}
        UNION ALL
        SELECT m.currency, m.credit_minor, m.debit_minor,
               greatest(kept.net_minor + m.credit_minor - m.debit_minor, 0)
               - greatest(kept.net_minor, 0) AS net_credit_minor,
               m.entry_count
        FROM moved AS m
        CROSS JOIN LATERAL (
            SELECT coalesce(max(t.credit_minor - t.debit_minor), 0) AS net_minor
            FROM ({finer}) AS t
        ) AS kept
    ) AS parts
    GROUP BY currency
)
SELECT f.currency, c.exponent, f.credit_minor, f.debit_minor, f.entry_count, f.net_credit_minor,
       f.net_credit_minor - f.credit_minor + f.debit_minor AS net_debit_minor
FROM figures AS f JOIN ledgers_currency AS c ON c.code = f.currency
WHERE f.entry_count > 0
ORDER BY f.currency
"""
# Of one balance, ledger or currency: the newest day before, found by one step into an index.
NEWEST = """
    SELECT t.* FROM {table} AS t
    WHERE {is_its} AND t.day < ({before} AT TIME ZONE 'UTC')::date
    ORDER BY t.day DESC LIMIT 1
"""
# The same. Of what an index page holds all that meets the condition is read, and many ledgers have
# entries each day: a month is asked for first, and the days before only where it had none.
NEWEST_OF_MANY = """
    (
        SELECT t.* FROM {table} AS t WHERE {is_its} AND {is_recent}
        ORDER BY t.day DESC LIMIT 1
    )
    UNION ALL
    (
        SELECT t.* FROM {table} AS t
        WHERE {is_its} AND t.day < {month}
          AND NOT EXISTS (SELECT FROM {table} AS t WHERE {is_its} AND {is_recent})
        ORDER BY t.day DESC LIMIT 1
    )
    LIMIT 1
"""
# Of what stands now the moment lies far ahead.
MONTH = f"(SELECT (least({BEFORE}, now()) AT TIME ZONE 'UTC')::date - 31)"
IS_RECENT = f"t.day >= {MONTH} AND t.day < ({BEFORE} AT TIME ZONE 'UTC')::date"
WITH_CURRENCY = """
    CROSS JOIN LATERAL (
        SELECT currency FROM balances_balance WHERE id = e.balance_id OFFSET 0
    ) AS b
"""
# Asked for only where the moment lies within a day: the end of a day has whole days before it.
LAST_DAY = """
    SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
    FROM {asked}
    CROSS JOIN LATERAL (
        SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
        FROM transactions_entry AS e
        WHERE {is_its} AND e.id <= (SELECT entry_id FROM mark) OFFSET 0
    ) AS e
    WHERE {before} > date_trunc('day', {before}, 'UTC')
"""
# What was recorded after a moment is taken away again.
LATER = """
    UNION ALL
    SELECT {names}, -credit_minor, -debit_minor, -entry_count
    FROM (
        SELECT {columns}, {sums}
        FROM transactions_entry AS e
        CROSS JOIN LATERAL (
            SELECT t.id FROM transactions_transaction AS t
            WHERE t.id = e.transaction_id AND t.created_at > %(known_at)s OFFSET 0
        ) AS t
        {with_currency}
        WHERE e.id >= coalesce(
            (SELECT min(first_entry_id) FROM reports_recordedday
             WHERE day >= (%(known_at)s AT TIME ZONE 'UTC')::date),
            (SELECT entry_id + 1 FROM mark)
        )
          AND e.id <= (SELECT last_id FROM mark)
          AND e.effective_at < {before} AND {is_entry_asked}
        GROUP BY {columns}
    ) AS e
"""


@dataclass(frozen=True, slots=True)
class LedgerFigure:
    """What the entries of a ledger in one currency add up to."""

    ledger_id: int
    currency: str
    exponent: int
    totals: Totals


def _newest(table: str, is_its: str) -> str:
    return NEWEST.format(table=table, is_its=is_its, before=BEFORE)


def _newest_of_many(table: str, is_its: str) -> str:
    return NEWEST_OF_MANY.format(table=table, is_its=is_its, month=MONTH, is_recent=IS_RECENT)


def _statements(figures: str, **parts: str) -> dict[bool, str]:
    """By whether what was known at a moment is asked for."""
    parts = {"sums": SUMS, "with_currency": WITH_CURRENCY, "before": BEFORE, **parts}
    return {
        is_known: ON_TOP.format(later=LATER.format(**parts) if is_known else "", **parts) + figures
        for is_known in (False, True)
    }


IS_ON_LAST_DAY = f"effective_at >= date_trunc('day', {BEFORE}, 'UTC') AND effective_at < {BEFORE}"
OF_ALL = {
    "last_day": LAST_DAY.format(
        asked=f"(SELECT id FROM transactions_transaction WHERE {IS_ON_LAST_DAY}) AS asked",  # noqa: S608 -- constants
        is_its="e.transaction_id = asked.id",
        before=BEFORE,
    ),
    "is_entry_asked": "true",
}
OF_SOME = {
    "last_day": LAST_DAY.format(
        asked="unnest(%(ledger_ids)s::bigint[]) AS asked (id)",
        is_its=f"e.ledger_id = asked.id AND {IS_ON_LAST_DAY}",
        before=BEFORE,
    ),
    "is_entry_asked": "e.ledger_id = ANY (%(ledger_ids)s)",
}
BY_LEDGERS = {"columns": "e.ledger_id, b.currency", "names": "ledger_id, currency"}
BY_BALANCES = {"columns": "e.balance_id, b.currency", "names": "balance_id, currency"}

DAYS_OF_CURRENCIES = (
    "ledgers_currency AS c CROSS JOIN LATERAL"
    f" ({_newest('reports_currencydaytotal', 't.currency = c.code')}) AS t"
)
IS_OF_KEPT = "t.ledger_id = kept.ledger_id AND t.currency = kept.currency"
DAYS_OF_LEDGERS = (
    "reports_ledgercurrency AS kept CROSS JOIN LATERAL"
    f" ({_newest_of_many('reports_ledgerdaytotal', IS_OF_KEPT)}) AS t"
    " WHERE kept.ledger_id = ANY (%(ledger_ids)s)"
)
IS_OF_MOVED = "(t.ledger_id, t.currency) = (m.ledger_id, m.currency)"

LEDGERS = _statements(BY_LEDGER.format(whole_days=DAYS_OF_LEDGERS), **OF_SOME, **BY_LEDGERS)
SUMS_OF_LEDGERS = _statements(
    SUM_UP.format(
        names=BY_LEDGERS["names"],
        whole_days=DAYS_OF_CURRENCIES,
        finer=_newest("reports_ledgerdaytotal", IS_OF_MOVED),
    ),
    **OF_ALL,
    **BY_LEDGERS,
)
SUMS_OF_BALANCES = _statements(
    SUM_UP.format(
        names=BY_BALANCES["names"],
        whole_days=DAYS_OF_LEDGERS,
        finer=_newest("reports_daytotal", "t.balance_id = m.balance_id"),
    ),
    **OF_SOME,
    **BY_BALANCES,
)


def ledgers_before(
    ledger_ids: Sequence[int], moment: datetime, *, known_at: datetime | None = None
) -> list[LedgerFigure]:
    """What the entries effective before `moment` add up to, for each ledger and currency.

    Of these ledgers, those that have entries by then, in their order; `known_at` is as in
    `totals_before`.
    """
    parameters: dict[str, Any] = {"before": moment, "ledger_ids": array_of(ledger_ids)}
    return [
        LedgerFigure(ledger_id, currency, exponent, Totals(int(credit), int(debit), count))
        for ledger_id, currency, exponent, credit, debit, count in sorted(
            _fetch(LEDGERS, parameters, known_at)
        )
    ]


def sums_of_ledgers_before(
    moment: datetime, *, known_at: datetime | None = None
) -> list[CurrencySum]:
    """What all ledgers had come to before `moment`, by currency; the nets are those of ledgers."""
    return _sums(_fetch(SUMS_OF_LEDGERS, {"before": moment}, known_at))


def sums_of_ledger_before(
    ledger_id: int, moment: datetime, *, known_at: datetime | None = None
) -> list[CurrencySum]:
    """`sums_before` of the balances of a ledger, however many there are."""
    return _sums(
        _fetch(SUMS_OF_BALANCES, {"before": moment, "ledger_ids": array_of([ledger_id])}, known_at)
    )


def _sums(rows: list[tuple[Any, ...]]) -> list[CurrencySum]:
    return [CurrencySum(currency, exponent, *map(int, rest)) for currency, exponent, *rest in rows]


def _fetch(
    statements: dict[bool, str], parameters: dict[str, Any], known_at: datetime | None
) -> list[tuple[Any, ...]]:
    if known_at is not None:
        parameters["known_at"] = known_at
    return fetch_all(statements[known_at is not None], parameters)
