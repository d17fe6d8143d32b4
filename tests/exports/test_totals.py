"""What a file of balances adds up to, and of which moment it is, as its page says it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from balances.operations import close_balance
from exports.models import Export
from ledgers.models import Ledger
from tests.factories import (
    make_balance,
    make_client,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.files import body_of, read_csv
from tests.pages import HTMX, is_whole_page, links_of, text_of

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

    assert "Balances-as-of-2025-01-31-known-2025-03-01.csv" in response["Content-Disposition"]
    body_of(response)
    assert Export.objects.get().filter_text == (
        "As of 31 Jan 2025, 23:59; As recorded by 1 Mar 2025, 23:59; Ledger: Suppliers"
    )


def test_each_row_of_the_past_tells_its_moment_and_its_clock(
    pages: Client, suppliers: Ledger
) -> None:
    query = f"{suppliers.key}&as_of=2025-01-31&columns=balance"

    head, row, *totals = read_csv(body_of(pages.get(f"{ADDRESS}{query}")))
    known = read_csv(body_of(pages.get(f"{ADDRESS}{query}&known_at={datetime.now(UTC).date()}")))

    assert head[-4:] == ["Balance", "Normal side", "As of", "As recorded by"]
    assert row[-4:-1] == ["10.00", "Credit", "2025-01-31T23:59:59+00:00"]
    assert row[-1][:10] == known[1][-1][:10] == str(datetime.now(UTC).date())
    assert totals[-1] == ["Total GBP (credits less debits)", "", "10.00", "", "", ""]


def test_files_say_which_balances_are_counted_by_debits_and_which_are_closed(
    pages: Client,
) -> None:
    cash = make_balance(indicator="@Cash", normal_side="DEBIT", floor_minor=None)
    paid, empty = make_balance(floor_minor=None), make_balance(indicator="@Empty")
    post_transfer(source=cash, destination=paid, amount_minor=10_00)
    close_balance(empty, at=datetime(2025, 6, 1, tzinfo=UTC), actor=None)

    columns = "columns=balance&sort=owner"
    now = read_csv(body_of(pages.get(f"/balances/export.csv?tab=internal&{columns}")))
    query = f"?as_of=2025-05-31&{columns}"
    then = read_csv(body_of(pages.get(f"/balances/export.csv{query}")))

    assert now[:3] == [
        ["Owner or indicator", "Closed", "Balance", "Normal side"],
        ["'@Cash", "", "10.00", "Debit"],
        ["'@Empty", "2025-06-01T00:00:00+00:00", "0.00", "Credit"],
    ]
    assert ["'@Empty", "", "0.00", "Credit"] in [row[:4] for row in then]
    assert "closed" not in text_of(pages.get(f"/balances/{query}"))
    assert "closed" in text_of(pages.get("/balances/?as_of=2025-06-01"))


def test_file_of_now_is_of_today(pages: Client, suppliers: Ledger) -> None:
    response = pages.get(f"{ADDRESS}{suppliers.key}")

    body_of(response)
    assert f"Balances-{datetime.now(UTC).date()}.csv" in response["Content-Disposition"]
    assert Export.objects.get().filter_text == "Ledger: Suppliers"


WRONG = ("as_of=2025-02-30", "as_of=2999-01-01", "known_at=never", "known_at=2999-01-01T10:00")


@pytest.mark.parametrize("query", WRONG)
@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_no_file_is_of_another_moment_than_was_asked_for(
    pages: Client, suppliers: Ledger, kind: str, query: str
) -> None:
    response = pages.get(f"/balances/export.{kind}?ledger={suppliers.key}&{query}&cursor=x")

    told = text_of(response)
    assert response.status_code == 400
    assert "No file was made" in told
    assert "is in the future." in told or "is not a date such as 2025-03-31." in told
    assert "This page shows now" not in told
    assert f"/balances/?ledger={suppliers.key}" in links_of(response)
    assert not Export.objects.exists()


def test_fragment_says_as_much_as_the_page(pages: Client) -> None:
    response = pages.get("/balances/export.csv?as_of=2999-01-01", headers=HTMX)

    assert response.status_code == 400
    assert not is_whole_page(response)
    assert "No file was made 1 Jan 2999 is in the future." in text_of(response)


@pytest.mark.parametrize("query", [*WRONG, "as_of=2025-01-31"])
@pytest.mark.parametrize("name", ["transactions", "entries", "ledgers", "identities", "audit"])
def test_table_that_is_of_now_alone_says_so(name: str, query: str) -> None:
    pages = make_client(user=make_user(is_staff=True))

    page, file = pages.get(f"/{name}/?{query}"), pages.get(f"/{name}/export.csv?{query}")

    assert "This table is not kept by moment: it shows now." in text_of(page)
    assert f'href="/{name}/export.csv"' in page.content.decode()
    refreshed = pages.get(f"/{name}/?{query}", headers=HTMX)
    assert "This table is not kept by moment" not in text_of(refreshed)
    assert file.status_code == 400
    assert "This table is not kept by moment: its files are of now." in text_of(file)


def test_ticked_balances_of_the_past_are_exported_as_of_then(
    pages: Client, suppliers: Ledger
) -> None:
    balance = suppliers.balances.get()
    posted = {"key": balance.key, "query": f"ledger={suppliers.key}&as_of=2025-01-31"}

    response = pages.post("/balances/bulk/export/", posted, follow=True)

    assert totals_of(response)[0] == ("Total: 1 row", "")
    assert "as-of-2025-01-31" in response["Content-Disposition"]
