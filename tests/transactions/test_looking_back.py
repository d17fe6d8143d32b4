"""Filters without an index look through the latest rows, say so, and through all when asked."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from tests.factories import NOON, make_balance, make_client, post_transfer
from tests.files import body_of, read_csv
from tests.pages import rows_of, text_of
from transactions.requests import Indicator
from web.tables import lookback

pytestmark = pytest.mark.django_db
TOLD = "Only what is effective 12 Jan 2025, 12:00 or later has been looked through so far."


@pytest.fixture
def clerk() -> Client:
    return make_client()


@pytest.fixture(autouse=True)
def books() -> None:
    """Ten transactions, a day apart from 15 January 2025 back."""
    target = make_balance()
    for number in range(10):
        post_transfer(
            source=Indicator("@Treasury", "GBP"),
            destination=target,
            amount_minor=100 + number,
            reference=f"t{number}",
            metadata={"order": number, "name": f"n{number}"},
            effective_at=NOON - timedelta(days=number) + timedelta(seconds=30),
        )


@pytest.fixture(autouse=True)
def looked_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest four transactions, or their eight entries."""
    monkeypatch.setattr(lookback, "DEAR", -1.0)
    monkeypatch.setattr(lookback, "LATEST", 8 if url.startswith("/entries/") else 4)


def references(client: Client, url: str) -> list[str]:
    return [row[1] for row in rows_of(client.get(url))[1:]]


TRANSACTIONS = "/transactions/?where=metadata.order:greater:2"
ENTRIES = "/entries/?where=amount:greater:1.02&where=direction:is:credit"


@pytest.mark.parametrize(
    ("url", "count", "whole"),
    [
        (TRANSACTIONS, "1+ transactions", "7 transactions"),
        (f"{TRANSACTIONS}&sort=reference", "1+ transactions", "7 transactions"),
        (f"{TRANSACTIONS}&sort=status", "1+ transactions", "7 transactions"),
        ("/transactions/?where=metadata.name:contains:n|amount:is:1.03", "4+ transactions", None),
        (ENTRIES, "1+ entries", "7 entries"),
        (f"{ENTRIES}&sort=reference", "1+ entries", "7 entries"),
    ],
)
def test_what_was_looked_through_is_said_and_leads_to_all(
    clerk: Client, url: str, count: str, whole: str | None
) -> None:
    response = clerk.get(url)

    assert TOLD in text_of(response)
    assert count in text_of(response)
    shown = references(clerk, url)
    assert sorted(shown) == (["t3"] if whole else ["t0", "t1", "t2", "t3"])
    html = response.content.decode()
    link = re.search(r'<a href="([^"]*)">Look through everything</a>', html)
    assert link
    everything = clerk.get(unescape(link[1]))
    assert "looked through" not in text_of(everything)
    assert (whole or "10 transactions") in text_of(everything)
    assert len(rows_of(everything)) == 1 + (7 if whole else 10)


@pytest.mark.parametrize("url", [TRANSACTIONS, ENTRIES])
def test_files_are_of_everything(clerk: Client, url: str) -> None:
    path, query = url.split("?")

    response = clerk.get(f"{path}export.csv?{query}")

    names = [row[1] for row in read_csv(body_of(response)) if row[1:] and row[1].startswith("t")]
    assert names == [f"t{number}" for number in range(3, 10)]


@pytest.mark.parametrize("url", [TRANSACTIONS, ENTRIES])
def test_within_dates_the_latest_of_these_are_looked_through(clerk: Client, url: str) -> None:
    asked = f"{url}&where=effective:less:2025-01-10"

    assert references(clerk, asked) == ["t6", "t7", "t8", "t9"]
    told = "Only what is effective 6 Jan 2025, 12:00 or later"
    assert told not in text_of(clerk.get(asked))
    asked = f"{url}&where=effective:less:2025-01-11"
    assert references(clerk, asked) == ["t5", "t6", "t7", "t8"]
    assert "Only what is effective 7 Jan 2025, 12:00 or later" in text_of(clerk.get(asked))


@pytest.mark.parametrize(
    "url",
    ["/transactions/?where=metadata.order:greater:3", "/entries/?where=amount:greater:1.03"],
)
def test_nothing_found_so_far_is_said_as_well(clerk: Client, url: str) -> None:
    response = clerk.get(url)

    assert references(clerk, url) == []
    assert TOLD in text_of(response)


@pytest.mark.parametrize(
    "url",
    [
        "/transactions/?where=metadata.order:is:7",
        "/transactions/?where=amount:greater:1.06&where=text:contains:tra",
        "/transactions/",
        "/entries/",
    ],
)
def test_what_an_index_answers_is_looked_for_in_everything(clerk: Client, url: str) -> None:
    assert "looked through" not in text_of(clerk.get(url))


@pytest.mark.parametrize(("name", "value"), [("EXACT_MAX", 0), ("LATEST", 20), ("DEAR", 1e9)])
@pytest.mark.parametrize("url", [TRANSACTIONS, ENTRIES])
def test_many_few_and_cheap_are_looked_for_in_everything(
    clerk: Client, url: str, name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookback, name, value)

    assert len(references(clerk, url)) == 7


@pytest.mark.parametrize("url", [TRANSACTIONS, ENTRIES])
def test_the_minute_that_is_told_has_been_looked_through(clerk: Client, url: str) -> None:
    post_transfer(
        source=Indicator("@Treasury", "GBP"),
        destination=make_balance(),
        amount_minor=130,
        reference="earlier",
        metadata={"order": 30},
        effective_at=NOON - timedelta(days=3) + timedelta(seconds=10),
    )

    assert references(clerk, url) == ["t3", "earlier"]
    assert TOLD in text_of(clerk.get(url))
