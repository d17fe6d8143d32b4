"""What the database answers to a posting, and what both roads to it share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import IntegrityError, OperationalError
from psycopg.errors import DeadlockDetected, LockNotAvailable

from transactions.errors import REFUSALS, BusyError
from transactions.requests import Indicator, Outcome, Result

# Outcome, primary key of the transaction and of the balance at fault.
Answer = tuple[str, int | None, int | None]

FIND_INDICATOR = "balances_indicator(%s, %s)"
OPEN_INDICATOR = "balances_open_indicator(%s, %s, %s::bigint)"


def as_result(answer: Answer) -> Result:
    outcome, transaction_id, culprit_id = answer
    if outcome in REFUSALS:
        # An indicator without a balance stands as 0 in a batch.
        return Result(Outcome.REFUSED, None, REFUSALS[outcome](balance_id=culprit_id or None))
    return Result(Outcome(outcome), transaction_id)


def indicators_of(balances: Iterable[int | Indicator]) -> list[Indicator]:
    """Each indicator once, in the one order in which all postings open them."""
    indicators = {balance for balance in balances if isinstance(balance, Indicator)}
    return sorted(indicators, key=lambda indicator: (indicator.name, indicator.currency))


def array_of(values: Iterable[Any]) -> str:
    """Whole numbers as the text of an array."""
    return f"{{{','.join(map(str, values))}}}"


@contextlib.contextmanager
def busy_refused() -> Iterator[None]:
    """Turn what the database says about a lock it could not get into a refusal."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise BusyError from error
        raise


def is_reference_taken(error: IntegrityError) -> bool:
    """Whether another posting took the reference after this one had looked for it."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) == "transaction_reference_unique"
