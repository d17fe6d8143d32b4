"""Days, months, years and relative periods, as the filters of dates take them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

YEAR_MIN, YEAR_MAX = 1900, 2999
DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of `first` to the end of `last`, in the active time zone."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment that is past it."""
        return _midnight(self.last + timedelta(days=1))


WORDS: dict[str, str | Promise] = {
    "today": _("today"),
    "yesterday": _("yesterday"),
    "tomorrow": _("tomorrow"),
    "this-week": _("this week to date"),
    "last-week": _("last week"),
    "this-month": _("this month to date"),
    "last-month": _("last month"),
    "this-quarter": _("this quarter to date"),
    "last-quarter": _("last quarter"),
    "this-year": _("this year to date"),
    "last-year": _("last year"),
    "last-7-days": _("the last 7 days"),
    "last-30-days": _("the last 30 days"),
    "last-90-days": _("the last 90 days"),
    "next-7-days": _("the next 7 days"),
}


def _start_of_quarter(day: date) -> date:
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def _before(first: date, start_of: Callable[[date], date]) -> Period:
    """The whole period that ends where the one that begins with `first` begins."""
    last = first - timedelta(days=1)
    return Period(start_of(last), last)


def _start_of_week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _start_of_month(day: date) -> date:
    return day.replace(day=1)


def _start_of_year(day: date) -> date:
    return day.replace(month=1, day=1)


STARTS: dict[str, Callable[[date], date]] = {
    "week": _start_of_week,
    "month": _start_of_month,
    "quarter": _start_of_quarter,
    "year": _start_of_year,
}


def read_period(text: str) -> Period | None:
    """`2025-03-31`, `2025-03`, `2025` or one of `WORDS`; None for anything else."""
    text = text.strip().lower()
    if text in WORDS:
        return _relative(text, timezone.localdate())
    match = DATE.fullmatch(text)
    if not match:
        return None
    year, month, day = (int(each) if each else None for each in match.groups())
    try:
        return _calendar(year or 0, month, day)
    except ValueError:
        return None


def _calendar(year: int, month: int | None, day: int | None) -> Period | None:
    if not YEAR_MIN <= year <= YEAR_MAX:
        return None
    if day is not None and month is not None:
        return Period(date(year, month, day), date(year, month, day))
    if month is None:
        return Period(date(year, 1, 1), date(year, 12, 31))
    following = date(year + month // 12, month % 12 + 1, 1)
    return Period(date(year, month, 1), following - timedelta(days=1))


def _relative(word: str, today: date) -> Period:
    single = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if word in single:
        day = today + timedelta(days=single[word])
        return Period(day, day)
    which, _separator, unit = word.partition("-")
    if unit in STARTS:
        first = STARTS[unit](today)
        return Period(first, today) if which == "this" else _before(first, STARTS[unit])
    days = timedelta(days=int(unit.split("-")[0]) - 1)
    return Period(today, today + days) if which == "next" else Period(today - days, today)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
