"""The statement of a balance, on the screen and as files."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from audit.recording import record
from balances.models import Balance
from balances.naming import describe_side, name_of
from reports.arrival import check_arrival
from reports.periods import Period, PeriodForm, quick_periods
from reports.statement import (
    Statement,
    StatementMismatchError,
    StatementPage,
    read_page,
    span_of,
)
from reports.statement_files import name_file, tabulate
from reports.statement_rows import Figure, StatementFigures, render_lines
from users.models import User
from web.addresses import url_of
from web.as_of import NAMES, TICK, BadMomentError, Moment, ask_moment, read_moment
from web.files import KINDS, TooManyRowsError, send_file
from web.formatting import zone_name
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import BadCursorError
from web.query import url_with
from web.records import get_record_or_404
from web.refusals import offer_other_kinds, refuse_file
from web.snapshots import snapshot

logger = logging.getLogger(__name__)


@require_safe
def statement(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Opening, lines in effective order and closing; a hundred lines to a page."""
    balance = get_record_or_404(Balance, public_id, "identity", "ledger", "currency")
    moment = read_moment(request)
    form = _read_form(request, moment)
    context = {
        "balance": balance,
        "name": name_of(balance),
        "counting": describe_side(balance.normal_side),
        "moment": moment,
        "form": form,
    }
    if not form.is_valid():
        return render_page(request, "balances/statement.html", context, status=422)
    try:
        with snapshot():
            page = _read_page(request, balance, form.period, moment)
            found = page.statement
            context["periods"] = _quick_periods(request, found)
    except StatementMismatchError as error:
        return _refuse_mismatch(request, context, error)
    net_minor, moved = found.closing.net_minor, found.moved
    exponent = balance.currency.exponent
    check_arrival(request, net_minor, moved.debit_minor, moved.credit_minor, exponent=exponent)
    context |= {
        "period": form.period,
        "figures": StatementFigures.of(found),
        "brought": Figure.of(balance, page.brought),
        "carried": Figure.of(balance, page.carried),
        "is_first": page.is_first,
        "is_last": page.is_last,
        "page": page.page,
        "rows": render_lines(page, suffix=moment.suffix),
        "files": _file_links(request, balance, moment),
    }
    return render_page(request, "balances/statement.html", context, partial="statement-lines")


@require_GET
def statement_file(request: HtmxHttpRequest, public_id: UUID, kind: str) -> HttpResponseBase:
    """The whole statement as a file, once all of it is written and found to tie."""
    balance = get_record_or_404(Balance, public_id, "identity", "ledger", "currency")
    try:
        moment = ask_moment(request)
    except BadMomentError as error:
        return refuse_file(request, str(error), page_url=_page_url(balance))
    form = _read_form(request, moment)
    if not form.is_valid():
        # The page says what is wrong.
        return redirect(f"{_page_url(balance)}?{request.GET.urlencode()}")
    now = timezone.now()
    try:
        with snapshot():
            found = Statement.read(balance, form.period, known_at=moment.known_at)
            table = tabulate(found, moment, kind=kind, now=now)
            response = send_file(table, kind=kind, name=name_file(found, moment))
    except TooManyRowsError as error:
        problem = offer_other_kinds(request, error, kind=kind)
        messages.error(request, format_html("{} {}", problem, _("Or choose a shorter period.")))
        return redirect(f"{_page_url(balance)}?{request.GET.urlencode()}")
    except StatementMismatchError as error:
        context = {"balance": balance, "name": name_of(balance)}
        return _refuse_mismatch(request, context, error)
    record(
        actor=cast(User, request.user),
        action="statement.exported",
        subject=balance.key,
        after={
            **form.period.query,
            "zone": zone_name(),
            **moment.parameters,
            "format": kind,
            "lines": found.moved.entry_count,
        },
    )
    return response


def _read_form(request: HtmxHttpRequest, moment: Moment) -> PeriodForm:
    cut = moment.effective_before
    today = timezone.localdate(cut - TICK) if cut else timezone.localdate()
    return PeriodForm(request.GET, today=today, cut=cut)


def _read_page(
    request: HtmxHttpRequest, balance: Balance, period: Period, moment: Moment
) -> StatementPage:
    read = partial(read_page, balance, period, known_at=moment.known_at)
    try:
        return read(request.GET.get("cursor"))
    except BadCursorError:
        messages.warning(request, _("That page link is no longer valid. This is the first page."))
        return read()


def _quick_periods(request: HtmxHttpRequest, found: Statement) -> list[dict[str, Any]]:
    today = timezone.localdate()
    oldest, newest = span_of(found.balance, today=today)
    periods = quick_periods(found.period, today=today, oldest=oldest, newest=newest)
    return [
        {
            "label": each.label,
            "url": url_with(request, **each.period.query),
            "is_chosen": each.is_chosen,
        }
        for each in periods
    ]


def _file_links(request: HtmxHttpRequest, balance: Balance, moment: Moment) -> list[dict[str, str]]:
    """Each kind of file with its address, for what the page shows."""
    shown = {**dict.fromkeys(NAMES, ""), **moment.parameters}
    query = url_with(request, **shown).partition("?")[2]
    url = _page_url(balance).rstrip("/")
    return [
        {"label": kind.upper(), "url": f"{url}.{kind}{'?' * bool(query)}{query}"} for kind in KINDS
    ]


def _refuse_mismatch(
    request: HtmxHttpRequest, context: dict[str, Any], error: StatementMismatchError
) -> HttpResponse:
    logger.error("Statement of %s refused: %s", context["balance"].key, error)
    return render_page(request, "balances/statement_refused.html", context, status=500)


def _page_url(balance: Balance) -> str:
    return url_of("balances:statement", balance.public_id)
