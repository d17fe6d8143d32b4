"""The figures of balances at any moment, by the clock of the world and by that of the books.

A statement reads day totals, the entries of the last day that is not whole, and those that are
not rolled up yet, all on one snapshot: it is right wherever the rolling stands (docs/adr/0010).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from web.statements import array_of, fetch_all, unseen

SUMS = """
    coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0) AS credit_minor,
    coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0) AS debit_minor,
    count(*) AS entry_count
"""
ASKED = (
    f"unnest({unseen('%s', 'bigint[]')}) AS b (balance_id)"
    f" CROSS JOIN unnest({unseen('%s', 'timestamptz[]')}) WITH ORDINALITY AS a (before, number)"
)
# The newest day of a balance tells by its count the last position that is rolled up. Each part is
# found by a step or two into an index, however long the history is: OFFSET 0 leaves a plan no
# choice of the index, where by its estimates all entries of a balance would be as few.
OF_BALANCES = """
SELECT asked.balance_id, whole.credit_minor + rest.credit_minor{less_credit} AS credit_minor,
       whole.debit_minor + rest.debit_minor{less_debit} AS debit_minor,
       whole.entry_count + rest.entry_count{less_count} AS entry_count, asked.number
FROM (
    SELECT b.balance_id, a.before, (a.before AT TIME ZONE 'UTC')::date AS day, a.number
    FROM {asked} OFFSET 0
) AS asked
CROSS JOIN LATERAL (
    SELECT coalesce(max(t.credit_minor), 0) AS credit_minor,
           coalesce(max(t.debit_minor), 0) AS debit_minor,
           coalesce(max(t.entry_count), 0) AS entry_count
    FROM (
        SELECT t.credit_minor, t.debit_minor, t.entry_count FROM reports_daytotal AS t
        WHERE t.balance_id = asked.balance_id AND t.day < asked.day ORDER BY t.day DESC LIMIT 1
    ) AS t
) AS whole
CROSS JOIN LATERAL (
    SELECT coalesce(max(t.entry_count), 0) AS position FROM (
        SELECT t.entry_count FROM reports_daytotal AS t
        WHERE t.balance_id = asked.balance_id ORDER BY t.day DESC LIMIT 1
    ) AS t
) AS rolled
CROSS JOIN LATERAL (
    SELECT {sums} FROM (
        SELECT of_day.direction, of_day.amount_minor FROM (
            SELECT * FROM transactions_entry AS e
            WHERE e.balance_id = asked.balance_id
              AND e.effective_at >= asked.day::timestamp AT TIME ZONE 'UTC'
              AND e.effective_at < asked.before OFFSET 0
        ) AS of_day
        WHERE of_day.position <= rolled.position
        UNION ALL
        SELECT on_top.direction, on_top.amount_minor FROM (
            SELECT * FROM transactions_entry AS e
            WHERE e.balance_id = asked.balance_id AND e.position > rolled.position OFFSET 0
        ) AS on_top
        WHERE on_top.effective_at < asked.before
    ) AS e
) AS rest
{later}
"""
# What was recorded after a moment is taken away again. OFFSET 0: the position is found once, not
# for each entry.
LATER = """
CROSS JOIN LATERAL (
    SELECT reports_position_by(asked.balance_id, %s) AS position OFFSET 0
) AS known
CROSS JOIN LATERAL (
    SELECT {sums} FROM (
        SELECT * FROM transactions_entry AS e
        WHERE e.balance_id = asked.balance_id AND e.position > known.position OFFSET 0
    ) AS e
    WHERE e.effective_at < asked.before
) AS later
"""
# A balance stands in the column of its net.
BY_CURRENCY = """
SELECT s.currency, c.exponent, s.credit_minor, s.debit_minor, s.entry_count,
       s.net_credit_minor, s.net_debit_minor
FROM (
    SELECT b.currency, sum(f.credit_minor) AS credit_minor,
           sum(f.debit_minor) AS debit_minor, sum(f.entry_count) AS entry_count,
           sum(greatest(f.credit_minor - f.debit_minor, 0)) AS net_credit_minor,
           sum(greatest(f.debit_minor - f.credit_minor, 0)) AS net_debit_minor
    FROM ({figures}) AS f
    JOIN balances_balance AS b ON b.id = f.balance_id
    GROUP BY b.currency
) AS s
JOIN ledgers_currency AS c ON c.code = s.currency
ORDER BY s.currency
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """What some entries of one balance add up to, in minor units."""

    credit_minor: int = 0
    debit_minor: int = 0
    entry_count: int = 0

    @property
    def net_minor(self) -> int:
        """Credits less debits."""
        return self.credit_minor - self.debit_minor

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.credit_minor + other.credit_minor,
            self.debit_minor + other.debit_minor,
            self.entry_count + other.entry_count,
        )

    def __sub__(self, other: Totals) -> Totals:
        """What came between two moments."""
        return Totals(
            self.credit_minor - other.credit_minor,
            self.debit_minor - other.debit_minor,
            self.entry_count - other.entry_count,
        )


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """What several balances of one currency add up to, in minor units.

    `net_credit_minor` adds up the balances with more credits, `net_debit_minor` those with more
    debits: the two columns of a trial balance.
    """

    currency: str
    exponent: int
    credit_minor: int
    debit_minor: int
    entry_count: int
    net_credit_minor: int
    net_debit_minor: int


def _figures(*, is_known: bool) -> str:
    return OF_BALANCES.format(
        asked=ASKED,
        sums=SUMS,
        later=LATER.format(sums=SUMS) if is_known else "",
        less_credit=" - later.credit_minor" if is_known else "",
        less_debit=" - later.debit_minor" if is_known else "",
        less_count=" - later.entry_count" if is_known else "",
    )


# By whether what was known at a moment is asked for.
FIGURES = {is_known: _figures(is_known=is_known) for is_known in (False, True)}
SUMS_OF_BALANCES = {
    is_known: BY_CURRENCY.format(figures=figures) for is_known, figures in FIGURES.items()
}


def totals_before(
    balance_ids: Sequence[int], moment: datetime, *, known_at: datetime | None = None
) -> dict[int, Totals]:
    """What the entries effective before `moment` add up to, for each of the balances.

    With `known_at`, only what had been recorded by then, that moment included. "As of" a moment
    includes it: ask for the microsecond after. The cost does not grow with the history; with
    `known_at` it grows with what was recorded since.
    """
    rows = _fetch(balance_ids, [moment], known_at)
    return {row[0]: _totals(row) for row in rows}


def totals_at(
    balance_id: int, moments: Iterable[datetime], *, known_at: datetime | None = None
) -> list[Totals]:
    """`totals_before` of one balance for each of the moments, in their order; one statement."""
    rows = _fetch([balance_id], list(moments), known_at)
    return [_totals(row) for row in sorted(rows, key=lambda row: row[-1])]


def sums_before(
    balance_ids: Sequence[int], moment: datetime, *, known_at: datetime | None = None
) -> list[CurrencySum]:
    """What the balances had come to before `moment`, by currency."""
    parameters = [array_of(balance_ids), [moment], *_known(known_at)]
    return _currency_sums(SUMS_OF_BALANCES[known_at is not None], parameters)


def _fetch(
    balance_ids: Sequence[int], moments: list[datetime], known_at: datetime | None
) -> list[tuple[Any, ...]]:
    """Of each balance at each moment; the place of the moment is the last column."""
    parameters = [array_of(balance_ids), moments, *_known(known_at)]
    return fetch_all(FIGURES[known_at is not None], parameters)


def _known(known_at: datetime | None) -> list[datetime]:
    return [] if known_at is None else [known_at]


def _totals(row: tuple[Any, ...]) -> Totals:
    return Totals(int(row[1]), int(row[2]), int(row[3]))


def _currency_sums(sql: str, parameters: list[Any]) -> list[CurrencySum]:
    return [
        CurrencySum(currency, exponent, *map(int, figures))
        for currency, exponent, *figures in fetch_all(sql, parameters)
    ]
