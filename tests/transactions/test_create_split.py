from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories import make_balance
from tests.pages import text_of
from tests.transactions.reviewing import NEW, entries, filled, parts, posted, review, token_of
from transactions.models import Transaction

pytestmark = pytest.mark.django_db


def post(clerk: Client, **changes: Any) -> None:
    """Review and post."""
    reviewed = review(clerk, **changes)
    assert reviewed.status_code == 200, text_of(reviewed)
    clerk.post(NEW, {"token": token_of(reviewed), "post": "1"})


def test_amount_goes_to_several_destinations_in_the_order_of_the_form(clerk: Client) -> None:
    shared = parts(("@B", "25%"), ("@C", "10%"), ("@D", "left"))
    given = {"amount": "1234.56", "destination": "@A", "first_share": "500", **shared}

    reading = clerk.post("/transactions/reading/", filled(**given))
    post(clerk, **given)

    assert "@A 500.01 · @B 308.64 · @C 123.45 · @D 302.46" in text_of(reading)
    assert entries() == [
        ("@Treasury", -1, 1234_56),
        ("@A", 1, 500_01),
        ("@B", 1, 308_64),
        ("@C", 1, 123_45),
        ("@D", 1, 302_46),
    ]


def test_several_sources_pay_one_destination(clerk: Client) -> None:
    post(clerk, amount="100", split_of="sources", source="@A", **parts(("@B", "1200/12/2")))

    assert entries() == [("@A", -1, 50_00), ("@B", -1, 50_00), ("@World", 1, 100_00)]


@pytest.mark.parametrize(
    ("changes", "cell", "reason"),
    [
        ({"first_share": "left", **parts(("@B", "left"))}, "part-0-share", "Only one share"),
        ({"first_share": "60%", **parts(("@B", "60%"))}, "first_share", "more than 1,250.00"),
        ({"first_share": "10%", **parts(("@B", "10%"))}, "first_share", "Let one of them be"),
        ({"amount": "0.02", **parts(("@B", "1%"))}, "part-0-share", "comes to nothing"),
        (parts(("@World", "10")), "part-0-share", "has a share already"),
        (parts(("@Treasury", "10")), "part-0-side", "on the other side already"),
        (parts(("@B", "1"), ("@b", "2")), "part-1-share", "has a share already"),
        (parts(("@B", "")), "part-0-share", "Enter an amount, a percentage"),
        (parts(("", "10%")), "part-0-side", "Name the balance."),
        (parts(("@B", "101%")), "part-0-share", "up to 100"),
        (parts(("@B", "half")), "part-0-share", "in figures"),
        (parts(("@B\x00", "5")), "part-0-side", "control character"),
        (parts(("@B", "1250")), "first_share", "comes to nothing"),
    ],
)
def test_split_that_cannot_be_made_is_refused_at_its_cell(
    clerk: Client, changes: dict[str, str], cell: str, reason: str
) -> None:
    response = review(clerk, **changes)

    assert response.status_code == 422
    assert reason in text_of(response)
    assert f'id="id_{cell}_error"' in response.content.decode()
    assert posted() == 0


def test_balance_in_another_currency_cannot_share(clerk: Client) -> None:
    response = review(clerk, **parts((make_balance(currency="EUR").key, "10")))

    assert "This balance is in EUR, the amount in GBP." in text_of(response)


def test_rows_are_added_and_removed_without_javascript(clerk: Client) -> None:
    given = filled(amount="abc", **parts(("@B", "5%"), ("@C", "7%")))

    added = clerk.post("/transactions/review/", given | {"part-add": "1"})
    removed = clerk.post("/transactions/review/", given | {"part-remove": "0"})

    assert 'name="part-2-side"' in added.content.decode()
    assert 'name="part-0-side" value="@C"' in removed.content.decode()
    assert 'name="part-1-side"' not in removed.content.decode()
    for response in (added, removed):
        assert response.status_code == 200
        assert "There is one thing" not in text_of(response)


@pytest.mark.parametrize("total", ["1000000000", "x", ""])
def test_count_of_rows_that_nobody_would_send_is_refused(clerk: Client, total: str) -> None:
    response = review(clerk, **(parts(("@B", "5%")) | {"part-TOTAL_FORMS": total}))

    assert response.status_code == 422
    assert posted() == 0
    assert not Transaction.objects.exists()
