"""Calls about holds: the same one twice, one that makes no sense, many, and previews."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.books import snapshot
from tests.factories import make_balance
from tests.transactions.holding import assert_proven, figures, hold_of, place
from transactions.errors import (
    HoldEndedError,
    HoldExpiredError,
    InvalidRequestError,
    NotAHoldError,
    PostingError,
    ReferenceUsedError,
    SameBalanceError,
    SeveralCurrenciesError,
    UnknownTransactionError,
)
from transactions.lifecycle import (
    commit,
    commit_many,
    hold_many,
    void,
    void_many,
)
from transactions.models import Reservation
from transactions.posting import hold, post
from transactions.previews import preview
from transactions.requests import (
    BalanceChange,
    Following,
    HoldRequest,
    Outcome,
    PostingRequest,
)

pytestmark = pytest.mark.django_db


def test_verbs_are_idempotent_by_reference() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    request = hold_of(source, destination, 50)
    pk = hold(request).transaction_id
    assert pk
    assert hold(request).outcome == Outcome.PRESENT
    first = commit(Following(pk, "C-1", 20))

    assert commit(Following(pk, "C-1", 20)).transaction_id == first.transaction_id
    assert commit(Following(pk, "C-1")).outcome == Outcome.PRESENT
    others: list[Callable[[], Any]] = [
        lambda: commit(Following(pk, "C-1", 21)),
        lambda: commit(Following(pk, "C-1", 20, description="another")),
        lambda: void(Following(pk, "C-1")),
        lambda: commit(Following(pk, "H-1", 20)),
        lambda: post(PostingRequest("H-1", request.legs)),
        lambda: hold(hold_of(source, destination, 51)),
    ]
    for other in others:
        with pytest.raises(ReferenceUsedError):
            other()
    void(Following(pk, "V-1"))
    assert void(Following(pk, "V-1")).outcome == Outcome.PRESENT
    assert figures(source) == (80, 0)
    assert_proven()


def test_what_is_not_a_hold_is_refused_with_its_reason() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    posted = post(PostingRequest("P-1", hold_of(source, destination, 1).legs)).transaction_id
    euro = make_balance(currency="EUR", opening_minor=10)
    other = make_balance(currency="EUR")
    assert posted
    before = snapshot()

    refusals: list[tuple[type[PostingError], Callable[[], Any]]] = [
        (NotAHoldError, lambda: commit(Following(posted, "C-1"))),
        (UnknownTransactionError, lambda: void(Following(10**9, "V-1"))),
        (UnknownTransactionError, lambda: void(Following(10**30, "V-1"))),
        (
            SeveralCurrenciesError,
            lambda: hold(
                HoldRequest(
                    "H-1",
                    [*hold_of(source, destination, 1).legs, *hold_of(euro, other, 1).legs],
                )
            ),
        ),
        (
            SameBalanceError,
            lambda: hold(HoldRequest("H-1", [*hold_of(source, destination, 1).legs] * 2)),
        ),
        (
            HoldExpiredError,
            lambda: place(source, destination, 1, expires_at=timezone.now() - timedelta(1)),
        ),
    ]
    for error, call in refusals:
        with pytest.raises(error):
            call()

    assert snapshot() == before
    assert_proven()


def test_dates_that_no_page_could_show_are_refused() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    pk = place(source, destination, 50)
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    before = snapshot()

    attempts: list[Callable[[], Any]] = [
        lambda: hold(hold_of(source, destination, 5, "H-2", expires_at=last)),
        lambda: hold(hold_of(source, destination, 5, "H-2", effective_at=first)),
        lambda: commit(Following(pk, "C-1", effective_at=first)),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidRequestError):
            attempt()

    assert snapshot() == before


def test_many_are_decided_in_order_all_or_none() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    requests = [hold_of(source, destination, 40, f"H-{number}") for number in range(3)]

    refused = hold_many(requests, atomic=True)
    assert [each.outcome for each in refused] == ["not_posted", "not_posted", "refused"]
    assert figures(source) == (100, 0)
    held = hold_many(requests)
    assert [each.outcome for each in held] == ["posted", "posted", "refused"]
    first, second = (each.transaction_id for each in held[:2])
    assert first
    assert second
    commits = [Following(first, "C-1"), Following(second, "C-2", 41), Following(second, " ")]
    assert [each.outcome for each in commit_many(commits, dry_run=True)] == [
        "posted",
        "refused",
        "refused",
    ]
    assert figures(source) == (100, -80)
    commit_many(commits)
    void_many([Following(second, "V-1")])

    assert figures(source) == (60, 0)
    assert isinstance(commit_many([Following(first, "C-9")])[0].error, HoldEndedError)
    assert commit_many([]) == []
    assert_proven()


def test_previews_equal_results_and_write_nothing() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    before = snapshot()
    request = hold_of(source, destination, 30)

    assert preview(request) == [
        BalanceChange(source.pk, 100, 100, 0, -30),
        BalanceChange(destination.pk, 0, 0, 0, 30),
    ]
    assert snapshot() == before
    pk = place(source, destination, 30)
    assert preview(Following(pk, "C-1", 10), by=commit) == [
        BalanceChange(source.pk, 100, 90, -30, -20),
        BalanceChange(destination.pk, 0, 10, 30, 20),
    ]
    assert preview(Following(pk, "V-1"), by=void) == [
        BalanceChange(source.pk, 100, 100, -30, 0),
        BalanceChange(destination.pk, 0, 0, 30, 0),
    ]
    assert Reservation.objects.count() == 2
