"""Doing what was reviewed, a hundred records at a time, each exactly once.

A step locks its run, decides the next items and writes their results in one database
transaction: killed in between, nothing of the step has happened, and another process goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction as db_transaction
from django.db.models.functions import Now

from audit.recording import record
from bulk.batches import tell_where_asked
from bulk.choosing import keys_of
from bulk.deciding import DONE, REFUSED, WAITING, decide
from bulk.foreseeing import foresee
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
            run.ended_at = Now()
            run.save(update_fields=["ended_at"])
            after = {"done": run.done_count, "refused": run.refused_count}
            record(actor=run.user, action="bulk.ended", subject=run.key, after=after)
            tell_where_asked(run)
            return False
        decided = decide(run, items)
        for item, each in zip(items, decided, strict=True):
            item.state, item.reason, item.result = each.state, each.reason, each.result
        Item.objects.bulk_update(items, ["state", "reason", "result"])
        run.done_count += sum(each.state == DONE for each in decided)
        run.refused_count += sum(each.state == REFUSED for each in decided)
        run.save(update_fields=["done_count", "refused_count"])
        return True
