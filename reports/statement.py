"""The statement of a balance for a period: opening, entries in effective order, closing.

What it says is checked before anybody sees it. The closing figure comes from day totals, the
lines from the entries themselves; a statement in which opening and lines do not come to closing
is not made. All is read on one snapshot (`web.snapshots`), which the caller opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from django.db.models import QuerySet
from django.utils import timezone

from balances.models import Balance
from reports.moments import Totals, totals_at
from reports.periods import Period
from reports.places import (
    OLDEST_FIRST,
    Place,
    effective_entries,
    entries_of,
    in_integers,
    sum_entries,
    totals_at_places,
)
from transactions.models import Entry
from web.pagination import KeysetPage, paginate
from web.statements import fetch_one

PAGE_SIZE = 100
CHUNK = 2_000
SPAN = """
SELECT (SELECT effective_at FROM transactions_entry WHERE balance_id = %s
        ORDER BY effective_at, id LIMIT 1),
       (SELECT effective_at FROM transactions_entry WHERE balance_id = %s
        ORDER BY effective_at DESC, id DESC LIMIT 1)
"""


class StatementMismatchError(Exception):
    """Opening and lines do not come to closing: the books or their day totals are broken."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A period of a balance between two figures; by `known_at`, as it was known then."""

    balance: Balance
    period: Period
    known_at: datetime | None
    opening: Totals
    closing: Totals

    @classmethod
    def read(cls, balance: Balance, period: Period, *, known_at: datetime | None = None) -> Self:
        moments = [period.start, period.end]
        opening, closing = totals_at(balance.pk, moments, known_at=known_at)
        return cls(balance, period, known_at, opening, closing)

    @property
    def moved(self) -> Totals:
        """What the period adds."""
        return self.closing - self.opening

    def whole_entries(self) -> QuerySet[Entry, Any]:
        """The lines, in no order yet, with all of their descriptions."""
        entries = entries_of(self.balance, known_at=self.known_at, is_whole=True)
        return entries.filter(effective_at__gte=self.period.start, effective_at__lt=self.period.end)


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Some lines of a statement between what was brought forward and what is carried forward."""

    statement: Statement
    page: KeysetPage
    brought: Totals
    carried: Totals

    @property
    def is_first(self) -> bool:
        return self.page.previous_cursor is None

    @property
    def is_last(self) -> bool:
        return self.page.next_cursor is None


def read_page(
    balance: Balance,
    period: Period,
    cursor: str | None = None,
    *,
    known_at: datetime | None = None,
    size: int = PAGE_SIZE,
) -> StatementPage:
    """One page of a statement, at the same cost wherever it lies.

    Raises:
        BadCursorError: `cursor` is malformed.
        StatementMismatchError: its lines do not lead from one figure to the other.
    """
    source = effective_entries(balance, period.start, period.end, known_at=known_at)
    page = paginate(source, order=OLDEST_FIRST, cursor=cursor, size=size)
    page = replace(page, rows=in_integers(page.rows))
    if not page.rows and cursor:
        return read_page(balance, period, known_at=known_at, size=size)
    places = [Place(period.start), Place(period.end)]
    if page.rows:
        places += [Place.before(page.rows[0]), Place.after(page.rows[-1])]
    opening, closing, *around = totals_at_places(balance, places, known_at=known_at)
    brought, carried = around or (opening, closing)
    found = StatementPage(
        Statement(balance, period, known_at, opening, closing), page, brought, carried
    )
    _check("the lines of a page", carried, brought + sum_entries(page.rows))
    if found.is_first:
        _check("opening and first line", opening, brought)
    if found.is_last:
        _check("last line and closing", closing, carried)
    return found


def read_lines(statement: Statement) -> Iterator[list[dict[str, Any]]]:
    """All lines, some at a time, in constant memory.

    Raises:
        StatementMismatchError: after the last of them, when they do not come to closing.
    """
    entries = statement.whole_entries()
    reached, cursor = statement.opening, None
    while True:
        page = paginate(entries, order=OLDEST_FIRST, cursor=cursor, size=CHUNK)
        reached += sum_entries(page.rows)
        if page.rows:
            yield page.rows
        cursor = page.next_cursor
        if cursor is None:
            break
    _check("all lines", statement.closing, reached)


def span_of(balance: Balance, *, today: date) -> tuple[date, date]:
    """The days of its first and its last entry; today where there are none."""
    row = fetch_one(SPAN, [balance.pk, balance.pk]) or (None, None)
    oldest, newest = (timezone.localtime(each).date() if each else today for each in row)
    return oldest, newest


def _check(where: str, expected: Totals, found: Totals) -> None:
    if expected != found:
        raise StatementMismatchError(f"{where} of the statement do not tie")
