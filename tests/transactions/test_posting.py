from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from balances.operations import close_balance
from tests.books import assert_sound, snapshot
from tests.factories import NOON, make_balance, make_ledger, make_user, post_transfer
from transactions.checks import AMOUNT_MAX
from transactions.errors import (
    ClosedBalanceError,
    FutureDateError,
    InsufficientFundsError,
    PostingError,
    SameBalanceError,
    UnbalancedTransactionError,
    UnknownBalanceError,
)
from transactions.models import Entry, Transaction
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Leg, Outcome, PostingRequest, transfer

pytestmark = pytest.mark.django_db


def test_post_writes_the_transaction_and_moves_both_balances() -> None:
    source, target = make_balance(opening_minor=100_00), make_balance()

    result = post(
        PostingRequest(
            reference="INV-1",
            legs=transfer(source=source.pk, destination=target.pk, amount_minor=40_00),
            description="Rent",
            effective_at=NOON,
            metadata={"invoice": "1"},
        )
    )

    stored = Transaction.objects.get(reference="INV-1")
    source.refresh_from_db()
    target.refresh_from_db()
    assert (result.outcome, result.transaction_id) == (Outcome.POSTED, stored.pk)
    assert (stored.kind, stored.status, stored.entry_count) == ("POST", "POSTED", 2)
    assert (stored.description, stored.effective_at) == ("Rent", NOON)
    assert stored.metadata == {"invoice": "1"}
    assert (source.balance_minor, source.debit_minor) == (60_00, 40_00)
    assert (target.balance_minor, target.credit_minor) == (40_00, 40_00)
    assert_sound()


def test_post_keeps_each_entry_with_its_place_and_running_balance() -> None:
    source, target = make_balance(opening_minor=100_00), make_balance()

    for amount_minor in (10_00, 20_00, 30_00):
        post_transfer(source=source, destination=target, amount_minor=amount_minor)

    entries = Entry.objects.filter(balance=source).order_by("position")
    assert [
        (each.position, each.direction, int(each.amount_minor), int(each.running_minor))
        for each in entries
    ] == [
        (1, 1, 100_00, 100_00),
        (2, -1, 10_00, 90_00),
        (3, -1, 20_00, 70_00),
        (4, -1, 30_00, 40_00),
    ]


@pytest.mark.parametrize("legs_count", [2, 3, 7, 100, 999, 1000])
def test_post_takes_two_to_a_thousand_legs(legs_count: int) -> None:
    source = make_balance(floor_minor=None)
    targets = [make_balance(ledger=source.ledger) for _ in range(min(legs_count - 1, 20))]
    credits_ = [Leg(targets[i % len(targets)].pk, CREDIT, i + 1) for i in range(legs_count - 1)]
    total_minor = sum(leg.amount_minor for leg in credits_)

    post(PostingRequest(reference="many", legs=[*credits_, Leg(source.pk, DEBIT, total_minor)]))

    source.refresh_from_db()
    assert source.balance_minor == -total_minor
    assert Transaction.objects.get().entry_count == Entry.objects.count() == legs_count
    assert_sound()


def test_post_balances_each_currency_by_itself() -> None:
    pounds, pounds_pool = make_balance(opening_minor=100_00), make_balance(floor_minor=None)
    euros, euros_pool = (
        make_balance(currency="EUR"),
        make_balance(currency="EUR", floor_minor=None),
    )

    post(
        PostingRequest(
            reference="exchange",
            legs=[
                Leg(pounds.pk, DEBIT, 100_00),
                Leg(pounds_pool.pk, CREDIT, 100_00),
                Leg(euros_pool.pk, DEBIT, 117_00),
                Leg(euros.pk, CREDIT, 117_00),
            ],
        )
    )

    euros.refresh_from_db()
    assert euros.balance_minor == 117_00
    assert_sound()


def test_post_moves_amounts_of_38_digits_exactly() -> None:
    source, target = make_balance(currency="JPY", floor_minor=None), make_balance(currency="JPY")

    post_transfer(source=source, destination=target, amount_minor=AMOUNT_MAX)

    source.refresh_from_db()
    target.refresh_from_db()
    assert (source.balance_minor, target.balance_minor) == (-AMOUNT_MAX, AMOUNT_MAX)
    assert_sound()


def test_post_takes_several_entries_on_one_balance() -> None:
    source, target = make_balance(opening_minor=10_00), make_balance()

    post(
        PostingRequest(
            reference="twice",
            legs=[
                Leg(source.pk, DEBIT, 7_00),
                Leg(source.pk, CREDIT, 2_00),
                Leg(target.pk, CREDIT, 5_00),
            ],
        )
    )

    source.refresh_from_db()
    assert (source.balance_minor, source.entry_count, source.transaction_count) == (5_00, 3, 2)
    assert_sound()


def test_post_takes_effect_when_it_is_recorded_unless_told() -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    before = timezone.now()

    posted = post_transfer(source=source, destination=target, effective_at=None)

    assert before <= posted.created_at <= timezone.now()
    assert posted.effective_at == posted.created_at


@pytest.mark.parametrize("year", [1, 1900, 1970, 2024])
def test_post_takes_effect_in_the_past(year: int) -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    moment = datetime(year, 1, 2, 23, 59, 59, 999999, tzinfo=UTC)

    posted = post_transfer(source=source, destination=target, effective_at=moment)

    assert posted.effective_at == moment
    assert set(posted.entries.values_list("effective_at", flat=True)) == {moment}


def test_post_tells_recorded_time_in_the_order_of_positions() -> None:
    source, target = make_balance(floor_minor=None), make_balance()

    for _ in range(20):
        post_transfer(source=source, destination=target)

    times = target.entries.order_by("position").values_list("transaction__created_at", flat=True)
    assert list(times) == sorted(times)


def _unbalanced() -> list[Leg]:
    return [
        Leg(make_balance(opening_minor=5_00).pk, DEBIT, 1_00),
        Leg(make_balance().pk, CREDIT, 1_01),
    ]


def _one_sided() -> list[Leg]:
    return [Leg(make_balance().pk, CREDIT, 1_00), Leg(make_balance().pk, CREDIT, 1_00)]


def _mixed_currencies() -> list[Leg]:
    return [
        Leg(make_balance(opening_minor=5_00).pk, DEBIT, 1_00),
        Leg(make_balance(currency="EUR").pk, CREDIT, 1_00),
    ]


def _unknown() -> list[Leg]:
    return transfer(source=make_balance(opening_minor=5).pk, destination=10**9, amount_minor=1)


def _same() -> list[Leg]:
    balance = make_balance(opening_minor=5_00)
    return transfer(source=balance.pk, destination=balance.pk, amount_minor=1_00)


def _closed() -> list[Leg]:
    source, target = make_balance(opening_minor=5_00), make_balance()
    close_balance(target, at=timezone.now(), actor=None)
    return transfer(source=source.pk, destination=target.pk, amount_minor=1_00)


def _overdrawn() -> list[Leg]:
    source, target = make_balance(opening_minor=1_00), make_balance()
    return transfer(source=source.pk, destination=target.pk, amount_minor=1_01)


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (_unbalanced, UnbalancedTransactionError),
        (_one_sided, UnbalancedTransactionError),
        (_mixed_currencies, UnbalancedTransactionError),
        (_unknown, UnknownBalanceError),
        (_same, SameBalanceError),
        (_closed, ClosedBalanceError),
        (_overdrawn, InsufficientFundsError),
    ],
)
def test_post_refuses_and_writes_nothing(
    build: Callable[[], list[Leg]], error: type[PostingError]
) -> None:
    request = PostingRequest(reference="refused", legs=build())
    before = snapshot()

    with pytest.raises(error):
        post(request, actor=make_user())

    assert snapshot() == before


def test_post_names_the_balance_at_fault() -> None:
    source, target = make_balance(opening_minor=1_00), make_balance()

    with pytest.raises(InsufficientFundsError) as caught:
        post_transfer(source=source, destination=target, amount_minor=2_00)

    assert caught.value.balance_id == source.pk


def test_post_refuses_the_future_and_writes_nothing() -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    before = snapshot()

    with pytest.raises(FutureDateError):
        post_transfer(
            source=source,
            destination=target,
            effective_at=timezone.now() + timedelta(seconds=5),
        )

    assert snapshot() == before


def test_post_records_who_posted_in_the_same_breath() -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    clerk = make_user()

    posted = post_transfer(
        source=source, destination=target, reference="A-1", description="Rent", actor=clerk
    )

    event = AuditEvent.objects.get(subject=posted.key)
    assert posted.actor == clerk
    assert (event.actor, event.actor_name) == (clerk, clerk.username)
    assert event.action == "transaction.posted"
    assert event.after == {"reference": "A-1", "description": "Rent"}


def test_post_by_a_command_leaves_no_person_behind() -> None:
    posted = post_transfer(source=make_balance(floor_minor=None), destination=make_balance())

    assert posted.actor is None
    assert not AuditEvent.objects.filter(subject=posted.key).exists()


def test_post_counts_a_transaction_once_for_each_ledger_it_touches() -> None:
    shop, bank = make_ledger(), make_ledger()
    till, safe = make_balance(ledger=shop, floor_minor=None), make_balance(ledger=shop)
    account = make_balance(ledger=bank, floor_minor=None)

    post_transfer(source=till, destination=safe)
    post(
        PostingRequest(
            reference="three",
            legs=[Leg(account.pk, DEBIT, 3), Leg(till.pk, CREDIT, 1), Leg(safe.pk, CREDIT, 2)],
        )
    )
    post_transfer(source=account, destination=safe)

    counted = {
        ledger: sum(ledger.balances.values_list("ledger_transaction_count", flat=True))
        for ledger in (shop, bank)
    }
    till.refresh_from_db()
    assert counted == {shop: 3, bank: 2}
    assert (till.entry_count, till.transaction_count) == (2, 2)
    assert_sound()
