"""The entries of a balance in effective order, and what it had come to at any place among them.

The order is (`effective_at`, `id`): a back-dated entry stands where it belongs in the world. An
entry's stored `running_minor` is the figure in the order of recording, so that in this order the
running figure is found anew: day totals up to the instant, and the entries of that instant. Its
cost does not grow with the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Left

from balances.models import Balance
from reports.moments import Totals, totals_at
from transactions.models import Entry
from web.arms import Arm, Arms
from web.pagination import Key
from web.statements import fetch_all, fetch_one

OLDEST_FIRST = (Key("effective_at"), Key("id"))
NEWEST_FIRST = (Key("effective_at", descending=True), Key("id", descending=True))
TEXT_LENGTH_MAX = 200

# Built once: resolving the names takes as long as reading the rows.
ENTRIES: QuerySet[Entry, Any] = Entry.objects.values(
    "id",
    "position",
    "effective_at",
    "direction",
    "amount_minor",
    "running_minor",
    "transaction_id",
    "transaction__public_id",
    "transaction__reference",
    "transaction__created_at",
    text=Left("transaction__description", TEXT_LENGTH_MAX),
)
WHOLE_ENTRIES: QuerySet[Entry, Any] = ENTRIES.annotate(whole_text=F("transaction__description"))
# The same by statements that are written once. Joined after the limit.
PAGE = """
SELECT e.id, e.position, e.effective_at, e.direction, e.amount_minor, e.running_minor,
       e.transaction_id, t.public_id, t.reference, t.created_at,
       left(t.description, %(length)s) AS text
FROM (
    SELECT * FROM transactions_entry
    WHERE balance_id = %(balance)s {within} {{after}} {{ordered}}
) AS e
JOIN transactions_transaction AS t ON t.id = e.transaction_id
{{ordered}}
"""
RECORDED = Arm(PAGE.format(within=""), keys=("position",))
WITHIN = "AND effective_at >= %(start)s AND effective_at < %(end)s"
KNOWN = "AND position <= %(position)s"
# By whether only what had been recorded by some moment counts.
EFFECTIVE = {
    False: Arm(PAGE.format(within=WITHIN), keys=("effective_at", "id")),
    True: Arm(PAGE.format(within=f"{WITHIN} {KNOWN}"), keys=("effective_at", "id")),
}
# Looked up place by place (OFFSET 0): joined, a kept plan may read all entries of the balance.
SAME_INSTANT = """
SELECT s.credit_minor, s.debit_minor, s.entry_count
FROM unnest(%s::timestamptz[], %s::bigint[]) WITH ORDINALITY AS p (effective_at, id, number)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0) AS credit_minor,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0) AS debit_minor,
           count(*) AS entry_count
    FROM transactions_entry AS e
    WHERE e.balance_id = %s AND e.effective_at = p.effective_at AND e.id < p.id
    OFFSET 0
) AS s
ORDER BY p.number
"""
LAST_POSITION = "SELECT reports_position_by(%s, %s)"


@dataclass(frozen=True, slots=True)
class Place:
    """Right before the entry `id`, or where it would be, at the instant `effective_at`."""

    effective_at: datetime
    id: int = 0

    @classmethod
    def before(cls, entry: dict[str, Any]) -> Place:
        return cls(entry["effective_at"], entry["id"])

    @classmethod
    def after(cls, entry: dict[str, Any]) -> Place:
        return cls(entry["effective_at"], entry["id"] + 1)


def entries_of(
    balance: Balance, *, known_at: datetime | None = None, is_whole: bool = False
) -> QuerySet[Entry, Any]:
    """What registers and statements read of each entry; of those recorded by `known_at`.

    `text` is the start of the description; with `is_whole`, `whole_text` is all of it.
    """
    entries = (WHOLE_ENTRIES if is_whole else ENTRIES).filter(balance=balance)
    if known_at is None:
        return entries
    return entries.filter(position__lte=_last_position(balance, known_at))


def recorded_entries(balance: Balance) -> Arms:
    """`entries_of` a balance as a source of pages, for the order of `position`."""
    return _source(balance, RECORDED, {})


def effective_entries(
    balance: Balance, start: datetime, end: datetime, *, known_at: datetime | None = None
) -> Arms:
    """`entries_of` a balance within a time as a source of pages, for the order of `effective_at`.

    In both sources amounts are decimals: see `in_integers`.
    """
    within: dict[str, Any] = {"start": start, "end": end}
    if known_at is not None:
        within["position"] = _last_position(balance, known_at)
    return _source(balance, EFFECTIVE[known_at is not None], within)


def _source(balance: Balance, arm: Arm, within: dict[str, Any]) -> Arms:
    return Arms(
        label=Entry._meta.label,
        fields=(*ENTRIES.query.values_select, "text"),
        arms=(arm,),
        parameters={"balance": balance.pk, "length": TEXT_LENGTH_MAX, **within},
    )


def in_integers(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """With their amounts as the ORM would give them; a statement answers with decimals."""
    return [
        {
            **entry,
            "amount_minor": int(entry["amount_minor"]),
            "running_minor": int(entry["running_minor"]),
        }
        for entry in entries
    ]


def totals_at_places(
    balance: Balance, places: Sequence[Place], *, known_at: datetime | None = None
) -> list[Totals]:
    """What the entries before each of the places add up to; two statements.

    With `known_at`, the places are of entries that were known: those of the same instant before
    them were recorded before them.
    """
    wholes = totals_at(balance.pk, [place.effective_at for place in places], known_at=known_at)
    parameters = [
        [place.effective_at for place in places],
        [place.id for place in places],
        balance.pk,
    ]
    rows = fetch_all(SAME_INSTANT, parameters)
    return [
        whole + Totals(int(credit), int(debit), count)
        for whole, (credit, debit, count) in zip(wholes, rows, strict=True)
    ]


def sum_entries(entries: Iterable[dict[str, Any]]) -> Totals:
    """What some rows of `entries_of` add up to."""
    credit_minor = debit_minor = count = 0
    for entry in entries:
        count += 1
        if entry["direction"] == Entry.Direction.CREDIT:
            credit_minor += entry["amount_minor"]
        else:
            debit_minor += entry["amount_minor"]
    return Totals(credit_minor, debit_minor, count)


def _last_position(balance: Balance, known_at: datetime) -> int:
    row = fetch_one(LAST_POSITION, [balance.pk, known_at])
    return int(row[0]) if row else 0


def with_running(
    entries: Sequence[dict[str, Any]], *, first_minor: int, is_newest_first: bool = False
) -> list[dict[str, Any]]:
    """The entries with `running_minor` as it runs in their present order.

    `first_minor` is credits less debits before the first of them; where the newest comes
    first, after it.
    """
    told, net_minor = [], first_minor
    for entry in entries:
        change_minor = entry["direction"] * entry["amount_minor"]
        after_minor = net_minor if is_newest_first else net_minor + change_minor
        told.append({**entry, "running_minor": after_minor})
        net_minor += -change_minor if is_newest_first else change_minor
    return told
