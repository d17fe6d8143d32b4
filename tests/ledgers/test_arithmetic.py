from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgers.arithmetic import calculate, is_calculated, read_amount
from ledgers.money import AmountError, parse_amount

SUMS = st.recursive(
    st.integers(0, 999).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({''.join(p)})"),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1200/12", 100_00),
        ("3*(19.99+5)", 74_97),
        ("1,250.00 + 1 250", 2500_00),
        ("100 − 2×3 ÷ 4", 98_50),
        ("2-3-4+10", 5_00),
        ("-5+10", 5_00),
        ("2*-3+10", 4_00),
        ("1/3*3", 1_00),
        (".5+1.", 1_50),
        ("8/2/2", 2_00),
        ("12.50", 12_50),
        ("99999999999999999999999999999999999.99+0.01", 10**37),
    ],
)
def test_sum_is_worked_out_exactly(text: str, minor: int) -> None:
    assert read_amount(text, 2) == minor


@given(text=SUMS)
def test_sums_come_out_as_in_python(text: str) -> None:
    if len(text) <= 120:
        assert calculate(text) == Fraction(eval(text))  # noqa: S307


@given(minor=st.integers(1, 10**38 - 1), exponent=st.sampled_from([0, 2, 3, 18]))
def test_plain_amount_is_read_as_ever(minor: int, exponent: int) -> None:
    text = f"{minor // 10**exponent}.{str(minor % 10**exponent).rjust(exponent, '0')}"

    assert not is_calculated(text)
    assert read_amount(text, exponent) == parse_amount(text, exponent) == minor


def test_sum_that_does_not_come_out_names_the_nearest_two() -> None:
    with pytest.raises(AmountError, match=r"between 333\.33 and 333\.34"):
        read_amount("1000/3", 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("5-5", "nothing, or less"),
        ("5-6", "nothing, or less"),
        ("-5", "above zero; the direction"),
        ("1/0", "divides by zero"),
        ("9" * 40 + "*1", "too large"),
        ("*".join(["9" * 9] * 12), "too large"),
        ("(" * 10_000 + "1" + ")" * 10_000, "too long"),
        ("1+" * 20_000 + "1", "too long"),
        ("(1+2", "in figures"),
        ("1+2)", "in figures"),
        ("()", "in figures"),
        ("2(3)", "in figures"),
        ("1+", "in figures"),
        ("*1", "in figures"),
        ("1 2+3", "in figures"),
        ("1,25+1", "in figures"),
        ("1**2", "in figures"),
        ("100+10%", "in figures"),
        ("1e3*2", "in figures"),
        ("١+٢", "in figures"),
        ("1+\x00", "in figures"),
        ("__import__('os')", "in figures"),
    ],
)
def test_what_is_no_sum_is_refused(text: str, reason: str) -> None:
    with pytest.raises(AmountError, match=reason):
        read_amount(text, 2)
