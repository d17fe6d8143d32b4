"""Doing what was reviewed, each record exactly once.

What was tried out for the review is done at once, if it comes out as it was reviewed. Of more, a
hundred are done at a time: a step locks its run, decides the next items and writes their results
in one database transaction. Killed in between, nothing of the step has happened, and another
process goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction as db_transaction
from django.db.models.functions import Now

from audit.recording import record
from bulk.batches import tell_where_asked
from bulk.choosing import keys_of
from bulk.deciding import DONE, REFUSED, WAITING, Decided, decide
from bulk.foreseeing import foresee, is_same_outcome, tell_outcome
from bulk.models import Item, Run
from users.models import User

STEP = 100


def plan(
    *, user: User, table: str, action: str, records: Sequence[int], content: dict[str, Any]
) -> Run:
    """A run that is to be reviewed: its records are fixed, and nothing is done yet."""
    keys = keys_of(table, records)
    known = [pk for pk in records if pk in keys]
    with db_transaction.atomic():
        run = Run.objects.create(
            user=user, table=table, action=action, content=content, item_count=len(known)
        )
        Item.objects.bulk_create(
            [
                Item(run=run, position=position, record_id=pk, record_key=keys[pk])
                for position, pk in enumerate(known, start=1)
            ],
            batch_size=5_000,
        )
        run.foreseen = foresee(run)
        run.save(update_fields=["foreseen"])
    return run


def start(run: Run) -> bool:
    """Let the run begin; False if it did before."""
    with db_transaction.atomic():
        begun = Run.objects.filter(pk=run.pk, started_at=None).update(started_at=Now())
        if begun:
            record(
                actor=run.user,
                action="bulk.started",
                subject=run.key,
                after={"table": run.table, "action": run.action, "records": run.item_count},
            )
    return bool(begun)


def do_reviewed(run: Run) -> bool:
    """Do all of it in one database transaction, if it comes out as it was reviewed.

    False if it does not: nothing was done then, and the run says what would happen by now. One
    that began before is left alone.

    Raises:
        BusyError: another posting held one of the balances for too long; nothing was done.
    """
    with db_transaction.atomic():
        if not start(run):
            return True
        begun = Run.objects.select_related("user").get(pk=run.pk)
        items = list(begun.items.order_by("position"))
        decided = decide(begun, items)
        outcome = tell_outcome(begun, decided)
        is_as_reviewed = is_same_outcome(outcome, run.foreseen)
        if is_as_reviewed:
            _keep(begun, items, decided)
            _end(begun)
        else:
            db_transaction.set_rollback(True)
    if not is_as_reviewed:
        run.foreseen = outcome
        run.save(update_fields=["foreseen"])
    return is_as_reviewed


def go_on(run: Run) -> None:
    """Do what waits, step by step, until nothing does or another process is at it.

    Raises:
        BusyError: another posting held one of the balances for too long; to be tried again.
    """
    while _do_step(run.pk):
        pass


def _do_step(run_id: int) -> bool:
    with db_transaction.atomic():
        locked = Run.objects.select_for_update(skip_locked=True, no_key=True)
        run = locked.filter(pk=run_id, started_at__isnull=False, ended_at=None).first()
        if run is None:
            return False
        items = list(run.items.filter(state=WAITING).order_by("position")[:STEP])
        if not items:
            _end(run)
            return False
        _keep(run, items, decide(run, items))
        return True


def _keep(run: Run, items: Sequence[Item], decided: Sequence[Decided]) -> None:
    for item, each in zip(items, decided, strict=True):
        item.state, item.reason, item.result = each.state, each.reason, each.result
    Item.objects.bulk_update(items, ["state", "reason", "result"])
    run.done_count += sum(each.state == DONE for each in decided)
    run.refused_count += sum(each.state == REFUSED for each in decided)
    run.save(update_fields=["done_count", "refused_count"])


def _end(run: Run) -> None:
    run.ended_at = Now()
    run.save(update_fields=["ended_at"])
    after = {"done": run.done_count, "refused": run.refused_count}
    record(actor=run.user, action="bulk.ended", subject=run.key, after=after)
    tell_where_asked(run)
