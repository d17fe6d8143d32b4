"""Why there is no file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.files import KINDS, ROWS_MAX, TooManyRowsError
from web.htmx import HtmxHttpRequest, render_page


def refuse_file(request: HtmxHttpRequest, problem: str, *, page_url: str) -> HttpResponse:
    """Say what is wrong with the address of a file; `page_url` is where it can be chosen anew."""
    context = {"problem": problem, "page_url": page_url}
    return render_page(request, "web/file_refused.html", context, status=400)


def offer_other_kinds(request: HttpRequest, error: TooManyRowsError, *, kind: str) -> SafeString:
    """Why the file at this address cannot be of this `kind`, with links to those that hold it."""
    path, query = request.path.removesuffix(kind), request.GET.urlencode()
    addresses = {each: f"{path}{each}{'?' * bool(query)}{query}" for each in KINDS}
    links = format_html_join(
        SafeString(" / "),
        '<a href="{}">{}</a>',
        ((url, each.upper()) for each, url in addresses.items() if each not in ROWS_MAX),
    )
    return format_html(_("{problem} The same with all lines: {links}."), problem=error, links=links)
