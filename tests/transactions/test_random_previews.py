"""What a preview tells is what is done: the same figures, or refused for the same reason.

    DAYBOOK_PREVIEWS=10000 python3 manage.py test tests/transactions/test_random_previews.py

does so for ten thousand random requests to all verbs; the whole suite tries fewer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction as db_transaction

from balances.models import Balance
from tests.books import assert_sound
from tests.factories import NOON, make_balance
from transactions.errors import PostingError
from transactions.lifecycle import commit, expire, refund, reverse, void
from transactions.posting import hold, post
from transactions.previews import preview
from transactions.requests import (
    CREDIT,
    DEBIT,
    UNLIMITED,
    BalanceChange,
    Following,
    HoldRequest,
    Leg,
    PostingRequest,
    Result,
)

PREVIEWS = int(os.environ.get("DAYBOOK_PREVIEWS", "500"))
# Requests to the same books; then others are begun.
ROUND = 250
POUNDS = [("CREDIT", None), ("CREDIT", 0), ("DEBIT", 0), ("CREDIT", -50), ("DEBIT", None)]
EUROS = [("CREDIT", None), ("CREDIT", 0)]
VERBS: list[Callable[[Any], Result]] = [
    *[post] * 7,
    *[hold] * 4,
    *[commit] * 4,
    *[refund] * 4,
    *[reverse] * 3,
    void,
    expire,
]
Figures = dict[int, tuple[int, int]]


@dataclass
class Books:
    """A few balances, and the transactions that can be followed."""

    random: Random
    pounds: list[int]
    euros: list[int]
    written: list[int] = field(default_factory=list)

    def request(self, verb: Callable[[Any], Result], reference: str) -> Any:
        """Mostly sound; what is asked for too much, or twice, is refused."""
        if verb in (post, hold):
            return self._new(verb is hold, reference)
        return Following(
            self.random.choice(self.written[-40:]),
            reference,
            self.random.choice([None, self.random.randint(1, 40)]),
            effective_at=self._moment(),
            overdraft_minor=self.random.choice([None, None, 20]),
        )

    def _new(self, is_hold: bool, reference: str) -> PostingRequest:
        legs = self._legs(self.pounds)
        overdraft = self.random.choice([None, None, None, 0, 30, UNLIMITED])
        if is_hold:
            return HoldRequest(reference, legs, overdraft_minor=overdraft)
        if self.random.random() < 0.2:
            legs += self._legs(self.euros)
        return PostingRequest(
            reference, legs, effective_at=self._moment(), overdraft_minor=overdraft
        )

    def _legs(self, balances: list[int]) -> list[Leg]:
        """One or several debits, and as much of credits, each balance once."""
        balances = self.random.sample(balances, self.random.randint(2, len(balances)))
        debited = self.random.randint(1, len(balances) - 1)
        credited = len(balances) - debited
        amounts = [self.random.randint(1, 60) + credited for _ in range(debited)]
        rest = sum(amounts) - (credited - 1)
        amounts += [1] * (credited - 1) + [rest]
        directions = [DEBIT] * debited + [CREDIT] * credited
        return [Leg(*leg) for leg in zip(balances, directions, amounts, strict=True)]

    def _moment(self) -> Any:
        return self.random.choice([None, NOON + timedelta(days=self.random.randint(0, 200))])

    def figures(self) -> Figures:
        found = Balance.objects.filter(pk__in=[*self.pounds, *self.euros])
        return {each.pk: (each.balance_minor, each.inflight_minor) for each in found}


def make_books(random: Random) -> Books:
    def made(sides: list[tuple[str, int | None]], currency: str) -> list[int]:
        return [
            make_balance(normal_side=side, floor_minor=floor, currency=currency).pk
            for side, floor in sides
        ]

    books = Books(random, made(POUNDS, "GBP"), made(EUROS, "EUR"))
    first = post(PostingRequest("first", books._legs(books.euros), overdraft_minor=UNLIMITED))
    assert first.transaction_id
    books.written.append(first.transaction_id)
    return books


@pytest.mark.django_db
@pytest.mark.timeout(3600)
def test_random_previews_equal_their_results() -> None:
    random = Random(20)
    done = 0
    for beginning in range(0, PREVIEWS, ROUND):
        with db_transaction.atomic():
            books = make_books(random)
            for number in range(min(ROUND, PREVIEWS - beginning)):
                done += preview_and_do(books, f"R-{number}")
            assert_sound()
            db_transaction.set_rollback(True)

    # Neither all refused nor none.
    assert PREVIEWS * 0.3 < done < PREVIEWS * 0.9


def preview_and_do(books: Books, reference: str) -> bool:
    """Whether it was done, rather than refused."""
    verb = books.random.choice(VERBS)
    request = books.request(verb, reference)
    before = books.figures()
    told = attempt(lambda: preview(request, by=verb))
    assert books.figures() == before
    result = attempt(lambda: verb(request))
    after = books.figures()
    if isinstance(result, PostingError):
        assert (type(told), told.balance_id) == (type(result), result.balance_id)
        assert after == before
        return False
    assert after == before | {change.balance_id: told_of(change, before) for change in told}
    assert all(before[change.balance_id][0] == change.before_minor for change in told)
    books.written.append(result.transaction_id)
    return True


def attempt(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except PostingError as error:
        return error


def told_of(change: BalanceChange, before: Figures) -> tuple[int, int]:
    """The figures that a preview foretells; what it leaves inflight alone it does not tell."""
    moved = change.inflight_after_minor - change.inflight_before_minor
    return change.after_minor, before[change.balance_id][1] + moved
