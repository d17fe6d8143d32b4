"""The page of the audit trail."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from audit.tables import AUDIT
from web.htmx import HtmxHttpRequest
from web.tables.pages import show_table


@require_safe
def event_list(request: HtmxHttpRequest) -> HttpResponse:
    return show_table(request, AUDIT, "audit/event_list.html")
