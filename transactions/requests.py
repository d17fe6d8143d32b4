"""What the posting engine is asked for, and what it answers."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from transactions.models import Entry

if TYPE_CHECKING:
    from transactions.errors import PostingError

DEBIT = Entry.Direction.DEBIT
CREDIT = Entry.Direction.CREDIT


@dataclass(frozen=True, slots=True)
class Indicator:
    """A balance of the General Ledger by its name, such as `@Revenue`, opened on first use."""

    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One requested debit or credit of `amount_minor` (above zero).

    `balance` is the primary key of a balance, or an `Indicator`.
    """

    balance: int | Indicator
    direction: Entry.Direction
    amount_minor: int

    @property
    def signed_minor(self) -> int:
        """The amount as it moves credits less debits."""
        return int(self.direction) * self.amount_minor


@dataclass(frozen=True, slots=True)
class PostingRequest:
    """A transaction to post: two to a thousand legs that balance in every currency.

    `reference` is the caller's unique key: the same reference with the same
    legs, description and effective date is the same transaction, posted once.
    Without `effective_at` the transaction takes effect when it is recorded.
    """

    reference: str
    legs: Sequence[Leg]
    description: str = ""
    effective_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    public_id: uuid.UUID | None = None


class Outcome(StrEnum):
    """What became of a request."""

    POSTED = "posted"
    PRESENT = "present"
    REFUSED = "refused"
    NOT_POSTED = "not_posted"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a request; `error` says why it was refused.

    `present` means that the reference was posted before with the same content,
    `not_posted` that another request of an atomic batch was refused.
    """

    outcome: Outcome
    transaction_id: int | None = None
    error: PostingError | None = None


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """A balance before and after a transaction: credits less debits, in minor units."""

    balance_id: int
    before_minor: int
    after_minor: int


def transfer(
    *, source: int | Indicator, destination: int | Indicator, amount_minor: int
) -> list[Leg]:
    """The two legs that move an amount: debit the source, credit the destination."""
    return [Leg(source, DEBIT, amount_minor), Leg(destination, CREDIT, amount_minor)]


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7), so that new keys lie side by side."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    head = milliseconds << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62
    return uuid.UUID(int=head | random & ((1 << 62) - 1))
