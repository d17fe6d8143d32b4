from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from audit.history import latest_events
from audit.views import edit_metadata, show_info
from balances.filters import kept_parameters
from transactions.entries import ORDER, PAGE_SIZE, entries_of, group_entries, sum_entries
from transactions.filters import TransactionFilter
from transactions.models import Transaction
from transactions.records import describe_record
from transactions.rows import read_rows
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import paginate_request
from web.records import get_record_or_404
from web.sorting import Column, sort_columns

COLUMNS = (
    Column("effective", gettext_lazy("Effective"), ("effective_at", "id"), descending_first=True),
    Column("reference", gettext_lazy("Reference")),
    Column("description", gettext_lazy("Description"), css="hide-s"),
    Column("from", gettext_lazy("From"), css="hide-s"),
    Column("to", gettext_lazy("To"), css="hide-s"),
    Column("status", gettext_lazy("Status"), css="hide-s"),
    Column("amount", gettext_lazy("Amount"), css="num"),
)


@require_safe
def transaction_list(request: HtmxHttpRequest) -> HttpResponse:
    chosen = TransactionFilter.read(request)
    sorting = sort_columns(request, COLUMNS, table="transaction-table", default="-effective")
    queryset, order = chosen.walk(descending=sorting.order[0].descending)
    page = paginate_request(request, queryset, order=order)
    context = {
        "chosen": chosen,
        "chips": chosen.chips(request),
        "kept": kept_parameters(request, "ledger", "balance", "sort"),
        "page": page,
        "rows": read_rows(
            [row["transaction_id"] for row in page.rows], new=request.GET.get("new", "")
        ),
        "sorting": sorting,
        "total": chosen.describe_count(request),
    }
    return render_page(
        request, "transactions/transaction_list.html", context, partial="transaction-table"
    )


@require_safe
def transaction_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    transaction = get_record_or_404(Transaction, public_id, "actor")
    page = paginate_request(request, entries_of(transaction), order=ORDER, size=PAGE_SIZE)
    totals = sum_entries(transaction)
    context = {
        "transaction": transaction,
        "status": transaction.status.lower(),
        "label": transaction.get_status_display(),
        "page": page,
        "totals": totals,
        "groups": group_entries(page.rows, totals),
        "entry_total": _("%(count)s entries") % {"count": transaction.entry_count},
        "history": latest_events(transaction.key),
    }
    return render_page(
        request, "transactions/transaction_detail.html", context, partial="entry-table"
    )


@require_http_methods(["GET", "POST"])
def transaction_metadata(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    transaction = get_object_or_404(Transaction, public_id=public_id)
    return edit_metadata(request, transaction, name=transaction.reference)


@require_safe
def transaction_info(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    transaction = get_object_or_404(
        Transaction.objects.select_related("actor", "parent", "reverses"), public_id=public_id
    )
    return show_info(
        request,
        transaction,
        name=transaction.reference,
        facts="transactions/_transaction_facts.html",
        record=describe_record(transaction),
    )
