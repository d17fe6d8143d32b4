"""The page of the Balances table, which lies above balances: it reads them at any moment."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from reports.balance_table import BALANCES
from web.htmx import HtmxHttpRequest
from web.tables.pages import show_table


@require_safe
def balance_list(request: HtmxHttpRequest) -> HttpResponse:
    return show_table(request, BALANCES, "balances/balance_list.html")
