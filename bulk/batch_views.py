"""Reversing a whole batch or import, from the page of one of its transactions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.signing import BadSignature
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from bulk.batches import is_being_reversed, plan_reversal
from transactions.batch_reversals import Batch, Trial, read_batch, reverse_reviewed, try_batch
from transactions.errors import BusyError
from transactions.forms.batches import BatchForm
from transactions.models import Transaction
from transactions.sealing import FiguresChangedError, Sealed
from users.models import User
from web.formatting import format_count
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, in_slide_over, render_page
from web.records import get_record_or_404

FORM, REVIEW = "transactions/act/batch_form.html", "transactions/act/batch_review.html"


@dataclass(frozen=True, slots=True)
class Asked:
    """A batch to reverse, the transaction on whose page this was asked, and why."""

    transaction: Transaction
    batch: Batch
    description: str = ""


@require_http_methods(["GET", "POST"])
def transaction_reverse_batch(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """GET shows the form, POST of the form its review, POST with the token of a review does it."""
    transaction = get_record_or_404(Transaction, public_id)
    if transaction.batch_id is None:
        raise Http404
    batch = read_batch(transaction.batch_id)
    if "token" in request.POST:
        return _go_on(request, transaction, batch)
    form = open_form(request, BatchForm)
    if form.is_valid():
        return _review(request, Asked(transaction, batch, form.cleaned_data["description"]))
    return _show_form(request, Asked(transaction, batch), form)


def _go_on(request: HtmxHttpRequest, transaction: Transaction, batch: Batch) -> HttpResponse:
    """From the review on: do it, or back to the form."""
    user = cast(User, request.user)
    try:
        sealed = Sealed.read(request.POST["token"], user, purpose=_purpose(batch))
    except BadSignature:
        messages.error(request, _("That review is not valid. Nothing was done."))
        return _show_form(request, Asked(transaction, batch), BatchForm(), status=422)
    count, description = sealed.content
    asked = Asked(transaction, batch, description)
    if "change" in request.POST:
        return _show_form(request, asked, BatchForm(initial={"description": description}))
    if count != batch.count:
        return _review(request, asked, is_changed=True)
    return _reverse(request, asked, user)


def _reverse(request: HtmxHttpRequest, asked: Asked, user: User) -> HttpResponse:
    batch = asked.batch
    try:
        is_done, trial = reverse_reviewed(batch, description=asked.description, actor=user)
    except FiguresChangedError:
        fresh = read_batch(batch.batch_id)
        return _review(request, replace(asked, batch=fresh), is_changed=True)
    except BusyError as error:
        return _show_refused(request, asked, str(error))
    if trial.count:
        return _show_review(request, asked, trial, is_changed=True)
    if is_done:
        messages.success(request, _("The batch is reversed: %s.") % _count(batch))
    else:
        messages.info(request, _("This was done already. It was not done again."))
    return _finish(request, asked.transaction)


def _review(request: HtmxHttpRequest, asked: Asked, *, is_changed: bool = False) -> HttpResponse:
    if asked.batch.is_large:
        return _plan(request, asked)
    try:
        trial = try_batch(asked.batch)
    except BusyError as error:
        return _show_refused(request, asked, str(error))
    return _show_review(request, asked, trial, is_changed=is_changed)


def _plan(request: HtmxHttpRequest, asked: Asked) -> HttpResponse:
    """A large one is reviewed, and done, as what is done to many records is."""
    try:
        run = plan_reversal(
            asked.batch,
            description=asked.description,
            asked_at=asked.transaction,
            user=cast(User, request.user),
        )
    except FiguresChangedError:
        fresh = replace(asked, batch=read_batch(asked.batch.batch_id))
        return _show_refused(request, fresh, _("The batch has changed. Look at it again."))
    if in_slide_over(request):
        return HttpResponse(status=204, headers={"HX-Redirect": run.get_absolute_url()})
    return redirect(run)


def _finish(request: HtmxHttpRequest, transaction: Transaction) -> HttpResponse:
    return finish_form(
        request,
        url=transaction.get_absolute_url(),
        event="transactionChanged",
        key=transaction.key,
    )


def _show_refused(request: HtmxHttpRequest, asked: Asked, reason: str) -> HttpResponse:
    data = QueryDict(mutable=True)
    data["description"] = asked.description
    form = BatchForm(data)
    form.add_error(None, reason)
    return _show_form(request, asked, form)


def _show_form(
    request: HtmxHttpRequest, asked: Asked, form: BatchForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "transaction": asked.transaction,
        "batch": asked.batch,
        "count": _count(asked.batch),
        "is_running": is_being_reversed(asked.batch.batch_id),
    }
    return render_page(request, FORM, context, status=422 if form.errors else status)


def _show_review(
    request: HtmxHttpRequest, asked: Asked, trial: Trial, *, is_changed: bool
) -> HttpResponse:
    batch = asked.batch
    sealed = Sealed([batch.count, asked.description], ())
    context = {
        "transaction": asked.transaction,
        "batch": batch,
        "count": _count(batch),
        "description": asked.description,
        "trial": trial,
        "more": format_count(trial.count - len(trial.refusals)),
        "refused": format_count(trial.count),
        "token": sealed.token(cast(User, request.user), purpose=_purpose(batch)),
        "is_changed": is_changed,
    }
    return render_page(request, REVIEW, context, status=422 if is_changed or trial.count else 200)


def _count(batch: Batch) -> str:
    counted = ngettext("%(count)s transaction", "%(count)s transactions", batch.count)
    return counted % {"count": format_count(batch.count)}


def _purpose(batch: Batch) -> str:
    return f"reverse-batch:{batch.batch_id}"
