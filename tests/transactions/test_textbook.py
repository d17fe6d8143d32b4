"""The cases of the textbooks, each with its figures worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from balances.models import Balance
from reports.moments import totals_before
from reports.trial_balance import Scope, total_lines
from tests.factories import make_balance
from tests.transactions.holding import assert_proven, figures, place, state
from transactions.errors import BeyondHoldError, BeyondOriginalError, NotReversibleError
from transactions.lifecycle import commit, refund, reverse, void
from transactions.models import HoldState, Transaction
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Following, Leg, PostingRequest, transfer
from web.as_of import Moment

pytestmark = pytest.mark.django_db

YEAR = 2025


def on(month: int, day: int = 1) -> datetime:
    return datetime(YEAR, month, day, 9, tzinfo=UTC)


def asset(opening_minor: int = 0) -> Balance:
    """Cash, a claim or an expense: what grows by debits."""
    return make_balance(normal_side=Balance.NormalSide.DEBIT, opening_minor=opening_minor)


def enter(debited: Balance, credited: Balance, amount_minor: int, moment: datetime) -> int:
    legs = transfer(source=debited.pk, destination=credited.pk, amount_minor=amount_minor)
    return post_legs(legs, moment)


def post_legs(legs: list[Leg], moment: datetime) -> int:
    reference = f"T-{Transaction.objects.count()}"
    transaction_id = post(PostingRequest(reference, legs, effective_at=moment)).transaction_id
    assert transaction_id is not None
    return transaction_id


def net_before(balance: Balance, moment: datetime) -> int:
    """Credits less debits at a moment of the world."""
    return totals_before([balance.pk], moment)[balance.pk].net_minor


def assert_ties_before(moment: datetime) -> None:
    assert all(total.is_tied for total in total_lines(Scope(Moment(effective_before=moment))))


def test_opening_balances_are_one_transaction_that_balances() -> None:
    cash, machines, loan, equity = asset(), asset(), make_balance(), make_balance()

    post_legs(
        [
            Leg(cash.pk, DEBIT, 800_00),
            Leg(machines.pk, DEBIT, 2_200_00),
            Leg(loan.pk, CREDIT, 1_000_00),
            Leg(equity.pk, CREDIT, 2_000_00),
        ],
        on(1),
    )

    assert [figures(each)[0] for each in (cash, machines, loan, equity)] == [
        -800_00,
        -2_200_00,
        1_000_00,
        2_000_00,
    ]
    (total,) = total_lines(Scope(Moment(effective_before=on(2))))
    assert (total.closing_debit_minor, total.closing_credit_minor) == (3_000_00, 3_000_00)
    assert_proven()


def test_prepaid_rent_becomes_an_expense_month_by_month() -> None:
    bank, prepaid, rent = asset(opening_minor=1_500_00), asset(), asset()

    enter(prepaid, bank, 1_200_00, on(1, 20))
    for month in range(2, 8):
        enter(rent, prepaid, 100_00, on(month))

    assert [net_before(prepaid, on(month, 2)) for month in (2, 4, 7)] == [
        -1_100_00,
        -900_00,
        -600_00,
    ]
    assert net_before(rent, on(4)) == -200_00
    assert [figures(each)[0] for each in (bank, prepaid, rent)] == [-300_00, -600_00, -600_00]
    assert_ties_before(on(4))
    assert_proven()


def test_currency_exchange_balances_each_currency_by_itself() -> None:
    pounds, euros = make_balance(opening_minor=500_00), make_balance(currency="EUR")
    pool, euro_pool = (make_balance(currency=code, floor_minor=None) for code in ("GBP", "EUR"))

    post_legs(
        [
            *transfer(source=pounds.pk, destination=pool.pk, amount_minor=100_00),
            *transfer(source=euro_pool.pk, destination=euros.pk, amount_minor=117_25),
        ],
        on(3),
    )

    assert [figures(each)[0] for each in (pounds, pool, euro_pool, euros)] == [
        400_00,
        100_00,
        -117_25,
        117_25,
    ]
    assert_ties_before(on(4))
    assert_proven()


def test_partial_commit_takes_its_part_and_void_gives_back_the_rest() -> None:
    guest, hotel = make_balance(opening_minor=120_00), make_balance()
    held = place(guest, hotel, 100_00)

    commit(Following(held, "C-1", 50_00))
    commit(Following(held, "C-2", 30_00))
    with pytest.raises(BeyondHoldError):
        commit(Following(held, "C-3", 20_01))

    assert (figures(guest), figures(hotel)) == ((40_00, -20_00), (80_00, 20_00))
    assert state(held) == HoldState.PARTLY_COMMITTED
    void(Following(held, "V"))
    assert (figures(guest), figures(hotel)) == ((40_00, 0), (80_00, 0))
    assert state(held) == HoldState.VOIDED
    assert_proven()


def test_late_effective_date_changes_the_past_and_no_running_total() -> None:
    bank, rent = asset(opening_minor=900_00), asset()
    enter(rent, bank, 300_00, on(3))
    enter(rent, bank, 100_00, on(5))

    enter(rent, bank, 50_00, on(2))

    assert [net_before(rent, on(month, 2)) for month in (1, 2, 3, 5)] == [
        0,
        -50_00,
        -350_00,
        -450_00,
    ]
    assert figures(rent)[0] == -450_00
    for month in range(2, 7):
        assert_ties_before(on(month))
    assert_proven()


def test_refund_after_a_partial_refund_gives_no_more_than_the_rest() -> None:
    buyer, shop = make_balance(opening_minor=80_00), make_balance()
    sale = enter(buyer, shop, 50_00, on(3))
    refund(Following(sale, "F-1", 20_00))

    with pytest.raises(BeyondOriginalError):
        refund(Following(sale, "F-2", 30_01))
    refund(Following(sale, "F-3", 30_00))

    assert (figures(buyer)[0], figures(shop)[0]) == (80_00, 0)
    assert_proven()


def test_reversal_of_a_reversal_is_refused() -> None:
    buyer, shop = make_balance(opening_minor=80_00), make_balance()
    sale = enter(buyer, shop, 50_00, on(3))
    reversal = reverse(Following(sale, "R-1")).transaction_id
    assert reversal is not None

    with pytest.raises(NotReversibleError):
        reverse(Following(reversal, "R-2"))

    assert (figures(buyer)[0], figures(shop)[0]) == (80_00, 0)
    assert_proven()
