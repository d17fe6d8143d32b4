"""Scheduling a transaction, cancelling it, and posting it before its time.

What is due is posted by `schedules.due`. Each schedule is decided under a lock on its row,
together with the transaction that it becomes: a process that ends midway leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError
from django.db import transaction as db_transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from audit.recording import record
from schedules.models import IS_UNSEEN, Schedule
from schedules.requests import decode_request, encode_request
from transactions.answers import busy_refused
from transactions.checks import check_moment, check_request, encode_metadata
from transactions.errors import (
    HoldExpiredError,
    InvalidRequestError,
    PostingError,
    ReferenceUsedError,
    SameBalanceError,
    SeveralCurrenciesError,
    UnbalancedTransactionError,
    UnknownBalanceError,
)
from transactions.models import Transaction
from transactions.posting import post
from transactions.previews import read_changes
from transactions.requests import HoldRequest, PostingRequest
from transactions.sealing import Figures, FiguresChangedError, figures_of
from web.database_errors import constraint_of

if TYPE_CHECKING:
    from users.models import User

# No state of the books could make these right; funds may come, and balances open again.
UNFIT = (
    InvalidRequestError,
    SameBalanceError,
    SeveralCurrenciesError,
    UnbalancedTransactionError,
    UnknownBalanceError,
)
SEEN_MAX = 1000
# The job that is deferred with each schedule.
POST_AT_ITS_TIME = "schedules.post_at_its_time"


class DueInPastError(PostingError):
    code = "due_in_past"
    message = _("Choose a time that is still to come.")


class NotRejectedError(PostingError):
    code = "not_rejected"
    message = _("It was not rejected.")


class DecidedError(PostingError):
    """It is no longer scheduled; `state` says what became of it."""

    code = "decided"

    def __init__(self, state: str) -> None:
        self.state = Schedule.State(state)
        super().__init__(ENDINGS[self.state])


ENDINGS = {
    Schedule.State.SCHEDULED: _("It is still scheduled."),
    Schedule.State.POSTED: _("It was posted already."),
    Schedule.State.CANCELLED: _("It was cancelled before."),
    Schedule.State.REJECTED: _("It was rejected before, and cannot be posted any more."),
}


def schedule(request: PostingRequest, *, due_at: datetime, actor: User | None) -> Schedule:
    """Keep a request to be posted at `due_at`, its effective date then, in the name of `actor`.

    The same reference with the same content is the same schedule, kept once.
    Whether funds suffice is found out when it is due; `foresee` says how it
    stands now.

    Raises:
        DueInPastError: `due_at` is not in the future.
        ReferenceUsedError: a transaction, or another schedule, has the reference.
        HoldExpiredError: it is a hold, which would expire before it begins.
        InvalidRequestError, UnknownBalanceError, SameBalanceError,
        SeveralCurrenciesError, UnbalancedTransactionError: it is malformed, and
            could never be posted.
    """
    check_request(request)
    check_moment(due_at)
    encode_metadata(request.metadata)
    if kept := _find_same(request, due_at):
        return kept
    if due_at <= timezone.now():
        raise DueInPastError
    if isinstance(request, HoldRequest) and request.expires_at and request.expires_at <= due_at:
        raise HoldExpiredError(_("The hold would expire before it begins."))
    if Transaction.objects.filter(reference=request.reference).exists():
        raise ReferenceUsedError
    refusal = foresee(request)
    if isinstance(refusal, UNFIT):
        raise refusal
    try:
        return _store(request, due_at, actor)
    except IntegrityError as error:
        constraint = constraint_of(error)
        if constraint == "schedule_in_future":
            raise DueInPastError from error
        if constraint not in ("schedule_reference_unique", "schedule_reference_free"):
            raise
        # Somebody took the reference after this had looked for it.
        kept = _find_same(request, due_at)
        if kept is None:
            raise ReferenceUsedError from error
        return kept


def foresee(request: PostingRequest) -> PostingError | None:
    """What would refuse the request if it were posted at once, or None; nothing is written."""
    try:
        with db_transaction.atomic():
            post(replace(request, effective_at=None))
            db_transaction.set_rollback(True)
    except PostingError as error:
        return error
    return None


def cancel(schedule: Schedule, *, actor: User | None) -> Schedule:
    """Never post it.

    Raises:
        DecidedError: it was posted, cancelled or rejected before.
        BusyError: it is being posted at this moment.
    """
    with db_transaction.atomic():
        locked = _lock(schedule)
        decide(locked, Schedule.State.CANCELLED, actor=actor)
    return locked


def post_now(schedule: Schedule, *, actor: User | None, figures: Figures | None = None) -> Schedule:
    """Post it without waiting for its time, in the name of `actor`.

    Before its time it takes effect when it is recorded, afterwards at that
    time. When it is refused, or would not do what the `figures` of a review
    say, it stays scheduled.

    Raises:
        DecidedError: it was posted, cancelled or rejected before.
        FiguresChangedError: one of the balances holds another figure by now.
        PostingError: it was refused.
    """
    with db_transaction.atomic():
        locked = _lock(schedule)
        result = post(request_now(locked, now=timezone.now()), actor=actor)
        assert result.transaction_id is not None
        if figures is not None and figures != figures_of(read_changes(result.transaction_id)):
            raise FiguresChangedError
        decide(locked, Schedule.State.POSTED, actor=actor, transaction_id=result.transaction_id)
    return locked


def mark_seen(schedule: Schedule, *, actor: User) -> Schedule:
    """Say that the rejection was seen to; said again, it changes nothing.

    Raises:
        NotRejectedError: it was not rejected.
        BusyError: somebody else decides about it at this moment.
    """
    with db_transaction.atomic():
        with busy_refused():
            locked = Schedule.objects.select_for_update().get(pk=schedule.pk)
        if locked.state != Schedule.State.REJECTED:
            raise NotRejectedError
        if locked.seen_at is None:
            _mark_seen([locked], actor=actor)
    return locked


def mark_all_seen(*, until: datetime, actor: User) -> int:
    """Say so of those rejected up to a moment, at most `SEEN_MAX` of them; returns how many.

    Raises:
        BusyError: somebody else decides about one of them at this moment.
    """
    with db_transaction.atomic():
        unseen = Schedule.objects.filter(IS_UNSEEN, decided_at__lte=until)
        with busy_refused():
            locked = list(unseen.order_by("due_at", "pk").select_for_update()[:SEEN_MAX])
        _mark_seen(locked, actor=actor)
    return len(locked)


def request_now(schedule: Schedule, *, now: datetime) -> PostingRequest:
    """What `post_now` asks for.

    Raises: as `request_of`.
    """
    return request_of(schedule, effective_at=schedule.due_at if schedule.due_at <= now else None)


def request_of(schedule: Schedule, *, effective_at: datetime | None) -> PostingRequest:
    """What the posting engine is asked for.

    Raises:
        InvalidRequestError: what was kept cannot be read.
    """
    return decode_request(
        schedule.request,
        reference=schedule.reference,
        description=schedule.description,
        effective_at=effective_at,
    )


def _lock(schedule: Schedule) -> Schedule:
    with busy_refused():
        locked = Schedule.objects.select_for_update().get(pk=schedule.pk)
    if locked.state != Schedule.State.SCHEDULED:
        raise DecidedError(locked.state)
    return locked


def decide(
    locked: Schedule, state: Schedule.State, *, actor: User | None = None, **outcome: Any
) -> None:
    """Move the state, once, and say so in the audit; without `actor` the time itself did it."""
    locked.state, locked.decided_at = state, timezone.now()
    for name, value in outcome.items():
        setattr(locked, name, value)
    locked.save(update_fields=["state", "decided_at", *outcome])
    record(
        actor=actor,
        action=f"schedule.{state.lower()}",
        subject=locked.key,
        before={"state": Schedule.State.SCHEDULED.value},
        after={"state": state.value, **outcome},
    )


def _mark_seen(locked: Sequence[Schedule], *, actor: User) -> None:
    Schedule.objects.filter(pk__in=[each.pk for each in locked]).update(
        seen_at=Now(), seen_by=actor
    )
    for each in locked:
        record(actor=actor, action="schedule.seen", subject=each.key)


def _find_same(request: PostingRequest, due_at: datetime) -> Schedule | None:
    """The schedule that has the reference, and asks for the same.

    Raises:
        ReferenceUsedError: it asks for something else.
    """
    kept = Schedule.objects.filter(reference=request.reference).first()
    if kept is None:
        return None
    content = (request.description, due_at, encode_request(request))
    if (kept.description, kept.due_at, kept.request) != content:
        raise ReferenceUsedError
    return kept


def _store(request: PostingRequest, due_at: datetime, actor: User | None) -> Schedule:
    with db_transaction.atomic():
        kept = Schedule.objects.create(
            reference=request.reference,
            description=request.description,
            due_at=due_at,
            request=encode_request(request),
            actor=actor,
        )
        record(
            actor=actor,
            action="schedule.created",
            subject=kept.key,
            after={"reference": kept.reference, "due_at": due_at, "request": kept.request},
        )
        app.configure_task(POST_AT_ITS_TIME, schedule_at=due_at).defer()
    return kept
