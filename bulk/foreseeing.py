"""What a run would do: tried out, and taken back; its review shows it, and is compared with it.

It is kept as it is shown, in words: a figure that has changed since is seen, and no other is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction as db_transaction
from django.db.models import Sum

from bulk.deciding import DONE, REFUSED, decide
from bulk.models import Run
from ledgers.money import format_amount
from transactions.changes import describe_changes
from transactions.models import Entry, Reservation
from transactions.previews import read_changes
from transactions.requests import DEBIT, BalanceChange
from transactions.review import Change, ReviewedSide

# So many are tried out for the review, and done while a person waits.
AT_ONCE_MAX = 200
# So many balances are shown; among so many, those come first that run into a limit.
SIDES_SHOWN = 20
SIDES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the review shows of the balances; `more` others move as well.

    `amounts` are what would be moved or released, one for each currency.
    """

    amounts: tuple[str, ...]
    sides: tuple[ReviewedSide, ...]
    more: int

    @classmethod
    def of(cls, run: Run) -> Foreseen:
        """As `foresee` kept it."""
        kept = run.foreseen
        sides = tuple(_read_side(each) for each in kept.get("sides", ()))
        return cls(tuple(kept.get("amounts", ())), sides, kept.get("more", 0))


def foresee(run: Run) -> dict[str, Any]:
    """How many would be done, why the others would not, and what becomes of which balance.

    Empty for so many that they are not tried out.

    Raises:
        BusyError: another posting held one of the balances for too long.
    """
    if run.item_count > AT_ONCE_MAX:
        return {}
    with db_transaction.atomic():
        decided = decide(run, list(run.items.order_by("position")))
        written = [each.transaction_id for each in decided if each.transaction_id]
        changes = read_changes(*written)
        amounts = _sum_amounts(run, written)
        db_transaction.set_rollback(True)
    reasons: dict[str, int] = {}
    for each in decided:
        if each.state == REFUSED:
            reasons[each.reason] = reasons.get(each.reason, 0) + 1
    return {
        "done": sum(each.state == DONE for each in decided),
        "reasons": reasons,
        "amounts": amounts,
        "sides": _describe(changes),
        "more": max(0, len(changes) - SIDES_SHOWN),
    }


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
    sides = list(describe_changes(changes[:SIDES_MAX]))
    if len(changes) > SIDES_SHOWN:
        sides.sort(key=lambda side: not side.limits)
    shown: list[dict[str, Any]] = json.loads(
        json.dumps([asdict(side) for side in sides[:SIDES_SHOWN]])
    )
    return shown


def _read_side(kept: Mapping[str, Any]) -> ReviewedSide:
    figures = {name: kept[name] for name in ("balance", "available", "inflight")}
    read = {name: each and Change(**each) for name, each in figures.items()}
    return ReviewedSide(**{**kept, **read})
