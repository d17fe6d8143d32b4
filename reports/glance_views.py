"""A balance at a glance, beside the table that it was opened from, or as a page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from balances.figures import BalanceFigures
from balances.models import Balance
from balances.naming import describe_side, name_of
from ledgers.money import format_amount
from reports.charts import chart_of, days_until
from reports.glance import DAYS, ENTRIES, draw_spark, rows_of_days, summarize_days
from reports.places import entries_of
from reports.register import format_register
from web.formatting import format_count, zone_name
from web.htmx import HtmxHttpRequest, render_page
from web.records import get_record_or_404


@require_safe
def balance_quick(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    balance = get_record_or_404(Balance, public_id, "identity", "ledger", "currency")
    chart = chart_of(balance, days_until(timezone.localdate(), count=DAYS))
    exponent = balance.currency.exponent
    context = {
        "balance": balance,
        "name": name_of(balance),
        "figures": BalanceFigures.of(balance),
        "transaction_count": format_count(balance.event_count),
        "counting": describe_side(balance.normal_side),
        "credits": format_amount(chart.credit_minor, exponent),
        "debits": format_amount(chart.debit_minor, exponent),
        "has_moved": bool(chart.credit_minor or chart.debit_minor),
        "spark": draw_spark(chart),
        "summary": summarize_days(chart, balance),
        "days": rows_of_days(chart, balance),
        "rows": format_register(balance, list(entries_of(balance).order_by("-position")[:ENTRIES])),
        "zone": zone_name(),
    }
    return render_page(request, "reports/balance_quick.html", context)
