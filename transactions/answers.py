"""What the database answers to a posting, and what both roads to it share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, connections
from django.db import transaction as db_transaction

from transactions.errors import REFUSALS, BusyError
from transactions.requests import Indicator, Outcome, Result
from web.database_errors import constraint_of, is_busy

# Outcome, primary key of the transaction and of the balance at fault.
Answer = tuple[str, int | None, int | None]

FIND_INDICATOR = "balances_indicator(%s, %s)"
OPEN_INDICATOR = "balances_open_indicator(%s, %s, %s::bigint)"


def as_result(answer: Answer) -> Result:
    """The answer as callers get it: a refusal with the error that says why."""
    outcome, transaction_id, culprit_id = answer
    if outcome in REFUSALS:
        # An indicator without a balance stands as 0 in a batch.
        return Result(Outcome.REFUSED, None, REFUSALS[outcome](balance_id=culprit_id or None))
    return Result(Outcome(outcome), transaction_id)


def indicators_of(balances: Iterable[int | Indicator]) -> list[Indicator]:
    """Each indicator once, in the one order in which all postings open them."""
    indicators = {balance for balance in balances if isinstance(balance, Indicator)}
    return sorted(indicators, key=lambda indicator: (indicator.name, indicator.currency))


class _BusyRefused:
    """A generator in its place would take a tenth of what Python does for a posting."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if isinstance(error, OperationalError) and is_busy(error):
            raise BusyError from error


_BUSY_REFUSED = _BusyRefused()


def busy_refused() -> _BusyRefused:
    """Turns, as a context, what the database says of a lock it could not get into a refusal."""
    return _BUSY_REFUSED


def fetch_answer(statement: str, parameters: Sequence[Any]) -> Answer:
    """What the database answers to one call; within a transaction, that stays usable after it.

    The server keeps the statement ready: one that varies is for `fetch_answers`.
    """
    answer = _ask(statement, parameters)
    return fetch_answers(statement, [parameters])[0] if answer is None else _read(answer)


def fetch_written(statement: str, parameters: Sequence[Any]) -> int | None:
    """The key of the one row that a statement writes.

    None where it writes none, and within a transaction, where it is not asked.
    """
    key = _ask(statement, parameters)
    return int(key) if key else None


def fetch_answers(statement: str, calls: Sequence[Sequence[Any]]) -> list[Answer]:
    """What it answers to one call after another, sent together."""
    if not calls:
        return []
    django_connection = _open_connection()
    if django_connection.in_atomic_block:
        with db_transaction.atomic():
            return _fetch(django_connection, statement, calls)
    return _fetch(django_connection, statement, calls)


def _ask(statement: str, parameters: Sequence[Any]) -> str | None:
    """What the database answers, empty where that is no row; None where it may not be asked."""
    django_connection = _open_connection()
    if not django_connection.can_ask():
        return None
    with busy_refused(), django_connection.wrap_database_errors:
        answer: str = django_connection.ask(statement, parameters)
        return answer


def _open_connection() -> Any:
    django_connection = connections[DEFAULT_DB_ALIAS]
    django_connection.close_if_health_check_failed()
    if django_connection.connection is None:
        django_connection.ensure_connection()
    return django_connection


def _fetch(django_connection: Any, statement: str, calls: Sequence[Sequence[Any]]) -> list[Answer]:
    """By the driver's own cursor: the wrappers of Django's would cost a sixth of a posting."""
    with busy_refused(), django_connection.wrap_database_errors:
        cursor = django_connection.plain_cursor()
        if len(calls) == 1:
            return [_read(cursor.execute(statement, calls[0]).fetchone()[0])]
        cursor.executemany(statement, calls, returning=True)
        answers = [_read(cursor.fetchone()[0])]
        while cursor.nextset():
            answers.append(_read(cursor.fetchone()[0]))
        return answers


def _read(answer: str) -> Answer:
    """What a function in the database answers, such as `(posted,7,)`."""
    outcome, transaction_id, culprit_id = answer[1:-1].split(",")
    return outcome, int(transaction_id or 0) or None, int(culprit_id or 0) or None


def is_reference_taken(error: IntegrityError) -> bool:
    """Whether another posting took the reference after this one had looked for it."""
    return constraint_of(error) == "transaction_reference_unique"
