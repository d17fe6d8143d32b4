from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from balances.models import Balance
from tests.books import assert_sound
from tests.factories import make_balance
from tests.pages import rows_of, text_of
from tests.transactions.reviewing import NEW, parts, posted, review, token_of
from transactions.models import Transaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def given() -> dict[str, Any]:
    """100 pounds, to be exchanged for euros."""
    pounds = make_balance(opening_minor=500_00)
    euros = make_balance(currency="EUR")
    return {"source": pounds.key, "destination": euros.key, "amount": "100", "currency": ""}


@pytest.mark.parametrize("how", [{"rate": "1.1725"}, {"received": "117.25"}])
def test_exchange_posts_four_entries_and_keeps_its_rate(
    clerk: Client, given: dict[str, Any], how: dict[str, str]
) -> None:
    reviewed = review(clerk, **given, **how)

    assert "1 GBP = 1.1725 EUR" in text_of(reviewed)
    assert "Post 100.00 GBP → 117.25 EUR" in text_of(reviewed)
    assert [row[3] for row in rows_of(reviewed)[1:]] == ["400.00", "100.00", "−117.25", "117.25"]
    clerk.post(NEW, {"token": token_of(reviewed)})
    transaction = Transaction.objects.get(reference="inv-1")
    assert transaction.exchange_rate == Decimal("1.1725")
    held = Balance.objects.filter(indicator="@Exchange").order_by("currency")
    assert [(each.currency_id, each.balance_minor) for each in held] == [
        ("EUR", -117_25),
        ("GBP", 100_00),
    ]
    assert_sound()


def test_rate_is_asked_for_while_the_form_is_filled_in(
    clerk: Client, given: dict[str, Any]
) -> None:
    reading = clerk.post("/transactions/reading/", given)

    assert "GBP becomes EUR: enter the rate, or what is received." in text_of(reading)


def test_position_may_be_held_elsewhere(clerk: Client, given: dict[str, Any]) -> None:
    reviewed = review(clerk, **given, rate="1.2", through="@Desk")

    clerk.post(NEW, {"token": token_of(reviewed)})

    assert Balance.objects.filter(indicator="@Desk").count() == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "GBP becomes EUR: enter the rate, or what is received."),
        ({"rate": "1.1", "received": "5"}, "not both"),
        ({"rate": "0"}, "Enter a rate above zero."),
        ({"rate": "1,5x"}, "Enter the rate in figures"),
        ({"rate": "0.00000001"}, "worth nothing"),
        ({"received": "0.001"}, "This currency has 2 decimals"),
        ({"rate": "1.1", "is_hold": "on"}, "An exchange cannot be held."),
        ({"rate": "1.1", **parts(("@B", "5"))}, "one source and one destination"),
        ({"rate": "1.1", "currency": "EUR"}, "The amount is in GBP"),
        ({"rate": "9" * 20 + "." + "9" * 18, "amount": "9" * 18}, "too large"),
    ],
)
def test_exchange_that_cannot_be_made_is_refused(
    clerk: Client, given: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    before = posted()

    response = review(clerk, **(given | changes))

    assert response.status_code == 422
    assert reason in text_of(response)
    assert posted() == before
