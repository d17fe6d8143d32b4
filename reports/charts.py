"""Balance and flow of a balance by month or by day, in the reader's zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from balances.models import Balance
from balances.naming import shown_minor
from reports.moments import Totals
from reports.periods import EARLIEST, Period
from reports.series import totals_through
from web.as_of import TICK, Moment

MONTHS = 12
DAYS = 90
# So that no year before the first is asked for.
FIRST_LAST = EARLIEST.replace(year=EARLIEST.year + 1)


@dataclass(frozen=True, slots=True)
class Point:
    """What happened in a period, and the balance at its end with the sign people see."""

    period: Period
    credit_minor: int
    debit_minor: int
    closing_minor: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The points, oldest first, with the balance before the first."""

    opening_minor: int
    points: tuple[Point, ...]
    has_entries: bool

    @property
    def credit_minor(self) -> int:
        return sum(point.credit_minor for point in self.points)

    @property
    def debit_minor(self) -> int:
        return sum(point.debit_minor for point in self.points)

    @property
    def closing_minor(self) -> int:
        return self.points[-1].closing_minor


def last_day(moment: Moment) -> date:
    """The last day that a page at this moment tells of."""
    cut = moment.effective_before
    return timezone.localdate(cut - TICK) if cut else timezone.localdate()


def months_until(last: date, *, cut: datetime | None = None, count: int = MONTHS) -> list[Period]:
    """The month of `last` and those before it, oldest first, in the active zone."""
    last = max(last, FIRST_LAST)
    number = last.year * 12 + last.month - 1
    return _periods([_month(number - back) for back in reversed(range(-1, count))], cut)


def days_until(last: date, *, cut: datetime | None = None, count: int = DAYS) -> list[Period]:
    """`last` and the days before it, oldest first, in the active zone."""
    last = max(last, FIRST_LAST)
    return _periods([last - timedelta(days=back) for back in reversed(range(-1, count))], cut)


def chart_of(
    balance: Balance, periods: Sequence[Period], *, known_at: datetime | None = None
) -> Chart:
    """Balance and flow in each of the periods, which follow one another; one statement."""
    moments = [periods[0].start, *(period.end for period in periods)]
    totals = totals_through(balance.pk, moments, known_at=known_at)
    side = balance.normal_side
    return Chart(
        opening_minor=shown_minor(totals[0].net_minor, side),
        points=tuple(
            _point(period, before, after, side)
            for period, (before, after) in zip(periods, pairwise(totals), strict=True)
        ),
        has_entries=totals[-1].entry_count > 0,
    )


def _point(period: Period, before: Totals, after: Totals, side: str) -> Point:
    flow = after - before
    return Point(period, flow.credit_minor, flow.debit_minor, shown_minor(after.net_minor, side))


def _month(number: int) -> date:
    """The first day of a month; months are counted from year 0."""
    return date(number // 12, number % 12 + 1, 1)


def _periods(firsts: Sequence[date], cut: datetime | None) -> list[Period]:
    zone = timezone.get_current_timezone()
    return [
        Period(first, following - timedelta(days=1), zone, cut)
        for first, following in pairwise(firsts)
    ]
