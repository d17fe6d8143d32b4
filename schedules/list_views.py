"""The transactions table. It shows schedules, too, and stands above them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from balances.filters import kept_parameters
from schedules.listing import STATES, count_tabs_of_schedules, schedules_on
from schedules.rows import order_of
from schedules.tables import describe_count, link_tabs, rows_of_events, rows_of_schedules
from transactions.counts import count_tabs
from transactions.filters import TransactionFilter
from transactions.rows import read_rows
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import KeysetPage, paginate_request
from web.sorting import Column, Sorting, sort_columns

EFFECTIVE = Column(
    "effective", gettext_lazy("Effective"), ("effective_at", "id"), descending_first=True
)
DUE = Column("due", gettext_lazy("Due"), ("due_at", "id"))
REFERENCE = Column("reference", gettext_lazy("Reference"))
OTHERS = (
    Column("description", gettext_lazy("Description"), css="hide-s"),
    Column("from", gettext_lazy("From"), css="hide-s party"),
    Column("to", gettext_lazy("To"), css="hide-s party"),
    Column("status", gettext_lazy("Status"), css="hide-s"),
    Column("amount", gettext_lazy("Amount"), css="num"),
)
# What is found by reference comes in the order of references.
FOUND = (replace(EFFECTIVE, fields=()), replace(REFERENCE, fields=("reference",)), *OTHERS)
TABLE = "transaction-table"


@require_safe
def transaction_list(request: HtmxHttpRequest) -> HttpResponse:
    chosen = TransactionFilter.read(request)
    read = _read_schedules if chosen.tab in STATES else _read_books
    page, rows, sorting = read(request, chosen)
    counts = count_tabs(chosen) | count_tabs_of_schedules(chosen)
    context = {
        "chosen": chosen,
        "chips": chosen.chips(request),
        "kept": kept_parameters(request, "ledger", "balance", "tab", "records", "sort"),
        "tabs": link_tabs(request, chosen, counts),
        "page": page,
        "rows": rows,
        "sorting": sorting,
        "total": describe_count(request, chosen, counts[chosen.tab]),
    }
    return render_page(request, "transactions/transaction_list.html", context, partial=TABLE)


def _read_books(
    request: HtmxHttpRequest, chosen: TransactionFilter
) -> tuple[KeysetPage, list[Any], Sorting]:
    columns, default = (EFFECTIVE, REFERENCE, *OTHERS), "-effective"
    if chosen.text:
        columns, default = FOUND, "reference"
    sorting = sort_columns(request, columns, table=TABLE, default=default)
    source, order = chosen.walk(descending=sorting.order[0].descending)
    page = paginate_request(request, source, order=order)
    rows = read_rows([row["transaction_id"] for row in page.rows], new=request.GET.get("new", ""))
    return page, rows if chosen.is_every else rows_of_events(request, rows), sorting


def _read_schedules(
    request: HtmxHttpRequest, chosen: TransactionFilter
) -> tuple[KeysetPage, list[Any], Sorting]:
    is_over = order_of(STATES[chosen.tab])[0].descending
    sorting = sort_columns(
        request, (DUE, REFERENCE, *OTHERS), table=TABLE, default="-due" if is_over else "due"
    )
    page = paginate_request(request, schedules_on(chosen.tab, chosen), order=sorting.order)
    return page, rows_of_schedules(page.rows, new=request.GET.get("new", "")), sorting
