"""The page of a balance. It shows entries, so it lives above them rather than in `balances`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from audit.history import latest_events
from balances.figures import BalanceFigures, is_empty
from balances.models import Balance
from balances.naming import describe_side, name_of
from balances.operations import NotEmptyError, close_balance, reopen_balance
from reports.places import entries_of
from reports.register import (
    EFFECTIVE,
    ORDERS,
    RECORDED,
    format_before,
    format_register,
    read_register,
)
from users.models import User
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import paginate_request
from web.records import get_record_or_404
from web.snapshots import snapshot


@require_safe
def balance_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    balance = _get_balance(public_id)
    order = EFFECTIVE if request.GET.get("order") == EFFECTIVE else RECORDED
    # Only the figures of the effective order are read apart from the lines.
    with snapshot() if order == EFFECTIVE else nullcontext():
        page = paginate_request(request, entries_of(balance), order=ORDERS[order])
        entries = read_register(balance, page.rows, order=order)
    context = {
        "balance": balance,
        "name": name_of(balance),
        "figures": BalanceFigures.of(balance),
        "counting": describe_side(balance.normal_side),
        "can_close": is_empty(balance),
        "entry_count": format_count(balance.entry_count),
        "entry_total": _count_entries(balance),
        "transaction_count": format_count(balance.transaction_count),
        "page": page,
        "is_by_effective": order == EFFECTIVE,
        "rows": format_register(balance, entries),
        "before": format_before(balance, entries[-1]) if entries else "",
        "history": latest_events(balance.key),
    }
    partial = "register" if request.htmx.target == "register" else "balance-figures"
    return render_page(request, "balances/balance_detail.html", context, partial=partial)


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


def _count_entries(balance: Balance) -> str:
    count = balance.entry_count
    return ngettext("%(count)s entry", "%(count)s entries", count) % {"count": format_count(count)}


def _get_balance(public_id: UUID) -> Balance:
    return get_record_or_404(Balance, public_id, "identity", "ledger", "currency")
