"""Holds between two balances, and what they come to."""

from __future__ import annotations

from typing import Any

from balances.models import Balance
from tests.books import assert_sound
from transactions.models import Hold, HoldState
from transactions.posting import hold
from transactions.proof import run_proof
from transactions.requests import (
    HoldRequest,
    Indicator,
    transfer,
)


def hold_of(
    source: Balance | Indicator,
    destination: Balance | Indicator,
    amount_minor: int,
    reference: str = "H-1",
    **fields: Any,
) -> HoldRequest:
    sides = [each.pk if isinstance(each, Balance) else each for each in (source, destination)]
    legs = transfer(source=sides[0], destination=sides[1], amount_minor=amount_minor)
    return HoldRequest(reference, legs, **fields)


def place(*args: Any, **fields: Any) -> int:
    transaction_id = hold(hold_of(*args, **fields)).transaction_id
    assert transaction_id is not None
    return transaction_id


def figures(balance: Balance) -> tuple[int, int]:
    """The balance and what is inflight on it."""
    balance.refresh_from_db()
    return balance.balance_minor, balance.inflight_minor


def state(transaction_id: int) -> HoldState:
    return Hold.objects.get(pk=transaction_id).state


def assert_proven() -> None:
    assert_sound()
    run = run_proof(actor=None)
    assert run.is_ok, [check for check in run.checks if check["mismatches"]]
