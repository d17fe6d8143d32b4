"""Posting: the only road by which money moves.

`post` writes one transaction in one round trip, `post_many` a batch, `hold`
reserves what a transaction would move; what becomes of it then is in lifecycle.py.
They call functions in the database that lock the balances in id order, decide, and
write transaction and entries together; see migrations/sql/0003_posting.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError
from django.db import transaction as db_transaction

from balances.models import Balance
from transactions.answers import (
    FIND_INDICATOR,
    OPEN_INDICATOR,
    Answer,
    as_result,
    fetch_answer,
    fetch_answers,
    fetch_written,
    indicators_of,
    is_reference_taken,
)
from transactions.batches import Options, post_batches
from transactions.checks import check_request, encode_metadata
from transactions.errors import REFUSALS, ReferenceUsedError, UnknownBalanceError
from transactions.requests import (
    HoldRequest,
    Indicator,
    Outcome,
    PostingRequest,
    Result,
    uuid7,
)
from web.statements import array_of

if TYPE_CHECKING:
    from users.models import User

# What both are asked with: a posting ends with a rate, a hold with the end of its time.
_REQUEST = (
    "%s::uuid, %s::text, %s::text, %s::timestamptz, %s::jsonb, %s::bigint[], %s::numeric[],"
    " %s::bigint, %s::numeric"
)
POST = f"SELECT transactions_post({_REQUEST}, %s::numeric)::text"
HOLD = f"SELECT transactions_hold({_REQUEST}, %s::timestamptz)::text"
POST_STRAIGHT = (
    "INSERT INTO transactions_straight_post (public_id, reference, description, effective_at,"
    " metadata, actor_id, first_id, second_id, amount)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
)


def post(request: PostingRequest, *, actor: User | None = None) -> Result:
    """Post one transaction, or find it already posted; durable when this returns.

    With `actor`, an audit event names the person, in the same database
    transaction.

    Raises:
        PostingError: the request was refused, by the subclass that says why;
            nothing was written.
        BusyError: another posting held one of the balances for too long.
    """
    check_request(request)
    try:
        answer = _post_straight(request, actor) or _post_or_open(request, actor)
    except IntegrityError as error:
        if not is_reference_taken(error):
            raise
        answer = _post_or_open(request, actor)
    result = as_result(answer)
    if result.error:
        raise result.error
    return result


def hold(request: HoldRequest, *, actor: User | None = None) -> Result:
    """Reserve what a transaction would move, or find it already held.

    Nothing moves yet; the inflight figures say what is reserved, and funds that
    are reserved cannot be spent twice. With `actor`, an audit event names the person.

    Raises: as `post`, and `SeveralCurrenciesError`, `HoldExpiredError`.
    """
    return post(request, actor=actor)


def post_many(
    requests: Iterable[PostingRequest],
    *,
    atomic: bool = False,
    dry_run: bool = False,
    actor: User | None = None,
    batch_id: uuid.UUID | None = None,
) -> list[Result]:
    """Post many transactions in order, with a result for each.

    Each is decided on what the ones before it left, exactly as if they came
    one by one. `atomic` posts all or none, in one database transaction;
    otherwise every few thousand are durable as they are written. `dry_run`
    answers the same and writes nothing. Holds have `hold_many`.

    Raises:
        BusyError: another posting held one of the balances for too long.
    """
    batches = post_batches(requests, Options(is_atomic=atomic, batch_id=batch_id, actor=actor))
    if not (atomic or dry_run):
        return [result for results in batches for result in results]
    with db_transaction.atomic():
        results = [result for results in batches for result in results]
        is_refused = atomic and any(result.error for result in results)
        if dry_run or is_refused:
            db_transaction.set_rollback(True)
    if is_refused:
        # A repeated reference counts as present only if it was there before the batch.
        undone = {each.transaction_id for each in results if each.outcome == Outcome.POSTED}
        return [
            Result(Outcome.NOT_POSTED) if each.transaction_id in undone else each
            for each in results
        ]
    return results


def _post_straight(request: PostingRequest, actor: User | None) -> Answer | None:
    """Post what most are, a transfer between two balances; None where that is not so simple."""
    if not _is_straight(request):
        return None
    first, second = request.legs
    transaction_id = fetch_written(
        POST_STRAIGHT,
        [
            *_texts_of(request),
            actor.pk if actor else None,
            first.balance,
            second.balance,
            first.signed_minor,
        ],
    )
    return (Outcome.POSTED, transaction_id, None) if transaction_id else None


def _is_straight(request: PostingRequest) -> bool:
    """Whether it may be a row of `transactions_straight_post`, which then decides for itself."""
    if len(request.legs) != 2 or isinstance(request, HoldRequest):
        return False
    first, second = request.legs
    return (
        not isinstance(first.balance, Indicator)
        and not isinstance(second.balance, Indicator)
        and first.balance != second.balance
        and first.signed_minor == -second.signed_minor
        and request.overdraft_minor is None
        and request.exchange_rate is None
    )


def _post_or_open(request: PostingRequest, actor: User | None) -> Answer:
    """Post; where an indicator has no balance yet, open it, unless the posting is refused."""
    answer = _call_post(request, actor)
    if answer[0] == ReferenceUsedError.code and indicators_of(leg.balance for leg in request.legs):
        # Another posting may have opened the indicator, and taken the reference with the
        # same content, after this one looked for the indicator: look again.
        return _call_post(request, actor)
    if answer[0] != UnknownBalanceError.code or answer[2] is not None:
        return answer
    with db_transaction.atomic():
        outcome, transaction_id, culprit_id = _call_post(request, actor, is_opening=True)
        if outcome in REFUSALS:
            db_transaction.set_rollback(True)
    is_named = culprit_id in {leg.balance for leg in request.legs}
    if culprit_id and not is_named and not Balance.objects.filter(pk=culprit_id).exists():
        culprit_id = None  # opened and taken back
    return outcome, transaction_id, culprit_id


def _call_post(request: PostingRequest, actor: User | None, *, is_opening: bool = False) -> Answer:
    parameters = _texts_of(request)
    actor_pk = actor.pk if actor else None
    rest = [
        array_of([leg.signed_minor for leg in request.legs]),
        actor_pk,
        request.overdraft_minor,
        request.expires_at if isinstance(request, HoldRequest) else request.exchange_rate,
    ]
    statement = HOLD if isinstance(request, HoldRequest) else POST
    indicators = indicators_of(leg.balance for leg in request.legs)
    if not indicators:
        balances = array_of([leg.balance for leg in request.legs])
        return fetch_answer(statement, [*parameters, balances, *rest])
    found = ",".join([OPEN_INDICATOR if is_opening else FIND_INDICATOR] * len(indicators))
    opener = [actor_pk] if is_opening else []
    names = [part for each in indicators for part in (each.name, each.currency, *opener)]
    balances = ",".join(_balance_terms(request, indicators))
    statement = statement.replace("%s::bigint[]", f"ARRAY[{balances}]::bigint[]")
    statement += f" FROM (SELECT ARRAY[{found}]::bigint[] AS balance OFFSET 0) AS found"
    return fetch_answers(statement, [[*parameters, *rest, *names]])[0]


def _texts_of(request: PostingRequest) -> list[Any]:
    return [
        request.public_id or uuid7(),
        request.reference,
        request.description,
        request.effective_at,
        encode_metadata(request.metadata),
    ]


def _balance_terms(request: PostingRequest, indicators: list[Indicator]) -> Iterator[str]:
    for leg in request.legs:
        if isinstance(leg.balance, Indicator):
            yield f"found.balance[{indicators.index(leg.balance) + 1}]"
        else:
            yield str(int(leg.balance))
