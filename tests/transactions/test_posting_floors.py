from __future__ import annotations

import pytest

from balances.models import Balance
from tests.books import assert_sound
from tests.factories import make_balance, post_transfer
from transactions.errors import InsufficientFundsError
from transactions.models import Transaction
from transactions.posting import post, post_many
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, PostingRequest, transfer

pytestmark = pytest.mark.django_db

OTHER_SIDE = Indicator("@Elsewhere", "GBP")


def _lower(balance: Balance, amount_minor: int, reference: str = "lower") -> PostingRequest:
    """A request that lowers what `balance` holds on its normal side."""
    legs = transfer(source=balance.pk, destination=OTHER_SIDE, amount_minor=amount_minor)
    if balance.normal_side == Balance.NormalSide.DEBIT:
        legs = transfer(source=OTHER_SIDE, destination=balance.pk, amount_minor=amount_minor)
    return PostingRequest(reference=reference, legs=legs)


@pytest.mark.parametrize("side", Balance.NormalSide.values)
@pytest.mark.parametrize(
    ("opening_minor", "floor_minor", "room_minor"),
    [
        (100, 0, 100),
        (0, 0, 0),
        (0, -250, 250),
        (100, -250, 350),
        (100, 40, 60),
        (10**37, 1, 10**36),
    ],
)
def test_balance_falls_to_its_floor_and_no_further(
    side: str, opening_minor: int, floor_minor: int, room_minor: int
) -> None:
    room_minor = min(room_minor, opening_minor - floor_minor)
    floor = min(floor_minor, 0)
    balance = make_balance(normal_side=side, floor_minor=floor, opening_minor=opening_minor)
    Balance.objects.filter(pk=balance.pk).update(floor_minor=floor_minor)
    room_minor = opening_minor - floor_minor

    with pytest.raises(InsufficientFundsError):
        post(_lower(balance, room_minor + 1))
    refused = post_many([_lower(balance, room_minor + 1)])
    if room_minor:
        post(_lower(balance, room_minor, reference="exactly"))

    balance.refresh_from_db()
    sign = 1 if side == Balance.NormalSide.CREDIT else -1
    assert isinstance(refused[0].error, InsufficientFundsError)
    assert sign * balance.balance_minor == floor_minor
    assert_sound()


@pytest.mark.parametrize("side", Balance.NormalSide.values)
def test_balance_without_floor_falls_as_far_as_asked(side: str) -> None:
    balance = make_balance(normal_side=side, floor_minor=None)

    post(_lower(balance, 10**37))

    balance.refresh_from_db()
    assert abs(balance.balance_minor) == 10**37
    assert_sound()


@pytest.mark.parametrize("side", Balance.NormalSide.values)
def test_balance_rises_whatever_its_floor(side: str) -> None:
    balance = make_balance(normal_side=side, floor_minor=0, opening_minor=1)

    balance.refresh_from_db()

    assert abs(balance.balance_minor) == 1


def test_only_the_figure_after_all_legs_counts() -> None:
    balance, target = make_balance(), make_balance()

    post(
        PostingRequest(
            reference="through zero",
            legs=[
                Leg(balance.pk, DEBIT, 50),
                Leg(balance.pk, CREDIT, 60),
                Leg(OTHER_SIDE, DEBIT, 60),
                Leg(target.pk, CREDIT, 50),
            ],
        )
    )

    balance.refresh_from_db()
    assert balance.balance_minor == 10
    assert list(balance.entries.order_by("position").values_list("running_minor", flat=True)) == [
        -50,
        10,
    ]


def test_batch_decides_each_request_on_what_those_before_left() -> None:
    balance, target = make_balance(opening_minor=100), make_balance()
    amounts = [60, 50, 40, 1]

    results = post_many(
        PostingRequest(
            reference=f"R-{number}",
            legs=transfer(source=balance.pk, destination=target.pk, amount_minor=amount_minor),
        )
        for number, amount_minor in enumerate(amounts)
    )

    assert [result.outcome for result in results] == ["posted", "refused", "posted", "refused"]
    assert_sound()


def test_batch_may_spend_what_it_earned_before_but_not_what_it_will_earn() -> None:
    poor, rich = make_balance(), make_balance(opening_minor=100)
    spend = PostingRequest(
        reference="spend", legs=transfer(source=poor.pk, destination=OTHER_SIDE, amount_minor=100)
    )
    earn = PostingRequest(
        reference="earn", legs=transfer(source=rich.pk, destination=poor.pk, amount_minor=100)
    )

    too_early = post_many([spend, earn], dry_run=True)
    in_order = post_many([earn, spend])

    assert [result.outcome for result in too_early] == ["refused", "posted"]
    assert [result.outcome for result in in_order] == ["posted", "posted"]
    assert_sound()


def test_backdated_posting_is_judged_on_what_is_there_now() -> None:
    balance = make_balance(opening_minor=100)
    post_transfer(source=balance, destination=OTHER_SIDE, amount_minor=100)

    with pytest.raises(InsufficientFundsError):
        post_transfer(source=balance, destination=OTHER_SIDE, amount_minor=1, reference="late")

    assert not Transaction.objects.filter(reference="late").exists()
