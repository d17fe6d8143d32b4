"""Reversals and refunds: linked, never more than the original, never both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from balances.models import Balance
from tests.books import assert_sound, snapshot
from tests.factories import NOON, make_balance, make_user
from transactions.errors import (
    BeyondOriginalError,
    FutureDateError,
    InsufficientFundsError,
    NotRefundableError,
    NotReversibleError,
    ReferenceUsedError,
    RefundedError,
    ReversedError,
    UnknownTransactionError,
)
from transactions.lifecycle import commit, refund, refund_many, reverse, reverse_many
from transactions.models import Entry, Transaction
from transactions.posting import hold, post
from transactions.previews import preview
from transactions.proof import run_proof
from transactions.requests import (
    CREDIT,
    DEBIT,
    BalanceChange,
    Following,
    HoldRequest,
    Leg,
    Outcome,
    PostingRequest,
    transfer,
)

pytestmark = pytest.mark.django_db


def post_one(source: Balance, destination: Balance, amount_minor: int, reference: str = "P") -> int:
    legs = transfer(source=source.pk, destination=destination.pk, amount_minor=amount_minor)
    return as_pk(post(PostingRequest(reference, legs, effective_at=NOON)).transaction_id)


def as_pk(transaction_id: int | None) -> int:
    assert transaction_id is not None
    return transaction_id


def held(balance: Balance) -> int:
    balance.refresh_from_db()
    return balance.balance_minor


def lines(pk: int) -> list[tuple[int, int]]:
    entries = Entry.objects.filter(transaction_id=pk).order_by("pk")
    return [(entry.balance_id, int(entry.direction * entry.amount_minor)) for entry in entries]


@pytest.fixture
def source() -> Balance:
    return make_balance(opening_minor=1000)


@pytest.fixture
def destination() -> Balance:
    return make_balance()


def assert_proven() -> None:
    assert_sound()
    run = run_proof(actor=None)
    assert run.is_ok, [check for check in run.checks if check["mismatches"]]


def test_reversal_posts_the_same_entries_the_other_way_round_once(
    source: Balance, destination: Balance
) -> None:
    pk = post_one(source, destination, 300)

    undone = as_pk(reverse(Following(pk, "R-1", effective_at=NOON)).transaction_id)

    assert lines(undone) == [(balance, -moved) for balance, moved in lines(pk)]
    assert (held(source), held(destination)) == (1000, 0)
    reversal = Transaction.objects.get(pk=undone)
    assert (reversal.kind, reversal.reverses_id, reversal.parent_id) == ("REVERSAL", pk, None)
    assert Transaction.objects.get(pk=pk).reversals.get() == reversal
    with pytest.raises(ReversedError):
        reverse(Following(pk, "R-2"))
    assert reverse(Following(pk, "R-1")).outcome == Outcome.PRESENT
    with pytest.raises(NotReversibleError):
        reverse(Following(undone, "R-3"))
    with pytest.raises(ReversedError):
        refund(Following(pk, "F-1"))
    assert_proven()


def test_refunds_never_exceed_the_original_together(source: Balance, destination: Balance) -> None:
    pk = post_one(source, destination, 100)

    first = as_pk(refund(Following(pk, "F-1", 60)).transaction_id)
    with pytest.raises(BeyondOriginalError):
        refund(Following(pk, "F-2", 41))
    with pytest.raises(RefundedError):
        reverse(Following(pk, "R-1"))
    refund(Following(pk, "F-3"))
    with pytest.raises(RefundedError):
        refund(Following(pk, "F-4"))

    assert (held(source), held(destination)) == (1000, 0)
    assert Transaction.objects.get(pk=first).parent_id == pk
    assert refund(Following(pk, "F-1", 60)).outcome == Outcome.PRESENT
    with pytest.raises(ReferenceUsedError):
        refund(Following(pk, "F-1", 59))
    assert_proven()


def test_reversed_refund_can_be_refunded_again(source: Balance, destination: Balance) -> None:
    pk = post_one(source, destination, 100)
    mistaken = as_pk(refund(Following(pk, "F-1", 100)).transaction_id)

    reverse(Following(mistaken, "R-1"))
    refund(Following(pk, "F-2", 30))

    assert held(destination) == 70
    with pytest.raises(BeyondOriginalError):
        refund(Following(pk, "F-3", 71))
    assert_proven()


def test_refund_of_a_commit_and_of_many_legs_is_in_proportion(source: Balance) -> None:
    parts = [make_balance() for _part in range(3)]
    legs = [Leg(source.pk, DEBIT, 100), *(Leg(part.pk, CREDIT, 33) for part in parts)]
    legs.append(Leg(parts[0].pk, CREDIT, 1))
    pk = as_pk(post(PostingRequest("P", legs)).transaction_id)

    for number in range(3):
        refund(Following(pk, f"F-{number}", 33))
        assert_sound()
    last = as_pk(refund(Following(pk, "F-last")).transaction_id)

    assert [held(part) for part in parts] == [0, 0, 0]
    assert sum(moved for _balance, moved in lines(last) if moved > 0) == 1
    held_back = hold(
        HoldRequest("H", transfer(source=source.pk, destination=parts[0].pk, amount_minor=9))
    )
    committed = as_pk(commit(Following(as_pk(held_back.transaction_id), "C", 4)).transaction_id)
    with pytest.raises(NotRefundableError):
        refund(Following(as_pk(held_back.transaction_id), "F-hold"))
    refund(Following(committed, "F-commit"))
    assert held(parts[0]) == 0
    assert_proven()


def test_exchange_is_refunded_whole_or_not_at_all(source: Balance) -> None:
    euro, pool, pool_euro = (
        make_balance(currency=code, floor_minor=None) for code in ("EUR", "GBP", "EUR")
    )
    legs = [
        *transfer(source=source.pk, destination=pool.pk, amount_minor=100),
        *transfer(source=pool_euro.pk, destination=euro.pk, amount_minor=117),
    ]
    pk = as_pk(post(PostingRequest("X", legs)).transaction_id)

    with pytest.raises(BeyondOriginalError):
        refund(Following(pk, "F-1", 50))
    refund(Following(pk, "F-2"))

    assert (held(source), held(euro)) == (1000, 0)
    assert_proven()


def test_spent_money_is_given_back_only_with_an_overdraft(
    source: Balance, destination: Balance
) -> None:
    pk = post_one(source, destination, 100)
    post_one(destination, source, 80, "P-2")
    before = snapshot()

    with pytest.raises(InsufficientFundsError) as refused:
        reverse(Following(pk, "R-1"))
    assert refused.value.balance_id == destination.pk
    assert snapshot() == before
    reverse(Following(pk, "R-1", overdraft_minor=80))

    assert held(destination) == -80
    assert_proven()


def test_effective_date_may_be_chosen_but_not_in_the_future(
    source: Balance, destination: Balance
) -> None:
    pk = post_one(source, destination, 100)
    with pytest.raises(FutureDateError):
        reverse(Following(pk, "R-1", effective_at=NOON + timedelta(days=365_00)))

    undone = as_pk(reverse(Following(pk, "R-1", effective_at=NOON)).transaction_id)

    assert Transaction.objects.get(pk=undone).effective_at == NOON


def test_many_are_reversed_in_one_go_or_not_at_all(source: Balance, destination: Balance) -> None:
    pks = [post_one(source, destination, minor, f"B-{minor}") for minor in range(1, 21)]
    requests = [Following(pk, f"R-{pk}") for pk in reversed(pks)]
    clerk = make_user()

    tried = reverse_many(requests, atomic=True, dry_run=True)
    assert {each.outcome for each in tried} == {"posted"}
    assert held(destination) == 210
    alone = reverse(Following(pks[3], "R-one"))
    refused = reverse_many(requests, atomic=True)
    assert {each.outcome for each in refused} == {"refused", "not_posted"}
    assert held(destination) == 206
    assert_sound()

    rest = [each for each in requests if each.transaction_id != pks[3]]
    assert alone.outcome == "posted"
    assert {each.outcome for each in reverse_many(rest, atomic=True, actor=clerk)} == {"posted"}
    assert {each.outcome for each in reverse_many(rest, atomic=True, actor=clerk)} == {"present"}
    assert held(destination) == 0
    assert_proven()


def test_previews_tell_what_undoing_would_do(source: Balance, destination: Balance) -> None:
    pk = post_one(source, destination, 100)
    before = snapshot()

    assert preview(Following(pk, "F-1", 10), by=refund) == [
        BalanceChange(source.pk, 900, 910),
        BalanceChange(destination.pk, 100, 90),
    ]
    assert [each.outcome for each in refund_many([Following(pk, "F-1")], dry_run=True)] == [
        "posted"
    ]
    assert snapshot() == before
    with pytest.raises(UnknownTransactionError):
        reverse(Following(10**9, "R-1"))
