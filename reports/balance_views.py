"""The page of a balance. It shows entries, so it lives above them rather than in `balances`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from audit.history import latest_events
from balances.figures import BalanceFigures
from balances.models import Balance
from balances.naming import describe_side, name_of
from balances.operations import NotEmptyError, close_balance, reopen_balance
from reports.arrival import check_arrival
from reports.balance_table import BALANCES
from reports.moments import Totals, totals_before
from reports.places import entries_of, recorded_entries
from reports.register import (
    EFFECTIVE,
    ORDERS,
    RECORDED,
    format_before,
    read_register,
    render_register,
)
from transactions.models import Entry
from users.models import User
from web.as_of import Moment, read_moment
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, render_page
from web.live import watch_record
from web.pagination import paginate_request
from web.records import get_record_or_404
from web.snapshots import snapshot

# More than any balance has entries, and no more than the database can compare.
POSITION_DIGITS = 18


@require_safe
def balance_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    balance = _get_balance(public_id)
    moment = read_moment(request)
    # Before the figures are read: what is added in between is told of, rather than missed.
    live = watch_record(BALANCES, balance.pk, balance.key) if moment.is_now else None
    # What was recorded has a figure of its own after each entry, but not without some of them.
    is_by_effective = moment.is_past or request.GET.get("order") == EFFECTIVE
    order = EFFECTIVE if is_by_effective else RECORDED
    # Only the figures of the effective order are read apart from the lines.
    with snapshot() if is_by_effective else nullcontext():
        totals = totals_of(balance, moment)
        source = entries_at(balance, moment) if is_by_effective else recorded_entries(balance)
        start = None if is_by_effective else _read_start(request)
        page = paginate_request(request, source, order=ORDERS[order], start=start)
        entries = read_register(balance, page.rows, order=order, known_at=moment.known_at)
    exponent = balance.currency.exponent
    check_arrival(
        request, totals.net_minor, totals.debit_minor, totals.credit_minor, exponent=exponent
    )
    context = {
        "moment": moment,
        "live": live,
        "balance": balance,
        "name": name_of(balance),
        "figures": BalanceFigures.at(
            balance, credits_=totals.credit_minor, debits=totals.debit_minor
        ),
        "counting": describe_side(balance.normal_side),
        "can_close": balance.is_empty,
        "entry_count": format_count(totals.entry_count),
        "entry_total": _count_entries(totals.entry_count),
        "transaction_count": format_count(balance.event_count),
        "page": page,
        "is_by_effective": is_by_effective,
        "rows": render_register(balance, entries, suffix=moment.suffix),
        "before": format_before(balance, entries[-1]) if entries else "",
        "history": latest_events(balance.key),
    }
    partial = "register" if request.htmx.target == "register" else "balance-figures"
    return render_page(request, "balances/balance_detail.html", context, partial=partial)


def _read_start(request: HtmxHttpRequest) -> tuple[int] | None:
    """Before which position the register begins, for its first line to be that of `?at=`."""
    position = request.GET.get("at", "")
    is_number = position.isascii() and position.isdecimal() and len(position) <= POSITION_DIGITS
    return (int(position) + 1,) if is_number else None


def totals_of(balance: Balance, moment: Moment) -> Totals:
    """What its entries add up to: the running totals now, or those of that moment."""
    if moment.is_now:
        return Totals(balance.credit_minor, balance.debit_minor, balance.entry_count)
    return totals_before([balance.pk], moment.before, known_at=moment.known_at)[balance.pk]


def entries_at(balance: Balance, moment: Moment) -> QuerySet[Entry, Any]:
    """What the register lists: all entries, or those that count at that moment."""
    entries = entries_of(balance, known_at=moment.known_at)
    return entries if moment.is_now else entries.filter(effective_at__lt=moment.before)


@require_POST
def balance_close(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Close a balance, or open it again when the form says so."""
    balance = _get_balance(public_id)
    actor = cast(User, request.user)
    if "reopen" in request.POST:
        reopen_balance(balance, actor=actor)
        messages.success(request, _("The balance takes entries again."))
        return redirect(balance)
    try:
        close_balance(balance, at=timezone.now(), actor=actor)
    except NotEmptyError as error:
        context = {"balance": balance, "name": name_of(balance), "reason": str(error)}
        return render_page(request, "balances/balance_not_closed.html", context, status=422)
    messages.success(request, _("The balance is closed: it takes no more entries."))
    return redirect(balance)


def _count_entries(count: int) -> str:
    return ngettext("%(count)s entry", "%(count)s entries", count) % {"count": format_count(count)}


def _get_balance(public_id: UUID) -> Balance:
    return get_record_or_404(Balance, public_id, "identity", "ledger", "currency")
