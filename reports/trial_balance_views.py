from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from balances.filters import find_by_key
from ledgers.models import Ledger
from reports.arrival import check_arrival
from reports.trial_balance import (
    BALANCE_ORDER,
    LEDGER_ORDER,
    Scope,
    TotalLine,
    balance_lines,
    balances_of,
    ledger_lines,
    ledgers_of,
    total_lines,
)
from reports.trial_balance_files import NotTiedError, make_table, name_file
from reports.trial_balance_rows import (
    Addresses,
    format_feet,
    render_balance_lines,
    render_ledger_lines,
)
from web.addresses import url_of
from web.as_of import BadMomentError, Moment, ask_moment, parse_start, read_moment
from web.files import KINDS, TooManyRowsError, send_file
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import paginate_request
from web.refusals import offer_other_kinds, refuse_file
from web.snapshots import snapshot
from web.text import search_text

SIZE = 100


class NotUnderstoodError(ValueError):
    """The address names what there is not; the message says so to a person."""


@require_safe
def trial_balance(request: HtmxHttpRequest) -> HttpResponse:
    scope = _read_scope(request)
    addresses = Addresses(scope, request.GET.get("from", "") if scope.start else "")
    with snapshot():
        totals = total_lines(scope)
        if scope.ledger:
            page = paginate_request(request, balances_of(scope), order=BALANCE_ORDER, size=SIZE)
            rows = render_balance_lines(balance_lines(scope, page.rows), addresses)
        else:
            page = paginate_request(request, ledgers_of(scope), order=LEDGER_ORDER, size=SIZE)
            rows = render_ledger_lines(ledger_lines(scope, page.rows), addresses)
    shown = [each for each in totals if scope.currency in ("", each.currency)]
    context = {
        "moment": scope.moment,
        "read_at": timezone.now(),
        "scope": scope,
        "start_text": addresses.start_text,
        "page": page,
        "rows": rows,
        "feet": format_feet(shown, addresses),
        "currencies": [each.currency for each in totals],
        "is_tied": all(each.is_tied for each in shown),
        "has_arrived": _has_arrived(request, scope, shown),
        "files": _file_links(scope, addresses),
    }
    return render_page(
        request, "reports/trial_balance.html", context, partial="trial-balance-table"
    )


@require_safe
def trial_balance_file(request: HtmxHttpRequest, kind: str) -> HttpResponseBase:
    try:
        scope = _ask_scope(request)
    except (NotUnderstoodError, BadMomentError) as error:
        return refuse_file(request, str(error), page_url=url_of("reports:trial-balance"))
    try:
        with snapshot():
            table = make_table(scope, kind=kind, now=timezone.now())
            return send_file(table, kind=kind, name=name_file(scope))
    except TooManyRowsError as error:
        messages.error(request, offer_other_kinds(request, error, kind=kind))
    except NotTiedError:
        messages.error(
            request, _("The lines do not add up to the totals, so no file was made. Run a proof.")
        )
    return redirect(f"{url_of('reports:trial-balance')}?{request.GET.urlencode()}")


def _read_scope(request: HttpRequest) -> Scope:
    """As `_ask_scope`; what is not understood is left out, with a message."""
    try:
        ledger = _ask_ledger(request)
    except NotUnderstoodError as error:
        ledger = None
        messages.warning(request, f"{error} " + _("This page shows all of them."))
    scope = Scope(read_moment(request), ledger, _currency(request))
    try:
        return replace(scope, start=_ask_start(request, scope.moment))
    except BadMomentError as error:
        told = _("%(problem)s This page begins with the first entry.")
        messages.warning(request, told % {"problem": error})
        return scope


def _ask_scope(request: HttpRequest) -> Scope:
    """`?ledger=&currency=&from=&as_of=&known_at=`

    Raises:
        NotUnderstoodError: there is no such ledger.
        BadMomentError: a moment is none that has been, or the last lies before the first.
    """
    moment = ask_moment(request)
    return Scope(moment, _ask_ledger(request), _currency(request), _ask_start(request, moment))


def _ask_ledger(request: HttpRequest) -> Ledger | None:
    key = request.GET.get("ledger", "")
    ledger = find_by_key(Ledger, key, "ldg")
    if key and ledger is None:
        raise NotUnderstoodError(_("There is no such ledger."))
    return ledger


def _ask_start(request: HttpRequest, moment: Moment) -> datetime | None:
    text = request.GET.get("from", "").strip()
    start = parse_start(text) if text else None
    if start and start >= moment.before:
        raise BadMomentError(_("The first day is after the last."))
    return start


def _currency(request: HttpRequest) -> str:
    return search_text(request, "currency").upper()


def _has_arrived(request: HttpRequest, scope: Scope, shown: list[TotalLine]) -> bool:
    """Whether somebody followed the figures of a line or a total here, and they are the same."""
    if not scope.currency:
        return False
    if not shown:
        return check_arrival(request, 0, 0, 0, exponent=0)
    (total,) = shown
    return check_arrival(
        request,
        total.net_minor,
        total.debit_minor,
        total.credit_minor,
        exponent=total.exponent,
    )


def _file_links(scope: Scope, addresses: Addresses) -> list[dict[str, Any]]:
    """Each kind of file with its address, for what the page shows."""
    query = {
        "ledger": scope.ledger.key if scope.ledger else "",
        "currency": scope.currency,
        "from": addresses.start_text,
        **scope.moment.parameters,
    }
    asked = urlencode({name: value for name, value in query.items() if value}, safe=":")
    return [
        {"label": kind.upper(), "url": f"{url_of(f'reports:trial-balance-{kind}')}?{asked}"}
        for kind in KINDS
    ]
