"""What can be done with a transaction, each at its own address: form, review, done."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.signing import BadSignature
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from transactions.action_texts import TEXTS, list_amounts, list_facts
from transactions.changes import describe_changes
from transactions.errors import (
    HoldEndedError,
    HoldExpiredError,
    NotAHoldError,
    NotRefundableError,
    NotReversibleError,
    PostingError,
    RefundedError,
    ReversedError,
)
from transactions.following import ReviewedStep, SealedStep, Step, review_step, take_step
from transactions.forms.asking import draw_reference
from transactions.forms.following import FORMS, FollowForm
from transactions.models import Transaction
from transactions.requests import Outcome
from transactions.sealing import FiguresChangedError
from transactions.standing import Action, Standing
from users.models import User
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.records import get_record_or_404
from web.text import isolate

FORM, REVIEW = "transactions/act/form.html", "transactions/act/review.html"
IMPOSSIBLE = "transactions/act/impossible.html"
# Nothing that is entered could make these possible again.
FINAL = (
    HoldEndedError,
    HoldExpiredError,
    NotAHoldError,
    NotRefundableError,
    NotReversibleError,
    RefundedError,
    ReversedError,
)


@require_http_methods(["GET", "POST"])
def transaction_commit(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    return _act(request, public_id, Action.COMMIT)


@require_http_methods(["GET", "POST"])
def transaction_void(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    return _act(request, public_id, Action.VOID)


@require_http_methods(["GET", "POST"])
def transaction_reverse(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    return _act(request, public_id, Action.REVERSE)


@require_http_methods(["GET", "POST"])
def transaction_refund(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    return _act(request, public_id, Action.REFUND)


def _act(request: HtmxHttpRequest, public_id: UUID, action: Action) -> HttpResponse:
    """GET shows the form, POST of the form its review, POST with the token of a review does it."""
    transaction = get_record_or_404(Transaction, public_id)
    if "token" in request.POST:
        return _go_on(request, transaction, action)
    standing = Standing.of(transaction, at=timezone.now())
    if refusal := standing.refusal(action):
        return _show_impossible(request, transaction, action, refusal)
    initial = {"reference": draw_reference()}
    form = open_form(request, FORMS[action], initial=initial, standing=standing)
    if form.is_valid():
        return _review(request, form)
    return _show_form(request, form)


def _go_on(request: HtmxHttpRequest, transaction: Transaction, action: Action) -> HttpResponse:
    """From a review on: do it, or back to the form."""
    user = cast(User, request.user)
    try:
        sealed = SealedStep.read(request.POST["token"], action, transaction, user)
    except BadSignature:
        messages.error(request, _("That review is not valid. Nothing was done."))
        return _open_again(request, transaction, action, QueryDict())
    if "change" in request.POST:
        return _open_again(request, transaction, action, QueryDict(sealed.step.sent))
    try:
        done, outcome = take_step(sealed, action, transaction, actor=user)
    except FiguresChangedError:
        return _ask_again(request, transaction, action, sealed.step)
    except FINAL as error:
        return _show_impossible(request, transaction, action, error)
    except PostingError as error:
        return _ask_again(request, transaction, action, sealed.step, error)
    if outcome == Outcome.PRESENT:
        messages.info(request, _("This was done already. It was not done again."))
    else:
        messages.success(request, str(TEXTS[action].done) % {"reference": isolate(done.reference)})
    return finish_form(
        request,
        url=f"{transaction.get_absolute_url()}?new={done.key}",
        event="transactionChanged",
        key=done.key,
    )


def _review(
    request: HtmxHttpRequest, form: FollowForm, *, is_changed: bool = False
) -> HttpResponse:
    transaction, action = form.standing.transaction, form.action
    try:
        reviewed = review_step(form.step(), action, transaction)
    except FINAL as error:
        return _show_impossible(request, transaction, action, error)
    except PostingError as error:
        form.blame(error)
        return _show_form(request, form)
    return _show_review(request, form.standing, action, reviewed, is_changed=is_changed)


def _ask_again(
    request: HtmxHttpRequest,
    transaction: Transaction,
    action: Action,
    step: Step,
    error: PostingError | None = None,
) -> HttpResponse:
    """The form that a step came from, as things stand now: reviewed anew, or with the refusal."""
    standing = Standing.of(transaction, at=timezone.now())
    if refusal := standing.refusal(action):
        return _show_impossible(request, transaction, action, refusal)
    form = FORMS[action](QueryDict(step.sent), standing=standing)
    if form.is_valid():
        if error is None:
            return _review(request, form, is_changed=True)
        form.blame(error)
    return _show_form(request, form)


def _open_again(
    request: HtmxHttpRequest, transaction: Transaction, action: Action, sent: QueryDict
) -> HttpResponse:
    """The form, filled in as it was; a new one if nothing was sent."""
    standing = Standing.of(transaction, at=timezone.now())
    if refusal := standing.refusal(action):
        return _show_impossible(request, transaction, action, refusal)
    if sent:
        return _show_form(request, FORMS[action].typed(sent, standing=standing))
    form = FORMS[action](standing=standing, initial={"reference": draw_reference()})
    return _show_form(request, form, status=422)


def _show_form(request: HtmxHttpRequest, form: FollowForm, *, status: int = 200) -> HttpResponse:
    standing = form.standing
    context = {
        "form": form,
        "texts": TEXTS[form.action],
        "transaction": standing.transaction,
        "facts": list(list_facts(standing, form.action)),
    }
    return render_page(request, FORM, context, status=422 if form.errors else status)


def _show_review(
    request: HtmxHttpRequest,
    standing: Standing,
    action: Action,
    reviewed: ReviewedStep,
    *,
    is_changed: bool,
) -> HttpResponse:
    transaction = standing.transaction
    amounts = list_amounts(standing, action, reviewed.step)
    context = {
        "texts": TEXTS[action],
        "transaction": transaction,
        "step": reviewed.step,
        "review": {"amounts": amounts, "sides": describe_changes(reviewed.changes)},
        "submit": str(TEXTS[action].submit) % {"amount": " + ".join(amounts)},
        "token": reviewed.seal(action, transaction, cast(User, request.user)),
        "is_changed": is_changed,
    }
    return render_page(request, REVIEW, context, status=422 if is_changed else 200)


def _show_impossible(
    request: HtmxHttpRequest, transaction: Transaction, action: Action, error: PostingError
) -> HttpResponse:
    context = {"texts": TEXTS[action], "transaction": transaction, "reason": str(error)}
    return render_page(request, IMPOSSIBLE, context, status=422)
