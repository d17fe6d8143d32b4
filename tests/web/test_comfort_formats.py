"""Numbers, dates and amounts as each person writes them, written and read in one place."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledgers.arithmetic import read_amount, show_reading
from ledgers.money import AmountError, format_amount, format_entered, format_plain, parse_amount
from reports.scales import format_compact
from tests.factories import make_balance, make_client, make_user
from transactions.exchange import RateError, format_plain_rate, format_rate, parse_rate
from transactions.splits import parse_share, percent
from web.formatting import (
    NUMBER_STYLES,
    active_dates,
    format_count,
    format_date,
    format_datetime,
    formats,
    plain_number,
)
from web.tables.fields import AmountField, NumberField
from web.tables.metadata_fields import MetadataField
from web.tables.operators import Operator

GAP = "\N{NO-BREAK SPACE}"
NOON = datetime(2025, 1, 3, 12, 14, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("numbers", "amount", "count", "short", "rate"),
    [
        ("point", "−17,100.05", "12,345", "1.25M", "1.1725"),
        ("comma", "−17.100,05", "12.345", "1,25M", "1,1725"),
        ("space", f"−17{GAP}100,05", f"12{GAP}345", "1,25M", "1,1725"),
    ],
)
def test_every_number_is_in_the_chosen_style(
    numbers: str, amount: str, count: str, short: str, rate: str
) -> None:
    with formats(numbers=numbers):
        shown = (
            format_amount(-17_100_05, 2),
            format_count(12345),
            format_compact(1_250_000_00, 2),
            format_rate(Decimal("1.17250")),
        )

    assert shown == (amount, count, short, rate)


def test_what_programs_read_is_the_same_for_everyone() -> None:
    with formats(numbers="comma", dates="iso"):
        assert format_plain(-17_100_05, 2) == "-17100.05"
        assert format_plain_rate(Decimal("1.1725")) == "1.1725"


def test_dates_are_in_the_chosen_pattern() -> None:
    with formats(dates="iso"):
        assert format_date(date(2025, 1, 3)) == "2025-01-03"
        assert format_datetime(NOON) == "2025-01-03, 12:14"
        assert ">2025-01-03, 12:14</time>" in active_dates().time_tag(NOON)
        assert 'title="2025-01-03, 12:14:07 UTC"' in active_dates().time_tag(NOON)


def test_style_ends_with_the_request_even_after_an_error() -> None:
    with pytest.raises(RuntimeError), formats(numbers="comma", dates="iso"):
        raise RuntimeError

    assert (format_count(1000), format_date(date(2025, 1, 3))) == ("1,000", "3 Jan 2025")


@given(
    minor=st.integers(1, 10**38 - 1),
    exponent=st.integers(0, 30),
    numbers=st.sampled_from(sorted(NUMBER_STYLES)),
)
def test_an_amount_that_was_shown_is_read_as_it_is_or_refused(
    minor: int, exponent: int, numbers: str
) -> None:
    with formats(numbers=numbers):
        assert read_amount(format_amount(minor, exponent), exponent) == minor
        entered = format_entered(minor, exponent)
        assert read_amount(entered, exponent) == minor
        assert read_amount(f"{entered}*1", exponent) == minor


@given(
    text=st.text(alphabet="0123456789.,  " + GAP, min_size=1, max_size=14),
    exponent=st.sampled_from([0, 2, 3, 18]),
    numbers=st.sampled_from(sorted(NUMBER_STYLES)),
)
def test_nothing_is_read_as_another_amount_than_its_own_style_says(
    text: str, exponent: int, numbers: str
) -> None:
    """Whatever is accepted, written again without group signs, is the same amount."""
    style = NUMBER_STYLES[numbers]
    with formats(numbers=numbers):
        try:
            minor = read_amount(text, exponent)
        except AmountError:
            return
        whole, _decimal, decimals = text.strip().partition(style.decimal)
        assert decimals == "" or decimals.isdigit()
        exact = Decimal(f"{re.sub('[^0-9]', '', whole) or 0}.{decimals or 0}")
        assert Decimal(minor).scaleb(-exponent) == exact


@pytest.mark.parametrize(
    ("numbers", "text", "exponent", "minor"),
    [
        ("comma", "1.234,56", 2, 1234_56),
        ("comma", "1234,56", 2, 1234_56),
        ("comma", "1 234,56", 2, 1234_56),
        ("comma", ",5", 2, 50),
        ("comma", "1.234", 2, 1234_00),
        ("comma", "1.000", 0, 1000),
        ("comma", "1.234.567", 3, 1_234_567_000),
        ("comma", "1.234,000", 3, 1234_000),
        ("comma", "1,234", 3, 1_234),
        ("comma", "19,99*3", 2, 59_97),
        ("comma", "1.234,00/2", 2, 617_00),
        ("space", f"1{GAP}234,56", 2, 1234_56),
        ("space", "1 234,56", 2, 1234_56),
        ("space", "19,99*3", 2, 59_97),
    ],
)
def test_amount_is_read_in_the_chosen_style(
    numbers: str, text: str, exponent: int, minor: int
) -> None:
    with formats(numbers=numbers):
        assert read_amount(text, exponent) == minor


@pytest.mark.parametrize(
    ("numbers", "text", "exponent"),
    [
        ("point", "1.234,56", 2),
        ("point", "12,50", 2),
        ("point", "1,5*2", 2),
        ("comma", "1,234.56", 2),
        ("comma", "1234.56", 2),
        ("comma", "12.50", 2),
        ("comma", "1.2", 2),
        ("comma", "1.5*2", 2),
        ("comma", "1.23.456", 2),
        ("comma", "1,234", 2),
        ("space", "1.234", 2),
        ("space", "1.234,56", 2),
        ("space", "1,234.56", 2),
        ("space", "1,234", 2),
    ],
)
def test_amount_in_another_style_is_refused(numbers: str, text: str, exponent: int) -> None:
    with formats(numbers=numbers), pytest.raises(AmountError, match=r"in figures|decimals"):
        read_amount(text, exponent)


@pytest.mark.parametrize(
    ("numbers", "text", "exponent", "readings"),
    [
        ("comma", "1.234", 3, "1234 or 1,234"),
        ("comma", " 1.000 ", 18, "1000 or 1,000"),
        ("comma", "1.250*8", 2, "1250 or 1,250"),
        ("point", "1,234", 3, "1234 or 1.234"),
        ("point", "12,000", 18, "12000 or 12.000"),
    ],
)
def test_amount_with_two_readings_is_refused_and_says_both(
    numbers: str, text: str, exponent: int, readings: str
) -> None:
    with (
        formats(numbers=numbers),
        pytest.raises(AmountError, match=rf"two ways\. Write {readings}"),
    ):
        read_amount(text, exponent)


@pytest.mark.parametrize("exponent", [0, 2, 3, 18])
@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ("comma", "0.123"),
        ("comma", "012.345"),
        ("comma", "0.500*2"),
        ("point", "0,123"),
        ("point", "0,500*2"),
        ("space", "0 500"),
    ],
)
def test_nought_is_never_a_group_of_thousands(numbers: str, text: str, exponent: int) -> None:
    with formats(numbers=numbers), pytest.raises(AmountError, match="in figures"):
        read_amount(text, exponent)


@pytest.mark.parametrize(
    ("numbers", "text", "exponent", "reading"),
    [
        ("comma", "1.234", 2, "1.234 = 1234,00"),
        ("comma", "1.000", 0, "1.000 = 1000"),
        ("point", "1,250", 2, "1,250 = 1250.00"),
        ("point", "1,250*8", 2, "1,250*8 = 10,000.00"),
        ("comma", "1.234,50", 2, ""),
        ("comma", "1.234.567", 2, ""),
        ("comma", "1234", 2, ""),
        ("space", "1 234", 2, ""),
    ],
)
def test_what_was_read_is_said_where_another_style_reads_it_otherwise(
    numbers: str, text: str, exponent: int, reading: str
) -> None:
    with formats(numbers=numbers):
        assert show_reading(text, read_amount(text, exponent), exponent) == reading


def test_addresses_and_programs_are_read_the_same_for_everyone() -> None:
    with formats(numbers="comma"):
        assert parse_amount("1,250.00", 2) == 1250_00


def test_refusal_shows_the_style_of_who_asks() -> None:
    with formats(numbers="comma"), pytest.raises(AmountError, match=r"such as 1\.250,00"):
        read_amount("many", 2)


@pytest.mark.parametrize(
    ("numbers", "text", "rate"),
    [
        ("point", "1,172.5", "1172.5"),
        ("comma", "1,1725", "1.1725"),
        ("comma", "1.172,5", "1172.5"),
        ("space", f"1{GAP}172,5", "1172.5"),
    ],
)
def test_rate_is_read_in_the_chosen_style(numbers: str, text: str, rate: str) -> None:
    with formats(numbers=numbers):
        assert parse_rate(text) == Decimal(rate)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ("point", "1,1725"),
        ("point", "1,172"),
        ("point", "0,920"),
        ("point", "0,92"),
        ("comma", "1.1725"),
        ("comma", "1.172"),
        ("comma", "0.920"),
    ],
)
def test_rate_in_another_style_is_refused(numbers: str, text: str) -> None:
    with formats(numbers=numbers), pytest.raises(RateError):
        parse_rate(text)


def test_percentage_is_read_in_the_chosen_style() -> None:
    with formats(numbers="comma"):
        assert parse_share("12,5%", 2) == percent(Fraction("12.5"))
        with pytest.raises(AmountError, match="12,5%"):
            parse_share("12.5%", 2)


@pytest.mark.parametrize(
    ("numbers", "typed", "plain"),
    [
        ("point", "1,250.00", "1,250.00"),
        ("comma", "1.250,00", "1,250.00"),
        ("comma", "-1.250", "-1,250"),
        ("comma", "1,250", "1.250"),
        ("space", f"1{GAP}250,5", "1250.5"),
        ("space", "1,250", "1.250"),
        ("comma", "12.50", "12.50"),
        ("comma", "many", "many"),
    ],
)
def test_a_number_typed_into_a_filter_is_plain_in_the_address(
    numbers: str, typed: str, plain: str
) -> None:
    with formats(numbers=numbers):
        assert plain_number(typed) == plain


def test_a_filter_reads_the_address_and_shows_the_style_of_who_asks() -> None:
    amount = AmountField(name="amount", label="Amount")

    with formats(numbers="comma"):
        assert amount.read("1250.50") == Decimal("1250.50")
        assert amount.say(Operator.IS, ["1250.50"]) == "Amount is 1.250,50"


@pytest.mark.parametrize(
    ("numbers", "asked", "said"),
    [
        ("point", "1250", "1,250.00"),
        ("point", "1,250.5", "1,250.50"),
        ("point", "1,250", "1,250 = 1250.00"),
        ("point", "1.250", "1.250 = 1.25"),
        ("point", "-1.255", "-1.255 = -1.2550"),
        ("comma", "1,250", "1.250 = 1250,00"),
        ("comma", "1.250", "1,250 = 1,25"),
        ("space", "1.250", "1,250 = 1,25"),
        ("point", "0.250", "0.25"),
        ("point", "1,250,000", "1,250,000.00"),
        ("point", "9" * 38, f"{int('9' * 38):,}.00"),
        ("point", "lots", "lots"),
    ],
)
def test_an_amount_in_a_filter_is_said_in_full_and_what_was_read_where_it_is_in_doubt(
    numbers: str, asked: str, said: str
) -> None:
    with formats(numbers=numbers):
        words = AmountField(name="amount", label="Amount").say(Operator.AT_LEAST, [asked])

    assert words == f"Amount is at least {said}"


def test_counts_and_numbers_in_extra_information_are_said_without_decimals() -> None:
    count = NumberField(name="balances", label="Balances")
    tier = MetadataField(name="metadata.tier", label="tier", keys=("tier",))

    assert count.say(Operator.ONE_OF, ["2", "12500"]) == "Balances is one of 2; 12,500"
    assert count.say(Operator.BETWEEN, ["2", "1,250"]) == "Balances is between 2 and 1,250 = 1250"
    assert tier.say(Operator.AT_MOST, ["1.250"]) == "tier is at most 1.250 = 1.25"
    assert tier.say(Operator.IS, ["1.250"]) == "tier is “1.250”"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        *("/balances/export.csv", "/transactions/export.csv", "/entries/export.csv"),
        "/trial-balance.csv",
    ],
)
def test_files_for_programs_are_the_same_for_everyone(path: str) -> None:
    make_balance(opening_minor=1_234_567_89)
    comma = make_client(user=make_user(number_format="comma", date_format="iso"))

    files = [b"".join(client.get(path)) for client in (make_client(), comma)]

    assert b"1234567.89" in files[0]
    assert files[0] == files[1]
