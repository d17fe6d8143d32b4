"""Reversing a whole batch or import: a run over all that it holds, the newest first."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection
from django.db import transaction as db_transaction
from django.utils.translation import ngettext

from audit.recording import record
from bulk.foreseeing import foresee, is_tried_out
from bulk.models import Item, Run
from transactions.batch_reversals import Batch, count_obstacles
from transactions.models import Transaction
from transactions.sealing import FiguresChangedError
from users.models import User
from web.formatting import format_count

# The newest first: what was passed on goes back before what it came from.
PLAN = """
INSERT INTO bulk_item (run_id, position, record_id, record_key, state, reason, result)
SELECT %s, row_number() OVER (ORDER BY t.id DESC), t.id, 'txn_' || t.public_id, %s, '', ''
FROM transactions_transaction AS t WHERE t.batch_id = %s
"""


def plan_reversal(batch: Batch, *, description: str, asked_at: Transaction, user: User) -> Run:
    """A run that is to be reviewed: all that the batch holds by now, and nothing is done yet.

    Raises:
        FiguresChangedError: it holds more transactions than were shown.
        BusyError: another posting held one of the balances for too long.
    """
    content: dict[str, Any] = {
        "description": description,
        "batch": str(batch.batch_id),
        "asked_at": asked_at.key,
        "totals": batch.totals,
        "known": {} if is_tried_out(batch.count) else count_obstacles(batch.batch_id),
    }
    with db_transaction.atomic():
        run = Run.objects.create(
            user=user,
            table="transactions",
            action=Run.Action.REVERSE,
            content=content,
            item_count=batch.count,
        )
        with connection.cursor() as cursor:
            cursor.execute(PLAN, [run.pk, Item.State.WAITING, batch.batch_id])
            if cursor.rowcount != batch.count:
                raise FiguresChangedError
        run.foreseen = foresee(run)
        run.save(update_fields=["foreseen"])
    return run


def is_being_reversed(batch_id: uuid.UUID) -> bool:
    """Whether a run that was started is at it."""
    running = Run.objects.filter(started_at__isnull=False, ended_at=None)
    return running.filter(content__batch=str(batch_id)).exists()


def tell_where_asked(run: Run) -> None:
    """Say how it went in the history of the transaction on whose page it was asked for."""
    subject = run.content.get("asked_at")
    if not subject:
        return
    told = {"run": run.key, "count": run.done_count}
    if run.done_count:
        record(actor=run.user, action="transaction.batch_reversed", subject=subject, after=told)
    if run.refused_count:
        told = {"run": run.key, "reason": _say_refused(run.refused_count)}
        record(actor=run.user, action="transaction.batch_refused", subject=subject, after=told)


def _say_refused(count: int) -> str:
    words = ngettext(
        "%(count)s transaction could not be reversed",
        "%(count)s transactions could not be reversed",
        count,
    )
    return words % {"count": format_count(count)}
