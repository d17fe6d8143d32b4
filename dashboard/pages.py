"""The pages of ledgers and identities that show what lies above them: balances, transactions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from audit.history import latest_events
from balances.figures import CurrencyTotal, sum_of
from balances.rows import format_rows, newest_of_ledger, newest_of_owner
from dashboard import ledgers
from dashboard.identities import IDENTITIES
from dashboard.proofs import proof_mark
from dashboard.totals import format_totals
from dashboard.transactions import latest_transactions, transactions_of_owner
from identities.models import Identity
from ledgers.models import Ledger
from reports.balance_moments import rows_at, totals_of_ledger
from web.as_of import read_moment
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, render_page
from web.records import get_record_or_404
from web.tables.pages import show_table


@require_safe
def ledger_list(request: HtmxHttpRequest) -> HttpResponse:
    return show_table(request, ledgers.LEDGERS, "ledgers/ledger_list.html")


@require_safe
def ledger_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    ledger = get_record_or_404(Ledger, public_id)
    moment = read_moment(request)
    totals, figures = _figures(ledger) if moment.is_now else (totals_of_ledger(ledger, moment), {})
    context = {
        "ledger": ledger,
        "moment": moment,
        "totals": format_totals(totals, query=f"ledger={ledger.key}", moment=moment),
        **figures,
        "balances": format_rows(
            rows_at(newest_of_ledger(ledger, recorded_by=moment.known_at), moment),
            new=request.GET.get("new", ""),
            moment=moment,
        ),
        "history": latest_events(ledger.key),
        "proof": proof_mark(),
    }
    return render_page(request, "ledgers/ledger_detail.html", context, partial="ledger-figures")


def _figures(ledger: Ledger) -> tuple[list[CurrencyTotal], dict[str, Any]]:
    totals, figures = ledgers.currency_totals(ledger)
    return totals, {
        "balance_count": format_count(figures.balance_count),
        "transaction_count": format_count(figures.transaction_count),
        "transactions": latest_transactions(ledger=ledger),
    }


@require_safe
def identity_list(request: HtmxHttpRequest) -> HttpResponse:
    return show_table(request, IDENTITIES, "identities/identity_list.html")


@require_safe
def identity_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    identity = get_record_or_404(Identity, public_id)
    totals = sum_of(identity)
    context = {
        "identity": identity,
        "totals": format_totals(totals, query=f"identity={identity.key}"),
        "balance_count": format_count(sum(total.balance_count for total in totals)),
        "balances": format_rows(
            newest_of_owner(identity), by_ledger=True, new=request.GET.get("new", "")
        ),
        "history": latest_events(identity.key),
        "proof": proof_mark(),
    }
    return render_page(
        request, "identities/identity_detail.html", context, partial="identity-figures"
    )


@require_safe
def identity_transactions(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """The latest transactions of an owner; a region of their page, which counting would keep."""
    identity = get_record_or_404(Identity, public_id)
    context = {"identity": identity, "owned": transactions_of_owner(identity)}
    return render_page(
        request, "identities/identity_transactions.html", context, partial="owned-transactions"
    )
