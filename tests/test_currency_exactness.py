"""Amounts of every exponent go through the engine and come back to the last digit."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledgers.models import Currency
from ledgers.money import format_amount, parse_amount
from ledgers.operations import add_currency
from tests.books import assert_sound
from tests.factories import make_balance
from transactions.models import Entry
from transactions.posting import post, post_many
from transactions.requests import Indicator, PostingRequest, transfer

pytestmark = pytest.mark.django_db

# From ISO 4217 itself; a library of locales differs for some of these.
KNOWN = {"GBP": 2, "JPY": 0, "KWD": 3, "CLF": 4, "UYW": 4, "ISK": 0, "HUF": 2, "TWD": 2, "IQD": 3}


def test_registry_holds_the_exponents_of_iso_4217() -> None:
    stored = dict(Currency.objects.filter(code__in=KNOWN).values_list("code", "exponent"))

    assert stored == KNOWN
    assert not Currency.objects.filter(code__in=["XAU", "XTS", "XXX"]).exists()


@pytest.mark.parametrize("exponent", [0, 1, 8, 18, 30])
def test_token_moves_to_the_last_digit(exponent: int) -> None:
    add_currency(code="XTK", name="Token", exponent=exponent, kind="CRYPTO", actor=None)
    balance = make_balance(currency="XTK")
    written = "12345678901234567890123456789012345678"
    text = f"{written[: 38 - exponent]}.{written[38 - exponent :]}".rstrip(".")
    minor = parse_amount(text, exponent)

    legs = transfer(source=Indicator("@Mint", "XTK"), destination=balance.pk, amount_minor=minor)
    post(PostingRequest("whole", legs))
    back = transfer(
        source=balance.pk, destination=Indicator("@Mint", "XTK"), amount_minor=minor - 1
    )
    post_many([PostingRequest("all but one", back)])

    balance.refresh_from_db()
    entry = Entry.objects.get(balance=balance, position=1)
    assert str(entry.amount_minor) == written
    assert format_amount(entry.running_minor, exponent).replace(",", "") == text
    assert balance.balance_minor == 1
    assert_sound()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(amounts=st.lists(st.integers(1, 10**36), min_size=1, max_size=8))
def test_sums_of_large_amounts_are_exact(amounts: list[int]) -> None:
    balance = make_balance(currency="JPY", floor_minor=None)

    post_many(
        PostingRequest(
            f"{balance.key} {number}",
            transfer(
                source=Indicator("@Mint", "JPY"), destination=balance.pk, amount_minor=amount_minor
            ),
        )
        for number, amount_minor in enumerate(amounts)
    )

    balance.refresh_from_db()
    assert balance.credit_minor == sum(amounts)
    assert Entry.objects.get(balance=balance, position=len(amounts)).running_minor == sum(amounts)
