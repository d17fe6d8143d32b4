"""Builders of schedules, which are due in a moment so that a test can wait for them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

from balances.models import Balance
from schedules.models import Schedule
from schedules.operations import schedule
from tests.factories import legs_between
from transactions.requests import Indicator, PostingRequest
from users.models import User

SOON = timedelta(milliseconds=1_500)
LATER = timedelta(days=3)

_numbers = count(1)


def make_request(
    *,
    source: Balance | Indicator,
    destination: Balance | Indicator,
    amount_minor: int = 1_00,
    reference: str = "",
    description: str = "",
) -> PostingRequest:
    return PostingRequest(
        reference=reference or f"scheduled-{next(_numbers)}",
        legs=legs_between(source, destination, amount_minor),
        description=description,
    )


def make_schedule(
    *,
    source: Balance | Indicator,
    destination: Balance | Indicator,
    amount_minor: int = 1_00,
    reference: str = "",
    due_in: timedelta = LATER,
    actor: User | None = None,
) -> Schedule:
    request = make_request(
        source=source, destination=destination, amount_minor=amount_minor, reference=reference
    )
    return schedule(request, due_at=timezone.now() + due_in, actor=actor)


def wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - timezone.now()).total_seconds()))
