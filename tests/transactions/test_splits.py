from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgers.money import AmountError
from transactions.splits import LEFT, Share, SplitError, parse_share, refuse_repeated, split


def shares_of(*texts: str) -> list[Share]:
    return [parse_share(text, 2) for text in texts]


@pytest.mark.parametrize(
    ("total_minor", "shares", "amounts"),
    [
        (1234_56, ["500", "25%", "10%", "left"], [500_01, 308_64, 123_45, 302_46]),
        (1_50, ["50%", "45%", "left"], [76, 67, 7]),
        (100_01, ["33.33%", "33.33%", "33.34%"], [33_33, 33_33, 33_35]),
        (1, ["50%", "50%"], [1, 0]),
        (100_00, ["left", "40"], [60_00, 40_00]),
        (100_01, ["50%", "50%"], [50_01, 50_00]),
        (1_50, ["0.4%", "0.4%", "50%", "left"], [0, 0, 77, 73]),
    ],
)
def test_amount_is_split_to_the_last_unit(
    total_minor: int, shares: list[str], amounts: list[int]
) -> None:
    assert split(total_minor, shares_of(*shares)) == amounts


@given(
    total_minor=st.integers(1, 10**38 - 1),
    weights=st.lists(st.integers(1, 10**20), min_size=1, max_size=12),
)
def test_shares_always_sum_to_the_amount(total_minor: int, weights: list[int]) -> None:
    percents = [Share(LEFT.kind.PERCENT, Fraction(100 * w, sum(weights))) for w in weights]

    whole = split(total_minor, percents)
    with_left = split(total_minor, [*percents[1:], LEFT])

    for amounts in (whole, with_left):
        assert sum(amounts) == total_minor
        assert min(amounts) >= 0
        assert all(type(amount) is int for amount in amounts)
    # Rounding moves no share by more than a unit for each of them.
    if total_minor > 1:
        for amount, share in zip(whole, percents, strict=True):
            assert abs(amount - share.of(total_minor)) <= len(weights)


@pytest.mark.parametrize(
    ("shares", "index", "reason"),
    [
        (["left", "10", "left"], 2, "Only one share can be what is left."),
        (["80", "50%"], None, "The shares come to 130.00, more than 100.00."),
        (["60%", "60%"], None, "more than 100.00"),
        (["50%", "25"], None, "The shares come to 75.00 of 100.00."),
        (["33.33333%", "left", "100"], None, "The shares come to 133.33…"),
    ],
)
def test_shares_that_do_not_fit_are_refused(
    shares: list[str], index: int | None, reason: str
) -> None:
    with pytest.raises(SplitError) as refusal:
        split(100_00, shares_of(*shares), exponent=2)

    assert refusal.value.index == index
    assert reason in str(refusal.value)


def test_second_share_of_a_balance_is_refused() -> None:
    with pytest.raises(SplitError) as refusal:
        refuse_repeated(["@A", "@B", "@A"])

    assert refusal.value.index == 2


@pytest.mark.parametrize(
    "text", ["", "0", "0%", "100.01%", "-5%", "1e1%", "١٢%", "5%%", "1" * 400 + "%", "half", "\x00"]
)
def test_share_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        parse_share(text, 2)


def test_share_may_be_worked_out() -> None:
    assert parse_share(" 1200/12 ", 2).of(5) == 100_00
    assert parse_share("LEFT", 2) == LEFT
