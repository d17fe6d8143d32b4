"""The page of a transaction. It shows the schedule that made it, and stands above both."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from audit.history import latest_events
from transactions.entries import ORDER, PAGE_SIZE, entries_of, group_entries, sum_entries
from transactions.models import Transaction
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import paginate_request
from web.records import get_record_or_404


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
