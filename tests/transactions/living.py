"""Builders of what follows a transaction, through the engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from balances.models import Balance
from tests.factories import NOON, make_balance
from tests.schedules.building import wait_until
from transactions import lifecycle
from transactions.models import Transaction
from transactions.posting import hold, post
from transactions.requests import (
    CREDIT,
    DEBIT,
    Following,
    HoldRequest,
    Indicator,
    Leg,
    PostingRequest,
    Result,
    transfer,
)

_numbers = count(1)


def place_hold(
    *,
    source: Balance | Indicator,
    destination: Balance | Indicator,
    amount_minor: int = 100_00,
    reference: str = "",
    effective_at: datetime | None = NOON,
    expires_at: datetime | None = None,
) -> Transaction:
    sides = [each.pk if isinstance(each, Balance) else each for each in (source, destination)]
    legs = transfer(source=sides[0], destination=sides[1], amount_minor=amount_minor)
    reference = reference or f"hold-{next(_numbers)}"
    request = HoldRequest(reference, legs, effective_at=effective_at, expires_at=expires_at)
    return _stored(hold(request))


def expire_hold(**fields: Any) -> Transaction:
    """A hold whose time has run out; it has some until a busy machine has placed it."""
    expires_at = timezone.now() + timedelta(seconds=1)
    held = place_hold(expires_at=expires_at, **fields)
    wait_until(expires_at)
    assert lifecycle.expire_due() == 1
    return held


def exchange(*, reference: str = "exchange") -> Transaction:
    return _stored(post(exchange_request(reference)))


def exchange_request(reference: str = "exchange") -> PostingRequest:
    """50.00 pounds become 58.00 euros."""
    pounds, euros = make_balance(floor_minor=None), make_balance(currency="EUR", floor_minor=None)
    legs = [
        Leg(pounds.pk, DEBIT, 50_00),
        Leg(Indicator("@Liquidity", "GBP"), CREDIT, 50_00),
        Leg(Indicator("@Liquidity", "EUR"), DEBIT, 58_00),
        Leg(euros.pk, CREDIT, 58_00),
    ]
    return PostingRequest(reference, legs)


def commit(of: Transaction, amount_minor: int | None = None, *, reference: str = "") -> Transaction:
    return _follow(lifecycle.commit, of, amount_minor, reference)


def void(of: Transaction, *, reference: str = "") -> Transaction:
    return _follow(lifecycle.void, of, None, reference)


def reverse(of: Transaction, *, reference: str = "") -> Transaction:
    return _follow(lifecycle.reverse, of, None, reference)


def refund(of: Transaction, amount_minor: int | None = None, *, reference: str = "") -> Transaction:
    return _follow(lifecycle.refund, of, amount_minor, reference)


def _follow(
    verb: Callable[[Following], Result], of: Transaction, amount_minor: int | None, reference: str
) -> Transaction:
    reference = reference or f"follow-{next(_numbers)}"
    return _stored(verb(Following(of.pk, reference, amount_minor, effective_at=of.effective_at)))


def _stored(result: Result) -> Transaction:
    assert result.transaction_id is not None
    return Transaction.objects.get(pk=result.transaction_id)
