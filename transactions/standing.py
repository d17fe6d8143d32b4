"""Where a transaction stands: what has been done with it, and what can be done now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from transactions.errors import (
    HoldEndedError,
    HoldExpiredError,
    NotAHoldError,
    NotRefundableError,
    NotReversibleError,
    PostingError,
    RefundedError,
    ReversedError,
)
from transactions.models import Hold, Reservation, Transaction
from transactions.states import (
    AS_WRITTEN,
    OF_HOLD,
    PARTLY_REFUNDED,
    REFUNDED,
    REVERSED,
    State,
)
from web.addresses import url_of
from web.statements import fetch_all

Kind = Transaction.Kind

# What is posted, and how much of it is not refunded yet, in each currency.
STANDING = """
SELECT v.public_id::text, v.reference, l.currency, c.exponent, l.debits, l.kept
FROM (VALUES (%(id)s::bigint)) AS t (id)
LEFT JOIN transactions_transaction AS v ON v.reverses_id = t.id
CROSS JOIN LATERAL (
    SELECT b.currency, sum(e.amount_minor) AS debits, (
        SELECT coalesce(sum(r.amount), 0)
        FROM transactions_refundable(t.id) AS r
        JOIN balances_balance AS rb ON rb.id = r.balance_id
        WHERE r.direction = -1 AND rb.currency = b.currency
    ) AS kept
    FROM transactions_entry AS e JOIN balances_balance AS b ON b.id = e.balance_id
    WHERE e.transaction_id = t.id AND e.direction = -1
    GROUP BY b.currency
) AS l
JOIN ledgers_currency AS c ON c.code = l.currency
ORDER BY l.currency
"""


class Action(StrEnum):
    """What a person can do with a transaction that is there."""

    COMMIT = "commit"
    VOID = "void"
    REVERSE = "reverse"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted in one currency, in minor units, and how much of it was refunded."""

    currency: str
    exponent: int
    total_minor: int
    left_minor: int

    @property
    def refunded_minor(self) -> int:
        return self.total_minor - self.left_minor


@dataclass(frozen=True, slots=True)
class Standing:
    """What has become of a transaction.

    Only a hold has `hold`, with its one currency; the others have what was `posted`.
    """

    transaction: Transaction
    at: datetime
    hold: Hold | None = None
    currency: str = ""
    exponent: int = 0
    posted: tuple[Posted, ...] = ()
    reversal_key: str = ""
    reversal_reference: str = ""

    @classmethod
    def of(cls, transaction: Transaction, *, at: datetime) -> Self:
        """Read how it stands at the time `at`."""
        if transaction.kind == Kind.HOLD:
            return cls(transaction, at, *_read_hold(transaction))
        rows = fetch_all(STANDING, {"id": transaction.pk})
        posted = tuple(
            Posted(code, exponent, int(debits), int(kept))
            for _key, _reference, code, exponent, debits, kept in rows
        )
        if not rows or not rows[0][0]:
            return cls(transaction, at, posted=posted)
        key, reference = rows[0][:2]
        return cls(transaction, at, posted=posted, reversal_key=key, reversal_reference=reference)

    @property
    def is_refunded(self) -> bool:
        """Whether anything was given back, and is not taken back again."""
        return any(each.refunded_minor for each in self.posted)

    @property
    def state(self) -> State:
        """Shape and word for it."""
        if self.hold:
            return OF_HOLD[self.hold.state]
        if self.reversal_key:
            return REVERSED
        if self.is_refunded:
            return PARTLY_REFUNDED if any(each.left_minor for each in self.posted) else REFUNDED
        return AS_WRITTEN[self.transaction.status]

    @property
    def is_release(self) -> bool:
        """Whether it released what a hold reserved."""
        return self.transaction.kind in (Kind.VOID, Kind.EXPIRY)

    @property
    def reversal_url(self) -> str:
        return url_of("transactions:detail", self.reversal_key)

    @property
    def actions(self) -> list[Action]:
        """What is possible now."""
        return [action for action in Action if self.refusal(action) is None]

    def refusal(self, action: Action) -> PostingError | None:
        """Why it is not possible now, as the posting engine would say."""
        if action in (Action.COMMIT, Action.VOID):
            return self._refusal_of_hold(action)
        kinds = [Kind.POST, Kind.COMMIT]
        if action == Action.REVERSE:
            kinds.append(Kind.REFUND)
        if self.transaction.kind not in kinds:
            return NotReversibleError() if action == Action.REVERSE else NotRefundableError()
        if self.reversal_key:
            return ReversedError()
        is_left = any(each.left_minor for each in self.posted)
        if not is_left or (action == Action.REVERSE and self.is_refunded):
            return RefundedError()
        return None

    def _refusal_of_hold(self, action: Action) -> PostingError | None:
        if self.hold is None:
            return NotAHoldError()
        if self.hold.remaining_minor == 0:
            return HoldEndedError()
        expires_at = self.hold.expires_at
        if action == Action.COMMIT and expires_at and expires_at <= self.at:
            return HoldExpiredError()
        return None


def _read_hold(transaction: Transaction) -> tuple[Hold, str, int]:
    """A hold with the code and exponent of its currency."""
    columns = ("balance__currency_id", "balance__currency__exponent")
    currency, exponent = Reservation.objects.filter(transaction=transaction).values_list(*columns)[
        0
    ]
    return Hold.objects.get(pk=transaction.pk), currency, exponent
