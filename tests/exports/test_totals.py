"""What a file of balances adds up to, and of which moment it is, as its page says it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from exports.models import Export
from ledgers.models import Ledger
from tests.factories import make_balance, make_client, make_ledger, post_transfer
from tests.files import body_of, read_csv

pytestmark = pytest.mark.django_db
ADDRESS = "/balances/export.csv?ledger="


@pytest.fixture
def pages() -> Client:
    return make_client()


@pytest.fixture
def suppliers() -> Ledger:
    """Holds 10.00 at the end of January, 14.00 since February."""
    ledger = make_ledger(name="Suppliers")
    balance = make_balance(ledger=ledger, currency="GBP")
    source = make_balance(currency="GBP", floor_minor=None)
    for month, amount_minor in ((1, 10_00), (2, 4_00)):
        post_transfer(
            source=source,
            destination=balance,
            amount_minor=amount_minor,
            effective_at=datetime(2025, month, 3, tzinfo=UTC),
        )
    return ledger


def totals_of(response: Any) -> list[tuple[str, str]]:
    """What stands below the rows, and each amount in the column of balances."""
    rows = read_csv(body_of(response))
    at = rows[0].index("Balance")
    return [(row[0], row[at]) for row in rows if row[0].startswith("Total")]


@pytest.mark.parametrize(
    ("moment", "expected"), [("", "14.00"), ("&as_of=2025-01-31", "10.00")], ids=["now", "then"]
)
def test_balances_of_one_ledger_are_added_up(
    pages: Client, suppliers: Ledger, moment: str, expected: str
) -> None:
    response = pages.get(f"{ADDRESS}{suppliers.key}{moment}")

    assert totals_of(response) == [
        ("Total: 1 row", ""),
        ("Total GBP (credits less debits)", expected),
    ]


def test_file_says_of_which_moment_it_is(pages: Client, suppliers: Ledger) -> None:
    moment = "as_of=2025-01-31&known_at=2025-03-01"

    response = pages.get(f"{ADDRESS}{suppliers.key}&{moment}")

    assert "Balances-2025-01-31.csv" in response["Content-Disposition"]
    body_of(response)
    assert Export.objects.get().filter_text == (
        "As of 31 Jan 2025, 23:59; As recorded by 1 Mar 2025, 23:59; Ledger: Suppliers"
    )


def test_file_of_now_is_of_today(pages: Client, suppliers: Ledger) -> None:
    response = pages.get(f"{ADDRESS}{suppliers.key}")

    body_of(response)
    assert f"Balances-{datetime.now(UTC).date()}.csv" in response["Content-Disposition"]
    assert Export.objects.get().filter_text == "Ledger: Suppliers"
