"""What is said about a chart: the words on its axis, its table, and its summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypedDict
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import shown_minor
from ledgers.money import format_amount
from reports.charts import Chart, Point
from reports.periods import Period
from reports.svg import Caption
from web.addresses import url_of
from web.as_of import Moment
from web.formatting import format_date, format_day_of_year, format_month, name_month

# Of ninety days, those whose date stands below the axis.
NAMED_DAYS = (1, 15)


class ChartRow(TypedDict):
    """One month or day as the table prints it."""

    name: str
    url: str
    credits: str
    debits: str
    closing: str
    is_negative: bool


def captions_of(chart: Chart, balance: Balance, *, by_month: bool) -> list[Caption]:
    first = chart.points[0].period
    return [
        Caption(
            *_words(point.period, first, by_month=by_month),
            title=_title(point, balance, by_month=by_month),
        )
        for point in chart.points
    ]


def rows_of(chart: Chart, balance: Balance, *, by_month: bool, moment: Moment) -> list[ChartRow]:
    """Oldest first; each leads to its statement at that moment, which compares the balance."""
    exponent = balance.currency.exponent
    statement = url_of("balances:statement", balance.public_id)
    return [
        {
            "name": name_period(point.period, by_month=by_month),
            "url": f"{statement}?{_ask(point, balance)}{moment.addition}",
            "credits": format_amount(point.credit_minor, exponent),
            "debits": format_amount(point.debit_minor, exponent),
            "closing": format_amount(point.closing_minor, exponent),
            "is_negative": point.closing_minor < 0,
        }
        for point in chart.points
    ]


def _ask(point: Point, balance: Balance) -> str:
    net_minor = shown_minor(point.closing_minor, balance.normal_side)
    return urlencode({**point.period.query, "expect": net_minor})


def name_period(period: Period, *, by_month: bool) -> str:
    """ "Nov 2026", or "3 Nov 2026"."""
    return format_month(period.first) if by_month else format_date(period.first)


def summarize(chart: Chart, balance: Balance, *, by_month: bool) -> str:
    """What the picture shows, for those who do not see it."""
    exponent = balance.currency.exponent
    low = min(chart.points, key=lambda point: point.closing_minor)
    high = max(chart.points, key=lambda point: point.closing_minor)
    said = _(
        "Balance in %(currency)s from %(opening)s to %(closing)s, %(first)s to %(last)s; "
        "lowest %(low)s (%(low_name)s), highest %(high)s (%(high_name)s). "
        "Credits %(credits)s, debits %(debits)s."
    )
    return said % {
        "currency": balance.currency_id,
        "opening": format_amount(chart.opening_minor, exponent),
        "closing": format_amount(chart.closing_minor, exponent),
        "first": name_period(chart.points[0].period, by_month=by_month),
        "last": name_period(chart.points[-1].period, by_month=by_month),
        "low": format_amount(low.closing_minor, exponent),
        "low_name": name_period(low.period, by_month=by_month),
        "high": format_amount(high.closing_minor, exponent),
        "high_name": name_period(high.period, by_month=by_month),
        "credits": format_amount(chart.credit_minor, exponent),
        "debits": format_amount(chart.debit_minor, exponent),
    }


def _words(period: Period, first: Period, *, by_month: bool) -> tuple[str, str]:
    """The month, with the year where one begins; or the day, where it is one of a few."""
    day = period.first
    if by_month:
        return name_month(day), _year(day, is_first=period == first or day.month == 1)
    if day.day not in NAMED_DAYS:
        return "", ""
    return format_day_of_year(day), ""


def _year(day: date, *, is_first: bool) -> str:
    return f"{day.year}" if is_first else ""


def _title(point: Point, balance: Balance, *, by_month: bool) -> str:
    exponent = balance.currency.exponent
    said = _("%(name)s: %(closing)s %(currency)s\nCredits %(credits)s\nDebits %(debits)s")
    return said % {
        "name": name_period(point.period, by_month=by_month),
        "closing": format_amount(point.closing_minor, exponent),
        "currency": balance.currency_id,
        "credits": format_amount(point.credit_minor, exponent),
        "debits": format_amount(point.debit_minor, exponent),
    }


def totals_row(chart: Chart, balance: Balance) -> Sequence[str]:
    """Opening balance, credits, debits and closing balance, for below the table."""
    exponent = balance.currency.exponent
    amounts = (chart.opening_minor, chart.credit_minor, chart.debit_minor, chart.closing_minor)
    return [format_amount(minor, exponent) for minor in amounts]
