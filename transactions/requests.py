"""What the posting engine is asked for, and what it answers."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from transactions.models import Entry

if TYPE_CHECKING:
    from transactions.errors import PostingError

DEBIT = Entry.Direction.DEBIT
CREDIT = Entry.Direction.CREDIT
UNLIMITED = 10**38 - 1


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
    `overdraft_minor` lets it take balances so far below their floors, `UNLIMITED`
    as far as it needs. `exchange_rate` is kept with the transaction as it is.
    """

    reference: str
    legs: Sequence[Leg]
    description: str = ""
    effective_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    public_id: uuid.UUID | None = None
    overdraft_minor: int | None = None
    exchange_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class HoldRequest(PostingRequest):
    """A transaction to hold: its legs are reserved, and post when it is committed.

    In one currency, each balance once. After `expires_at` the hold cannot be
    committed; what is left of it is released.
    """

    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """What to do with a stored transaction: commit or void a hold, reverse or refund a posting.

    `transaction_id` is its primary key, `reference` as for a posting the
    caller's unique key of what is done. `amount_minor` counts debits, in the one
    currency of the transaction; None is all that is left. `overdraft_minor`, as
    for a posting, counts for reversals and refunds.
    """

    transaction_id: int
    reference: str
    amount_minor: int | None = None
    description: str = ""
    effective_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    public_id: uuid.UUID | None = None
    overdraft_minor: int | None = None


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
    """A balance before and after a transaction: credits less debits, in minor units.

    The inflight figures are held credits less held debits.
    """

    balance_id: int
    before_minor: int
    after_minor: int
    inflight_before_minor: int = 0
    inflight_after_minor: int = 0


def transfer(
    *, source: int | Indicator, destination: int | Indicator, amount_minor: int
) -> list[Leg]:
    """The two legs that move an amount: debit the source, credit the destination."""
    return [Leg(source, DEBIT, amount_minor), Leg(destination, CREDIT, amount_minor)]


def uuid7() -> str:
    """A time-ordered UUID (RFC 9562, version 7), so that new keys lie side by side.

    As the 32 digits that PostgreSQL reads: an object of Python's would cost as much again.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    head = milliseconds << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62
    return f"{head | random & ((1 << 62) - 1):032x}"
