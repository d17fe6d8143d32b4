from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.core.signing import BadSignature
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from balances.lookups import BALANCES
from schedules.duplicates import find_scheduled_duplicates
from schedules.last_used import last_of, recall, remember
from schedules.models import Schedule
from schedules.operations import schedule
from transactions.drafts import Draft, Reviewed, post_reviewed, preview_draft
from transactions.errors import PostingError, ReferenceUsedError
from transactions.forms import FORMS, OptionsForm, TransferForm, draw_reference
from transactions.forms.copies import Copy, copy_of
from transactions.models import Transaction
from transactions.requests import Outcome
from transactions.review import describe_review
from transactions.sealing import FiguresChangedError
from users.models import User
from web.converters import parse_key
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, in_slide_over, render_page
from web.text import isolate

FORM, REVIEW = "transactions/transaction_create.html", "transactions/transaction_review.html"


@require_http_methods(["GET", "POST"])
def transaction_create(request: HtmxHttpRequest) -> HttpResponse:
    """The form; and, with the token of a review, the posting or the form to change it."""
    if request.method == "GET":
        return _show_form(request, _open_form(request))
    try:
        reviewed = Reviewed.unseal(request.POST.get("token", ""), cast(User, request.user))
    except BadSignature:
        form = TransferForm(initial={"reference": draw_reference()})
        messages.error(request, _("That review is not valid. Nothing was posted."))
        return _show_form(request, form, status=422)
    if "change" in request.POST:
        sent = QueryDict(reviewed.draft.sent)
        return _show_form(request, _form_class(sent).typed(sent))
    return _post(request, reviewed)


@require_http_methods(["GET", "POST"])
def transaction_review(request: HtmxHttpRequest) -> HttpResponse:
    if request.method == "GET":  # a reload, or the way back from signing in
        return redirect("transactions:create")
    form_class = _form_class(request.POST)
    if not form_class.row_actions().isdisjoint(request.POST):
        return _show_form(request, form_class.typed(request.POST))
    form = form_class(request.POST)
    if form.is_valid():
        try:
            draft = form.draft()
            _refuse_reserved(draft.reference)
            reviewed = preview_draft(draft)
        except PostingError as error:
            form.blame(error)
        else:
            return _show_review(request, reviewed)
    return _show_form(request, form, status=422)


@require_POST
def transaction_reading(request: HtmxHttpRequest) -> HttpResponse:
    """How the amounts of a form are read, while it is filled in."""
    form = _form_class(request.POST)(request.POST)
    form.is_valid()
    return render(request, "transactions/create/_reading.html", {"form": form})


def _refuse_reserved(reference: str) -> None:
    """What waits for its time keeps its reference."""
    waiting = Schedule.objects.filter(reference=reference, state=Schedule.State.SCHEDULED)
    if waiting.exists():
        message = _("This reference belongs to a scheduled transaction. Choose a new one.")
        raise ReferenceUsedError(message)


def _open_form(request: HtmxHttpRequest) -> OptionsForm:
    """A new form: blank, as the address says, or as a transaction that is to be entered anew."""
    copy = _copy_asked_for(request)
    initial = {**copy.initial, "reference": draw_reference()}
    return open_form(request, partial(copy.form_class, rows=copy.rows), initial=initial)


def _copy_asked_for(request: HtmxHttpRequest) -> Copy:
    if public_id := parse_key(request.GET.get("from", ""), "txn"):
        transaction = Transaction.objects.filter(public_id=public_id).first()
        if transaction:
            return copy_of(transaction)
    return Copy(_form_class(request.GET), {})


def _form_class(data: QueryDict) -> type[OptionsForm]:
    return FORMS.get(data.get("mode", ""), TransferForm)


def _post(request: HtmxHttpRequest, reviewed: Reviewed) -> HttpResponse:
    try:
        url, key = _write(request, reviewed)
    except FiguresChangedError:
        return _review_again(request, reviewed.draft)
    except PostingError as error:
        return _refuse(request, reviewed.draft, error)
    last = last_of(reviewed.draft)
    if "next" in request.POST:
        response = _open_next(request, last, key=key)
    else:
        response = finish_form(request, url=url, event="transactionPosted", key=key)
    remember(request, response, last)
    return response


def _write(request: HtmxHttpRequest, reviewed: Reviewed) -> tuple[str, str]:
    """Post or schedule; the address and the key of what has come of it."""
    draft, actor = reviewed.draft, cast(User, request.user)
    if draft.due_at:
        kept = schedule(draft.request(), due_at=draft.due_at, actor=actor)
        messages.success(request, _("Transaction %s scheduled.") % isolate(kept.reference))
        return kept.get_absolute_url(), kept.key
    transaction, outcome = post_reviewed(reviewed, actor=actor)
    if outcome == Outcome.PRESENT:
        messages.info(request, _("This was posted already. It was not posted again."))
    elif draft.is_hold:
        messages.success(request, _("Transaction %s held.") % isolate(transaction.reference))
    else:
        messages.success(request, _("Transaction %s posted.") % isolate(transaction.reference))
    return transaction.get_absolute_url(), transaction.key


def _open_next(request: HtmxHttpRequest, last: Mapping[str, str], *, key: str) -> HttpResponse:
    """The next form, beside a table that is told of what was posted."""
    if not in_slide_over(request):
        return redirect(f"{reverse('transactions:create')}?{urlencode(last)}")
    form = TransferForm(initial={**last, "reference": draw_reference()})
    response = _show_form(request, form)
    response["HX-Trigger"] = json.dumps({"transactionPosted": {"key": key}})
    return response


def _review_again(request: HtmxHttpRequest, draft: Draft) -> HttpResponse:
    try:
        reviewed = preview_draft(draft)
    except PostingError as error:
        return _refuse(request, draft, error)
    return _show_review(request, reviewed, is_changed=True)


def _refuse(request: HtmxHttpRequest, draft: Draft, error: PostingError) -> HttpResponse:
    sent = QueryDict(draft.sent)
    form = _form_class(sent)(sent)
    if form.is_valid():
        form.blame(error)
    return _show_form(request, form, status=422)


def _show_form(request: HtmxHttpRequest, form: OptionsForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "last": None}
    last = recall(request)
    if last and form.mode == TransferForm.mode and not (form.is_bound or form["source"].value()):
        label = BALANCES.label(last["source"]) or last["source"]
        context["last"] = {"label": label, "query": urlencode(last)}
    return render_page(request, FORM, context, status=status)


def _show_review(
    request: HtmxHttpRequest, reviewed: Reviewed, *, is_changed: bool = False
) -> HttpResponse:
    now = timezone.now()
    context = {
        "draft": reviewed.draft,
        "refusal": reviewed.refusal,
        "review": describe_review(reviewed, at=now),
        "scheduled": find_scheduled_duplicates(reviewed.draft, at=now),
        "token": reviewed.seal(cast(User, request.user)),
        "is_changed": is_changed,
    }
    return render_page(request, REVIEW, context, status=422 if is_changed else 200)
