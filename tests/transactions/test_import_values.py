from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from tests.transactions.imports import make_mapping
from transactions.importing.values import DateReader, ValueTextError, read_amount


def read(text: str, *, exponent: int = 2, currency: str = "GBP", **rules: Any) -> int:
    mapping = make_mapping(**{f"amount__{key}": value for key, value in rules.items()})
    return read_amount(text, rules=mapping.amount, currency=currency, exponent=exponent)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1500", 150000),
        ("1054.1", 105410),
        ("1054.11", 105411),
        ("-12.50", -1250),
        ("0", 0),
        ("0.00", 0),
        (".5", 50),
        ("7.", 700),
        ("1,234,567.89", 123456789),
        ("1 234 567.89", 123456789),
        ("1'234.50", 123450),
        ("£1,234.50", 123450),
        ("£ 1,234.50", 123450),
        ("1,234.50 GBP", 123450),
        ("gbp 12", 1200),
        ("(1,234.50)", -123450),
        ("(£5)", -500),
        ("£(5)", -500),
        ("12.50-", -1250),
        ("-£12.50", -1250),
        ("£-12.50", -1250),
        ("- 12.50", -1250),
        ("\N{MINUS SIGN}12.50", -1250),
        ("+12.50", 1250),
        ("12.500", 1250),
        ("0012.50", 1250),
    ],
)
def test_amount_is_read_as_people_write_it(text: str, minor: int) -> None:
    assert read(text) == minor


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "-",
        "£",
        ".",
        "5)(",
        "(5)-",
        "+",
        "12.34.56",
        "1,23",
        "12,34",
        "0,500",
        "00,500.00",
        "1 234,567",
        "1,234 567",
        "1,2345.00",
        "1e5",
        "1.5E+05",
        "--5",
        "(-5)",
        "-5-",
        "(5",
        "5)",
        "1 2",
        "12.50 CR",
        "٣",
        "#REF!",
        "10/20",
    ],
)
def test_amount_that_is_not_certain_is_refused(text: str) -> None:
    with pytest.raises(ValueTextError):
        read(text)


def test_empty_amount_is_refused_as_empty() -> None:
    with pytest.raises(ValueTextError, match="empty"):
        read("")


def test_amount_is_never_rounded() -> None:
    with pytest.raises(ValueTextError, match="more than 2 decimals"):
        read("1.005")


@pytest.mark.parametrize("text", ["€5", "5 EUR", "$5.00"])
def test_amount_in_another_currency_is_refused(text: str) -> None:
    with pytest.raises(ValueTextError, match="not in GBP"):
        read(text)


@pytest.mark.parametrize(
    ("text", "minor"), [("1.234,50", 123450), ("1 234,5", 123450), ("-0,05", -5), ("12", 1200)]
)
def test_decimal_comma_is_read_where_the_mapping_says_so(text: str, minor: int) -> None:
    assert read(text, decimal=",") == minor


@pytest.mark.parametrize("text", ["0.001", "1.234 567", "12.34"])
def test_point_that_cannot_group_thousands_is_refused(text: str) -> None:
    with pytest.raises(ValueTextError, match="cannot be read"):
        read(text, decimal=",")


def test_amount_of_eighteen_decimals_keeps_the_last_digit() -> None:
    assert read("1,000.000000000000000001", exponent=18) == 10**21 + 1


def test_amount_without_decimals_refuses_a_fraction() -> None:
    assert read("1,500.00", exponent=0) == 1500
    with pytest.raises(ValueTextError):
        read("1500.50", exponent=0)


def test_amount_of_more_than_38_digits_is_refused() -> None:
    assert read("9" * 36 + ".99") == 10**38 - 1
    with pytest.raises(ValueTextError, match="38 digits"):
        read("1" + "0" * 36 + ".00")


@pytest.mark.parametrize("text", ["15/01/2025", "2025-01-15", "15-Jan-25", "15 January 2025"])
def test_date_is_read_in_each_of_the_formats(text: str) -> None:
    formats = ["%d/%m/%Y", "%Y-%m-%d", "%d-%b-%y", "%d %B %Y"]
    reader = DateReader(make_mapping(date__formats=formats).date)

    assert reader.read(text) == datetime(2025, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "00:00:00", "31/02/2025", "01/15/2025", "soon"])
def test_date_that_cannot_be_read_is_none(text: str) -> None:
    assert DateReader(make_mapping().date).read(text) is None


def test_date_without_time_takes_the_time_and_zone_of_the_mapping() -> None:
    rules = make_mapping(date__time=time(12), date__timezone="Europe/London").date

    moment = DateReader(rules).read("15/07/2025")

    assert moment == datetime(2025, 7, 15, 11, tzinfo=UTC)


def test_date_with_a_time_keeps_it() -> None:
    rules = make_mapping(date__formats=["%d/%m/%Y %H:%M"]).date

    assert DateReader(rules).read("15/01/2025 08:45") == datetime(2025, 1, 15, 8, 45, tzinfo=UTC)
