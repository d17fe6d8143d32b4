from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.signing import BadSignature
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from audit.history import latest_events
from audit.views import edit_metadata, show_info
from balances.filters import kept_parameters
from transactions.drafts import (
    Draft,
    FiguresChangedError,
    Reviewed,
    post_reviewed,
    preview_draft,
)
from transactions.entries import ORDER, PAGE_SIZE, entries_of, group_entries, sum_entries
from transactions.errors import PostingError
from transactions.filters import TransactionFilter
from transactions.forms import TransactionForm, as_initial, as_sent, draw_reference
from transactions.models import Transaction
from transactions.records import describe_record
from transactions.requests import Outcome
from transactions.review import describe_review
from transactions.rows import read_rows
from users.models import User
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.pagination import paginate_request
from web.records import get_record_or_404
from web.sorting import Column, sort_columns

COLUMNS = (
    Column("effective", gettext_lazy("Effective"), ("effective_at", "id"), descending_first=True),
    Column("reference", gettext_lazy("Reference")),
    Column("description", gettext_lazy("Description"), css="hide-s"),
    Column("from", gettext_lazy("From"), css="hide-s"),
    Column("to", gettext_lazy("To"), css="hide-s"),
    Column("status", gettext_lazy("Status"), css="hide-s"),
    Column("amount", gettext_lazy("Amount"), css="num"),
)
FORM, REVIEW = "transactions/transaction_create.html", "transactions/transaction_review.html"


@require_safe
def transaction_list(request: HtmxHttpRequest) -> HttpResponse:
    chosen = TransactionFilter.read(request)
    sorting = sort_columns(request, COLUMNS, table="transaction-table", default="-effective")
    queryset, order = chosen.walk(descending=sorting.order[0].descending)
    page = paginate_request(request, queryset, order=order)
    context = {
        "chosen": chosen,
        "chips": chosen.chips(request),
        "kept": kept_parameters(request, "ledger", "balance", "sort"),
        "page": page,
        "rows": read_rows(
            [row["transaction_id"] for row in page.rows], new=request.GET.get("new", "")
        ),
        "sorting": sorting,
        "total": chosen.describe_count(request),
    }
    return render_page(
        request, "transactions/transaction_list.html", context, partial="transaction-table"
    )


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
