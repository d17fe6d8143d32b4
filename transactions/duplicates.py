"""Transactions that look like one about to be posted: same parties, amounts and day.

The cost is flat: of the party that moves least, some entries and reservations of that day are
read from its index, the latest first; and the lines of a few that match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain

from django.utils import timezone

from balances.models import Balance
from transactions.drafts import Draft
from transactions.models import Entry, Reservation, Transaction

READ_MAX = 500
CANDIDATES_MAX = 20
SHOWN_MAX = 5

Lines = Counter[tuple[int, int, int]]


def find_duplicates(draft: Draft, *, at: datetime) -> list[Transaction]:
    """Up to five postings and holds of the same day, newest first; the day is the person's."""
    balances = draft.balances()
    if any(line.side not in balances for line in draft.lines):
        return []  # a balance that is not open yet has no transactions
    lines: Lines = Counter(
        (balances[line.side].pk, line.direction, line.amount_minor) for line in draft.lines
    )
    quietest = min(balances.values(), key=lambda each: each.transaction_count)
    wanted = [line for line in lines if line[0] == quietest.pk]
    found = _candidates(quietest, wanted, day=_day_of(draft, at))
    same = [pk for pk, stored in _lines_of(found).items() if stored == lines]
    heads = Transaction.objects.filter(pk__in=same, parent=None, reverses=None)
    return list(heads.exclude(reference=draft.reference).order_by("-pk")[:SHOWN_MAX])


def _day_of(draft: Draft, at: datetime) -> datetime:
    return timezone.localtime(draft.due_at or draft.effective_at or at)


def _candidates(
    balance: Balance, wanted: Collection[tuple[int, int, int]], *, day: datetime
) -> list[int]:
    """Transactions of that day that move the balance as one of the wanted lines does."""
    start = day.replace(hour=0, minute=0, second=0, microsecond=0)
    moves = {(direction, amount) for _pk, direction, amount in wanted}
    found: set[int] = set()
    for lines in (Entry.objects.all(), Reservation.objects.filter(kind=Transaction.Kind.HOLD)):
        of_day = lines.filter(
            balance=balance, effective_at__gte=start, effective_at__lt=start + timedelta(days=1)
        )
        read = of_day.order_by("-effective_at", "-id").values_list(
            "transaction_id", "direction", "amount_minor"
        )[:READ_MAX]
        found |= {pk for pk, direction, amount in read if (direction, int(amount)) in moves}
    return sorted(found, reverse=True)[:CANDIDATES_MAX]


def _lines_of(transactions: Collection[int]) -> dict[int, Lines]:
    columns = ("transaction_id", "balance_id", "direction", "amount_minor")
    entries = Entry.objects.filter(transaction__in=transactions).values_list(*columns)
    holds = Reservation.objects.filter(
        transaction__in=transactions, kind=Transaction.Kind.HOLD
    ).values_list(*columns)
    return _gather(chain(entries, holds))


def _gather(rows: Iterable[tuple[int, int, int, Decimal]]) -> dict[int, Lines]:
    gathered: dict[int, Lines] = {}
    for pk, balance, direction, amount in rows:
        gathered.setdefault(pk, Counter())[balance, direction, int(amount)] += 1
    return gathered
