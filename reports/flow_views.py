"""The counterparties of a balance: a page to walk from, and a region that its page loads late."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
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
from reports.flow_rows import Ways, draw_flows, rows_of_flows
from reports.flows import Flows, flows_of
from reports.periods import Period, PeriodForm, QuickPeriod
from web.addresses import url_of
from web.as_of import Moment, read_moment
from web.formatting import format_count, format_date, format_datetime_full
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
    earlier = _before(flows, period) if flows.earlier.entry_count else None
    earlier_url = url_with(request, **earlier.query) if earlier else ""
    ways = Ways(query, earlier_url)
    periods = _quick_periods(request, period, last_day(moment))
    exponent = balance.currency.exponent
    return {
        "period": period,
        "periods": periods,
        "is_quick": any(each["is_chosen"] for each in periods),
        "has_entries": flows.total.entry_count > 0,
        "drawings": draw_flows(flows, balance, ways),
        "rows": rows_of_flows(flows, balance, ways),
        "incoming": format_amount(flows.total.credit_minor, exponent),
        "outgoing": format_amount(flows.total.debit_minor, exponent),
        "has_together": flows.together is not None,
        "told": _say_told(flows, period),
        "statement_url": f"{url_of('balances:statement', balance.public_id)}?{query}",
    }


def _before(flows: Flows, period: Period) -> Period | None:
    """The days of which nothing was broken down; None where a day was broken down in part."""
    if flows.since is None:
        return None
    return replace(period, last=_day(flows.since, period) - timedelta(days=1))


def _say_told(flows: Flows, period: Period) -> str:
    """Which entries were broken down, if those are not all of the period."""
    if not flows.earlier.entry_count or flows.oldest is None:
        return ""
    count = format_count(flows.total.entry_count - flows.earlier.entry_count)
    if flows.since is None:
        said = _(
            "Broken down are the latest %(count)s entries, back to %(oldest)s: of that day there"
            " are too many to break down all."
        )
        return said % {"count": count, "oldest": format_datetime_full(flows.oldest)}
    said = _(
        "Broken down are all %(count)s entries from %(first)s to %(last)s; the line of earlier"
        " entries leads to those before."
    )
    first, last = _day(flows.since, period), period.last_that_counts
    return said % {"count": count, "first": format_date(first), "last": format_date(last)}


def _day(moment: datetime, period: Period) -> date:
    return moment.astimezone(period.zone).date()


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
