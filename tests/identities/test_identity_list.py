from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.factories import make_balance, make_identity
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

pytestmark = pytest.mark.django_db
URL = "/identities/"


def test_identities_are_shown_newest_first_with_their_balances(clerk: Client) -> None:
    builders = make_identity(name="Northgate", email="pay@northgate.example")
    make_identity(name="Ada", kind="PERSON")
    make_balance(identity=builders)
    make_balance(identity=builders, currency="EUR")

    rows = rows_of(clerk.get(URL))

    assert [row[:4] for row in rows[1:]] == [
        ["Ada", "Person", "—", "0"],
        ["Northgate", "Organization", "pay@northgate.example", "2"],
    ]


def test_count_links_to_the_filtered_table(clerk: Client) -> None:
    identity = make_identity()

    links = links_of(clerk.get(URL))

    assert f"/balances/?identity={identity.key}" in links
    assert identity.get_absolute_url() in links


def test_total_counts_the_filter(clerk: Client) -> None:
    make_identity(name="Northgate")
    make_identity(name="Meadow")

    assert "2 identities" in text_of(clerk.get(URL))
    assert "1 identity" in text_of(clerk.get(URL, {"q": "mead"}))


@pytest.mark.parametrize("text", ["north", "NORTHGATE", "@northgate.ex"])
def test_search_finds_by_name_and_email(clerk: Client, text: str) -> None:
    make_identity(name="Northgate", email="pay@northgate.example")
    make_identity(name="Meadow", email="pay@meadow.example")

    rows = rows_of(clerk.get(URL, {"q": text}))

    assert [row[0] for row in rows[1:]] == ["Northgate"]


def test_search_without_result_says_so(clerk: Client) -> None:
    assert "Nobody has “zzz”" in text_of(clerk.get(URL, {"q": "zzz"}))


@pytest.mark.parametrize("text", ["\x00", "%", "_", "'"])
def test_search_takes_any_text(clerk: Client, text: str) -> None:
    assert clerk.get(URL, {"q": text}).status_code == 200


def test_empty_table_teaches(clerk: Client) -> None:
    assert "An identity is a customer, a supplier, a partner" in text_of(clerk.get(URL))


def test_names_are_shown_as_text(clerk: Client) -> None:
    make_identity(name=SCRIPT)

    response = clerk.get(URL)

    assert SCRIPT not in response.content.decode()
    assert SCRIPT in text_of(response)


def test_sorts_by_name_in_any_case(clerk: Client) -> None:
    for name in ("Bananas", "apples", "Cherries"):
        make_identity(name=name)

    rows = rows_of(clerk.get(URL, {"sort": "name"}))

    assert [row[0] for row in rows[1:]] == ["apples", "Bananas", "Cherries"]


@pytest.mark.parametrize("sort", ["name", "-name", "created", "-created"])
def test_pages_hold_every_identity_once(clerk: Client, sort: str) -> None:
    for number in range(45):
        make_identity(name=f"Identity {number % 7}")

    shown: list[str] = []
    url = f"{URL}?sort={sort}"
    while url:
        html = clerk.get(url).content.decode()
        shown += re.findall(r'<td><a href="(/identities/idt_[^"]+)"', html)
        match = re.search(r'rel="next" href="([^"]+)"', html)
        url = match[1].replace("&amp;", "&") if match else ""

    assert len(shown) == len(set(shown)) == 45


def test_new_row_is_marked(clerk: Client) -> None:
    identity = make_identity(name="Fresh")

    assert '<tr class="new"' in clerk.get(URL, {"new": identity.key}).content.decode()


def test_htmx_gets_the_table_alone(clerk: Client) -> None:
    response = clerk.get(URL, headers=HTMX)

    assert response.content.decode().strip().startswith('<div id="identity-table"')


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    assert is_whole_page(clerk.get(URL, headers=HISTORY_RESTORE))


def test_anonymous_is_sent_to_login(client: Client) -> None:
    assert client.get(URL).headers["Location"] == "/login/?next=/identities/"


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    make_balance(identity=make_identity())
    few = count_queries(clerk, URL)
    for _ in range(18):
        make_balance(identity=make_identity())

    assert count_queries(clerk, URL) == few == 4  # page, counts, total, saved views
