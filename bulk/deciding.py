"""What becomes of each record of a run, by the same verbs as that of a single one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from audit.metadata import change_metadata
from bulk.choosing import RECORDS, keys_of
from bulk.models import Item, Run
from transactions.lifecycle import Many, commit_many, reverse_many, void_many
from transactions.requests import Following, Outcome

VERBS: dict[str, Many] = {
    Run.Action.COMMIT: commit_many,
    Run.Action.VOID: void_many,
    Run.Action.REVERSE: reverse_many,
}
WAITING, DONE, REFUSED = Item.State.WAITING, Item.State.DONE, Item.State.REFUSED


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of one item; `transaction_id` is that of what was written for it."""

    state: str
    reason: str = ""
    result: str = ""
    transaction_id: int | None = None


def decide(run: Run, items: Sequence[Item]) -> list[Decided]:
    """Do it for each, in order; what is refused keeps its reason.

    Raises:
        BusyError: another posting held one of the balances for too long.
    """
    if run.action == Run.Action.METADATA:
        return [_add_metadata(run, item) for item in items]
    requests = [_following(run, item) for item in items]
    results = VERBS[run.action](requests, actor=run.user)
    written = [result.transaction_id for result in results if result.transaction_id]
    keys = keys_of("transactions", written)
    return [
        Decided(REFUSED, reason=str(result.error))
        if result.error or result.outcome == Outcome.REFUSED
        else Decided(DONE, "", keys.get(result.transaction_id or 0, ""), result.transaction_id)
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
