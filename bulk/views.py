"""Bulk actions: from ticked rows to a form, its review, and the result of each row."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from procrastinate.contrib.django import app

from balances.figures import sum_by_currency
from balances.models import Balance
from bulk.choosing import (
    RECORDS,
    TICKED_MAX,
    NothingChosenError,
    choose_records,
    choose_rows,
    query_of_ticked,
)
from bulk.doing import do_reviewed, plan, start
from bulk.foreseeing import Foreseen, digest_of, is_tried_out
from bulk.forms import FORMS, BulkForm
from bulk.jobs import GO_ON
from bulk.models import Run
from bulk.results import RESULTS, ResultTable, describe_items, own_runs
from reports.balance_table import as_net
from schedules.books_table import as_sum
from search.listing import list_transactions
from transactions.errors import BusyError, PostingError
from users.models import User
from web.addresses import url_of
from web.converters import parse_key
from web.files import STREAMS
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import Key, paginate_request
from web.tables.definition import Sum, Table
from web.tables.views import get_table_or_404

ALL_TAB = RESULTS.tabs[0]


def _table_or_404(name: str) -> Table:
    """The table of that name, if its rows are ticked."""
    table = get_table_or_404(name)
    if not table.has_bulk:
        raise Http404
    return table


def _table_of_action_or_404(name: str, action: str) -> Table:
    is_known = name in RECORDS and action in Run.Action.values
    if not is_known or (name != "transactions" and action != Run.Action.METADATA):
        raise Http404
    return _table_or_404(name)


@require_POST
def ticked(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """What the ticked rows add up to, for the bar below their table."""
    table = _table_or_404(name)
    try:
        if name in RECORDS and not request.POST.get("all"):
            chosen = choose_records(request, table)
            count, sums = format_count(len(chosen)), _sums(name, chosen)
        else:
            selection = choose_rows(request, table)
            count = selection.table.count(selection.state)
            sums = selection.table.sums_of_ticked(selection.state)
    except NothingChosenError as error:
        return HttpResponse(escape(str(error)))
    return render(request, "bulk/_ticked.html", {"count": count, "sums": sums})


def _sums(name: str, chosen: list[int]) -> list[Sum]:
    """Of the amounts, as the rows show them."""
    if name == "balances":
        return [as_net(total) for total in sum_by_currency(Balance.objects.filter(pk__in=chosen))]
    if name != "transactions":
        return []
    listing = list_transactions(Q(transaction_id__in=chosen), is_every=True)
    return [as_sum(each) for each in listing.sums(maximum=None) or ()]


@require_POST
def export_ticked(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """The ticked rows as a file: the export of the table, where nothing else passes."""
    table = _table_or_404(name)
    kind = request.POST.get("kind", "csv")
    if kind not in STREAMS:
        raise Http404
    try:
        query = query_of_ticked(request, table)
    except NothingChosenError as error:
        messages.error(request, str(error))
        return redirect(_table_url(table, request.POST.get("query", "")))
    return redirect(f"{reverse('exports:file', args=[name, kind])}?{query.urlencode(safe=':,')}")


@require_POST
def bulk_form(request: HtmxHttpRequest, name: str, action: str) -> HttpResponse:
    """The action's own form for the rows that were ticked, and then its review."""
    table = _table_of_action_or_404(name, action)
    try:
        chosen = choose_records(request, table)
    except NothingChosenError as error:
        messages.error(request, str(error))
        return redirect(_table_url(table, request.POST.get("query", "")))
    form = FORMS[action](request.POST if "go" in request.POST else None)
    if form.is_valid():
        return _review(request, table, action, chosen, form)
    return _show_form(request, table, action, chosen, form)


def _show_form(
    request: HtmxHttpRequest, table: Table, action: str, chosen: list[int], form: BulkForm
) -> HttpResponse:
    query = request.POST.get("query", "")
    context = {
        "form": form,
        "table": table,
        "action": Run.Action(action),
        "count": _count(len(chosen)),
        "keys": request.POST.getlist("key")[:TICKED_MAX],
        "all": request.POST.get("all", ""),
        "query": query,
        "back": _table_url(table, query),
    }
    return render_page(request, "bulk/form.html", context, status=422 if form.errors else 200)


def _review(
    request: HtmxHttpRequest, table: Table, action: str, chosen: list[int], form: BulkForm
) -> HttpResponse:
    user = cast(User, request.user)
    content = {**form.content(), "query": request.POST.get("query", "")}
    try:
        run = plan(user=user, table=table.name, action=action, records=chosen, content=content)
    except BusyError as error:
        form.add_error(None, str(error))
        return _show_form(request, table, action, chosen, form)
    return redirect("bulk:run", run.public_id)


@require_GET
def run_list(request: HtmxHttpRequest) -> HttpResponse:
    """One's own bulk actions, the newest first."""
    runs = own_runs(request).filter(started_at__isnull=False)
    page = paginate_request(request, runs, order=(Key("id", descending=True),))
    return render_page(request, "bulk/list.html", {"page": page, "total": ""})


@require_http_methods(["GET"])
def run_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """The review of a run, its progress, and the result of each record."""
    return _show_run(request, _run_or_404(request, public_id))


def _show_run(request: HtmxHttpRequest, run: Run, *, is_changed: bool = False) -> HttpResponse:
    tab = next((each for each in RESULTS.tabs if each.name == request.GET.get("tab")), ALL_TAB)
    items = run.items.filter(tab.q)
    page = paginate_request(request, items, order=(Key("position"),), size=50)
    review = Foreseen.of(run)
    context = {
        "run": run,
        "rows": describe_items(run, page.rows),
        "action": Run.Action(run.action),
        "table": get_table_or_404(run.table),
        "page": page,
        "tab": tab.name,
        "results": RESULTS,
        "results_query": _results_query(run, tab.name),
        "is_running": run.started_at is not None and run.ended_at is None,
        "count": _count(run.item_count),
        "items": format_count(run.item_count),
        "decided": format_count(run.decided_count),
        "done": format_count(run.done_count),
        "refused": format_count(run.refused_count),
        "total": "",
        "is_changed": is_changed,
        "review": review,
        "more": format_count(review.more) if review.more else "",
        "digest": digest_of(run.foreseen),
        **_way_back(run),
    }
    return render_page(
        request, "bulk/run.html", context, partial="bulk-run", status=422 if is_changed else 200
    )


def _way_back(run: Run) -> dict[str, str]:
    """To the rows that were ticked, or to the transaction of whose batch this is."""
    asked_at = parse_key(run.content.get("asked_at", ""), "txn")
    if asked_at is not None:
        return {"back": url_of("transactions:detail", asked_at), "back_label": _("Transaction")}
    table = get_table_or_404(run.table)
    back = _table_url(table, run.content.get("query", ""))
    return {"back": back, "back_label": str(table.title)}


def _results_query(run: Run, tab: str) -> str:
    """What the table of results is asked for, and its files."""
    return urlencode({"run": run.public_id, **({"tab": tab} if tab else {})})


@require_GET
def run_results(request: HtmxHttpRequest) -> HttpResponse:
    """The table of results has its page where the run has: lists of exports lead here."""
    asked = cast(ResultTable, RESULTS.for_request(request))
    tab = request.GET.get("tab", "")
    query = f"?{urlencode({'tab': tab})}" if tab else ""
    return redirect(f"{asked.run.get_absolute_url()}{query}")


@require_POST
def run_start(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Do what was reviewed; if it would come out otherwise by now, the review is shown again.

    So it is where another tab has been shown another review since.
    """
    run = _run_or_404(request, public_id)
    if run.started_at is None and request.POST.get("review") != digest_of(run.foreseen):
        return _show_run(request, run, is_changed=True)
    try:
        if is_tried_out(run.item_count):
            if not do_reviewed(run):
                return _show_run(request, run, is_changed=True)
        elif start(run):
            app.configure_task(GO_ON).defer(run_id=run.pk)
    except PostingError as error:
        messages.warning(request, str(error))
    return redirect("bulk:run", run.public_id)


def _run_or_404(request: HtmxHttpRequest, public_id: UUID) -> Run:
    run: Run = get_object_or_404(own_runs(request), public_id=public_id)
    return run


def _count(number: int) -> str:
    words = ngettext("%(count)s record", "%(count)s records", number)
    return words % {"count": format_count(number)}


def _table_url(table: Table, query: str) -> str:
    url = reverse(table.url_name)
    return f"{url}?{query}" if query else url
