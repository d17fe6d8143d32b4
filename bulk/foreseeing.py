"""What a run would do: tried out, and taken back; its review shows it, and is compared with it.

What is compared is what becomes of the records: which are refused and why, what is moved, and
which balances run into a limit. Figures that others move meanwhile make no difference to that.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction as db_transaction
from django.db.models import Sum

from bulk.deciding import REFUSED, Decided, decide
from bulk.models import Run
from ledgers.money import format_amount
from transactions.changes import describe_changes
from transactions.models import Entry, Reservation
from transactions.previews import read_changes
from transactions.requests import DEBIT, BalanceChange
from transactions.review import ReviewedSide, keep_sides, read_sides

# So many are tried out for the review, and done while a person waits.
AT_ONCE_MAX = 200
# So many balances are shown; among so many, those come first that run into a limit.
SIDES_SHOWN = 20
SIDES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the review shows: how many would be done, and why the others would not.

    `amounts` are what would be moved or released, one for each currency; `more` balances move
    beside those that are shown.
    """

    done: int
    reasons: Mapping[str, int]
    amounts: tuple[str, ...]
    sides: tuple[ReviewedSide, ...]
    more: int

    @classmethod
    def of(cls, run: Run) -> Foreseen:
        """As `foresee` kept it."""
        kept = run.foreseen
        refused = kept.get("refused", {})
        return cls(
            run.item_count - len(refused),
            dict(Counter(refused.values())),
            tuple(kept.get("amounts", ())),
            read_sides(kept.get("sides", ())),
            kept.get("more", 0),
        )


def is_tried_out(count: int) -> bool:
    """Whether they are so few that their review says what each record comes to."""
    return count <= AT_ONCE_MAX


def foresee(run: Run) -> dict[str, Any]:
    """What would become of each record, and of which balances; empty if it is not tried out.

    Raises:
        BusyError: another posting held one of the balances for too long.
    """
    if not is_tried_out(run.item_count):
        return {}
    with db_transaction.atomic():
        outcome = tell_outcome(run, decide(run, list(run.items.order_by("position"))))
        db_transaction.set_rollback(True)
    return outcome


def tell_outcome(run: Run, decided: Sequence[Decided]) -> dict[str, Any]:
    """As `foresee` says it, of what is written by now; `refused` are reasons by position."""
    written = [each.transaction_id for each in decided if each.transaction_id]
    changes = read_changes(*written)
    return {
        "refused": {
            str(position): each.reason
            for position, each in enumerate(decided, start=1)
            if each.state == REFUSED
        },
        "amounts": _sum_amounts(run, written),
        "sides": _describe(changes),
        "more": max(0, len(changes) - SIDES_SHOWN),
    }


def is_same_outcome(outcome: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the same becomes of each record, whatever the balances stand at."""
    return _compared(outcome) == _compared(other)


def digest_of(outcome: Mapping[str, Any]) -> str:
    """The same for outcomes that are the same: it says which review is on the screen."""
    return hashlib.sha256(json.dumps(_compared(outcome), sort_keys=True).encode()).hexdigest()


def _compared(outcome: Mapping[str, Any]) -> tuple[Any, ...]:
    sides = outcome.get("sides", ())
    moved = {side["url"]: (side["moves"], bool(side["limits"])) for side in sides}
    return outcome.get("refused"), outcome.get("amounts"), moved


def _sum_amounts(run: Run, written: Sequence[int]) -> list[str]:
    """What is debited in each currency; of what is voided, what was to be."""
    lines = Reservation if run.action == Run.Action.VOID else Entry
    debits = lines._default_manager.filter(transaction_id__in=written, direction=DEBIT)
    sums = debits.values_list("balance__currency_id", "balance__currency__exponent").annotate(
        total=Sum("amount_minor")
    )
    return [
        f"{format_amount(int(total), exponent)} {code}"
        for code, exponent, total in sums.order_by("balance__currency_id")
    ]


def _describe(changes: Sequence[BalanceChange]) -> list[dict[str, Any]]:
    sides = list(describe_changes(changes[:SIDES_MAX], are_written=True))
    if len(changes) > SIDES_SHOWN:
        sides.sort(key=lambda side: not side.limits)
    return keep_sides(sides[:SIDES_SHOWN])
