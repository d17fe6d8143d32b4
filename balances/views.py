from __future__ import annotations

from typing import cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audit.views import edit_metadata, show_info
from balances.figures import BalanceFigures
from balances.filters import find_by_key
from balances.forms import BalanceForm
from balances.lookups import suggest_currency
from balances.models import Balance
from balances.naming import describe_side, name_of
from balances.operations import IndicatorTakenError, open_balance
from balances.records import describe_record
from balances.suggestions import suggest_balances
from ledgers.models import Currency
from users.models import User
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.suggestions import SUGGESTIONS_MAX, render_suggestions
from web.text import isolate, search_text


@require_http_methods(["GET", "POST"])
def balance_create(request: HtmxHttpRequest) -> HttpResponse:
    form = open_form(request, BalanceForm, initial={"public_id": uuid4()})
    if form.is_valid():
        try:
            balance = open_balance(**form.opening(), actor=cast(User, request.user))
        except IndicatorTakenError as error:
            form.add_error("indicator", str(error))
        else:
            _announce(request, balance, is_new=form.asks_for(balance))
            return finish_form(
                request, url=balance.get_absolute_url(), event="balanceCreated", key=balance.key
            )
    status = 422 if form.errors else 200
    return render_page(request, "balances/balance_create.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def balance_metadata(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    balance = get_object_or_404(Balance.objects.select_related("identity"), public_id=public_id)
    return edit_metadata(request, balance, name=name_of(balance))


@require_safe
def balance_info(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    balance = get_object_or_404(
        Balance.objects.select_related("identity", "ledger", "currency"), public_id=public_id
    )
    return show_info(
        request,
        balance,
        name=name_of(balance),
        facts="balances/_balance_facts.html",
        record=describe_record(balance),
        figures=BalanceFigures.of(balance),
        counting=describe_side(balance.normal_side),
    )


@require_safe
def balance_suggest(request: HtmxHttpRequest) -> HttpResponse:
    """Those in the currency of `beside` first: the balance on the other side of a transfer."""
    beside = find_by_key(Balance, request.GET.get("beside", ""), "bln")
    currency = beside.currency_id if beside else ""
    return render_suggestions(request, suggest_balances(search_text(request), currency=currency))


@require_safe
def currency_suggest(request: HtmxHttpRequest) -> HttpResponse:
    text = search_text(request)
    currencies = Currency.objects.filter(
        Q(code__istartswith=text) | Q(name__icontains=text)
    ).order_by("code")
    return render_suggestions(
        request, [suggest_currency(each) for each in currencies[:SUGGESTIONS_MAX]]
    )


def _announce(request: HtmxHttpRequest, balance: Balance, *, is_new: bool) -> None:
    values = {"name": isolate(name_of(balance)), "currency": balance.currency_id}
    if is_new:
        messages.success(request, _("Balance of %(name)s in %(currency)s opened.") % values)
        return
    said = _("This form had opened %(name)s in %(currency)s before, so nothing was added.")
    messages.warning(request, said % values)
