"""The pictures of a balance: each a page of its own, and a region that its page loads after it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from balances.models import Balance
from balances.naming import describe_side, name_of
from reports.captions import captions_of, rows_of, summarize, totals_row
from reports.charts import Chart, chart_of, days_until, last_day, months_until
from reports.svg import NARROW, WIDE, draw
from web.as_of import read_moment
from web.formatting import zone_name
from web.htmx import HtmxHttpRequest, render_page
from web.records import get_record_or_404

DAILY = "90d"


@require_safe
def balance_chart(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    balance = get_record_or_404(Balance, public_id, "identity", "ledger", "currency")
    moment = read_moment(request)
    by_month = request.GET.get("chart") != DAILY
    choose = months_until if by_month else days_until
    periods = choose(last_day(moment), cut=moment.effective_before)
    chart = chart_of(balance, periods, known_at=moment.known_at)
    context = {
        "moment": moment,
        "balance": balance,
        "name": name_of(balance),
        "back": f"{balance.get_absolute_url()}{moment.suffix}",
        "counting": describe_side(balance.normal_side),
        "by_month": by_month,
        "has_entries": chart.has_entries,
        "drawings": _drawings(chart, balance, by_month=by_month) if chart.has_entries else [],
        "summary": summarize(chart, balance, by_month=by_month),
        "rows": rows_of(chart, balance, by_month=by_month, moment=moment),
        "totals": totals_row(chart, balance),
        "is_negative": chart.closing_minor < 0,
        "zone": zone_name(),
    }
    return render_page(request, "reports/balance_chart.html", context, partial="chart")


def _drawings(chart: Chart, balance: Balance, *, by_month: bool) -> list[object]:
    captions = captions_of(chart, balance, by_month=by_month)
    exponent = balance.currency.exponent
    return [
        draw(chart, exponent=exponent, frame=frame, captions=captions) for frame in (WIDE, NARROW)
    ]
