"""The transactions table in the order of any column: of few rows, and what is said of many."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client

from schedules import books_listing, books_table
from search import listing
from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from tests.files import body_of, read_csv
from tests.pages import rows_of, text_of
from tests.transactions.living import commit, place_hold, refund
from transactions.models import Transaction
from transactions.posting import post_many
from transactions.requests import PostingRequest, transfer

pytestmark = pytest.mark.django_db
URL = "/transactions/"
PLACES = {"description": 2, "from": 3, "to": 4, "status": 5, "currency": 2, "kind": 3}
PLACES["created_by"] = 4
COLUMNS = "columns=reference,currency,kind,created_by"
LIFE = ("Inflight", "Partly committed", "Committed", "Posted", "Partly refunded", "Refunded")


@pytest.fixture
def clerk() -> Client:
    return make_client()


@pytest.fixture
def books() -> None:
    """45 events of every state, between balances of different owners, by two people."""
    sides = [
        make_balance(identity=make_identity(name=name), floor_minor=None)
        for name in ("ann", "Bob", "Łucja", "cleo")
    ]
    people = [make_user(username="zoe"), None]
    for number in range(45):
        source, destination = sides[number % 4], sides[(number * 3 + 1) % 4]
        if source == destination:
            destination = sides[number % 4 - 1]
        described = f"{'pqr'[number % 3]} of May" if number % 4 else ""
        reference = f"t{number:02}"
        if number % 5:
            posted = post_transfer(
                source=source,
                destination=destination,
                reference=reference,
                description=described,
                actor=people[number % 2],
            )
            if number % 7 == 0:
                refund(posted, 1)
        else:
            held = place_hold(
                source=source, destination=destination, reference=reference, amount_minor=9_00
            )
            if number % 2:
                commit(held, 4_00 if number % 3 else None)


def walk(client: Client, url: str, rel: str) -> tuple[list[list[str]], str]:
    """All rows from this page on, and the address of the last page."""
    rows: list[list[str]] = []
    while True:
        response = client.get(url)
        page = rows_of(response)[1:]
        rows = rows + page if rel == "next" else page + rows
        found = re.search(rf'rel="{rel}" href="([^"]*)"', response.content.decode())
        if found is None:
            return rows, url
        url = found[1].replace("&amp;", "&")


def by_life(cell: str) -> int:
    """The last state that the cell tells."""
    return next(place for place, word in enumerate(LIFE) if cell.endswith(word))


def by_letters(cell: str) -> str:
    return "" if cell == "—" else cell.lower()


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("sort", PLACES)
@pytest.mark.parametrize("where", ["", "where=amount:at-least:1&"])
def test_pages_come_in_the_order_of_any_column(
    clerk: Client, books: None, sort: str, sign: str, where: str
) -> None:
    columns = f"{COLUMNS}&" if sort in ("currency", "kind", "created_by") else ""
    url = f"{URL}?{where}{columns}size=20&sort={sign}{sort}"
    key: Callable[[str], Any] = by_life if sort == "status" else by_letters

    rows, last_url = walk(clerk, url, "next")
    back, _first_url = walk(clerk, last_url, "prev")

    assert len({row[1] for row in rows}) == len(rows) == 45
    assert back == rows
    keys = [key(row[PLACES[sort]]) for row in rows]
    assert keys == sorted(keys, reverse=sign == "-")


NAMED = 'metadata.bill.it\'s "%s" of'


@pytest.fixture
def told(books: None) -> None:
    """The same, with extra information, and some in batches."""
    source, destination = make_balance(floor_minor=None), make_balance()
    for number in range(12):
        information = {"region": f"{'xyz'[number % 3]}{number}", "bill": {'it\'s "%s" of': number}}
        post_transfer(
            source=source,
            destination=destination,
            reference=f"told-{number}",
            metadata=information if number % 4 else {},
        )
    legs = transfer(source=source.pk, destination=destination.pk, amount_minor=1_00)
    for number in range(3):
        requests = [PostingRequest(f"batch-{number}-{each}", legs) for each in range(3)]
        post_many(requests, batch_id=uuid4())


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("sort", ["batch", "parent", "id", "metadata.region", NAMED])
@pytest.mark.parametrize("where", ["", "where=amount:greater:0&"])
def test_what_is_told_on_demand_and_extra_information_order_the_rows(
    clerk: Client, told: None, sort: str, sign: str, where: str
) -> None:
    query = urlencode({"columns": f"reference,{sort}", "records": "every", "sort": sign + sort})

    rows, last_url = walk(clerk, f"{URL}?{where}{query}", "next")
    back, _first_url = walk(clerk, last_url, "prev")

    assert len(rows) == Transaction.objects.count() > 66
    assert back == rows
    keys = [by_letters(row[2]) for row in rows]
    assert keys == sorted(keys, reverse=sign == "-")
    assert len(set(keys)) > 3


def test_a_column_of_extra_information_sorts_few_by_its_head(
    clerk: Client, told: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{URL}?columns=reference,metadata.region"

    assert re.search(r'<a href="[^"]*sort=metadata.region"[^>]*>region', _html(clerk, url))
    for module in (books_table, books_listing, listing):
        monkeypatch.setattr(module, "EXACT_MAX", 44)
    many = _html(clerk, f"{url}&sort=metadata.region")
    assert "Filter to 10,000 rows or fewer to sort by region." in many
    assert re.search(r'aria-sort="descending"><a [^>]*>Effective', many)


def test_a_file_comes_in_the_order_of_extra_information(clerk: Client, told: None) -> None:
    query = "columns=reference,metadata.region&sort=-metadata.region"

    heads, *rows = read_csv(body_of(clerk.get(f"/transactions/export.csv?{query}")))

    regions = [row[heads.index("region")] for row in rows[:-1]]
    assert regions == sorted(regions, reverse=True)
    assert regions[0] == "z5"


def _html(clerk: Client, url: str) -> str:
    html: str = clerk.get(url).content.decode()
    return html


def test_head_of_the_order_says_its_direction(clerk: Client, books: None) -> None:
    html = clerk.get(URL, {"sort": "-status"}).content.decode()

    assert html.count("aria-sort=") == 1
    assert re.search(r'aria-sort="descending"><a href="[^"]*sort=status"', html)


def test_many_rows_say_why_they_are_not_sorted(
    clerk: Client, books: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (books_table, books_listing, listing):
        monkeypatch.setattr(module, "EXACT_MAX", 44)
    usual = rows_of(clerk.get(URL))

    response = clerk.get(URL, {"sort": "status", "size": "20"})

    html = response.content.decode()
    reason = "Filter to 10,000 rows or fewer to sort by Status."
    assert f'aria-description="{reason}">Status</a>' in html
    assert re.search(r'<a class="unsorted" href="/[^"]*filters/[^"]*"[^>]*>Status', html)
    assert f'role="status"><p>{reason}' in html
    assert rows_of(response) == usual
    assert re.search(r'aria-sort="descending"><a [^>]*>Effective', html)
    assert len(walk(clerk, f"{URL}?sort=-to", "next")[0]) == 45

    plain = clerk.get(URL).content.decode()
    assert f'aria-description="{reason}"' in plain
    assert f'role="status"><p>{reason}' not in plain
    fewer = clerk.get(URL, {"sort": "status", "where": "reference:is-not:t01"})
    assert reason not in text_of(fewer)
    assert re.search(r'aria-sort="ascending"><a [^>]*>Status', fewer.content.decode())


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"{URL}?sort=cheese", "This table has no column “cheese” to sort by."),
        (f"{URL}?sort=metadata.x", "This table has no column “metadata.x” to sort by."),
        ("/balances/?sort=glance", "This table cannot be sorted by Last 7 days."),
        ("/ledgers/?sort=<b>", "This table has no column “<b>” to sort by."),
    ],
)
def test_order_that_there_is_not_is_explained(
    clerk: Client, books: None, url: str, reason: str
) -> None:
    response = clerk.get(url)

    assert reason in text_of(response)
    assert rows_of(response) == rows_of(clerk.get(url.partition("?")[0]))


def test_order_as_usual_needs_no_words(clerk: Client, books: None) -> None:
    for sort in ("-effective", "reference", ""):
        assert "sort by" not in text_of(clerk.get(URL, {"sort": sort}))
