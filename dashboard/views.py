from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import figures, proofs
from dashboard.attention import find_attention
from dashboard.movement import find_movement
from dashboard.sizes import largest_ledgers
from dashboard.transactions import latest_transactions
from transactions.proof import run_proof
from users.models import User
from web.htmx import HtmxHttpRequest, render_page


@require_safe
def home(request: HtmxHttpRequest) -> HttpResponse:
    counts, proof = figures.counts(), proofs.proof_mark()
    context = {
        "counts": counts,
        "proof": proof,
        **({} if counts.is_first_run else _news(counts, proof)),
        "transactions": latest_transactions(),
        "ledgers": largest_ledgers(5, is_many=counts.has_many_balances),
    }
    return render_page(request, "dashboard/home.html", context, partial="home-figures")


def _news(counts: figures.Counts, proof: proofs.ProofMark) -> dict[str, Any]:
    return {
        "attention": find_attention(inflight=counts.inflight, proof=proof),
        "movement": find_movement(),
    }


@require_http_methods(["GET", "POST"])
def proof(request: HtmxHttpRequest) -> HttpResponse:
    if request.method == "POST":
        if run_proof(actor=cast(User, request.user)).is_ok:
            messages.success(request, _("Everything matches."))
        else:
            messages.error(request, _("The books do not match. See below what differs."))
        return redirect("dashboard:proof")
    run = proofs.find_run(request.GET.get("run", "")) or proofs.last_run()
    context = {
        "run": run and proofs.run_line(run),
        "checks": proofs.check_lines(run) if run else [],
        "runs": proofs.run_lines(),
    }
    return render_page(request, "dashboard/proof.html", context, partial="proof-report")
