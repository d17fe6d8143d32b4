"""What becomes of a transaction: holds commit, are voided or expire; postings are undone.

Each verb is one call of a function in the database (migrations/sql/0006_life_of_a_hold),
takes the caller's reference, and finds what is done already. The verbs with `_many`
do the same for many requests in order, in one database transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection
from django.db import transaction as db_transaction
from django.db.models.functions import Now

from transactions.answers import (
    as_result,
    busy_refused,
    fetch_answer,
    fetch_answers,
    is_reference_taken,
)
from transactions.checks import check_following, encode_metadata
from transactions.errors import PostingError
from transactions.models import IS_OPEN, Hold
from transactions.posting import hold
from transactions.requests import Following, HoldRequest, Outcome, Result, uuid7
from web.statements import array_of

if TYPE_CHECKING:
    from users.models import User

# What both are asked with; the overdraft counts for what is undone alone.
_FOLLOWING = (
    "%s::text, %s::bigint, %s::uuid, %s::text, %s::text, %s::timestamptz, %s::jsonb, %s::numeric,"
    " %s::bigint"
)
SETTLE = f"SELECT transactions_settle({_FOLLOWING})::text"
UNDO = f"SELECT transactions_undo({_FOLLOWING}, %s::numeric)::text"


def commit(request: Following, *, actor: User | None = None) -> Result:
    """Post a hold, or `amount_minor` of what is left of it.

    A part is taken from each leg in proportion, rounded so that the legs sum to it.

    Raises:
        NotAHoldError, UnknownTransactionError: there is no such hold.
        HoldEndedError, HoldExpiredError, BeyondHoldError: so much is not left.
        PostingError: as for a posting; nothing was written.
    """
    return _follow("COMMIT", request, actor)


def void(request: Following, *, actor: User | None = None) -> Result:
    """Release what is left of a hold. Raises: as `commit`."""
    return _follow("VOID", request, actor)


def expire(request: Following, *, actor: User | None = None) -> Result:
    """Release what is left of a hold whose time is over.

    Raises: as `commit`, and `HoldNotExpiredError`.
    """
    return _follow("EXPIRY", request, actor)


def reverse(request: Following, *, actor: User | None = None) -> Result:
    """Post the same entries the other way round: all of them, once.

    Raises:
        NotReversibleError, UnknownTransactionError: there is no such posting.
        ReversedError, RefundedError: it was undone already.
        PostingError: as for a posting; nothing was written.
    """
    return _follow("REVERSAL", request, actor)


def refund(request: Following, *, actor: User | None = None) -> Result:
    """Give back a posting, or `amount_minor` of what is not refunded yet.

    Raises:
        NotRefundableError, UnknownTransactionError: there is no such posting.
        ReversedError, RefundedError, BeyondOriginalError: so much is not left.
        PostingError: as for a posting; nothing was written.
    """
    return _follow("REFUND", request, actor)


def expire_due(*, limit: int = 1000) -> int:
    """Release what is left of the holds whose time is over, `limit` at most; how many it were."""
    due = Hold.objects.filter(IS_OPEN, expires_at__lte=Now()).order_by("expires_at")
    requests = [
        Following(pk, reference=f"expiry of txn_{public_id}")
        for pk, public_id in due.values_list("pk", "transaction__public_id")[:limit]
    ]
    results = expire_many(requests)
    return sum(result.outcome == Outcome.POSTED for result in results)


@dataclass(frozen=True, slots=True)
class Many:
    """A verb for many requests, in order, each decided on what the ones before it left.

    `atomic` does all or none; `dry_run` answers the same and writes nothing.

    Raises:
        BusyError: another posting held one of the balances for too long.
    """

    kind: str

    def __call__(
        self,
        requests: Sequence[Following],
        *,
        atomic: bool = False,
        dry_run: bool = False,
        actor: User | None = None,
    ) -> list[Result]:
        def work() -> list[Result]:
            return _follow_each(self.kind, requests, actor)

        return _all_or_none(work, is_atomic=atomic, is_dry_run=dry_run)


commit_many = Many("COMMIT")
void_many = Many("VOID")
expire_many = Many("EXPIRY")
reverse_many = Many("REVERSAL")
refund_many = Many("REFUND")


def hold_many(
    requests: Sequence[HoldRequest],
    *,
    atomic: bool = False,
    dry_run: bool = False,
    actor: User | None = None,
) -> list[Result]:
    """As `commit_many`, for holds."""

    def work() -> list[Result]:
        named = {leg.balance for request in requests for leg in request.legs}
        _lock([], [balance for balance in named if isinstance(balance, int)])
        return [_hold(request, actor) for request in requests]

    return _all_or_none(work, is_atomic=atomic, is_dry_run=dry_run)


def _hold(request: HoldRequest, actor: User | None) -> Result:
    try:
        return hold(request, actor=actor)
    except PostingError as error:
        return Result(Outcome.REFUSED, None, error)


def _follow(kind: str, request: Following, actor: User | None) -> Result:
    check_following(request)
    statement, parameters = _statement(kind), _parameters(kind, request, actor)
    try:
        answer = fetch_answer(statement, parameters)
    except IntegrityError as error:
        if not is_reference_taken(error):
            raise
        answer = fetch_answer(statement, parameters)
    result = as_result(answer)
    if result.error:
        raise result.error
    return result


def _follow_each(kind: str, requests: Sequence[Following], actor: User | None) -> list[Result]:
    malformed: dict[int, Result] = {}
    calls = []
    for place, request in enumerate(requests):
        try:
            check_following(request)
            calls.append(_parameters(kind, request, actor))
        except PostingError as error:
            malformed[place] = Result(Outcome.REFUSED, None, error)
    _lock([request.transaction_id for request in requests], [])
    results = map(as_result, fetch_answers(_statement(kind), calls))
    return [malformed.get(place) or next(results) for place in range(len(requests))]


def _all_or_none(
    work: Callable[[], list[Result]], *, is_atomic: bool, is_dry_run: bool
) -> list[Result]:
    """Do it in one database transaction; again, if another posting took a reference meanwhile."""
    try:
        results, is_refused = _attempt(work, is_atomic=is_atomic, is_dry_run=is_dry_run)
    except IntegrityError as error:
        if not is_reference_taken(error):
            raise
        results, is_refused = _attempt(work, is_atomic=is_atomic, is_dry_run=is_dry_run)
    if not is_refused:
        return results
    return [
        Result(Outcome.NOT_POSTED) if each.outcome == Outcome.POSTED else each for each in results
    ]


def _attempt(
    work: Callable[[], list[Result]], *, is_atomic: bool, is_dry_run: bool
) -> tuple[list[Result], bool]:
    with db_transaction.atomic():
        results = work()
        is_refused = is_atomic and any(result.error for result in results)
        if is_dry_run or is_refused:
            db_transaction.set_rollback(True)
    return results, is_refused


def _lock(transaction_ids: Sequence[int], balance_ids: Sequence[int]) -> None:
    with busy_refused(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT transactions_lock(%s::bigint[], %s::bigint[])",
            [array_of(transaction_ids), array_of(balance_ids)],
        )


def _statement(kind: str) -> str:
    return UNDO if kind in ("REVERSAL", "REFUND") else SETTLE


def _parameters(kind: str, request: Following, actor: User | None) -> list[Any]:
    parameters = [
        kind,
        request.transaction_id,
        request.public_id or uuid7(),
        request.reference,
        request.description,
        request.effective_at,
        encode_metadata(request.metadata),
        request.amount_minor,
        actor.pk if actor else None,
    ]
    return [*parameters, request.overdraft_minor] if _statement(kind) is UNDO else parameters
