"""Doing what was reviewed, a hundred records at a time, each exactly once.

A step locks its run, decides the next items and writes their results in one database
transaction: killed in between, nothing of the step has happened, and another process goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction as db_transaction
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from audit.metadata import change_metadata
from audit.recording import record
from bulk.choosing import RECORDS, keys_of
from bulk.models import Item, Run
from transactions.lifecycle import Many, commit_many, reverse_many, void_many
from transactions.requests import Following, Outcome
from users.models import User

STEP = 100
# So many are tried out for the review, and done while a person waits.
AT_ONCE_MAX = 200
VERBS: dict[str, Many] = {
    Run.Action.COMMIT: commit_many,
    Run.Action.VOID: void_many,
    Run.Action.REVERSE: reverse_many,
}
WAITING, DONE, REFUSED = Item.State.WAITING, Item.State.DONE, Item.State.REFUSED


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of one item."""

    state: str
    reason: str = ""
    result: str = ""


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


def foresee(run: Run) -> dict[str, Any]:
    """How many would be done, and why the others would not: tried out, and taken back.

    Empty for so many that they are not tried out.
    """
    if run.item_count > AT_ONCE_MAX:
        return {}
    with db_transaction.atomic():
        decided = _decide(run, list(run.items.order_by("position")))
        db_transaction.set_rollback(True)
    reasons: dict[str, int] = {}
    for each in decided:
        if each.state == REFUSED:
            reasons[each.reason] = reasons.get(each.reason, 0) + 1
    return {"done": sum(each.state == DONE for each in decided), "reasons": reasons}


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
            return False
        decided = _decide(run, items)
        for item, each in zip(items, decided, strict=True):
            item.state, item.reason, item.result = each.state, each.reason, each.result
        Item.objects.bulk_update(items, ["state", "reason", "result"])
        run.done_count += sum(each.state == DONE for each in decided)
        run.refused_count += sum(each.state == REFUSED for each in decided)
        run.save(update_fields=["done_count", "refused_count"])
        return True


def _decide(run: Run, items: Sequence[Item]) -> list[Decided]:
    if run.action == Run.Action.METADATA:
        return [_add_metadata(run, item) for item in items]
    requests = [_following(run, item) for item in items]
    results = VERBS[run.action](requests, actor=run.user)
    written = [result.transaction_id for result in results if result.transaction_id]
    keys = keys_of("transactions", written)
    return [
        Decided(REFUSED, reason=str(result.error))
        if result.error or result.outcome == Outcome.REFUSED
        else Decided(DONE, result=keys.get(result.transaction_id or 0, ""))
        for result in results
    ]


def _following(run: Run, item: Item) -> Following:
    """Its reference says of which run and record it is, so that it is done once."""
    return Following(
        item.record_id,
        reference=f"{run.action} of {item.record_key} in {run.key}",
        description=run.content.get("description", ""),
        effective_at=_read_moment(run.content.get("effective_at")),
    )


def _read_moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def _add_metadata(run: Run, item: Item) -> Decided:
    _prefix, model = RECORDS[run.table]
    row = model._default_manager.filter(pk=item.record_id).first()
    if row is None:
        return Decided(REFUSED, reason=_("There is no such record any more."))
    changes = run.content["changes"]
    change_metadata(row, changes=changes, actor=run.user)
    return Decided(DONE, result=item.record_key)
