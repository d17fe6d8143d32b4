"""Batches: many requests staged by COPY and posted by one call each."""

from __future__ import annotations

import contextvars
import itertools
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection
from django.db import transaction as db_transaction

from transactions.answers import (
    FIND_INDICATOR,
    OPEN_INDICATOR,
    Answer,
    as_result,
    busy_refused,
    indicators_of,
    is_reference_taken,
)
from transactions.checks import check_request, encode_metadata
from transactions.errors import PostingError
from transactions.requests import (
    HoldRequest,
    Indicator,
    Leg,
    Outcome,
    PostingRequest,
    Result,
    uuid7,
)
from web.statements import array_of

if TYPE_CHECKING:
    from users.models import User

BATCH_MAX = 5_000
# While the first is made ready, the database has nothing to do.
FIRST_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for every request of a batch."""

    is_atomic: bool
    batch_id: uuid.UUID | None
    actor: User | None

    @property
    def actor_pk(self) -> int | None:
        return self.actor.pk if self.actor else None


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests made ready: those well formed, and a result for each of the others by its place.

    `named` are the balances that the legs name, in the order of their numbers
    from one; `lines` the requests as text for COPY, with those numbers.
    """

    requests: list[PostingRequest]
    malformed: dict[int, Result]
    named: list[int | Indicator]
    lines: str


def post_batches(requests: Iterable[PostingRequest], options: Options) -> Iterator[list[Result]]:
    """Post batch after batch, with the results of each; a batch is durable when it is yielded.

    While the database works on one, a second thread makes the next one ready.
    """
    coming: Future[Batch] | None = None
    with ThreadPoolExecutor(max_workers=1) as executor:
        for chunk in _chunks(requests):
            # With the context, for it holds the language of refusals.
            following = executor.submit(contextvars.copy_context().run, _prepare, chunk)
            if coming:
                yield _post_batch(coming.result(), options)
            coming = following
        if coming:
            yield _post_batch(coming.result(), options)


def _chunks(requests: Iterable[PostingRequest]) -> Iterator[list[PostingRequest]]:
    """Runs of limited length in which no reference repeats."""
    chunk: list[PostingRequest] = []
    references: set[str] = set()
    largest = min(FIRST_MAX, BATCH_MAX)
    for request in requests:
        if len(chunk) == largest or request.reference in references:
            yield chunk
            chunk, references, largest = [], set(), BATCH_MAX
        chunk.append(request)
        references.add(request.reference)
    if chunk:
        yield chunk


def _prepare(chunk: list[PostingRequest]) -> Batch:
    requests: list[PostingRequest] = []
    malformed: dict[int, Result] = {}
    numbers: dict[int | Indicator, int] = {}
    lines: list[str] = []
    for place, request in enumerate(chunk):
        if isinstance(request, HoldRequest):
            raise TypeError("a batch posts; hold_many holds")
        try:
            check_request(request)
            metadata = encode_metadata(request.metadata)
        except PostingError as error:
            malformed[place] = Result(Outcome.REFUSED, None, error)
            continue
        requests.append(request)
        legs = [numbers.setdefault(leg.balance, len(numbers) + 1) for leg in request.legs]
        lines.append(_line(len(requests), request, metadata, legs))
    return Batch(requests, malformed, list(numbers), "".join(lines))


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _line(number: int, request: PostingRequest, metadata: str, legs: list[int]) -> str:
    """A request as a line for COPY, in its text format."""
    effective_at = request.effective_at.isoformat() if request.effective_at else "\\N"
    amounts = array_of([leg.signed_minor for leg in request.legs])
    overdraft = "\\N" if request.overdraft_minor is None else request.overdraft_minor
    rate = "\\N" if request.exchange_rate is None else request.exchange_rate
    return (
        f"{number}\t{request.public_id or uuid7()}\t{request.reference.translate(_ESCAPES)}\t"
        f"{request.description.translate(_ESCAPES)}\t{effective_at}\t"
        f"{metadata.translate(_ESCAPES)}\t{array_of(legs)}\t{amounts}\t{overdraft}\t{rate}\n"
    )


def _post_batch(batch: Batch, options: Options) -> list[Result]:
    try:
        answers = _post_staged(batch, options)
    except IntegrityError as error:
        if not is_reference_taken(error):
            raise
        answers = _post_staged(batch, options)
    results = map(as_result, answers)
    count = len(batch.requests) + len(batch.malformed)
    return [batch.malformed.get(place) or next(results) for place in range(count)]


def _post_staged(batch: Batch, options: Options) -> list[Answer]:
    """Post a batch; an indicator that only refused requests name is not opened."""
    if not batch.requests:
        return []
    with busy_refused(), db_transaction.atomic(), connection.cursor() as cursor:
        pk_of, opened = _open_indicators(cursor, indicators_of(batch.named), options)
        answers = _call(cursor, _without_double_names(batch, pk_of), pk_of, options)
        unopened = {pk_of[each]: each for each in opened}
        answers = list(_without_unopened(batch.requests, answers, unopened))
        is_posted = [answer[0] == Outcome.POSTED for answer in answers]
        posted = list(itertools.compress(batch.requests, is_posted))
        if opened <= {leg.balance for request in posted for leg in request.legs}:
            return answers
        db_transaction.set_rollback(True)
    again = iter(_post_staged(_prepare(posted), options))
    return [
        next(again) if was_posted else answer
        for was_posted, answer in zip(is_posted, answers, strict=True)
    ]


def _open_indicators(
    cursor: Any, indicators: list[Indicator], options: Options
) -> tuple[dict[Indicator, int], set[Indicator]]:
    """The balance of each indicator, and those opened; 0, no balance, for an unknown currency."""
    pk_of, opened = {}, set()
    for indicator in indicators:
        name = [indicator.name, indicator.currency]
        cursor.execute(f"SELECT {FIND_INDICATOR}", name)
        pk_of[indicator] = cursor.fetchone()[0]
        if pk_of[indicator] is None:
            cursor.execute(f"SELECT {OPEN_INDICATOR}", [*name, options.actor_pk])
            pk_of[indicator] = cursor.fetchone()[0] or 0
            opened.add(indicator)
    return pk_of, {indicator for indicator in opened if pk_of[indicator]}


def _without_double_names(batch: Batch, pk_of: dict[Indicator, int]) -> Batch:
    """The batch, with one number for a balance that is named both by indicator and by key."""
    if not {pk for pk in pk_of.values() if pk}.intersection(batch.named):
        return batch
    return _prepare(
        [
            replace(request, legs=[_by_key(leg, pk_of) for leg in request.legs])
            for request in batch.requests
        ]
    )


def _by_key(leg: Leg, pk_of: dict[Indicator, int]) -> Leg:
    return replace(leg, balance=pk_of[leg.balance] or leg.balance) if leg.balance in pk_of else leg


def _call(cursor: Any, batch: Batch, pk_of: dict[Indicator, int], options: Options) -> list[Answer]:
    pks = [pk_of[name] if isinstance(name, Indicator) else name for name in batch.named]
    cursor.execute("SELECT transactions_stage()")
    with cursor.copy("COPY pg_temp.posting_request FROM STDIN") as copy:
        copy.write(batch.lines)
    cursor.execute(
        "SELECT outcome, posted_id, culprit_id"
        " FROM transactions_post_staged(%s::bigint[], %s, %s, %s) ORDER BY ord",
        [array_of(pks), options.is_atomic, options.batch_id, options.actor_pk],
    )
    answers: list[Answer] = cursor.fetchall()
    return answers


def _without_unopened(
    requests: list[PostingRequest], answers: list[Answer], unopened: dict[int, Indicator]
) -> Iterator[Answer]:
    """The answers; none names a balance at fault that only a later request opens."""
    for request, (outcome, transaction_id, culprit_id) in zip(requests, answers, strict=True):
        if unopened and outcome == Outcome.POSTED:
            named = {leg.balance for leg in request.legs}
            unopened = {pk: name for pk, name in unopened.items() if name not in named}
        yield outcome, transaction_id, None if culprit_id in unopened else culprit_id
