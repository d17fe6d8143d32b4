"""The page of a table, and the part of it that htmx refreshes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _

from web.addresses import url_of, url_with_names
from web.as_of import NAMES, asks_for_moment
from web.counting import is_exact
from web.htmx import HtmxHttpRequest, render_page
from web.live import start_watching
from web.pagination import paginate_request
from web.query import VOLATILE, url_with, url_with_lists
from web.tables.conditions import say_condition
from web.tables.definition import Table, render_rows
from web.tables.state import TableState, read_state
from web.tables.tabs import all_url, first_view_url, link_tabs


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in words. `joiner` stands before it; `problem` says why it means nothing."""

    label: str
    remove_url: str
    edit_url: str = ""
    joiner: str = ""
    problem: str = ""


def show_table(
    request: HtmxHttpRequest, table: Table, template_name: str, **context: object
) -> HttpResponse:
    """The page of `table`; its template includes `tables/_table.html` where the table stands."""
    table = table.for_request(request)
    if first_view := first_view_url(request, table):
        return redirect(first_view)
    # The table alone is asked for with the address of its page, which has said so.
    if not request.htmx and asks_for_moment(request) and not table.has_moments:
        messages.warning(request, _("This table is not kept by moment: it shows now."))
    state = read_state(request, table)
    return render_page(
        request,
        template_name,
        {**table_context(request, table, state), **context},
        partial=table.element,
    )


def table_context(request: HtmxHttpRequest, table: Table, state: TableState) -> dict[str, Any]:
    """What `tables/_bar.html` and `tables/_table.html` print."""
    # Before the rows are: what is added in between is told of, rather than missed.
    live = start_watching(table, request.GET)
    source, order = table.standing(state) or table.source(state)
    start = table.start_of_jump(state.jump, order) if state.jump else None
    page = paginate_request(request, source, order=order, size=state.size, start=start)
    rows = table.format_rows(page.rows, state)
    count = table.count(state)
    sorting = table.sorting(state, count)
    # What a broken filter leaves is unknown, rather than nothing.
    told = "" if state.is_broken else count
    return {
        "table": table,
        # What its templates say again and again, ready.
        "element": table.element,
        "title": str(table.title),
        "search_label": str(table.search_label),
        "table_name": table.name,
        "live": live and live.showing(table, page.rows),
        "ticked_url": url_with_names(table.ticked_url_name, table.name)
        if table.ticked_url_name
        else "",
        "state": state,
        "list_url": url_of(table.url_name),
        "all_url": all_url(request, table),
        "page": page,
        "rows": render_rows(rows, state.columns, has_bulk=table.has_bulk),
        "heads": sorting.heads,
        "sort_problem": sorting.problem,
        "note": table.note(state),
        "chips": list_chips(request, table, state),
        "tabs": link_tabs(request, table, state, count=told),
        "kept": kept_parameters(request),
        "query": _query(request, table),
        "total": "" if state.is_broken else describe_total(request, table, count),
        "sums": (sums := table.sums(state)),
        "sums_url": url_with(request, count="exact") if table.has_sums and not sums else "",
        **table.context(state),
        "above": table.above(state),
        "below": table.below(state, count),
        "switches": table.switches(state),
        "is_filtered": bool(state.is_filtered or table.chips(state)),
    }


def _query(request: HtmxHttpRequest, table: Table) -> str:
    """What links of the table carry along: no moment where it shows now whatever was asked."""
    if table.has_moments or not asks_for_moment(request):
        return request.GET.urlencode(safe=":,@|")
    query = request.GET.copy()
    for name in NAMES:
        query.pop(name, None)
    return query.urlencode(safe=":,@|")


def describe_total(request: HtmxHttpRequest, table: Table, count: str) -> str:
    """The count in words; a rounded one with a link that counts exactly."""
    words = table.name_count(count) if count else ""
    if is_exact(count):
        return words
    return format_html(
        '{} <a href="{}">{}</a>', words, url_with(request, count="exact"), _("Count exactly")
    )


def kept_parameters(request: HtmxHttpRequest) -> list[tuple[str, str]]:
    """What the search form carries along, so that the rest of the address survives it."""
    left_out = {"q", "count", *VOLATILE}
    return [
        (name, value)
        for name, values in request.GET.lists()
        if name not in left_out
        for value in values
        if value
    ]


def list_chips(request: HtmxHttpRequest, table: Table, state: TableState) -> list[Chip]:
    """What is filtered, in words; each can be edited in the panel, and removed by itself."""
    chips = [Chip(words, url_with(request, **{name: ""})) for words, name in table.chips(state)]
    if not state.conditions:
        return chips
    panel_url = url_with_names("web:filters", table.name)
    edit_url = f"{panel_url}?{request.GET.urlencode()}"
    inner, outer = (_("and"), _("or")) if state.conditions.is_any else (_("or"), _("and"))
    number = 0
    for group in state.conditions.groups:
        for place, condition in enumerate(group):
            joiner = inner if place else outer if number else ""
            chips.append(
                Chip(
                    say_condition(condition, table.fields),
                    url_with_lists(request, **state.conditions.without(number).parameters()),
                    f"{edit_url}#condition-{number}",
                    joiner,
                    state.compiled.problems.get(number, ""),
                )
            )
            number += 1
    return chips
