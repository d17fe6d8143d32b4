"""Two hundred threads at one hold, or at one posting: nothing is taken or given back twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from balances.models import Balance
from tests.at_once import at_once
from tests.books import assert_sound
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from tests.schedules.building import wait_until
from transactions.errors import (
    BeyondHoldError,
    HoldEndedError,
    HoldExpiredError,
    InsufficientFundsError,
    NotRefundableError,
    RefundedError,
    ReversedError,
)
from transactions.lifecycle import (
    commit,
    commit_many,
    expire_due,
    refund,
    refund_many,
    reverse,
    void,
)
from transactions.models import Hold, Transaction
from transactions.posting import hold, post
from transactions.proof import run_proof
from transactions.requests import Following, HoldRequest, PostingRequest, Result, transfer

THREADS = 200


def _hold(source: Balance, target: Balance, amount_minor: int, reference: str = "H") -> int:
    legs = transfer(source=source.pk, destination=target.pk, amount_minor=amount_minor)
    pk = hold(HoldRequest(reference, legs)).transaction_id
    assert pk
    return pk


def _doing(verb: Callable[[Following], Result], *args: Any) -> Callable[[], str]:
    return lambda: str(verb(Following(*args)).outcome)


def _kinds(outcomes: list[Any]) -> Counter[Any]:
    return Counter(each if isinstance(each, str) else type(each) for each in outcomes)


def _assert_proven() -> None:
    assert_sound()
    assert run_proof(actor=None).is_ok


def test_200_threads_commit_and_void_one_hold(own_database: OwnDatabase) -> None:
    source, target = make_balance(opening_minor=1000), make_balance()
    pk = _hold(source, target, 1000)
    acts = [_doing(commit, pk, f"C-{number}", 7) for number in range(THREADS - 20)]
    acts += [_doing(commit, pk, f"A-{number}") for number in range(10)]
    acts += [_doing(void, pk, f"V-{number}") for number in range(10)]

    outcomes = _kinds(at_once(acts[::2] + acts[1::2]))

    assert set(outcomes) <= {"posted", HoldEndedError, BeyondHoldError}
    ended = Hold.objects.get(pk=pk)
    assert ended.remaining_minor == 0
    target.refresh_from_db()
    assert target.balance_minor == ended.committed_minor
    assert target.inflight_minor == 0
    followers = Transaction.objects.filter(parent=pk)
    assert followers.count() == outcomes["posted"]
    _assert_proven()


def test_200_threads_commit_void_and_refund_one_hold(own_database: OwnDatabase) -> None:
    """What was committed is given back while the rest is being committed and voided."""
    source, target = make_balance(opening_minor=1000), make_balance()
    pk = _hold(source, target, 1000)
    first = commit(Following(pk, "first", 50)).transaction_id
    acts = [_doing(commit, pk, f"C-{number}", 10) for number in range(THREADS // 2 - 10)]
    acts += [_doing(void, pk, f"V-{number}") for number in range(10)]
    acts += [_doing(refund, first, f"F-{number}", 1) for number in range(THREADS // 2 - 10)]
    acts += [_doing(refund, pk, f"H-{number}") for number in range(10)]

    outcomes = _kinds(at_once(acts[::3] + acts[1::3] + acts[2::3]))

    assert set(outcomes) <= {
        "posted",
        HoldEndedError,
        BeyondHoldError,
        RefundedError,
        NotRefundableError,
    }
    assert (outcomes[RefundedError], outcomes[NotRefundableError]) == (THREADS // 2 - 60, 10)
    ended = Hold.objects.get(pk=pk)
    target.refresh_from_db()
    assert ended.remaining_minor == target.inflight_minor == 0
    assert target.balance_minor == ended.committed_minor - 50
    assert Transaction.objects.filter(parent=first, kind="REFUND").count() == 50
    _assert_proven()


def test_200_threads_release_holds_whose_time_is_over_once(own_database: OwnDatabase) -> None:
    source, target = make_balance(opening_minor=1000), make_balance()
    expires_at = timezone.now() + timedelta(seconds=4)
    legs = transfer(source=source.pk, destination=target.pk, amount_minor=10)
    holds = [
        hold(HoldRequest(f"H-{number}", legs, expires_at=expires_at)).transaction_id
        for number in range(20)
    ]
    wait_until(expires_at)
    acts: list[Callable[[], Any]] = [expire_due] * (THREADS - 40)
    acts += [_doing(void, pk, f"V-{pk}") for pk in holds]
    acts += [_doing(commit, pk, f"C-{pk}") for pk in holds]

    outcomes = at_once(acts)

    released = sum(each for each in outcomes if isinstance(each, int))
    voided = outcomes.count("posted")
    assert released + voided == 20
    assert Transaction.objects.filter(kind="EXPIRY").count() == released
    refused = _kinds([each for each in outcomes if not isinstance(each, int)])
    assert set(refused) <= {"posted", HoldEndedError, HoldExpiredError}
    target.refresh_from_db()
    assert (target.balance_minor, target.inflight_minor) == (0, 0)
    _assert_proven()


def test_200_threads_with_one_reference_commit_once(own_database: OwnDatabase) -> None:
    source, target = make_balance(opening_minor=1000), make_balance()
    pk = _hold(source, target, 1000)

    outcomes = _kinds(at_once([_doing(commit, pk, "C", 5)] * THREADS))

    assert outcomes == {"posted": 1, "present": THREADS - 1}
    assert Hold.objects.get(pk=pk).committed_minor == 5


def test_200_threads_refund_no_more_than_was_posted(own_database: OwnDatabase) -> None:
    source, target = make_balance(opening_minor=500), make_balance(opening_minor=10_000)
    posted = post_transfer(source=source, destination=target, amount_minor=100)

    outcomes = _kinds(at_once([_doing(refund, posted.pk, f"F-{n}", 1) for n in range(THREADS)]))

    assert outcomes == {"posted": 100, RefundedError: 100}
    source.refresh_from_db()
    assert source.balance_minor == 500
    _assert_proven()


def test_posting_is_reversed_once_or_refunded_never_both(own_database: OwnDatabase) -> None:
    source, target = make_balance(opening_minor=500), make_balance(opening_minor=10_000)
    posted = post_transfer(source=source, destination=target, amount_minor=100)
    acts = [
        _doing(verb, posted.pk, f"{verb.__name__}-{number}", amount)
        for number in range(THREADS // 2)
        for verb, amount in ((reverse, None), (refund, 1))
    ]

    outcomes = _kinds(at_once(acts))

    reversals = Transaction.objects.filter(reverses=posted).count()
    refunds = Transaction.objects.filter(parent=posted).count()
    assert (reversals, refunds) in {(1, 0), (0, THREADS // 2)}
    assert outcomes["posted"] == reversals + refunds
    assert set(outcomes) <= {"posted", ReversedError, RefundedError}
    _assert_proven()


def test_holds_and_postings_share_the_same_funds(own_database: OwnDatabase) -> None:
    source, target = make_balance(opening_minor=100), make_balance()
    legs = transfer(source=source.pk, destination=target.pk, amount_minor=1)

    def post_one(number: int) -> Callable[[], str]:
        return lambda: str(post(PostingRequest(f"P-{number}", legs)).outcome)

    def hold_one(number: int) -> Callable[[], str]:
        return lambda: str(hold(HoldRequest(f"H-{number}", legs)).outcome)

    acts = [(post_one, hold_one)[number % 2](number) for number in range(THREADS)]
    outcomes = _kinds(at_once(acts))

    assert outcomes == {"posted": 100, InsufficientFundsError: 100}
    source.refresh_from_db()
    assert source.balance_minor + source.inflight_minor == 0
    _assert_proven()


def test_batches_that_overlap_meet_no_deadlock(own_database: OwnDatabase) -> None:
    balances = [make_balance(floor_minor=None) for _balance in range(4)]
    holds = [_hold(balances[n % 4], balances[(n + 1) % 4], 100, f"H-{n}") for n in range(40)]

    def commit_all(number: int) -> Callable[[], list[str]]:
        order = holds if number % 2 else holds[::-1]
        requests = [Following(pk, f"C-{number}-{pk}", 5) for pk in order]
        return lambda: [str(each.outcome) for each in commit_many(requests)]

    results = at_once([commit_all(number) for number in range(20)])

    assert {outcome for result in results for outcome in result} == {"posted"}
    assert set(Hold.objects.values_list("committed_minor", flat=True)) == {100}
    _assert_proven()


def test_one_reference_for_many_postings_is_taken_once(own_database: OwnDatabase) -> None:
    """No lock is shared, so only the unique reference decides; the losers are told."""
    requests = []
    for number in range(20):
        source, target = make_balance(floor_minor=None), make_balance()
        posted = post_transfer(source=source, destination=target, amount_minor=10)
        requests.append([Following(posted.pk, f"own-{number}"), Following(posted.pk, "shared")])

    def refund_both(number: int) -> Callable[[], list[str]]:
        return lambda: [each.outcome for each in refund_many(requests[number][number % 2 :])]

    results = at_once([refund_both(number) for number in range(20)])

    assert Transaction.objects.filter(reference="shared").count() <= 1
    assert [each[0] for each in results[::2]] == ["posted"] * 10
    assert [each[0] for each in results[1::2]].count("posted") == 1
    _assert_proven()
