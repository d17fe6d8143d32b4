"""A request to the posting engine as JSON, to be kept until its time has come.

    {"kind": "POST", "metadata": {…}, "legs": [
        {"balance": 17, "direction": "DEBIT", "amount_minor": "1200"},
        {"indicator": "@Rent", "currency": "GBP", "direction": "CREDIT", "amount_minor": "1200"}]}

A hold is of kind HOLD and may have `expires_at`; `overdraft_minor` and `exchange_rate` are there
when the request has them. Amounts are texts: a reader of JSON may hold numbers of 38 digits as
floats. The reference, the description and the time stand in columns of their own.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from transactions.errors import InvalidRequestError
from transactions.models import Transaction
from transactions.requests import CREDIT, DEBIT, HoldRequest, Indicator, Leg, PostingRequest

DIRECTIONS = {DEBIT.name: DEBIT, CREDIT.name: CREDIT}


def encode_request(request: PostingRequest) -> dict[str, Any]:
    """What is kept of a request, besides what has a column."""
    kept: dict[str, Any] = {
        "kind": Transaction.Kind.POST.value,
        "legs": [_encode_leg(leg) for leg in request.legs],
        "metadata": dict(request.metadata),
    }
    if request.overdraft_minor is not None:
        kept["overdraft_minor"] = str(request.overdraft_minor)
    if request.exchange_rate is not None:
        kept["exchange_rate"] = str(request.exchange_rate)
    if isinstance(request, HoldRequest):
        kept["kind"] = Transaction.Kind.HOLD.value
        if request.expires_at is not None:
            kept["expires_at"] = request.expires_at.isoformat()
    return kept


def decode_request(
    kept: dict[str, Any], *, reference: str, description: str, effective_at: datetime | None
) -> PostingRequest:
    """The request that was encoded.

    Raises:
        InvalidRequestError: it was not, and cannot be read.
    """
    try:
        overdraft, rate = kept.get("overdraft_minor"), kept.get("exchange_rate")
        request = PostingRequest(
            reference=reference,
            legs=[_decode_leg(leg) for leg in kept["legs"]],
            description=description,
            effective_at=effective_at,
            metadata=kept["metadata"],
            overdraft_minor=None if overdraft is None else int(overdraft),
            exchange_rate=None if rate is None else Decimal(rate),
        )
        return _as_hold(request, kept) if kept["kind"] == Transaction.Kind.HOLD else request
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise InvalidRequestError(_("What was scheduled cannot be read.")) from error


def _as_hold(request: PostingRequest, kept: dict[str, Any]) -> HoldRequest:
    expires_at = kept.get("expires_at")
    values = {field.name: getattr(request, field.name) for field in fields(request)}
    return HoldRequest(
        **values, expires_at=None if expires_at is None else datetime.fromisoformat(expires_at)
    )


def _encode_leg(leg: Leg) -> dict[str, Any]:
    side = {"direction": leg.direction.name, "amount_minor": str(leg.amount_minor)}
    if isinstance(leg.balance, Indicator):
        return {"indicator": leg.balance.name, "currency": leg.balance.currency, **side}
    return {"balance": leg.balance, **side}


def _decode_leg(leg: dict[str, Any]) -> Leg:
    balance = leg["balance"] if "balance" in leg else Indicator(leg["indicator"], leg["currency"])
    return Leg(balance, DIRECTIONS[leg["direction"]], int(leg["amount_minor"]))
