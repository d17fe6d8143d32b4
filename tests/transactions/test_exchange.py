from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactions.exchange import (
    RateError,
    exchange_at,
    exchange_for,
    format_rate,
    parse_rate,
)

MINOR = st.integers(1, 10**20)
EXPONENTS = st.sampled_from([0, 2, 3, 8])


@pytest.mark.parametrize(
    ("source_minor", "rate", "exponents", "received_minor"),
    [
        (100_00, "1.1725", (2, 2), 117_25),
        (1_00, "0.005", (2, 2), 0),
        (1_00, "0.015", (2, 2), 2),
        (3_00, "0.005", (2, 2), 2),
        (5_00, "0.005", (2, 2), 2),
        (100_00, "187.305", (2, 0), 187_30),
        (1, "0.000000000000000001", (0, 18), 1),
    ],
)
def test_received_amount_is_rounded_half_to_even(
    source_minor: int, rate: str, exponents: tuple[int, int], received_minor: int
) -> None:
    scales = {"source_exponent": exponents[0], "destination_exponent": exponents[1]}
    if received_minor == 0:
        with pytest.raises(RateError, match="worth nothing"):
            exchange_at(Decimal(rate), source_minor=source_minor, **scales)
        return

    exchange = exchange_at(Decimal(rate), source_minor=source_minor, **scales)

    assert (exchange.destination_minor, exchange.rate) == (received_minor, Decimal(rate))


@given(source_minor=MINOR, received_minor=MINOR, paid=EXPONENTS, received=EXPONENTS)
def test_rate_of_two_amounts_is_right_to_its_last_decimal(
    source_minor: int, received_minor: int, paid: int, received: int
) -> None:
    exact = Fraction(received_minor, 10**received) / Fraction(source_minor, 10**paid)
    try:
        exchange = exchange_for(
            received_minor,
            source_minor=source_minor,
            source_exponent=paid,
            destination_exponent=received,
        )
    except RateError:
        assert exact < Fraction(1, 10**18) or exact >= 10**20 - 1
        return

    assert abs(Fraction(exchange.rate) - exact) <= Fraction(1, 2 * 10**18)
    assert parse_rate(format_rate(exchange.rate)) == exchange.rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [("1.1725", "1.1725"), (" 1,200.5 ", "1200.5"), (".5", "0.5"), ("007.10", "7.1")],
)
def test_rate_is_read_exactly(text: str, rate: str) -> None:
    assert format_rate(parse_rate(text)) == rate


@pytest.mark.parametrize(
    "text",
    ["", ".", "0", "0.0", "-1", "1e3", "١", "1/3", "\x00", "1" * 21, "0." + "1" * 19, "NaN"],
)
def test_rate_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(RateError):
        parse_rate(text)
