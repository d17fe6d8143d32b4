"""Reversing a large batch in the background, and what is told of it."""

from __future__ import annotations

import uuid
from contextlib import suppress

from django.db import transaction as db_transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from audit.recording import record
from transactions.batch_reversals import Batch, reverse_reviewed
from transactions.models import Transaction
from transactions.sealing import FiguresChangedError
from users.models import User

# The job; see jobs.py.
REVERSE_BATCH = "schedules.reverse_batch"
WAITING = ("todo", "doing")


def defer_reversal(batch: Batch, *, description: str, asked_at: Transaction, actor: User) -> None:
    """Reverse a batch in the background, once however often it is asked for."""
    job = app.configure_task(REVERSE_BATCH, queueing_lock=_lock_of(batch.batch_id))
    with suppress(AlreadyEnqueued), db_transaction.atomic():
        job.defer(
            batch_id=str(batch.batch_id),
            count=batch.count,
            description=description,
            asked_at=asked_at.pk,
            actor=actor.pk,
        )


def is_being_reversed(batch_id: uuid.UUID) -> bool:
    """Whether a worker is at it, or will be."""
    jobs = ProcrastinateJob.objects.filter(queueing_lock=_lock_of(batch_id), status__in=WAITING)
    return bool(jobs.exists())


def reverse_deferred(batch: Batch, *, description: str, asked_at: Transaction, actor: User) -> None:
    """Reverse a batch, and tell in the history of the transaction it was asked for at.

    Raises:
        BusyError: another posting held one of the balances for too long; to be tried again.
    """
    try:
        is_done, trial = reverse_reviewed(batch, description=description, actor=actor)
    except FiguresChangedError:
        refusal = _("The batch holds more transactions by now.")
    else:
        if not trial.count:
            if is_done:
                _tell(actor, asked_at, "transaction.batch_reversed", {"count": batch.count})
            return
        first = trial.refusals[0]
        refusal = f"{first.reference}: {first.reason}"
    _tell(actor, asked_at, "transaction.batch_refused", {"reason": refusal})


def _tell(actor: User, asked_at: Transaction, action: str, after: dict[str, object]) -> None:
    record(actor=actor, action=action, subject=asked_at.key, after=after)


def _lock_of(batch_id: uuid.UUID) -> str:
    return f"{REVERSE_BATCH}:{batch_id}"
