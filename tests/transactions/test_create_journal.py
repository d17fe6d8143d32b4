from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories import make_balance
from tests.pages import rows_of, text_of
from tests.transactions.reviewing import NEW, REVIEW, entries, journal, posted, token_of

pytestmark = pytest.mark.django_db


def test_lines_are_posted_as_they_stand(clerk: Client) -> None:
    given = journal(
        ("@Rent", "", "900"), ("@Tax", "", "1200/12"), ("", "", ""), ("@Bank", "1,000", "")
    )

    reviewed = clerk.post(REVIEW, given)
    clerk.post(NEW, {"token": token_of(reviewed)})

    assert "1200/12 = 100.00 GBP" in text_of(reviewed)
    assert "1,000 = 1000.00 GBP" in text_of(reviewed)
    assert entries() == [("@Rent", 1, 900_00), ("@Tax", 1, 100_00), ("@Bank", -1, 1000_00)]


def test_several_currencies_balance_each_for_itself(clerk: Client) -> None:
    pounds, euros = make_balance(floor_minor=None), make_balance(currency="EUR", floor_minor=None)
    given = journal((pounds.key, "5", ""), ("@Fx", "", "5"), (euros.key, "6", ""), ("@Fx", "", "6"))
    given |= {"line-2-currency": "", "line-3-currency": "EUR"}

    reviewed = clerk.post(REVIEW, given)

    assert "Post journal entry" in text_of(reviewed)
    assert len(rows_of(reviewed)) == 1 + 4
    assert clerk.post(NEW, {"token": token_of(reviewed)}).status_code == 302


def test_currency_of_a_new_indicator_is_that_of_the_other_lines(clerk: Client) -> None:
    euros = make_balance(currency="EUR", floor_minor=None)
    given = journal((euros.key, "5", ""), ("@New", "", "5"))
    given |= {"line-0-currency": "", "line-1-currency": ""}

    assert "Post 5.00 EUR" in text_of(clerk.post(REVIEW, given))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([("@A", "5", ""), ("@B", "", "4.99")], "Debits and credits differ by 0.01 GBP."),
        ([("@A", "5", "5"), ("@B", "", "5")], "Line 1, Credit: A line has a debit or a credit"),
        ([("@A", "", ""), ("@B", "", "5")], "Line 1, Debit: Enter a debit or a credit."),
        ([("@A", "5", ""), ("", "", "5")], "Line 2, Balance: Name the balance."),
        ([("@A", "5", ""), ("nobody", "", "5")], "Line 2, Balance: No open balance"),
        ([("@A", "5", ""), ("@B", "", "-5")], "Line 2, Credit: Enter an amount above zero"),
        ([("@A", "5", ""), ("@B", "", "1" * 41)], "Line 2, Credit: This amount is too large"),
        ([("@A", "5", ""), ("@B\x00", "", "5")], "Line 2, Balance: This contains the control"),
        ([("@A", "5", ""), ("@A", "", "5")], "Enter two balances at least."),
        ([("@A", "5", "")], "Enter two lines at least."),
    ],
)
def test_what_is_wrong_is_said_at_its_line(
    clerk: Client, lines: list[tuple[str, str, str]], reason: str
) -> None:
    response = clerk.post(REVIEW, journal(*lines))

    assert response.status_code == 422
    assert reason in text_of(response)
    assert posted() == 0


def test_hold_takes_each_balance_once(clerk: Client) -> None:
    lines = [("@A", "5", ""), ("@B", "", "4"), ("@a", "", "1")]

    response = clerk.post(REVIEW, journal(*lines, is_hold="on"))

    assert response.status_code == 422
    assert "Line 3, Balance: A hold takes each balance once." in text_of(response)


def test_balance_that_is_short_of_funds_is_named_at_its_line(clerk: Client) -> None:
    poor = make_balance(opening_minor=1_00)

    response = clerk.post(REVIEW, journal(("@B", "", "5"), (poor.key, "5", "")))

    assert response.status_code == 422
    assert "Line 2, Balance:" in text_of(response)
    assert "would take it to −4.00" in text_of(response)


def test_more_lines_than_a_transaction_has_are_refused(clerk: Client) -> None:
    response = clerk.post(REVIEW, journal(*[("@A", "1", "")] * 1, **{"line-TOTAL_FORMS": "1500"}))

    assert response.status_code == 422
    assert "Enter 1000 at most." in text_of(response)


def test_sums_are_shown_while_lines_are_entered(clerk: Client) -> None:
    response = clerk.post(
        "/transactions/reading/", journal(("@A", "10/4", ""), ("@B", "", "1"), ("@C", "", "x"))
    )

    assert response.status_code == 200
    assert "Sum Difference 1.50 GBP Debits 2.50 Credits 1.00" in text_of(response)
    assert "10/4 = 2.50 GBP" in text_of(response)
    assert posted() == 0


def test_lines_are_added_without_javascript(clerk: Client) -> None:
    lines = [("@A", "1", ""), ("@B", "", "1"), ("@C", "", "2")]
    given: dict[str, Any] = journal(*lines) | {"line-add": "1"}

    response = clerk.post(REVIEW, given)

    assert 'name="line-3-debit"' in response.content.decode()
    assert 'name="line-2-credit" value="2"' in response.content.decode()


def test_amount_and_balance_of_a_page_are_offered_in_the_form(clerk: Client) -> None:
    response = clerk.get(NEW, {"mode": "journal"})

    assert 'name="mode" value="journal"' in response.content.decode()
    assert 'name="line-2-side"' in response.content.decode()
