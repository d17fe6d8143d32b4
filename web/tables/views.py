"""What every table has beside its page: the panel of filters, and the choice of columns."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from web.htmx import HtmxHttpRequest, in_slide_over, render_page
from web.tables import panel
from web.tables.conditions import Conditions
from web.tables.definition import Table, find_table
from web.tables.state import read_state
from web.tables.tabs import all_url, count_tabs, link_tabs, table_url

APPLY, SAVE = "apply", "save"


def get_table_or_404(name: str) -> Table:
    table = find_table(name)
    if table is None:
        raise Http404
    return table


@require_safe
def filters(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """The panel: opened with the query of the table, and asked for again as it is filled in."""
    table = get_table_or_404(name).for_request(request)
    query = request.GET
    do = query.get("do")
    is_applied = do in (APPLY, SAVE)
    if panel.is_filled(query):
        asked = panel.read_form(query, table)
    else:
        asked = panel.Asked.of(Conditions.read(query))
    conditions = asked.conditions()
    compiled = conditions.compile(table.fields)
    if is_applied and not compiled.problems:
        kept = panel.table_query(query, conditions).urlencode(safe=":,@|")
        if do == SAVE:
            return _leave(request, f"{reverse('users:view-create', args=[table.name])}?{kept}")
        return _leave(request, table_url(table, kept) if kept else all_url(request, table))
    context = {
        "table": table,
        "rows": panel.build_rows(
            asked, table, says_problems=is_applied or not panel.is_filled(query)
        ),
        "precedences": panel.explain_precedence(),
        "precedence": panel.AND if asked.is_any else panel.OR,
        "kept": [
            (key, value)
            for key, values in panel.table_query(query, Conditions()).lists()
            for value in values
        ],
        "back": table_url(table, panel.table_query(query).urlencode(safe=":,@|")),
    }
    status = 422 if is_applied else 200
    return render_page(request, "tables/filters.html", context, status=status)


@require_safe
def counts(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """How many rows the tabs hold that a page with this query does not show."""
    table = get_table_or_404(name).for_request(request)
    tabs = link_tabs(request, table, read_state(request, table), count="")
    context = {"table": table, "counts": count_tabs(request, table, tabs.others)}
    return render(request, "tables/counts.html", context)


def _leave(request: HtmxHttpRequest, url: str) -> HttpResponse:
    if in_slide_over(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
