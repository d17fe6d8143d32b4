from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from exports.listing import await_beginning, format_exports, tell_progress
from exports.models import Export
from exports.operations import ExportRefusedError, ask_to_stop
from exports.reading import Selection, check_moment
from exports.sending import export_table
from exports.words import table_query
from users.models import User
from web.as_of import NAMES, BadMomentError
from web.files import STREAMS
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import Key, paginate_request
from web.refusals import refuse_file
from web.tables.definition import Table
from web.tables.tabs import table_url, unknown_tab, view_query
from web.tables.views import get_table_or_404

NEWEST_FIRST = (Key("id", descending=True),)


@require_GET
def export_file(request: HtmxHttpRequest, name: str, kind: str) -> HttpResponseBase:
    """The whole of a table under its query; what is wrong with that is said on the page."""
    table = get_table_or_404(name)
    if kind not in STREAMS:
        raise Http404
    try:
        check_moment(request, table)
    except BadMomentError as error:
        page_url = _url_without(request, table, NAMES)
        return refuse_file(request, str(error), page_url=page_url)
    selection = Selection.read(request, table)
    if selection.state.is_broken:
        messages.error(request, _("Nothing is exported: mend the filter first."))
        return redirect(table_url(table, table_query(selection)))
    if tab := unknown_tab(selection.state):
        told = _("Nothing is exported: the table has no tab “%(name)s”.")
        messages.error(request, told % {"name": tab[:60]})
        return redirect(_url_without(request, table, ["tab"]))
    try:
        return export_table(request, table, kind)
    except ExportRefusedError as error:
        messages.error(request, str(error))
        return redirect(table_url(table, table_query(selection)))


@require_safe
def export_list(request: HtmxHttpRequest) -> HttpResponse:
    """One's own exports, the latest first."""
    page = paginate_request(request, _own(request), order=NEWEST_FIRST)
    context = {"page": page, "exports": format_exports(page.rows)}
    return render_page(request, "exports/export_list.html", context, partial="export-table")


@require_safe
def export_progress(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """What the page shows of the export it began, and asks for again until it is over."""
    export = _own(request).filter(public_id=public_id).first()
    tries = request.GET.get("tries", "")
    missed = int(tries) + 1 if tries.isdecimal() and len(tries) < 3 else 1
    progress = await_beginning(missed) if export is None else tell_progress(export)
    context = {"progress": progress, "missed": missed, "public_id": public_id}
    return render(request, "exports/progress.html", context)


@require_POST
def export_cancel(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    ask_to_stop(get_object_or_404(_own(request), public_id=public_id))
    return HttpResponse(status=204) if request.htmx else redirect("exports:list")


def _url_without(request: HtmxHttpRequest, table: Table, names: Sequence[str]) -> str:
    """The page of the table under the same query, but for what these say."""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    return table_url(table, view_query(query))


def _own(request: HtmxHttpRequest) -> QuerySet[Export]:
    return Export.objects.filter(user=cast(User, request.user))
