from __future__ import annotations

import itertools
from dataclasses import replace

from benchmarks.cluster import Books
from benchmarks.data import QUICK, fill
from benchmarks.differences import count_differences
from benchmarks.requests import TOO_MUCH_MINOR, random_requests
from ledgers.models import Ledger
from tests.conftest import OwnDatabase
from transactions.models import Transaction
from transactions.proof import run_proof

TINY = replace(QUICK, balances=500, ledgers=20, big_ledger=100, transactions=3_000)


def test_random_requests_move_money_between_two_balances_of_one_currency() -> None:
    for request in itertools.islice(random_requests(100), 200):
        debited, credited = (leg.balance for leg in request.legs)

        assert isinstance(debited, int)
        assert isinstance(credited, int)
        assert debited != credited
        assert min(debited, credited) >= 1
        assert max(debited, credited) <= 100
        assert debited % 10 == credited % 10


def test_random_requests_hold_the_share_asked_for_that_a_floor_refuses() -> None:
    requests = list(itertools.islice(random_requests(100, refused=0.1), 2000))

    refused = [each for each in requests if each.legs[0].amount_minor == TOO_MUCH_MINOR]

    assert 100 < len(refused) < 300


def test_filled_books_are_as_large_as_asked_and_proven(own_database: OwnDatabase) -> None:
    fill(Books(own_database.cluster, own_database.name), TINY)

    assert Ledger.objects.count() == 20
    assert Transaction.objects.count() == 3_000
    assert run_proof(actor=None).is_ok


def test_batches_differ_in_nothing_from_one_by_one(own_database: OwnDatabase) -> None:
    books = Books(own_database.cluster, own_database.name)
    size = replace(TINY, balances=2_000, batch=500)
    fill(books, size)

    assert count_differences(books, size) == (100, 0)
