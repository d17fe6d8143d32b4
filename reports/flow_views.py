"""The counterparties of a balance: a page to walk from, and a region that its page loads late."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from balances.models import Balance
from balances.naming import name_of
from ledgers.money import format_amount
from reports.charts import last_day, months_until
from reports.flow_rows import draw_flows, rows_of_flows
from reports.flows import ENTRIES_MAX, flows_of
from reports.periods import Period, PeriodForm, QuickPeriod
from web.addresses import url_of
from web.as_of import Moment, read_moment
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, render_page
from web.query import url_with
from web.records import get_record_or_404


@require_safe
def balance_flow(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    balance = get_record_or_404(Balance, public_id, "identity", "ledger", "currency")
    moment = read_moment(request)
    form = _read_form(request, moment)
    context: dict[str, Any] = {
        "balance": balance,
        "name": name_of(balance),
        "back": f"{balance.get_absolute_url()}{moment.suffix}",
        "moment": moment,
        "form": form,
    }
    if form.is_valid():
        context |= _flows(request, balance, form.period, moment)
    status = 200 if form.is_valid() else 422
    return render_page(request, "reports/balance_flow.html", context, partial="flow", status=status)


def _flows(
    request: HtmxHttpRequest, balance: Balance, period: Period, moment: Moment
) -> dict[str, Any]:
    flows = flows_of(balance, period.start, period.end, known_at=moment.known_at)
    query = f"{urlencode(period.query)}{moment.addition}"
    periods = _quick_periods(request, period, last_day(moment))
    exponent = balance.currency.exponent
    return {
        "period": period,
        "periods": periods,
        "is_quick": any(each["is_chosen"] for each in periods),
        "has_entries": flows.total.entry_count > 0,
        "drawings": draw_flows(flows, balance, query=query),
        "rows": rows_of_flows(flows, balance, query=query),
        "incoming": format_amount(flows.total.credit_minor, exponent),
        "outgoing": format_amount(flows.total.debit_minor, exponent),
        "has_together": flows.together is not None,
        "has_earlier": flows.earlier.entry_count > 0,
        "entries_max": format_count(ENTRIES_MAX),
        "statement_url": f"{url_of('balances:statement', balance.public_id)}?{query}",
    }


def _read_form(request: HtmxHttpRequest, moment: Moment) -> PeriodForm:
    return PeriodForm(
        request.GET,
        today=last_day(moment),
        cut=moment.effective_before,
        begin=lambda last: months_until(last)[0].first,
    )


def _quick_periods(request: HtmxHttpRequest, period: Period, today: date) -> list[dict[str, Any]]:
    spans = [
        (_("12 months"), months_until(today)[0].first),
        (_("90 days"), today - timedelta(days=89)),
        (_("30 days"), today - timedelta(days=29)),
        (_("7 days"), today - timedelta(days=6)),
    ]
    quick = [QuickPeriod.of(label, first, today, period) for label, first in spans]
    return [
        {
            "label": each.label,
            "url": url_with(request, **each.period.query),
            "is_chosen": each.is_chosen,
        }
        for each in quick
    ]
