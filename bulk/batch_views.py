"""Reversing a whole batch or import, from the page of one of its transactions."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from bulk.batches import is_being_reversed, plan_reversal
from transactions.batch_reversals import Batch, read_batch
from transactions.errors import BusyError
from transactions.forms.batches import BatchForm
from transactions.models import Transaction
from transactions.sealing import FiguresChangedError
from users.models import User
from web.formatting import format_count
from web.forms import open_form
from web.htmx import HtmxHttpRequest, in_slide_over, render_page
from web.records import get_record_or_404

FORM = "transactions/act/batch_form.html"


@require_http_methods(["GET", "POST"])
def transaction_reverse_batch(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """The form, and from there to the review, as that of any other bulk action."""
    transaction = get_record_or_404(Transaction, public_id)
    if transaction.batch_id is None:
        raise Http404
    batch = read_batch(transaction.batch_id)
    form = open_form(request, BatchForm)
    if form.is_valid():
        try:
            run = plan_reversal(
                batch,
                description=form.cleaned_data["description"],
                asked_at=transaction,
                user=cast(User, request.user),
            )
        except FiguresChangedError:
            form.add_error(None, _("The batch has changed. Look at it again."))
            batch = read_batch(batch.batch_id)
        except BusyError as error:
            form.add_error(None, str(error))
        else:
            return _go_to(request, run.get_absolute_url())
    return _show_form(request, transaction, batch, form)


def _go_to(request: HtmxHttpRequest, url: str) -> HttpResponse:
    if in_slide_over(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def _show_form(
    request: HtmxHttpRequest, transaction: Transaction, batch: Batch, form: BatchForm
) -> HttpResponse:
    context = {
        "form": form,
        "transaction": transaction,
        "batch": batch,
        "count": _count(batch),
        "is_running": is_being_reversed(batch.batch_id),
    }
    return render_page(request, FORM, context, status=422 if form.errors else 200)


def _count(batch: Batch) -> str:
    counted = ngettext("%(count)s transaction", "%(count)s transactions", batch.count)
    return counted % {"count": format_count(batch.count)}
