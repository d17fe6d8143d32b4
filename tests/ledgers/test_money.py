from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgers.money import AmountError, format_amount, format_plain, parse_amount

EXPONENTS = range(31)
LARGEST = 10**38 - 1


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_format_amount_shows_every_digit_of_each_exponent(exponent: int) -> None:
    digits = "12345678901234567890123456789012345678"
    whole, decimals = digits[: 38 - exponent], digits[38 - exponent :]

    text = format_amount(int(digits), exponent)

    assert text.replace(",", "") == whole + ("." + decimals if exponent else "")


@pytest.mark.parametrize(
    ("minor", "exponent", "text"),
    [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (0, 18, "0.000000000000000000"),
        (5, 2, "0.05"),
        (-5, 2, "−0.05"),
        (999, 0, "999"),
        (1000, 0, "1,000"),
        (-1710000, 2, "−17,100.00"),
        (1, 18, "0.000000000000000001"),
        (10**18, 18, "1.000000000000000000"),
        (1234567890123456789, 18, "1.234567890123456789"),
        (123456, 3, "123.456"),
    ],
)
def test_format_amount_groups_thousands_and_uses_a_minus_sign(
    minor: int, exponent: int, text: str
) -> None:
    assert format_amount(minor, exponent) == text


def test_format_plain_is_for_programs() -> None:
    assert format_plain(-1_234_567_89, 2) == "-1234567.89"


@given(minor=st.integers(1, LARGEST), exponent=st.sampled_from(EXPONENTS))
def test_parse_amount_reads_what_format_amount_wrote(minor: int, exponent: int) -> None:
    assert parse_amount(format_amount(minor, exponent), exponent) == minor
    assert parse_amount(format_plain(minor, exponent), exponent) == minor


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_parse_amount_takes_the_last_digit_and_refuses_one_more(exponent: int) -> None:
    smallest = "0." + "0" * (exponent - 1) + "1" if exponent else "1"
    too_precise = "0." + "0" * exponent + "1"

    assert parse_amount(smallest, exponent) == 1
    with pytest.raises(AmountError, match="decimal"):
        parse_amount(too_precise, exponent)


def test_parse_amount_reads_a_token_with_18_decimals_to_the_last_digit() -> None:
    minor = parse_amount("12345678901234567890.123456789012345678", 18)

    assert minor == 12345678901234567890123456789012345678


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1", 100),
        ("1.", 100),
        (".5", 50),
        ("0.5", 50),
        ("0001.10", 110),
        ("1.000", 100),
        ("1,250.00", 125000),
        ("1,234,567.89", 123456789),
        ("1 234 567.89", 123456789),
        ("1\N{NO-BREAK SPACE}234.5", 123450),
        ("1\N{NARROW NO-BREAK SPACE}234.5", 123450),
        ("  7.25\n", 725),
        ("\N{NO-BREAK SPACE}7.25\N{EM SPACE}", 725),
    ],
)
def test_parse_amount_accepts_usual_spellings(text: str, minor: int) -> None:
    assert parse_amount(text, 2) == minor


@pytest.mark.parametrize(
    "text",
    [
        "1,00",
        "12,34,567",
        "1,2345",
        ",100",
        "100,",
        "1,,000",
        "0,000",
        "0,500",
        "1 234,567",
        "1,234 567.89",
        "1 00",
        "1.000,50",
        "1.2.3",
        "1.0,0",
        ".",
        "abc",
        "1e5",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "+5",
        "5-",
        "(5)",
        "£5",
        "5 GBP",
        "1/2",
        "1'000",
        "٣",
        "１２",
        "५०",
        "²",
        "Ⅷ",
        "1\0",
        "1\n2",
        "1; DROP TABLE transactions_entry",
        "<script>1</script>",
        "\N{RIGHT-TO-LEFT OVERRIDE}1",
    ],
)
def test_parse_amount_refuses_what_is_not_an_amount(text: str) -> None:
    with pytest.raises(AmountError, match="in figures"):
        parse_amount(text, 2)


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\N{NO-BREAK SPACE}"])
def test_parse_amount_asks_for_an_amount_when_there_is_none(text: str) -> None:
    with pytest.raises(AmountError, match="Enter an amount"):
        parse_amount(text, 2)


@pytest.mark.parametrize("text", ["-5", "−5", "- 5", "-0", "-1,000.00"])
def test_parse_amount_refuses_a_minus(text: str) -> None:
    with pytest.raises(AmountError, match="the direction is set by the two sides"):
        parse_amount(text, 2)


@pytest.mark.parametrize("text", ["0", "0.00", "000", ".0"])
def test_parse_amount_refuses_zero(text: str) -> None:
    with pytest.raises(AmountError, match="above zero"):
        parse_amount(text, 2)


@pytest.mark.parametrize(
    ("text", "exponent"),
    [("9" * 39, 0), ("9" * 37, 2), ("1" + "0" * 40, 0), ("1" * 20, 30), ("9" * 100_000, 2)],
)
def test_parse_amount_refuses_more_than_38_digits(text: str, exponent: int) -> None:
    with pytest.raises(AmountError, match="38 digits"):
        parse_amount(text, exponent)


def test_parse_amount_takes_38_digits() -> None:
    assert parse_amount("9" * 38, 0) == LARGEST
    assert parse_amount("9" * 36 + ".99", 2) == LARGEST


def test_parse_amount_is_quick_with_a_megabyte_of_text() -> None:
    for text in ("1," * 500_000, "1" * 1_000_000 + "x", "1.." * 300_000, " 1" * 500_000):
        with pytest.raises(AmountError):
            parse_amount(text, 2)
