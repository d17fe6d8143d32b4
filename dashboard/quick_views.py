"""Ledgers and identities at a glance, beside the table that they were opened from, or as pages."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from balances.figures import sum_of
from balances.rows import format_rows, newest_of_owner
from dashboard.ledgers import currency_totals
from dashboard.totals import format_totals
from dashboard.transactions import latest_transactions, table_of_owner
from identities.models import Identity
from ledgers.models import Ledger
from web.formatting import active_dates, format_count
from web.htmx import HtmxHttpRequest, render_page
from web.records import get_record_or_404

SHOWN = 5


@require_safe
def ledger_quick(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    ledger = get_record_or_404(Ledger, public_id)
    totals, figures = currency_totals(ledger)
    context = {
        "ledger": ledger,
        "totals": format_totals(totals, query=f"ledger={ledger.key}"),
        "balance_count": format_count(figures.balance_count),
        "transaction_count": format_count(figures.transaction_count),
        "active": active_dates().since_tag(figures.active_at),
        "transactions": latest_transactions(ledger=ledger)[:SHOWN],
    }
    return render_page(request, "ledgers/ledger_quick.html", context)


@require_safe
def identity_quick(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    identity = get_record_or_404(Identity, public_id)
    totals = sum_of(identity)
    context = {
        "identity": identity,
        "totals": format_totals(totals, query=f"identity={identity.key}"),
        "balance_count": format_count(sum(total.balance_count for total in totals)),
        "balances": format_rows(newest_of_owner(identity)[:SHOWN], by_ledger=True),
        "transactions_url": table_of_owner(identity),
    }
    return render_page(request, "identities/identity_quick.html", context)
