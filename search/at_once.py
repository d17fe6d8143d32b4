"""As many as are counted, found by one statement: it counts them, adds them up and sorts a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from search.orders import comes_after, first_by, keys_of, sorted_by
from web.counting import EXACT_MAX
from web.pagination import Key
from web.planned import fetch_planned
from web.statements import Row

# So many lines are found at most to be counted at once: some transactions have several.
LINES_MAX = EXACT_MAX + 500
# Sums have more digits than Python keeps unasked.
EXACT = Context(prec=200)
# All that passes, unless it is too much: how many lines, how many transactions, what they add up
# to, and the page of them. Whatever is not wanted then is not worked out either.
AT_ONCE = """
WITH found AS MATERIALIZED ({lines} LIMIT {maximum}),
sums AS MATERIALIZED (
    SELECT currency, sum(amount) AS amount, count(*) AS lines,
           sum(amount) FILTER (WHERE {is_release}) AS released,
           count(*) FILTER (WHERE {is_first}) AS count
    FROM found GROUP BY currency
),
size AS MATERIALIZED (
    SELECT coalesce(sum(lines), 0)::bigint AS lines, coalesce(sum(count), 0)::bigint AS count
    FROM sums
),
holds AS MATERIALIZED (
    SELECT held.currency, sum(h.reserved) AS reserved, sum(h.released) AS released
    FROM found AS held CROSS JOIN LATERAL (
        SELECT {of_hold} FROM transactions_hold AS h
        WHERE h.transaction_id = held.transaction_id OFFSET 0
    ) AS h
    WHERE held.kind = 'HOLD' AND (SELECT lines FROM size) < {maximum}
    GROUP BY held.currency
)
SELECT size.lines, size.count,
       CASE WHEN size.lines < {maximum} THEN (
           SELECT json_agg(json_build_array(
               c.code, c.exponent, s.amount::text, s.lines,
               s.released::text, h.reserved::text, h.released::text
           ) ORDER BY c.code)::text
           FROM sums AS s
           JOIN ledgers_currency AS c ON c.code = s.currency
           LEFT JOIN holds AS h ON h.currency = s.currency
       ) END,
       page.*
FROM size LEFT JOIN (
    SELECT * FROM (
        SELECT {names} FROM found AS once
        WHERE {is_first} AND (SELECT lines FROM size) < {maximum}
    ) AS once {position} {ordered}
) AS page ON true
{sorted}
"""
# The same of everything, however much that is; the lines have `ADDED_UP`.
IN_FULL = """
SELECT c.code, c.exponent, s.amount, s.lines, s.given_up, s.reserved, s.released
FROM (
    SELECT currency, sum(amount) AS amount, count(*) AS lines,
           sum(amount) FILTER (WHERE {is_release}) AS given_up,
           sum(h.reserved) AS reserved, sum(h.released) AS released
    FROM ({lines} OFFSET 0) AS found
    LEFT JOIN (SELECT h.transaction_id, {of_hold} FROM transactions_hold AS h) AS h
        USING (transaction_id)
    GROUP BY currency
) AS s
JOIN ledgers_currency AS c ON c.code = s.currency ORDER BY c.code
"""
ADDED_UP = ("transaction_id", "kind", "currency", "amount")
# What of a hold is not in the books: still reserved, or given up. A hold has one currency.
OF_HOLD = """h.total_minor - h.committed_minor - h.released_minor AS reserved,
               h.released_minor AS released"""
IS_RELEASE = "kind IN ('VOID', 'EXPIRY')"
# Of the lines of one transaction: the first; or the first that passes, where others may not; or
# whichever, where no more than one passes.
IS_FIRST = "line = 1"
IS_ONE = "true"
IS_FIRST_FOUND = """(
    line = 1 OR (transaction_id, line) IN (
        SELECT transaction_id, min(line) FROM found GROUP BY transaction_id
    )
)"""
REFERENCE = """(
    SELECT t.reference FROM transactions_transaction AS t WHERE t.id = once.transaction_id
) AS reference"""
Compiled = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """What the amounts of `count` transactions add up to in one currency.

    Of that, `reserved_minor` is in no balance yet, and `released_minor` never will be: it was
    held, and then voided or expired.
    """

    currency: str
    exponent: int
    amount_minor: int
    count: int
    reserved_minor: int = 0
    released_minor: int = 0

    @classmethod
    def of(cls, currency: str, exponent: int, *figures: Any) -> CurrencySum:
        """From what the statements select."""
        amount, count, given_up, reserved, released = figures
        return cls(
            currency,
            exponent,
            _minor(amount, exponent),
            count,
            int(reserved or 0),
            int(released or 0) + _minor(given_up or 0, exponent),
        )


def _minor(amount: str | Decimal | int, exponent: int) -> int:
    """Of an amount in major units."""
    return int(Decimal(amount).scaleb(exponent, EXACT))


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at once: so many transactions, and no more unless `is_cut`."""

    count: int
    sums: list[CurrencySum]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What to read of all that is found: the first `limit` in the order `sort` after `position`."""

    sort: str
    keys: Sequence[Key] = ()
    position: Sequence[Any] | None = None
    limit: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of its rows."""
        return tuple(dict.fromkeys(("transaction_id", *keys_of(self.sort))))


def columns_of(page: Page) -> tuple[str, ...]:
    """What of `FoundTransaction` the lines must have to be found at once."""
    names = ("line", *ADDED_UP, *page.names)
    return tuple(dict.fromkeys(name for name in names if name != "reference"))


def add_up(lines: Compiled) -> list[CurrencySum]:
    """What the lines, selected with `ADDED_UP`, come to."""
    selected, parameters = lines
    sql = IN_FULL.format(lines=selected, is_release=IS_RELEASE, of_hold=OF_HOLD)
    return [CurrencySum.of(*row) for row in fetch_planned(sql, parameters)]


def find_at_once(lines: Compiled, page: Page, *, is_first: str) -> tuple[Found, list[Row]]:
    """What the lines, selected with `columns_of`, come to; and the page, unless that is cut.

    `is_first` is one of the conditions above, by which each transaction is taken once.
    """
    selected, parameters = lines
    names = (REFERENCE if name == "reference" else name for name in page.names)
    sql = AT_ONCE.format(
        lines=selected,
        maximum=f"{LINES_MAX:d}",
        is_release=IS_RELEASE,
        of_hold=OF_HOLD,
        names=", ".join(names),
        is_first=is_first,
        position="" if page.position is None else f"WHERE {comes_after(page.keys)}",
        ordered=first_by(page.keys, page.limit),
        sorted=sorted_by(page.keys),
    )
    rows = fetch_planned(sql, [*parameters, *(page.position or ())])
    line_count, count, sums = rows[0][:3]
    added_up = [CurrencySum.of(*each) for each in json.loads(sums or "[]")]
    found = Found(count, added_up, is_cut=line_count >= LINES_MAX)
    return found, [row[3:] for row in rows if row[3] is not None]
