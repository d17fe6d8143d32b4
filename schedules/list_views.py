from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from balances.filters import kept_parameters
from transactions.filters import TransactionFilter
from transactions.rows import read_rows
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import paginate_request
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
