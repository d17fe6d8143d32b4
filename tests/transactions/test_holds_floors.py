"""What may be held or taken of a balance: floors, overdrafts, and what others hold."""

from __future__ import annotations

import pytest

from tests.books import snapshot
from tests.factories import FUNDING, make_balance
from tests.transactions.holding import assert_proven, figures, hold_of, place
from transactions.errors import (
    InsufficientFundsError,
)
from transactions.lifecycle import (
    commit,
)
from transactions.posting import post
from transactions.requests import (
    UNLIMITED,
    Following,
    Indicator,
    PostingRequest,
)

pytestmark = pytest.mark.django_db


def test_held_funds_cannot_be_spent_twice() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    place(source, destination, 70)
    before = snapshot()

    with pytest.raises(InsufficientFundsError) as refused:
        place(source, destination, 31, "H-2")
    assert refused.value.balance_id == source.pk
    with pytest.raises(InsufficientFundsError):
        post(PostingRequest("P-1", hold_of(source, destination, 31).legs))
    assert snapshot() == before
    # What is on its way in cannot be spent either.
    with pytest.raises(InsufficientFundsError):
        post(PostingRequest("P-2", hold_of(destination, source, 1).legs))

    place(source, destination, 30, "H-3")

    assert figures(source) == (100, -100)
    assert_proven()


def test_held_funds_of_a_debit_normal_balance_count_from_the_other_side() -> None:
    till = make_balance(normal_side="DEBIT", opening_minor=50)
    destination = make_balance(normal_side="DEBIT")

    place(destination, till, 50)  # credits the till
    with pytest.raises(InsufficientFundsError):
        place(destination, till, 1, "H-2")

    assert figures(till) == (-50, 50)
    assert_proven()


def test_overdraft_lets_one_transaction_below_the_floor_and_later_ones_back_up() -> None:
    source, destination = make_balance(opening_minor=10), make_balance()
    legs = hold_of(source, destination, 50).legs
    with pytest.raises(InsufficientFundsError):
        post(PostingRequest("P-1", legs, overdraft_minor=39))

    post(PostingRequest("P-1", legs, overdraft_minor=40))
    assert figures(source) == (-40, 0)
    post(PostingRequest("P-2", hold_of(destination, source, 5).legs))
    assert figures(source) == (-35, 0)
    with pytest.raises(InsufficientFundsError):
        post(PostingRequest("P-3", hold_of(source, destination, 1).legs))
    pk = place(source, destination, 100, overdraft_minor=UNLIMITED)
    commit(Following(pk, "C-1"))

    assert figures(source) == (-135, 0)
    assert_proven()


def test_commit_takes_what_was_held_whatever_was_overdrawn_meanwhile() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    pk = place(source, destination, 100)
    post(PostingRequest("P-1", hold_of(source, destination, 60).legs, overdraft_minor=UNLIMITED))

    commit(Following(pk, "C-1"))

    assert figures(source) == (-60, 0)
    assert_proven()


def test_funding_is_left_alone() -> None:
    """The factory's own source has no floor, so it may be held against without limit."""
    destination = make_balance()

    place(Indicator(FUNDING, "GBP"), destination, 10**30)

    assert figures(destination) == (0, 10**30)
