"""Posting: the only road by which money moves.

`post` writes one transaction in one round trip, `post_many` a batch. Both call
functions in the database that lock the balances in id order, decide, and write
balances, transaction and entries together; see migrations/sql/0003_posting.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db import DataError, IntegrityError, OperationalError, connection
from django.db import transaction as db_transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable, NumericValueOutOfRange

from transactions.errors import (
    REFUSALS,
    AmountTooLargeError,
    BusyError,
    InvalidRequestError,
    PostingError,
)
from transactions.models import Entry
from transactions.requests import (
    BalanceChange,
    Indicator,
    Outcome,
    PostingRequest,
    Result,
    uuid7,
)

if TYPE_CHECKING:
    from users.models import User

LEGS_MAX = 1000
BATCH_MAX = 10_000
AMOUNT_MAX = 10**38 - 1
REFERENCE_LENGTH_MAX = 200
DESCRIPTION_LENGTH_MAX = 10_000


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
        answer = _call_post(request, actor)
    except IntegrityError as error:
        if not _is_reference_taken(error):
            raise
        # Another posting took the reference after this one looked for it.
        answer = _call_post(request, actor)
    result = _as_result(*answer)
    if result.error:
        raise result.error
    return result


def preview(request: PostingRequest) -> list[BalanceChange]:
    """What `post` would do to each balance touched, by posting and taking it back.

    A request that is already posted shows the change it made then.

    Raises: as `post`.
    """
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    with db_transaction.atomic():
        result = post(request)
        for entry in Entry.objects.filter(transaction_id=result.transaction_id).order_by("pk"):
            moved_minor = entry.direction * entry.amount_minor
            before.setdefault(entry.balance_id, entry.running_minor - moved_minor)
            after[entry.balance_id] = entry.running_minor
        db_transaction.set_rollback(True)
    return [BalanceChange(pk, before[pk], after[pk]) for pk in before]


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
    otherwise every ten thousand are durable as they are written. `dry_run`
    answers the same and writes nothing.

    Raises:
        BusyError: another posting held one of the balances for too long.
    """
    if not (atomic or dry_run):
        return [
            result
            for chunk in _chunks(requests)
            for result in _post_chunk(chunk, atomic=False, actor=actor, batch_id=batch_id)
        ]
    results: list[Result] = []
    with db_transaction.atomic():
        for chunk in _chunks(requests):
            results += _post_chunk(chunk, atomic=atomic, actor=actor, batch_id=batch_id)
        is_refused = atomic and any(result.error for result in results)
        if dry_run or is_refused:
            db_transaction.set_rollback(True)
    if is_refused:
        return [result if result.error else Result(Outcome.NOT_POSTED) for result in results]
    return results


def check_request(request: PostingRequest) -> None:
    """Refuse what no state of the books could make right.

    Raises:
        InvalidRequestError: the reference, description, legs or an amount is
            not well formed; the message says which.
    """
    if not request.reference.strip() or len(request.reference) > REFERENCE_LENGTH_MAX:
        raise InvalidRequestError(_("Enter a reference of 1 to 200 characters."))
    if len(request.description) > DESCRIPTION_LENGTH_MAX:
        raise InvalidRequestError(_("The description is too long: 10,000 characters at most."))
    if "\0" in request.reference or "\0" in request.description:
        raise InvalidRequestError(_("Text cannot hold the character NUL."))
    if not 2 <= len(request.legs) <= LEGS_MAX:
        raise InvalidRequestError(_("A transaction has 2 to 1,000 entries."))
    if not all(0 < leg.amount_minor <= AMOUNT_MAX for leg in request.legs):
        raise InvalidRequestError(_("Amounts lie above zero and have 38 digits at most."))


def _call_post(request: PostingRequest, actor: User | None) -> tuple[str, int | None, int | None]:
    parameters: list[Any] = [
        request.public_id or uuid7(),
        request.reference,
        request.description,
        request.effective_at,
        json.dumps(dict(request.metadata)),
    ]
    balances = []
    for leg in request.legs:
        if isinstance(leg.balance, Indicator):
            balances.append("balances_indicator(%s, %s)")
            parameters += [leg.balance.name, leg.balance.currency]
        else:
            balances.append(str(int(leg.balance)))
    amounts = ",".join([str(leg.signed_minor) for leg in request.legs])
    parameters += [f"{{{amounts}}}", actor.pk if actor else None]
    with _refusals(), _savepoint(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome, posted_id, culprit_id FROM transactions_post("  # noqa: S608
            f"%s, %s, %s, %s, %s, ARRAY[{','.join(balances)}]::bigint[], %s, %s)",
            parameters,
        )
        return cursor.fetchone()


def _savepoint() -> contextlib.AbstractContextManager[None]:
    """Keep a surrounding transaction usable after an error; alone, the call is its own."""
    if connection.in_atomic_block:
        return db_transaction.atomic()
    return contextlib.nullcontext()


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """Turn what the database says about locks and sizes into refusals."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise BusyError from error
        raise
    except DataError as error:
        if isinstance(error.__cause__, NumericValueOutOfRange):
            raise AmountTooLargeError from error
        raise


def _is_reference_taken(error: IntegrityError) -> bool:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) == "transaction_reference_unique"


def _as_result(outcome: str, transaction_id: int | None, culprit_id: int | None) -> Result:
    if outcome in REFUSALS:
        return Result(Outcome.REFUSED, None, REFUSALS[outcome](balance_id=culprit_id))
    return Result(Outcome(outcome), transaction_id)


def _chunks(requests: Iterable[PostingRequest]) -> Iterator[list[PostingRequest]]:
    """Runs of at most ten thousand requests in which no reference repeats."""
    chunk: list[PostingRequest] = []
    references: set[str] = set()
    for request in requests:
        if len(chunk) == BATCH_MAX or request.reference in references:
            yield chunk
            chunk, references = [], set()
        chunk.append(request)
        references.add(request.reference)
    if chunk:
        yield chunk


def _post_chunk(
    chunk: list[PostingRequest], *, atomic: bool, actor: User | None, batch_id: uuid.UUID | None
) -> list[Result]:
    """Post one staged batch; requests that are not well formed do not reach the database."""
    results: list[Result | None] = [None] * len(chunk)
    staged: list[tuple[int, PostingRequest]] = []
    for place, request in enumerate(chunk):
        try:
            check_request(request)
        except PostingError as error:
            results[place] = Result(Outcome.REFUSED, None, error)
        else:
            staged.append((place, request))
    try:
        answers = _call_post_staged(staged, atomic=atomic, actor=actor, batch_id=batch_id)
    except IntegrityError as error:
        if not _is_reference_taken(error):
            raise
        # Another posting took one of the references after this one looked for it.
        answers = _call_post_staged(staged, atomic=atomic, actor=actor, batch_id=batch_id)
    for (place, _request), answer in zip(staged, answers, strict=True):
        results[place] = _as_result(*answer)
    return [result for result in results if result is not None]


def _call_post_staged(
    staged: list[tuple[int, PostingRequest]],
    *,
    atomic: bool,
    actor: User | None,
    batch_id: uuid.UUID | None,
) -> list[tuple[str, int | None, int | None]]:
    if not staged:
        return []
    requests = [request for _place, request in staged]
    with _refusals(), db_transaction.atomic(), connection.cursor() as cursor:
        indicators = _open_indicators(cursor, requests)
        pks = sorted(
            {
                indicators[leg.balance] if isinstance(leg.balance, Indicator) else leg.balance
                for request in requests
                for leg in request.legs
            }
        )
        places = {pk: place for place, pk in enumerate(pks, start=1)}
        places_of = places | {each: places[pk] for each, pk in indicators.items()}
        cursor.execute("SELECT transactions_stage()")
        with cursor.copy("COPY pg_temp.posting_request FROM STDIN") as copy:
            copy.write("".join(_staged_lines(requests, places_of)))
        cursor.execute(
            "SELECT outcome, posted_id, culprit_id"
            " FROM transactions_post_staged(%s::bigint[], %s, %s, %s) ORDER BY ord",
            [
                "{" + ",".join(map(str, pks)) + "}",
                atomic,
                batch_id,
                actor.pk if actor else None,
            ],
        )
        return cursor.fetchall()


def _open_indicators(cursor: Any, requests: list[PostingRequest]) -> dict[Indicator, int]:
    """The balance of each indicator named; 0, which no balance has, for an unknown currency."""
    indicators = {
        leg.balance
        for request in requests
        for leg in request.legs
        if isinstance(leg.balance, Indicator)
    }
    found = {}
    for indicator in sorted(indicators, key=lambda each: (each.name, each.currency)):
        cursor.execute("SELECT balances_indicator(%s, %s)", [indicator.name, indicator.currency])
        found[indicator] = cursor.fetchone()[0] or 0
    return found


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _staged_lines(
    requests: list[PostingRequest], places_of: dict[int | Indicator, int]
) -> Iterator[str]:
    """The requests as lines for COPY, in its text format."""
    for number, request in enumerate(requests, start=1):
        effective_at = request.effective_at.isoformat() if request.effective_at else "\\N"
        metadata = (
            json.dumps(dict(request.metadata)).translate(_ESCAPES) if request.metadata else "{}"
        )
        legs = ",".join([str(places_of[leg.balance]) for leg in request.legs])
        amounts = ",".join([str(leg.signed_minor) for leg in request.legs])
        yield (
            f"{number}\t{request.public_id or uuid7()}\t{request.reference.translate(_ESCAPES)}\t"
            f"{request.description.translate(_ESCAPES)}\t{effective_at}\t{metadata}\t"
            f"{{{legs}}}\t{{{amounts}}}\n"
        )
