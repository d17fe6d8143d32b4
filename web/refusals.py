"""Why there is no file."""

from __future__ import annotations

from django.http import HttpResponse

from web.htmx import HtmxHttpRequest, render_page


def refuse_file(request: HtmxHttpRequest, problem: str, *, page_url: str) -> HttpResponse:
    """Say what is wrong with the address of a file; `page_url` is where it can be chosen anew."""
    context = {"problem": problem, "page_url": page_url}
    return render_page(request, "web/file_refused.html", context, status=400)
