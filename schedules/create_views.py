from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.signing import BadSignature
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from transactions.drafts import Draft, Reviewed, post_reviewed, preview_draft
from transactions.errors import PostingError
from transactions.forms import TransactionForm, as_initial, as_sent, draw_reference
from transactions.requests import Outcome
from transactions.review import describe_review
from transactions.sealing import FiguresChangedError
from users.models import User
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page

FORM, REVIEW = "transactions/transaction_create.html", "transactions/transaction_review.html"


@require_http_methods(["GET", "POST"])
def transaction_create(request: HtmxHttpRequest) -> HttpResponse:
    """The form; and, with the token of a review, the posting or the form to change it."""
    if request.method == "GET":
        form = open_form(request, TransactionForm, initial={"reference": draw_reference()})
        return _show_form(request, form)
    try:
        reviewed = Reviewed.unseal(request.POST.get("token", ""), cast(User, request.user))
    except BadSignature:
        form = TransactionForm(initial={"reference": draw_reference()})
        messages.error(request, _("That review is not valid. Nothing was posted."))
        return _show_form(request, form, status=422)
    if "change" in request.POST:
        return _show_form(request, TransactionForm(initial=as_initial(reviewed.draft)))
    return _post(request, reviewed)


@require_http_methods(["GET", "POST"])
def transaction_review(request: HtmxHttpRequest) -> HttpResponse:
    if request.method == "GET":  # a reload, or the way back from signing in
        return redirect("transactions:create")
    form = open_form(request, TransactionForm)
    if form.is_valid():
        try:
            reviewed = preview_draft(form.draft())
        except PostingError as error:
            form.blame(error)
        else:
            return _show_review(request, reviewed)
    return _show_form(request, form, status=422 if form.errors else 200)


def _post(request: HtmxHttpRequest, reviewed: Reviewed) -> HttpResponse:
    try:
        transaction, outcome = post_reviewed(reviewed, actor=cast(User, request.user))
    except FiguresChangedError:
        return _review_again(request, reviewed.draft)
    except PostingError as error:
        return _refuse(request, reviewed.draft, error)
    if outcome == Outcome.PRESENT:
        messages.info(request, _("This was posted already. It was not posted again."))
    else:
        messages.success(request, _("Transaction %s posted.") % transaction.reference)
    return finish_form(
        request,
        url=transaction.get_absolute_url(),
        event="transactionPosted",
        key=transaction.key,
    )


def _review_again(request: HtmxHttpRequest, draft: Draft) -> HttpResponse:
    try:
        reviewed = preview_draft(draft)
    except PostingError as error:
        return _refuse(request, draft, error)
    return _show_review(request, reviewed, is_changed=True)


def _refuse(request: HtmxHttpRequest, draft: Draft, error: PostingError) -> HttpResponse:
    form = TransactionForm(as_sent(draft))
    if form.is_valid():
        form.blame(error)
    return _show_form(request, form, status=422)


def _show_form(
    request: HtmxHttpRequest, form: TransactionForm, *, status: int = 200
) -> HttpResponse:
    return render_page(request, FORM, {"form": form}, status=status)


def _show_review(
    request: HtmxHttpRequest, reviewed: Reviewed, *, is_changed: bool = False
) -> HttpResponse:
    context = {
        "draft": reviewed.draft,
        "review": describe_review(reviewed),
        "token": reviewed.seal(cast(User, request.user)),
        "is_changed": is_changed,
    }
    return render_page(request, REVIEW, context, status=422 if is_changed else 200)
