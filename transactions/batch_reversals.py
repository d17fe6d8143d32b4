"""Reversing a whole batch or import: what it holds, what stands in the way, and doing it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction as db_transaction

from ledgers.money import format_amount
from transactions.errors import (
    ClosedBalanceError,
    PostingError,
    RefundedError,
    ReversedError,
)
from transactions.lifecycle import reverse_batch
from transactions.models import Transaction
from transactions.requests import Outcome, Result
from transactions.sealing import FiguresChangedError
from web.addresses import url_of
from web.statements import fetch_all, fetch_one

if TYPE_CHECKING:
    from users.models import User

# So many are tried out, and reversed all or none, while a person waits: each takes the engine
# milliseconds. More of them are a bulk action.
AT_ONCE_MAX = 500
REFUSALS_SHOWN = 5

TOTALS = """
SELECT b.currency, c.exponent, sum(e.amount_minor)
FROM transactions_transaction AS t
JOIN transactions_entry AS e ON e.transaction_id = t.id AND e.direction = -1
JOIN balances_balance AS b ON b.id = e.balance_id
JOIN ledgers_currency AS c ON c.code = b.currency
WHERE t.batch_id = %s
GROUP BY b.currency, c.exponent ORDER BY b.currency
"""
# What is plain without trying; the balances may lack funds beside.
OBSTACLES = """
    SELECT t.id, t.public_id, t.reference, t.code
    FROM (
        SELECT t.id, t.public_id, t.reference, CASE
            WHEN EXISTS (SELECT FROM transactions_transaction AS v WHERE v.reverses_id = t.id)
                THEN 'reversed'
            WHEN EXISTS (SELECT FROM transactions_transaction AS f WHERE f.parent_id = t.id)
                 AND transactions_has_refunds(t.id) THEN 'refunded'
            WHEN EXISTS (
                SELECT FROM transactions_entry AS e
                JOIN balances_balance AS b ON b.id = e.balance_id
                WHERE e.transaction_id = t.id AND b.closed_at IS NOT NULL
            ) THEN 'closed_balance'
        END AS code
        FROM transactions_transaction AS t WHERE t.batch_id = %(batch)s
    ) AS t
    WHERE t.code IS NOT NULL
"""
FIRST_OBSTACLES = (
    "SELECT o.public_id::text, o.reference, o.code, count(*) OVER ()"  # noqa: S608 -- constants
    f" FROM ({OBSTACLES}) AS o ORDER BY o.id LIMIT %(limit)s"
)
COUNTED_OBSTACLES = (
    f"SELECT o.code, count(*) FROM ({OBSTACLES}) AS o"  # noqa: S608 -- constants
    " GROUP BY o.code ORDER BY o.code"
)
REASONS: dict[str, type[PostingError]] = {
    error.code: error for error in (ReversedError, RefundedError, ClosedBalanceError)
}


@dataclass(frozen=True, slots=True)
class Batch:
    """How much a batch holds: `totals` are debits, one for each currency."""

    batch_id: uuid.UUID
    count: int
    totals: tuple[str, ...]

    @property
    def is_large(self) -> bool:
        return self.count > AT_ONCE_MAX


@dataclass(frozen=True, slots=True)
class Refusal:
    """A transaction that cannot be reversed, and why."""

    reference: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What stands in the way: how many refusals, and the first of them."""

    count: int
    refusals: tuple[Refusal, ...]


def read_batch(batch_id: uuid.UUID) -> Batch:
    """What a batch holds."""
    totals = fetch_all(TOTALS, [batch_id])
    row = fetch_one("SELECT count(*) FROM transactions_transaction WHERE batch_id = %s", [batch_id])
    assert row is not None
    return Batch(
        batch_id,
        row[0],
        tuple(f"{format_amount(int(minor), exponent)} {code}" for code, exponent, minor in totals),
    )


def try_batch(batch: Batch) -> Trial:
    """What would refuse the reversal of a batch, all or none; nothing is written.

    Raises:
        BusyError: another posting held one of the balances for too long.
    """
    rows = fetch_all(FIRST_OBSTACLES, {"batch": batch.batch_id, "limit": REFUSALS_SHOWN})
    if rows:
        refusals = tuple(
            Refusal(reference, url_of("transactions:detail", key), str(REASONS[code]()))
            for key, reference, code, _count in rows
        )
        return Trial(rows[0][3], refusals)
    return _as_trial(batch, reverse_batch(batch.batch_id, dry_run=True))


def count_obstacles(batch_id: uuid.UUID) -> dict[str, int]:
    """How many transactions of a batch cannot be reversed as it is plain without trying, and why.

    What each of them would meet with by itself; whether funds suffice is found when it is done.
    """
    rows = fetch_all(COUNTED_OBSTACLES, {"batch": batch_id})
    return {str(REASONS[code]()): count for code, count in rows}


def reverse_reviewed(batch: Batch, *, description: str, actor: User | None) -> tuple[bool, Trial]:
    """Reverse a batch of which as many transactions were shown, all or none.

    Tells whether anything was done now, and what refused it.

    Raises:
        FiguresChangedError: it holds more transactions by now; nothing was done.
        BusyError: another posting held one of the balances for too long.
    """
    with db_transaction.atomic():
        results = reverse_batch(batch.batch_id, description=description, actor=actor)
        if len(results) != batch.count:
            raise FiguresChangedError
    is_done = any(result.outcome == Outcome.POSTED for result in results)
    return is_done, _as_trial(batch, results)


def _as_trial(batch: Batch, results: Sequence[Result]) -> Trial:
    """The refusals among the results, which are in the order of the newest first."""
    refused = [place for place, result in enumerate(results) if result.error]
    if not refused:
        return Trial(0, ())
    transactions = Transaction.objects.filter(batch_id=batch.batch_id).order_by("-pk")
    shown = list(transactions[: refused[:REFUSALS_SHOWN][-1] + 1])
    return Trial(
        len(refused),
        tuple(
            Refusal(
                shown[place].reference, shown[place].get_absolute_url(), str(results[place].error)
            )
            for place in refused[:REFUSALS_SHOWN]
        ),
    )
