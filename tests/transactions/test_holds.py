"""Holds: reserved, committed in parts, voided, expired; the books stay sound throughout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from balances.models import Balance
from tests.books import assert_sound, snapshot
from tests.factories import FUNDING, NOON, make_balance, make_user
from transactions.errors import (
    BeyondHoldError,
    HoldEndedError,
    HoldExpiredError,
    HoldNotExpiredError,
    InsufficientFundsError,
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
    expire,
    expire_due,
    hold_many,
    reverse,
    void,
    void_many,
)
from transactions.models import Hold, HoldState, Reservation, Transaction
from transactions.posting import hold, post
from transactions.previews import preview
from transactions.proof import run_proof
from transactions.requests import (
    CREDIT,
    DEBIT,
    UNLIMITED,
    BalanceChange,
    Following,
    HoldRequest,
    Indicator,
    Leg,
    Outcome,
    PostingRequest,
    transfer,
)

pytestmark = pytest.mark.django_db


def hold_of(
    source: Balance | Indicator,
    destination: Balance | Indicator,
    amount_minor: int,
    reference: str = "H-1",
    **fields: Any,
) -> HoldRequest:
    sides = [each.pk if isinstance(each, Balance) else each for each in (source, destination)]
    legs = transfer(source=sides[0], destination=sides[1], amount_minor=amount_minor)
    return HoldRequest(reference, legs, **fields)


def place(*args: Any, **fields: Any) -> int:
    transaction_id = hold(hold_of(*args, **fields)).transaction_id
    assert transaction_id is not None
    return transaction_id


def figures(balance: Balance) -> tuple[int, int]:
    """The balance and what is inflight on it."""
    balance.refresh_from_db()
    return balance.balance_minor, balance.inflight_minor


def state(transaction_id: int) -> HoldState:
    return Hold.objects.get(pk=transaction_id).state


def assert_proven() -> None:
    assert_sound()
    run = run_proof(actor=None)
    assert run.is_ok, [check for check in run.checks if check["mismatches"]]


def test_hold_shows_in_the_inflight_figures_and_not_in_the_balance() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()

    pk = place(source, destination, 30)

    assert figures(source) == (100, -30)
    assert figures(destination) == (0, 30)
    assert state(pk) == HoldState.INFLIGHT
    assert Transaction.objects.get(pk=pk).entries.count() == 0
    assert_proven()


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


def test_commits_in_parts_post_what_they_take_and_never_more() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    pk = place(source, destination, 100, effective_at=NOON)

    first = commit(Following(pk, "C-1", 40, effective_at=NOON + timedelta(days=1)))
    assert (figures(source), figures(destination)) == ((60, -60), (40, 60))
    assert state(pk) == HoldState.PARTLY_COMMITTED
    with pytest.raises(BeyondHoldError):
        commit(Following(pk, "C-2", 61))
    commit(Following(pk, "C-3"))

    assert (figures(source), figures(destination)) == ((0, 0), (100, 0))
    assert state(pk) == HoldState.COMMITTED
    with pytest.raises(HoldEndedError):
        commit(Following(pk, "C-4"))
    with pytest.raises(HoldEndedError):
        void(Following(pk, "V-1"))
    assert first.transaction_id
    committed = Transaction.objects.get(pk=first.transaction_id)
    assert (committed.kind, committed.status, committed.parent_id) == ("COMMIT", "POSTED", pk)
    assert committed.effective_at == NOON + timedelta(days=1)
    assert_proven()


def test_void_releases_the_rest() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    pk = place(source, destination, 100)
    commit(Following(pk, "C-1", 25))

    result = void(Following(pk, "V-1"))

    assert (figures(source), figures(destination)) == ((75, 0), (25, 0))
    assert state(pk) == HoldState.VOIDED
    assert result.transaction_id
    assert Transaction.objects.get(pk=result.transaction_id).status == "VOIDED"
    place(source, destination, 75, "H-2")
    assert_proven()


def test_hold_over_many_balances_commits_in_proportion_to_the_last_unit() -> None:
    source = make_balance(opening_minor=1000)
    parts = [make_balance() for _part in range(3)]
    legs = [Leg(source.pk, DEBIT, 100), *(Leg(part.pk, CREDIT, 0) for part in parts)]
    legs[1:] = [Leg(p.pk, CREDIT, amount) for p, amount in zip(parts, (33, 33, 34), strict=True)]
    pk = hold(HoldRequest("H-1", legs)).transaction_id
    assert pk

    for number in range(7):
        commit(Following(pk, f"C-{number}", 13))
        assert_sound()
    assert sum(figures(part)[0] for part in parts) == 91
    commit(Following(pk, "C-last", 9))

    assert [figures(part) for part in parts] == [(33, 0), (33, 0), (34, 0)]
    assert_proven()


def test_expired_hold_cannot_be_committed_and_is_released_once() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    soon = timezone.now() + timedelta(milliseconds=300)
    pk = place(source, destination, 60, expires_at=soon)
    later = place(source, destination, 10, "H-2", expires_at=soon + timedelta(days=1))
    with pytest.raises(HoldNotExpiredError):
        expire(Following(pk, "E-0"))
    while timezone.now() <= soon:
        pass

    with pytest.raises(HoldExpiredError):
        commit(Following(pk, "C-1"))
    assert expire_due() == 1
    assert expire_due() == 0

    assert (state(pk), state(later)) == (HoldState.EXPIRED, HoldState.INFLIGHT)
    assert figures(source) == (100, -10)
    assert_proven()


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


def test_indicator_is_opened_by_a_hold() -> None:
    destination = make_balance()

    pk = place(Indicator("@Suspense", "GBP"), destination, 10)

    commit(Following(pk, "C-1"))
    assert figures(Balance.objects.get(indicator="@Suspense")) == (-10, 0)
    assert_proven()


def test_counts_tell_events_from_what_follows_them() -> None:
    ledger = make_balance().ledger
    source = make_balance(ledger=ledger, floor_minor=None)
    destination = make_balance(ledger=ledger)
    pk = place(source, destination, 10)
    committed = commit(Following(pk, "C-1", 4)).transaction_id
    void(Following(pk, "V-1"))
    assert committed
    reverse(Following(committed, "R-1"))

    source.refresh_from_db()

    assert (source.transaction_count, source.follower_count, source.event_count) == (4, 3, 1)
    counted = Balance.objects.filter(ledger=ledger).values_list(
        "ledger_transaction_count", "ledger_follower_count"
    )
    assert (sum(row[0] for row in counted), sum(row[1] for row in counted)) == (4, 3)
    assert_proven()


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


def test_a_person_is_named_for_each_step() -> None:
    clerk = make_user()
    source, destination = make_balance(opening_minor=100), make_balance()
    pk = hold(hold_of(source, destination, 30), actor=clerk).transaction_id
    assert pk
    commit(Following(pk, "C-1", 10), actor=clerk)
    void(Following(pk, "V-1"), actor=clerk)

    told = AuditEvent.objects.filter(actor=clerk).order_by("pk")

    assert list(told.values_list("action", flat=True)) == [
        "transaction.held",
        "transaction.committed",
        "transaction.voided",
    ]
    key = Transaction.objects.get(pk=pk).key
    assert [event.after and event.after.get("of") for event in told] == [None, key, key]


def test_funding_is_left_alone() -> None:
    """The factory's own source has no floor, so it may be held against without limit."""
    destination = make_balance()

    place(Indicator(FUNDING, "GBP"), destination, 10**30)

    assert figures(destination) == (0, 10**30)
