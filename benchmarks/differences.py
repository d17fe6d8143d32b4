"""Whether a batch gives the same results as its requests one by one, row by row."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from django.db import transaction as db_transaction

from benchmarks.cluster import Books
from benchmarks.data import Size
from transactions.errors import PostingError
from transactions.models import Entry
from transactions.posting import post, post_many
from transactions.requests import CREDIT, DEBIT, Leg, Outcome, PostingRequest, Result, transfer

POOR_BALANCES = 200
FUNDS_MINOR = 3_000
AMOUNT_MAX_MINOR = 2_000

Row = tuple[object, ...]


def count_differences(books: Books, size: Size) -> tuple[int, int]:
    """How many requests were compared, and how many came out differently.

    The balances have little, so that about one request in ten is refused, and
    which one depends on the order.
    """
    pks = [10 * number for number in range(1, POOR_BALANCES + 1)]
    with books.connect() as connection:
        connection.execute(
            "UPDATE balances_balance SET floor_minor = credit_minor - debit_minor - %s"
            " WHERE id = ANY (%s)",
            [FUNDS_MINOR, pks],
        )
    requests = _requests(pks, size.batch // 5)
    one_by_one = _taken_back(lambda: [_post_one(request) for request in requests], requests)
    together = _taken_back(lambda: post_many(requests), requests)
    differing = sum(left != right for left, right in zip(one_by_one, together, strict=True))
    return len(requests), differing


def _requests(pks: Sequence[int], count: int) -> list[PostingRequest]:
    chance = random.Random(4)  # noqa: S311 the same requests in each run
    return [
        PostingRequest(
            reference=f"DIFF-{number}",
            legs=_three_legs(chance, pks) if number % 5 == 0 else _two_legs(chance, pks),
        )
        for number in range(count)
    ]


def _two_legs(chance: random.Random, pks: Sequence[int]) -> list[Leg]:
    source, destination = chance.sample(pks, 2)
    amount_minor = chance.randint(1, AMOUNT_MAX_MINOR)
    return transfer(source=source, destination=destination, amount_minor=amount_minor)


def _three_legs(chance: random.Random, pks: Sequence[int]) -> list[Leg]:
    source, *destinations = chance.sample(pks, 3)
    amount_minor = chance.randint(1, AMOUNT_MAX_MINOR)
    return [
        Leg(source, DEBIT, 2 * amount_minor),
        *(Leg(destination, CREDIT, amount_minor) for destination in destinations),
    ]


def _post_one(request: PostingRequest) -> Result:
    try:
        return post(request)
    except PostingError as error:
        return Result(Outcome.REFUSED, None, error)


def _taken_back(do: Callable[[], list[Result]], requests: list[PostingRequest]) -> list[Row]:
    """What each request came to, its entries included, before everything is rolled back."""
    with db_transaction.atomic():
        results = do()
        rows = [_row(result) for result in results]
        db_transaction.set_rollback(True)
    assert len(rows) == len(requests)
    return rows


def _row(result: Result) -> Row:
    if result.transaction_id is None:
        return (result.outcome, type(result.error).__name__, str(result.error))
    entries = Entry.objects.filter(transaction_id=result.transaction_id).order_by("pk")
    written = entries.values_list(
        "balance_id", "ledger_id", "position", "direction", "amount_minor", "running_minor"
    )
    return (result.outcome, *written)
