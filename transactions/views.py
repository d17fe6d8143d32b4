from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_safe

from audit.views import edit_metadata, show_info
from transactions.models import Transaction
from transactions.records import describe_record
from web.htmx import HtmxHttpRequest


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
