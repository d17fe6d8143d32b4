"""A transaction at a glance, beside the table that it was opened from, or as a page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from transactions.entries import sum_entries
from transactions.models import Transaction
from transactions.rows import read_rows
from transactions.standing import Standing
from web.addresses import url_of
from web.htmx import HtmxHttpRequest, render_page
from web.records import get_record_or_404


@require_safe
def transaction_quick(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    transaction = get_record_or_404(Transaction, public_id, "actor", "parent", "reverses")
    (row,) = read_rows([transaction.pk], legend_url=url_of("transactions:list"))
    standing = Standing.of(transaction, at=timezone.now())
    context = {
        "transaction": transaction,
        "original": transaction.parent or transaction.reverses,
        "row": row,
        "totals": sum_entries(transaction),
        "standing": standing,
        "actions": [action.value for action in standing.actions],
    }
    return render_page(request, "transactions/transaction_quick.html", context)
