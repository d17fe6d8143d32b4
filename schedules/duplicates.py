"""Schedules that look like a transaction about to be posted or scheduled.

The cost is flat: some that are due on that day are read from their index, the next first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.utils import timezone

from schedules.models import Schedule
from schedules.operations import request_of
from transactions.drafts import Draft
from transactions.duplicates import SHOWN_MAX
from transactions.errors import InvalidRequestError
from transactions.requests import Indicator, Leg

READ_MAX = 200

Side = int | tuple[str, str]
Lines = Counter[tuple[Side, int]]


def find_scheduled_duplicates(draft: Draft, *, at: datetime) -> list[Schedule]:
    """Up to five with the same balances and amounts, due on the same day of the person."""
    indicators: dict[int, Side] = {
        balance.pk: (balance.indicator.casefold(), balance.currency_id)
        for balance in draft.balances().values()
        if balance.indicator
    }
    day = timezone.localtime(draft.due_at or draft.effective_at or at)
    start = day.replace(hour=0, minute=0, second=0, microsecond=0)
    waiting = Schedule.objects.filter(
        state=Schedule.State.SCHEDULED, due_at__gte=start, due_at__lt=start + timedelta(days=1)
    )
    wanted = _lines_of(draft.request().legs, indicators)
    read = waiting.order_by("due_at", "pk")[:READ_MAX]
    return list(islice((each for each in read if _asks_for(each, wanted, indicators)), SHOWN_MAX))


def _asks_for(schedule: Schedule, wanted: Lines, indicators: Mapping[int, Side]) -> bool:
    try:
        request = request_of(schedule, effective_at=None)
    except InvalidRequestError:
        return False
    return _lines_of(request.legs, indicators) == wanted


def _lines_of(legs: Sequence[Leg], indicators: Mapping[int, Side]) -> Lines:
    """How often each stands there; an indicator may be named, or be a balance by now."""
    return Counter((_side_of(leg.balance, indicators), leg.signed_minor) for leg in legs)


def _side_of(balance: int | Indicator, indicators: Mapping[int, Side]) -> Side:
    if isinstance(balance, Indicator):
        return balance.name.casefold(), balance.currency
    return indicators.get(balance, balance)
