"""A balance at a glance: what it holds, what moved in the last seven days, its latest entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from balances.models import Balance
from ledgers.money import format_amount
from reports.charts import Chart
from reports.scales import scale_of
from reports.svg import Columns, bars_of
from web.addresses import url_of
from web.formatting import format_weekday, name_weekday

DAYS = 7
ENTRIES = 5
WIDTH, HEIGHT, FOOT = 380, 84, 18


class DayRow(TypedDict):
    """One day as the table prints it; nothing is written as nothing."""

    day: str
    url: str
    credits: str
    debits: str


@dataclass(frozen=True, slots=True)
class Spark:
    """Seven days as bars: credits up, debits down."""

    credits: str
    debits: str
    zero: str
    words: list[tuple[str, str]]
    words_y: str
    width: int = WIDTH
    height: int = HEIGHT


def draw_spark(chart: Chart) -> Spark:
    credits = [point.credit_minor for point in chart.points]
    debits = [-point.debit_minor for point in chart.points]
    low, high = min(0, *debits), max(0, *credits)
    scale = scale_of([low, high if high > low else 1], top=4, bottom=HEIGHT - FOOT)
    columns = Columns(0, WIDTH, len(chart.points))
    return Spark(
        credits="".join(bar.path for bar in bars_of(credits, columns, scale)),
        debits="".join(bar.path for bar in bars_of(debits, columns, scale)),
        zero=f"M0 {scale.y(0):.1f}H{WIDTH}",
        words=[
            (f"{columns.middle(number):.1f}", name_weekday(point.period.first))
            for number, point in enumerate(chart.points)
        ],
        words_y=f"{HEIGHT - 4}",
    )


def rows_of_days(chart: Chart, balance: Balance) -> list[DayRow]:
    """Newest first; each leads to its statement."""
    exponent = balance.currency.exponent
    statement = url_of("balances:statement", balance.public_id)
    return [
        {
            "day": format_weekday(point.period.first),
            "url": f"{statement}?{urlencode(point.period.query)}",
            "credits": format_amount(point.credit_minor, exponent) if point.credit_minor else "",
            "debits": format_amount(point.debit_minor, exponent) if point.debit_minor else "",
        }
        for point in reversed(chart.points)
    ]


def summarize_days(chart: Chart, balance: Balance) -> str:
    """What the bars show, for those who do not see them."""
    exponent = balance.currency.exponent
    said = _("Last 7 days: credits %(credits)s, debits %(debits)s %(currency)s.")
    return said % {
        "credits": format_amount(chart.credit_minor, exponent),
        "debits": format_amount(chart.debit_minor, exponent),
        "currency": balance.currency_id,
    }
