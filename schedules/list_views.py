"""The transactions table. It shows schedules, too, and stands above them."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from schedules.tables import TRANSACTIONS
from web.htmx import HtmxHttpRequest
from web.tables.pages import show_table


@require_safe
def transaction_list(request: HtmxHttpRequest) -> HttpResponse:
    return show_table(request, TRANSACTIONS, "transactions/transaction_list.html")
