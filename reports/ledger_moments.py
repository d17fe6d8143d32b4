"""The figures of whole ledgers at any moment, in each currency: as `reports.moments` for balances.

The currencies that a ledger has entries in are kept, so that one step into an index finds each
figure; what is not rolled up yet is found by the numbers of the entries.
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
    SELECT kept.ledger_id, kept.currency, t.credit_minor, t.debit_minor, t.entry_count
    FROM reports_ledgercurrency AS kept
    CROSS JOIN LATERAL (
        SELECT t.credit_minor, t.debit_minor, t.entry_count FROM reports_ledgerdaytotal AS t
        WHERE t.ledger_id = kept.ledger_id AND t.currency = kept.currency
          AND t.day < (%(before)s AT TIME ZONE 'UTC')::date
        ORDER BY t.day DESC LIMIT 1
    ) AS t
    WHERE {is_kept_asked}
    UNION ALL
    SELECT e.ledger_id, b.currency, {sums}
    FROM (
        {last_day}
        UNION ALL
        SELECT e.ledger_id, e.balance_id, e.direction, e.amount_minor
        FROM transactions_entry AS e
        WHERE e.id > (SELECT entry_id FROM mark) AND e.id <= (SELECT last_id FROM mark)
          AND e.effective_at < %(before)s AND {is_entry_asked}
    ) AS e
    CROSS JOIN LATERAL (
        SELECT currency FROM balances_balance WHERE id = e.balance_id OFFSET 0
    ) AS b
    GROUP BY e.ledger_id, b.currency
    {later}
),
figures AS (
    SELECT ledger_id, currency, sum(credit_minor) AS credit_minor, sum(debit_minor) AS debit_minor,
           sum(entry_count)::bigint AS entry_count
    FROM parts GROUP BY ledger_id, currency
)
{result}
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
    SELECT ledger_id, currency, -credit_minor, -debit_minor, -entry_count
    FROM (
        SELECT e.ledger_id, b.currency, {sums}
        FROM transactions_entry AS e
        CROSS JOIN LATERAL (
            SELECT t.id FROM transactions_transaction AS t
            WHERE t.id = e.transaction_id AND t.created_at > %(known_at)s OFFSET 0
        ) AS t
        CROSS JOIN LATERAL (
            SELECT currency FROM balances_balance WHERE id = e.balance_id OFFSET 0
        ) AS b
        WHERE e.id >= coalesce(
            (SELECT min(first_entry_id) FROM reports_recordedday
             WHERE day >= (%(known_at)s AT TIME ZONE 'UTC')::date),
            (SELECT entry_id + 1 FROM mark)
        )
          AND e.id <= (SELECT last_id FROM mark)
          AND e.effective_at < %(before)s AND {is_entry_asked}
        GROUP BY e.ledger_id, b.currency
    ) AS e
"""
BY_LEDGER = """
SELECT f.ledger_id, f.currency, c.exponent, f.credit_minor, f.debit_minor, f.entry_count
FROM figures AS f JOIN ledgers_currency AS c ON c.code = f.currency
WHERE f.entry_count > 0
ORDER BY f.ledger_id, f.currency
"""
# A ledger stands in the column of its net.
BY_CURRENCY = """
SELECT s.*
FROM (
    SELECT f.currency, c.exponent, count(*), sum(f.credit_minor), sum(f.debit_minor),
           sum(f.entry_count)::bigint, sum(greatest(f.credit_minor - f.debit_minor, 0)),
           sum(greatest(f.debit_minor - f.credit_minor, 0))
    FROM figures AS f JOIN ledgers_currency AS c ON c.code = f.currency
    WHERE f.entry_count > 0
    GROUP BY f.currency, c.exponent
) AS s
ORDER BY s.currency
"""


@dataclass(frozen=True, slots=True)
class LedgerFigure:
    """What the entries of a ledger in one currency add up to."""

    ledger_id: int
    currency: str
    exponent: int
    totals: Totals


def _figures(result: str, *, is_of_some: bool, is_known: bool) -> str:
    is_entry_asked = "e.ledger_id = ANY (%(ledger_ids)s)" if is_of_some else "true"
    return FIGURES.format(
        is_kept_asked="kept.ledger_id = ANY (%(ledger_ids)s)" if is_of_some else "true",
        is_entry_asked=is_entry_asked,
        last_day=LAST_DAY_OF_LEDGERS if is_of_some else LAST_DAY,
        sums=SUMS,
        later=LATER.format(sums=SUMS, is_entry_asked=is_entry_asked) if is_known else "",
        result=result,
    )


# By whether what was known at a moment is asked for.
OF_LEDGERS = {
    is_known: _figures(BY_LEDGER, is_of_some=True, is_known=is_known) for is_known in (False, True)
}
OF_ALL = {
    is_known: _figures(BY_LEDGER, is_of_some=False, is_known=is_known) for is_known in (False, True)
}
SUMS_OF_ALL = {
    is_known: _figures(BY_CURRENCY, is_of_some=False, is_known=is_known)
    for is_known in (False, True)
}


def ledgers_before(
    ledger_ids: Sequence[int] | None, moment: datetime, *, known_at: datetime | None = None
) -> list[LedgerFigure]:
    """What the entries effective before `moment` add up to, for each ledger and currency.

    Of these ledgers, or of all (None), those that have entries by then; `known_at` is as in
    `totals_before`.
    """
    statements = OF_ALL if ledger_ids is None else OF_LEDGERS
    parameters: dict[str, Any] = {"before": moment}
    if ledger_ids is not None:
        parameters["ledger_ids"] = list(ledger_ids)
    return [
        LedgerFigure(ledger_id, currency, exponent, Totals(int(credit), int(debit), count))
        for ledger_id, currency, exponent, credit, debit, count in _fetch(
            statements, parameters, known_at
        )
    ]


def ledger_sums_before(moment: datetime, *, known_at: datetime | None = None) -> list[CurrencySum]:
    """What all ledgers had come to before `moment`, by currency; the nets are those of ledgers."""
    return [
        CurrencySum(currency, exponent, *map(int, figures))
        for currency, exponent, *figures in _fetch(SUMS_OF_ALL, {"before": moment}, known_at)
    ]


def _fetch(
    statements: dict[bool, str], parameters: dict[str, Any], known_at: datetime | None
) -> list[tuple[Any, ...]]:
    if known_at is not None:
        parameters["known_at"] = known_at
    return fetch_all(statements[known_at is not None], parameters)
