from __future__ import annotations

from typing import cast

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from dashboard.palette import count_hits, offer
from dashboard.search import GROUP_MAX, find_record
from users.models import User
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, render_page
from web.shortcuts import groups_for
from web.text import search_text


@require_safe
def search(request: HtmxHttpRequest) -> HttpResponse:
    text = search_text(request)
    if text and (record := find_record(text)):
        return redirect(record)
    groups = offer(text, user=cast(User, request.user), size=GROUP_MAX)
    context = {"q": text, "groups": groups, "is_found": any(group.is_found for group in groups)}
    return render_page(request, "dashboard/search.html", context, partial="search-results")


@require_safe
def palette(request: HtmxHttpRequest) -> HttpResponse:
    """What the search box shows for `?q=`, asked for on the page `?from=`."""
    text = search_text(request)
    path = search_text(request, "from")
    record = find_record(text) if text else None
    groups = offer(text, user=cast(User, request.user), record=record, path=path)
    context = {"q": text, "groups": groups, "found": _tell(count_hits(groups))}
    return render(request, "dashboard/_palette_list.html", context)


def _tell(count: int) -> str:
    if not count:
        return _("Nothing found")
    found = ngettext("%(count)s result", "%(count)s results", count)
    return found % {"count": format_count(count)}


@require_safe
def shortcuts(request: HtmxHttpRequest) -> HttpResponse:
    groups = groups_for(may_change_books=cast(User, request.user).may_change_books)
    return render_page(request, "dashboard/shortcuts.html", {"groups": groups})
