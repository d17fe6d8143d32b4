"""Posting: the only road by which money moves.

`post` writes one transaction in one round trip, `post_many` a batch. Both call
functions in the database that lock the balances in id order, decide, and write
balances, transaction and entries together; see migrations/sql/0003_posting.
"""

from __future__ import annotations

import contextlib
import itertools
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import IntegrityError, OperationalError, connection
from django.db import transaction as db_transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from balances.models import Balance
from transactions.checks import check_request, encode_metadata
from transactions.errors import (
    REFUSALS,
    BusyError,
    PostingError,
    ReferenceUsedError,
    UnknownBalanceError,
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

BATCH_MAX = 10_000
COPY_BLOCK = 500

# What the database answers: outcome, primary key of the transaction and of the balance at fault.
Answer = tuple[str, int | None, int | None]


@dataclass(frozen=True, slots=True)
class StagedRequest:
    """A request that is well formed: its place in the chunk, and its metadata as JSON."""

    place: int
    request: PostingRequest
    metadata: str


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
        answer = _post_or_open(request, actor)
    except IntegrityError as error:
        if not _is_reference_taken(error):
            raise
        # Another posting took the reference after this one looked for it.
        answer = _post_or_open(request, actor)
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
        assert result.transaction_id is not None
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
        # A repeated reference counts as present only if it was there before the batch.
        undone = {each.transaction_id for each in results if each.outcome == Outcome.POSTED}
        return [
            Result(Outcome.NOT_POSTED) if each.transaction_id in undone else each
            for each in results
        ]
    return results


def _post_or_open(request: PostingRequest, actor: User | None) -> Answer:
    """Post; where an indicator has no balance yet, open it, unless the posting is refused."""
    answer = _call_post(request, actor, "balances_indicator")
    if answer[0] == ReferenceUsedError.code and _indicators_of([request]):
        # Another posting may have opened the indicator, and taken the reference with the
        # same content, after this one looked for the indicator: look again.
        return _call_post(request, actor, "balances_indicator")
    if answer[0] != UnknownBalanceError.code or answer[2] is not None:
        return answer
    with db_transaction.atomic():
        outcome, transaction_id, culprit_id = _call_post(request, actor, "balances_open_indicator")
        if outcome in REFUSALS:
            db_transaction.set_rollback(True)
    is_named = culprit_id in {leg.balance for leg in request.legs}
    if culprit_id and not is_named and not Balance.objects.filter(pk=culprit_id).exists():
        culprit_id = None  # opened and taken back
    return outcome, transaction_id, culprit_id


def _call_post(request: PostingRequest, actor: User | None, find_indicator: str) -> Answer:
    indicators = _indicators_of([request])
    amounts = ",".join([str(leg.signed_minor) for leg in request.legs])
    parameters: list[Any] = [
        request.public_id or uuid7(),
        request.reference,
        request.description,
        request.effective_at,
        encode_metadata(request.metadata),
    ]
    if indicators:
        found = ",".join([f"{find_indicator}(%s, %s)"] * len(indicators))
        source = f"(SELECT ARRAY[{found}]::bigint[] AS balance OFFSET 0) AS found,"
        balances = f"ARRAY[{','.join(_balance_terms(request, indicators))}]::bigint[]"
        names = [part for indicator in indicators for part in (indicator.name, indicator.currency)]
        parameters = [*names, *parameters]
    else:
        source, balances = "", "%s::bigint[]"
        parameters.append(f"{{{','.join([str(leg.balance) for leg in request.legs])}}}")
    parameters += [f"{{{amounts}}}", actor.pk if actor else None]
    with _busy_refused(), _savepoint(), _plain_cursor() as cursor:
        cursor.execute(
            f"SELECT outcome, posted_id, culprit_id FROM {source} transactions_post("  # noqa: S608
            "%s::uuid, %s::text, %s::text, %s::timestamptz, %s::jsonb,"
            f" {balances}, %s::numeric[], %s::bigint)",
            parameters,
        )
        answer: Answer = cursor.fetchone()
    return answer


@contextlib.contextmanager
def _plain_cursor() -> Iterator[Any]:
    """The driver's own cursor, where Django's wrappers would cost a sixth of a posting."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def _balance_terms(request: PostingRequest, indicators: list[Indicator]) -> Iterator[str]:
    for leg in request.legs:
        if isinstance(leg.balance, Indicator):
            yield f"found.balance[{indicators.index(leg.balance) + 1}]"
        else:
            yield str(int(leg.balance))


def _indicators_of(requests: Iterable[PostingRequest]) -> list[Indicator]:
    """Each indicator once, in the one order in which all postings open them."""
    indicators = {
        leg.balance
        for request in requests
        for leg in request.legs
        if isinstance(leg.balance, Indicator)
    }
    return sorted(indicators, key=lambda indicator: (indicator.name, indicator.currency))


def _savepoint() -> contextlib.AbstractContextManager[None]:
    """Keep a surrounding transaction usable after an error; alone, the call is its own."""
    if connection.in_atomic_block:
        return db_transaction.atomic()
    return contextlib.nullcontext()


@contextlib.contextmanager
def _busy_refused() -> Iterator[None]:
    """Turn what the database says about a lock it could not get into a refusal."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise BusyError from error
        raise


def _is_reference_taken(error: IntegrityError) -> bool:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) == "transaction_reference_unique"


def _as_result(outcome: str, transaction_id: int | None, culprit_id: int | None) -> Result:
    if outcome in REFUSALS:
        # An indicator without a balance stands as 0 in a batch.
        return Result(Outcome.REFUSED, None, REFUSALS[outcome](balance_id=culprit_id or None))
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
    staged: list[StagedRequest] = []
    for place, request in enumerate(chunk):
        try:
            check_request(request)
            staged.append(StagedRequest(place, request, encode_metadata(request.metadata)))
        except PostingError as error:
            results[place] = Result(Outcome.REFUSED, None, error)
    try:
        answers = _post_staged(staged, atomic=atomic, actor=actor, batch_id=batch_id)
    except IntegrityError as error:
        if not _is_reference_taken(error):
            raise
        # Another posting took one of the references after this one looked for it.
        answers = _post_staged(staged, atomic=atomic, actor=actor, batch_id=batch_id)
    for each, answer in zip(staged, answers, strict=True):
        results[each.place] = _as_result(*answer)
    return [result for result in results if result is not None]


def _post_staged(
    staged: list[StagedRequest],
    *,
    atomic: bool,
    actor: User | None,
    batch_id: uuid.UUID | None,
) -> list[Answer]:
    """Post a batch; an indicator that only refused requests name is not opened."""
    if not staged:
        return []
    with _busy_refused(), db_transaction.atomic(), connection.cursor() as cursor:
        pk_of, opened = _open_indicators(cursor, _indicators_of(each.request for each in staged))
        answers = _call_post_staged(cursor, staged, pk_of, [atomic, batch_id, actor and actor.pk])
        answers = list(_without_unopened(staged, answers, {pk_of[each]: each for each in opened}))
        is_posted = [answer[0] == Outcome.POSTED for answer in answers]
        posted = list(itertools.compress(staged, is_posted))
        if opened <= {leg.balance for each in posted for leg in each.request.legs}:
            return answers
        db_transaction.set_rollback(True)
    again = iter(_post_staged(posted, atomic=atomic, actor=actor, batch_id=batch_id))
    return [
        next(again) if was_posted else answer
        for was_posted, answer in zip(is_posted, answers, strict=True)
    ]


def _without_unopened(
    staged: list[StagedRequest], answers: list[Answer], unopened: dict[int, Indicator]
) -> Iterator[Answer]:
    """The answers; none names a balance at fault that only a later request opens."""
    for each, (outcome, transaction_id, culprit_id) in zip(staged, answers, strict=True):
        if unopened and outcome == Outcome.POSTED:
            named = {leg.balance for leg in each.request.legs}
            unopened = {pk: name for pk, name in unopened.items() if name not in named}
        yield outcome, transaction_id, None if culprit_id in unopened else culprit_id


def _call_post_staged(
    cursor: Any, staged: list[StagedRequest], pk_of: dict[Indicator, int], options: list[Any]
) -> list[Answer]:
    legs = [leg.balance for each in staged for leg in each.request.legs]
    pks = sorted({pk_of[leg] if isinstance(leg, Indicator) else leg for leg in legs})
    places: dict[int | Indicator, int] = {pk: place for place, pk in enumerate(pks, start=1)}
    places |= {indicator: places[pk] for indicator, pk in pk_of.items()}
    cursor.execute("SELECT transactions_stage()")
    lines = _staged_lines(staged, places)
    with cursor.copy("COPY pg_temp.posting_request FROM STDIN") as copy:
        # In blocks, so that the server reads one while the next is made.
        while block := "".join(itertools.islice(lines, COPY_BLOCK)):
            copy.write(block)
    cursor.execute(
        "SELECT outcome, posted_id, culprit_id"
        " FROM transactions_post_staged(%s::bigint[], %s, %s, %s) ORDER BY ord",
        ["{" + ",".join(map(str, pks)) + "}", *options],
    )
    answers: list[Answer] = cursor.fetchall()
    return answers


def _open_indicators(
    cursor: Any, indicators: list[Indicator]
) -> tuple[dict[Indicator, int], set[Indicator]]:
    """The balance of each indicator, and those opened; 0, no balance, for an unknown currency."""
    pk_of, opened = {}, set()
    for indicator in indicators:
        name = [indicator.name, indicator.currency]
        cursor.execute("SELECT balances_indicator(%s, %s)", name)
        pk_of[indicator] = cursor.fetchone()[0]
        if pk_of[indicator] is None:
            cursor.execute("SELECT balances_open_indicator(%s, %s)", name)
            pk_of[indicator] = cursor.fetchone()[0] or 0
            opened.add(indicator)
    return pk_of, {indicator for indicator in opened if pk_of[indicator]}


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _staged_lines(staged: list[StagedRequest], places: dict[int | Indicator, int]) -> Iterator[str]:
    """The requests as lines for COPY, in its text format."""
    for number, each in enumerate(staged, start=1):
        request = each.request
        effective_at = request.effective_at.isoformat() if request.effective_at else "\\N"
        legs = ",".join([str(places[leg.balance]) for leg in request.legs])
        amounts = ",".join([str(leg.signed_minor) for leg in request.legs])
        yield (
            f"{number}\t{request.public_id or uuid7()}\t{request.reference.translate(_ESCAPES)}\t"
            f"{request.description.translate(_ESCAPES)}\t{effective_at}\t"
            f"{each.metadata.translate(_ESCAPES)}\t{{{legs}}}\t{{{amounts}}}\n"
        )
