"""Posting what is due, one process at a time."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db import transaction as db_transaction
from django.db.models import Q
from django.utils import timezone

from schedules.models import Schedule
from schedules.operations import decide, request_of
from transactions.answers import busy_refused
from transactions.errors import BusyError, PostingError
from transactions.posting import post

DUE_MAX = 1000
# Any number, as long as it is the same wherever schedules are posted.
TURN = 7_239_140_553
# Whoever waits longer for a turn or a balance tries again the next minute.
PATIENCE = "2s"

logger = logging.getLogger(__name__)


def post_due(*, now: datetime | None = None, limit: int = DUE_MAX) -> int:
    """Post what is due, oldest first, each in a database transaction of its own.

    One does so at a time: what comes in at a moment comes in before what was
    scheduled later for the same moment. What is refused is rejected, with the
    reason. What is busy stays scheduled for the next time. Returns how many
    were posted or rejected.

    Raises:
        OperationalError: the database went away; what is left stays scheduled.
    """
    decided, tried = 0, Q()
    for _number in range(limit):
        turn = _post_next(tried, now=now)
        if turn is None:
            break
        due, is_decided = turn
        decided += is_decided
        tried = Q(due_at__gt=due.due_at) | Q(due_at=due.due_at, pk__gt=due.pk)
    return decided


def _post_next(tried: Q, *, now: datetime | None) -> tuple[Schedule, bool] | None:
    """The oldest that is due after those tried, and whether it was decided; None without one."""
    due = None
    try:
        with db_transaction.atomic():
            _take_turn()
            waiting = Schedule.objects.filter(
                tried, state=Schedule.State.SCHEDULED, due_at__lte=now or timezone.now()
            )
            locked = waiting.order_by("due_at", "pk").select_for_update(skip_locked=True)
            due = locked.first()
            if due is None:
                return None
            _post_or_reject(due)
    except BusyError:
        return None if due is None else (due, False)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        if due is None:
            raise
        # Those behind it must not wait for it.
        logger.exception("Schedule %s cannot be posted and stays scheduled", due.pk)
        return due, False
    return due, True


def _take_turn() -> None:
    """Wait until nobody else posts what is due, until the end of the database transaction.

    Raises:
        BusyError: somebody does for longer, and will come to the rest as well.
    """
    with busy_refused(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])


def _post_or_reject(locked: Schedule) -> None:
    try:
        result = post(request_of(locked, effective_at=locked.due_at), actor=locked.actor)
    except BusyError:
        raise
    except PostingError as error:
        decide(locked, Schedule.State.REJECTED, reason_code=error.code, reason=str(error))
    else:
        decide(locked, Schedule.State.POSTED, transaction_id=result.transaction_id)
