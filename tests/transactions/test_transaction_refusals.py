from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from balances.operations import close_balance
from tests.factories import make_balance, make_identity, post_transfer
from tests.pages import text_of
from tests.transactions.reviewing import posted, review
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"source": ""}, "This field is required."),
        ({"source": "nobody"}, "No open balance has this owner or id."),
        ({"source": "bln_00000000-0000-0000-0000-000000000000"}, "No open balance"),
        ({"source": "@"}, "Write one @ and then a name"),
        ({"source": "@a\x00"}, "control character U+0000"),
        ({"destination": "@treasury"}, "Source and destination are the same balance."),
        ({"amount": ""}, "This field is required."),
        ({"amount": "0"}, "Enter an amount above zero."),
        ({"amount": "-5"}, "Enter an amount above zero"),
        ({"amount": "1.005"}, "This currency has 2 decimals"),
        ({"amount": "1e3"}, "Enter the amount in figures"),
        ({"amount": "9" * 40}, "This amount is too large"),
        ({"amount": "1000/3"}, "between 333.33 and 333.34"),
        ({"amount": "(" * 10_000 + "1" + ")" * 10_000}, "at most 120 characters"),
        ({"amount": "1+1\x00"}, "Null characters are not allowed."),
        ({"rate": "1.2"}, "Both balances are in GBP: nothing is exchanged."),
        ({"first_share": "50%"}, "A share needs further balances"),
        ({"overdraft": "limit"}, "Enter an amount."),
        ({"overdraft_limit": "5"}, "A limit needs the answer"),
        ({"overdraft": "perhaps"}, "Select a valid choice."),
        ({"expires_date": "2999-01-01"}, "Only a hold expires."),
        ({"is_hold": "on", "expires_date": "2001-01-01"}, "still to come"),
        ({"due_date": "2001-01-01"}, "still to come"),
        ({"due_date": "2999-12-31", "effective_date": "2025-01-01"}, "takes effect then"),
        ({"due_date": "9999-12-31"}, "Enter a valid date."),
        ({"is_hold": "on", "expires_date": "9999-12-31"}, "Enter a valid date."),
        ({"is_hold": "on", "expires_time": "10:00"}, "A time needs its date."),
        ({"mode": "journal"}, "Enter two lines at least."),
        ({"amount": "١٢"}, "Enter the amount in figures"),
        ({"currency": ""}, "Say which currency"),
        ({"currency": "XXQ"}, "This currency is not in the registry."),
        ({"reference": " "}, "This field is required."),
        ({"reference": "a\x1bb"}, "control character U+001B"),
        ({"reference": "r" * 201}, "at most 200 characters"),
        ({"description": "d" * 10_001}, "at most 10000 characters"),
        ({"description": "a\x00b"}, "Null characters are not allowed."),
        ({"description": "a\x1bb"}, "control character U+001B"),
        ({"effective_date": "2999-01-01"}, "The effective date lies in the future."),
        ({"effective_date": "0001-01-01"}, "The earliest date is 1 January 1900."),
        ({"effective_date": "yesterday"}, "Enter a valid date."),
        ({"effective_time": "09:00"}, "A time needs its date."),
        ({"metadata_json": "[1]"}, "The JSON must be an object"),
        (
            {"metadata_key": ["k"], "metadata_value": ["x" * 70_000]},
            "Extra information may hold 64 KB",
        ),
    ],
)
def test_bad_input_is_refused_at_its_field_and_nothing_written(
    clerk: Client, changes: dict[str, Any], reason: str
) -> None:
    response = review(clerk, **changes)

    assert response.status_code == 422
    assert reason in text_of(response)
    assert posted() == Balance.objects.count() == 0


def test_insufficient_funds_name_the_balance_and_its_figures(clerk: Client) -> None:
    source = make_balance(
        identity=make_identity(name="Northgate"), opening_minor=100_00, floor_minor=-50_00
    )
    before = posted()

    response = review(clerk, source=source.key, destination="@World", amount="150.01")

    assert response.status_code == 422
    assert (
        "Northgate holds 100.00 GBP; this would take it to −50.01,"
        " and it may not fall below −50.00." in text_of(response)
    )
    assert posted() == before


def test_debit_normal_balance_can_be_short_of_funds_too(clerk: Client) -> None:
    cash = make_balance(indicator="@Cash", normal_side="DEBIT", opening_minor=10_00)

    response = review(clerk, source="@World", destination=cash.key, amount="10.01")

    assert response.status_code == 422
    assert "@Cash holds 10.00 GBP; this would take it to −0.01" in text_of(response)


def test_balances_of_two_currencies_ask_for_a_rate(clerk: Client) -> None:
    pounds, euros = make_balance(opening_minor=5_00), make_balance(currency="EUR")

    response = review(clerk, source=pounds.key, destination=euros.key, currency="")

    assert response.status_code == 422
    assert "GBP becomes EUR: enter the rate, or what is received." in text_of(response)


def test_currency_that_contradicts_the_balances_is_refused(clerk: Client) -> None:
    response = review(clerk, source=make_balance(opening_minor=5_00).key, currency="EUR")

    assert response.status_code == 422
    assert "The balances are in GBP." in text_of(response)


def test_closed_balance_is_refused(clerk: Client) -> None:
    balance = make_balance()
    close_balance(balance, at=timezone.now(), actor=None)

    response = review(clerk, destination=balance.key)

    assert response.status_code == 422
    assert " is closed." in text_of(response)


def test_same_balance_on_both_sides_is_refused(clerk: Client) -> None:
    balance = make_balance(opening_minor=5_00)

    response = review(clerk, source=balance.key, destination=balance.key)

    assert response.status_code == 422
    assert "Source and destination are the same balance." in text_of(response)


def test_used_reference_is_refused_with_a_link_to_its_transaction(clerk: Client) -> None:
    used = post_transfer(
        source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), reference="inv-1"
    )

    response = review(clerk)

    assert response.status_code == 422
    assert f'<a href="{used.get_absolute_url()}"><bdi>inv-1</bdi></a>' in response.content.decode()
    assert posted() == 1
