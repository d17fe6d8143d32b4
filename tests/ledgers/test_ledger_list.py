from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from ledgers.models import Ledger
from tests.factories import (
    general_ledger,
    make_balance,
    make_ledger,
    post_transfer,
)
from tests.pages import (
    HISTORY_RESTORE,
    HTMX,
    SCRIPT,
    count_queries,
    is_whole_page,
    links_of,
    rows_of,
    text_of,
)
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db
URL = "/ledgers/"


def test_ledgers_are_shown_general_ledger_first_then_newest_first(clerk: Client) -> None:
    make_ledger(name="Suppliers")
    make_ledger(name="Wallets")

    response = clerk.get(URL)

    assert [row[0] for row in rows_of(response)] == [
        "Name",
        "General Ledgerdefault",
        "Wallets",
        "Suppliers",
    ]
    assert "3 ledgers" in text_of(response)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"jump": "2024-06-15"}, ["Old", "Oldest"]),
        ({"jump": "2024-06-15", "sort": "created"}, ["Old", "New"]),
        ({"jump": "2024-06-16", "sort": "created"}, ["New"]),
        ({"jump": "2024-06-15", "sort": "name"}, ["Old", "Oldest"]),
        ({"jump": SCRIPT}, ["General Ledgerdefault", "New", "Old", "Oldest"]),
    ],
)
def test_jump_begins_at_the_day_behind_the_general_ledger(
    clerk: Client, query: dict[str, str], expected: list[str]
) -> None:
    for name, day in (("Oldest", 1), ("Old", 15), ("New", 30)):
        Ledger.objects.create(name=name, created_at=datetime(2024, 6, day, 12, tzinfo=UTC))

    response = clerk.get(URL, query)

    assert 'name="jump"' in response.content.decode()
    assert [row[0] for row in rows_of(response)[1:]] == expected
    back = re.search(r'rel="prev" href="([^"]*)"', response.content.decode())
    if expected[0].startswith("General"):
        assert back is None
    else:
        assert back is not None
        before = rows_of(clerk.get(back[1].replace("&amp;", "&")))
        assert before[1][0] == "General Ledgerdefault"


def test_counts_are_those_of_the_entries(clerk: Client) -> None:
    suppliers = make_ledger(name="Suppliers")
    builders = make_balance(ledger=suppliers)
    leisure = make_balance(ledger=suppliers)
    treasury = Indicator("@Treasury", "GBP")
    post_transfer(source=treasury, destination=builders, amount_minor=10_00)
    post_transfer(source=treasury, destination=leisure, amount_minor=10_00)
    # Touches the ledger twice, and counts once.
    post_transfer(source=builders, destination=leisure, amount_minor=1_00)

    rows = {row[0]: row for row in rows_of(clerk.get(URL))}

    assert rows["Suppliers"][1:4] == ["2", "3", "just now"]
    assert rows["General Ledgerdefault"][1:3] == ["1", "2"]


def test_ledger_without_balances_counts_zero(clerk: Client) -> None:
    make_ledger(name="Empty")

    rows = {row[0]: row for row in rows_of(clerk.get(URL))}

    assert rows["Empty"][1:4] == ["0", "0", "—"]


def test_each_count_links_to_the_filtered_table(clerk: Client) -> None:
    ledger = make_ledger()

    links = links_of(clerk.get(URL))

    assert f"/balances/?ledger={ledger.key}" in links
    assert f"/transactions/?ledger={ledger.key}" in links
    assert ledger.get_absolute_url() in links


def test_htmx_gets_the_table_alone(clerk: Client) -> None:
    response = clerk.get(URL, headers=HTMX)

    assert not is_whole_page(response)
    assert response.content.decode().strip().startswith('<div id="ledger-table"')
    assert "HX-Request" in response.headers["Vary"]


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    assert is_whole_page(clerk.get(URL, headers=HISTORY_RESTORE))


def test_table_refreshes_when_a_ledger_is_created(clerk: Client) -> None:
    assert 'hx-trigger="ledgerCreated from:body"' in clerk.get(URL).content.decode()


def test_anonymous_is_sent_to_login(client: Client) -> None:
    response = client.get(URL)

    assert response.status_code == 302
    assert response.headers["Location"] == "/login/?next=/ledgers/"


def test_writing_methods_are_refused(clerk: Client) -> None:
    assert clerk.post(URL).status_code == 405


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    make_balance(ledger=make_ledger(), opening_minor=1_00)
    few = count_queries(clerk, URL)
    for _ in range(18):
        make_balance(ledger=make_ledger(), opening_minor=1_00)

    many = count_queries(clerk, URL)

    assert many == few == 4  # page, figures, total, saved views


def test_search_finds_part_of_a_name_in_any_case(clerk: Client) -> None:
    make_ledger(name="Customer Wallets")
    make_ledger(name="Suppliers")

    response = clerk.get(URL, {"q": "  wALLET "})

    assert [row[0] for row in rows_of(response)[1:]] == ["Customer Wallets"]
    assert "1 ledger" in text_of(response)


def test_search_without_result_says_so(clerk: Client) -> None:
    make_ledger()

    response = clerk.get(URL, {"q": "nowhere"})

    assert "No ledger has “nowhere” in its name" in text_of(response)


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "%", "_", "'; DROP TABLE ledgers_ledger", "\ud83d"]
)
def test_search_takes_any_text(clerk: Client, text: str) -> None:
    assert clerk.get(URL, {"q": text.encode(errors="replace")}).status_code == 200


def test_wildcards_are_searched_as_text(clerk: Client) -> None:
    make_ledger(name="100% cotton")
    make_ledger(name="Wool")

    response = clerk.get(URL, {"q": "%"})

    assert [row[0] for row in rows_of(response)[1:]] == ["100% cotton"]


def test_first_run_teaches_what_ledgers_are_for(clerk: Client) -> None:
    text = text_of(clerk.get(URL))

    for word in ("use case", "product", "location", "currency"):
        assert word in text


def test_names_are_shown_as_text(clerk: Client) -> None:
    make_ledger(name=SCRIPT)
    make_ledger(name="شركة النور")

    response = clerk.get(URL, {"q": ""})

    assert SCRIPT not in response.content.decode()
    assert SCRIPT in text_of(response)
    assert "<bdi>شركة النور</bdi>" in response.content.decode()


def test_search_text_is_shown_as_text(clerk: Client) -> None:
    response = clerk.get(URL, {"q": SCRIPT})

    assert SCRIPT not in response.content.decode()


def test_new_row_is_marked(clerk: Client) -> None:
    ledger = make_ledger(name="Fresh")
    make_ledger(name="Other")

    html = clerk.get(URL, {"new": ledger.key}).content.decode()

    assert len(re.findall(r'<tr class="new"', html)) == 1
    assert [row[0] for row in rows_of(clerk.get(URL, {"new": ledger.key}))] == [
        "Name",
        "General Ledgerdefault",
        "Other",
        "Freshnew",
    ]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["apples", "Bananas", "Cherries"]),
        ("-name", ["Cherries", "Bananas", "apples"]),
        ("balances", ["Bananas", "Cherries", "apples"]),
        ("-balances", ["apples", "Cherries", "Bananas"]),
        ("transactions", ["apples", "Bananas", "Cherries"]),
        ("-transactions", ["Cherries", "Bananas", "apples"]),
        ("activity", ["apples", "Cherries", "Bananas"]),
        ("-activity", ["Bananas", "Cherries", "apples"]),
        ("created", ["apples", "Bananas", "Cherries"]),
        ("-created", ["Cherries", "Bananas", "apples"]),
        ("nonsense", ["Cherries", "Bananas", "apples"]),
    ],
)
def test_every_column_sorts_below_the_general_ledger(
    clerk: Client, sort: str, expected: list[str]
) -> None:
    apples = make_ledger(name="apples")
    bananas = make_ledger(name="Bananas")
    cherries = make_ledger(name="Cherries")
    for _ in range(3):
        make_balance(ledger=apples)
    for _ in range(2):
        make_balance(ledger=cherries, opening_minor=1_00)
    make_balance(ledger=bananas, opening_minor=1_00)

    rows = [row[0] for row in rows_of(clerk.get(URL, {"sort": sort}))]

    assert rows[1:] == ["General Ledgerdefault", *expected]


def test_sorted_column_says_its_direction(clerk: Client) -> None:
    html = clerk.get(URL, {"sort": "-balances"}).content.decode()

    assert html.count("aria-sort=") == 1
    assert 'aria-sort="descending"><a href="/ledgers/?sort=balances"' in html


@pytest.mark.parametrize("column", ["name", "balances", "transactions", "activity", "created"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_pages_hold_every_ledger_once(clerk: Client, column: str, sign: str) -> None:
    for number in range(44):
        ledger = make_ledger(name=f"Ledger {number % 7}")
        if number % 5 == 0:
            make_balance(ledger=ledger, opening_minor=1_00)

    pages = walk(clerk, f"{URL}?sort={sign}{column}", "next")
    back = walk(clerk, pages[-1][0], "prev")

    assert [len(urls) for _url, urls in pages] == [20, 20, 5]
    assert pages[0][1][0] == general_ledger().get_absolute_url()
    shown = [url for _url, urls in pages for url in urls]
    assert len(shown) == len(set(shown)) == 45
    assert [urls for _url, urls in reversed(back)] == [urls for _url, urls in pages]


def walk(clerk: Client, url: str, rel: str) -> list[tuple[str, list[str]]]:
    """Follow the pager to its end: each page's address and the ledgers on it."""
    pages: list[tuple[str, list[str]]] = []
    while url and len(pages) < 10:
        html = clerk.get(url).content.decode()
        pages.append((url, re.findall(r'<td><a href="(/ledgers/ldg_[^"]+)"', html)))
        match = re.search(rf'rel="{rel}" href="([^"]+)"', html)
        url = match[1].replace("&amp;", "&") if match else ""
    return pages


def test_bad_cursor_shows_the_first_page_and_says_so(clerk: Client) -> None:
    response = clerk.get(URL, {"cursor": "nonsense"})

    assert response.status_code == 200
    assert "no longer valid" in text_of(response)
    assert rows_of(response)[1][0] == "General Ledgerdefault"
