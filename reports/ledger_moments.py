"""The figures of whole ledgers at any moment, in each currency, and of all balances of one.

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
from web.statements import fetch_all

# The upper bounds say nothing new; they tell the planner to expect few rows. OFFSET 0 keeps a
# look-up from becoming a join with all of a table.
FIGURES = """
WITH mark AS MATERIALIZED (
    SELECT entry_id, coalesce((SELECT max(id) FROM transactions_entry), 0) AS last_id
    FROM reports_rollmark
),
parts AS (
    {whole_days}
    UNION ALL
    SELECT {columns}, {sums}
    FROM (
        {last_day}
        UNION ALL
        SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
        FROM transactions_entry AS e
        WHERE e.id > (SELECT entry_id FROM mark) AND e.id <= (SELECT last_id FROM mark)
          AND e.effective_at < %(before)s AND {is_entry_asked}
    ) AS e
    {with_currency}
    GROUP BY {columns}
    {later}
),
figures AS (
    SELECT {names}, sum(credit_minor) AS credit_minor, sum(debit_minor) AS debit_minor,
           sum(entry_count)::bigint AS entry_count
    FROM parts GROUP BY {names}
)
{result}
"""
WHOLE_DAYS_OF_LEDGERS = """
    SELECT kept.ledger_id, kept.currency, t.credit_minor, t.debit_minor, t.entry_count
    FROM reports_ledgercurrency AS kept
    CROSS JOIN LATERAL (
        SELECT t.credit_minor, t.debit_minor, t.entry_count FROM reports_ledgerdaytotal AS t
        WHERE t.ledger_id = kept.ledger_id AND t.currency = kept.currency
          AND t.day < (%(before)s AT TIME ZONE 'UTC')::date
        ORDER BY t.day DESC LIMIT 1
    ) AS t
    WHERE {is_kept_asked}
"""
WHOLE_DAYS_OF_BALANCES = """
    SELECT b.id AS balance_id, b.currency, t.credit_minor, t.debit_minor, t.entry_count
    FROM balances_balance AS b
    CROSS JOIN LATERAL (
        SELECT t.credit_minor, t.debit_minor, t.entry_count FROM reports_daytotal AS t
        WHERE t.balance_id = b.id AND t.day < (%(before)s AT TIME ZONE 'UTC')::date
        ORDER BY t.day DESC LIMIT 1
    ) AS t
    WHERE b.ledger_id = ANY (%(ledger_ids)s)
"""
WITH_CURRENCY = """
    CROSS JOIN LATERAL (
        SELECT currency FROM balances_balance WHERE id = e.balance_id OFFSET 0
    ) AS b
"""
LAST_DAY = """
    SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
    FROM transactions_transaction AS t
    CROSS JOIN LATERAL (
        SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
        FROM transactions_entry AS e
        WHERE e.transaction_id = t.id AND e.id <= (SELECT entry_id FROM mark) OFFSET 0
    ) AS e
    WHERE t.effective_at >= date_trunc('day', %(before)s, 'UTC') AND t.effective_at < %(before)s
"""
LAST_DAY_OF_LEDGERS = """
    SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
    FROM unnest(%(ledger_ids)s::bigint[]) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
        FROM transactions_entry AS e
        WHERE e.ledger_id = asked.id AND e.effective_at >= date_trunc('day', %(before)s, 'UTC')
          AND e.effective_at < %(before)s AND e.id <= (SELECT entry_id FROM mark) OFFSET 0
    ) AS e
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
          AND e.effective_at < %(before)s AND {is_entry_asked}
        GROUP BY {columns}
    ) AS e
"""
BY_LEDGER = """
SELECT f.ledger_id, f.currency, c.exponent, f.credit_minor, f.debit_minor, f.entry_count
FROM figures AS f JOIN ledgers_currency AS c ON c.code = f.currency
WHERE f.entry_count > 0
ORDER BY f.ledger_id, f.currency
"""
# A ledger, or a balance, stands in the column of its net.
SUM_UP = """
SELECT s.currency, c.exponent, s.figure_count, s.credit_minor, s.debit_minor, s.entry_count,
       s.net_credit_minor, s.net_debit_minor
FROM (
    SELECT f.currency, count(*) AS figure_count, sum(f.credit_minor) AS credit_minor,
           sum(f.debit_minor) AS debit_minor, sum(f.entry_count)::bigint AS entry_count,
           sum(greatest(f.credit_minor - f.debit_minor, 0)) AS net_credit_minor,
           sum(greatest(f.debit_minor - f.credit_minor, 0)) AS net_debit_minor
    FROM figures AS f WHERE f.entry_count > 0 GROUP BY f.currency
) AS s
JOIN ledgers_currency AS c ON c.code = s.currency
ORDER BY s.currency
"""


@dataclass(frozen=True, slots=True)
class LedgerFigure:
    """What the entries of a ledger in one currency add up to."""

    ledger_id: int
    currency: str
    exponent: int
    totals: Totals


def _by_ledger(result: str, *, is_of_some: bool, is_known: bool) -> str:
    is_asked = "{}.ledger_id = ANY (%(ledger_ids)s)" if is_of_some else "true"
    return _figures(
        result,
        whole_days=WHOLE_DAYS_OF_LEDGERS.format(is_kept_asked=is_asked.format("kept")),
        last_day=LAST_DAY_OF_LEDGERS if is_of_some else LAST_DAY,
        is_entry_asked=is_asked.format("e"),
        columns="e.ledger_id, b.currency",
        names="ledger_id, currency",
        with_currency=WITH_CURRENCY,
        is_known=is_known,
    )


def _by_balance(result: str, *, is_known: bool) -> str:
    return _figures(
        result,
        whole_days=WHOLE_DAYS_OF_BALANCES,
        last_day=LAST_DAY_OF_LEDGERS,
        is_entry_asked="e.ledger_id = ANY (%(ledger_ids)s)",
        columns="e.balance_id, b.currency",
        names="balance_id, currency",
        with_currency=WITH_CURRENCY,
        is_known=is_known,
    )


def _figures(result: str, *, is_known: bool, **parts: str) -> str:
    later = LATER.format(sums=SUMS, **parts) if is_known else ""
    return FIGURES.format(result=result, sums=SUMS, later=later, **parts)


EITHER = (False, True)
# By whether what was known at a moment is asked for.
LEDGERS = {
    is_known: _by_ledger(BY_LEDGER, is_of_some=True, is_known=is_known) for is_known in EITHER
}
ALL_LEDGERS = {
    is_known: _by_ledger(BY_LEDGER, is_of_some=False, is_known=is_known) for is_known in EITHER
}
SUMS_OF_LEDGERS = {
    is_known: _by_ledger(SUM_UP, is_of_some=False, is_known=is_known) for is_known in EITHER
}
SUMS_OF_BALANCES = {is_known: _by_balance(SUM_UP, is_known=is_known) for is_known in EITHER}


def ledgers_before(
    ledger_ids: Sequence[int] | None, moment: datetime, *, known_at: datetime | None = None
) -> list[LedgerFigure]:
    """What the entries effective before `moment` add up to, for each ledger and currency.

    Of these ledgers, or of all (None), those that have entries by then; `known_at` is as in
    `totals_before`.
    """
    statements = ALL_LEDGERS if ledger_ids is None else LEDGERS
    parameters: dict[str, Any] = {"before": moment}
    if ledger_ids is not None:
        parameters["ledger_ids"] = list(ledger_ids)
    return [
        LedgerFigure(ledger_id, currency, exponent, Totals(int(credit), int(debit), count))
        for ledger_id, currency, exponent, credit, debit, count in _fetch(
            statements, parameters, known_at
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
    """`sums_before` for those balances of a ledger that have entries by then."""
    return _sums(_fetch(SUMS_OF_BALANCES, {"before": moment, "ledger_ids": [ledger_id]}, known_at))


def _sums(rows: list[tuple[Any, ...]]) -> list[CurrencySum]:
    return [CurrencySum(currency, exponent, *map(int, rest)) for currency, exponent, *rest in rows]


def _fetch(
    statements: dict[bool, str], parameters: dict[str, Any], known_at: datetime | None
) -> list[tuple[Any, ...]]:
    if known_at is not None:
        parameters["known_at"] = known_at
    return fetch_all(statements[known_at is not None], parameters)
