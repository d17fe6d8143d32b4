"""The page of the entries table."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from transactions.entries_table import ENTRIES
from web.htmx import HtmxHttpRequest
from web.tables.pages import show_table


@require_safe
def entry_list(request: HtmxHttpRequest) -> HttpResponse:
    return show_table(request, ENTRIES, "transactions/entry_list.html")
