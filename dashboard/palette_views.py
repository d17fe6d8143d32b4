from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from web.htmx import HtmxHttpRequest, render_page
from web.shortcuts import GROUPS


@require_safe
def shortcuts(request: HtmxHttpRequest) -> HttpResponse:
    return render_page(request, "dashboard/shortcuts.html", {"groups": GROUPS})
