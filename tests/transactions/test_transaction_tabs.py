"""The tabs of the transactions table: what each holds, and that its count is that of its rows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from balances.models import Balance
from schedules.due import post_due
from tests.factories import (
    NOON,
    make_balance,
    make_identity,
    make_ledger,
    post_transfer,
)
from tests.pages import rows_of, text_of
from tests.schedules.building import SOON, make_schedule, wait_until
from tests.transactions.living import commit, place_hold, refund, reverse, void
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db
URL = "/transactions/"
TREASURY = Indicator("@Treasury", "GBP")
TABS = ("", "posted", "inflight", "scheduled", "rejected", "cancelled")


@pytest.fixture
def wallet() -> Balance:
    """One of two in its ledger, with something of everything."""
    wallet = make_balance(
        ledger=make_ledger(name="Wallets"), identity=make_identity(), floor_minor=None
    )
    savings = make_balance(ledger=wallet.ledger, floor_minor=None)
    post_transfer(source=TREASURY, destination=wallet, amount_minor=500_00, reference="deposit")
    reverse(post_transfer(source=wallet, destination=savings, reference="mistake"))
    refund(post_transfer(source=wallet, destination=TREASURY, reference="sold"), 40)
    place_hold(source=wallet, destination=savings, reference="open")
    commit(place_hold(source=wallet, destination=TREASURY, reference="part"), 40_00)
    commit(place_hold(source=savings, destination=wallet, reference="whole"))
    void(place_hold(source=wallet, destination=TREASURY, reference="void"))
    place_hold(source=TREASURY, destination=make_balance(), reference="elsewhere")
    make_schedule(source=wallet, destination=TREASURY, reference="rent")
    make_schedule(source=TREASURY, destination=make_balance(), reference="other-rent")
    return wallet


def references(client: Client, **query: str) -> list[str]:
    return [re.sub("(Hold| Life)+$", "", row[1]) for row in rows_of(client.get(URL, query))[1:]]


def counts(client: Client, **query: str) -> list[str]:
    """What each tab says."""
    html = client.get(URL, query).content.decode()
    tabs = html[html.index('class="tabs ') : html.index("</nav>", html.index('class="tabs '))]
    return re.findall(r"<b[^>]*>([^<]*)</b>", tabs)


def test_tabs_hold_what_their_names_say(clerk: Client, wallet: Balance) -> None:
    assert references(clerk, balance=wallet.key) == [
        *("void", "whole", "part", "open", "sold", "mistake", "deposit")
    ]
    assert references(clerk, balance=wallet.key, tab="posted") == [
        *("whole", "part", "sold", "mistake", "deposit")
    ]
    assert references(clerk, balance=wallet.key, tab="inflight") == ["part", "open"]
    assert references(clerk, balance=wallet.key, tab="scheduled") == ["rent"]
    assert references(clerk, balance=wallet.key, tab="rejected") == []


@pytest.mark.parametrize("scope", ["", "balance", "ledger", "q"])
def test_count_of_each_tab_is_that_of_its_rows(clerk: Client, wallet: Balance, scope: str) -> None:
    keys = {"balance": wallet.key, "ledger": wallet.ledger.key, "q": "o"}
    query = {scope: keys[scope]} if scope else {}

    shown = counts(clerk, **query)

    assert shown == [str(len(references(clerk, tab=tab, **query))) for tab in TABS]
    assert shown != ["0"] * 5
    if scope != "q":
        every = clerk.get(URL, {**query, "records": "every"})
        assert counts(clerk, records="every", **query)[0] == str(len(rows_of(every)) - 1)


def beside(client: Client, **query: str) -> list[tuple[str, str]]:
    """What a tab says that it leaves out: address and words."""
    html = client.get(URL, query).content.decode()
    if 'class="beside"' not in html:
        return []
    line = html[html.index('class="beside"') :]
    return re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', line[: line.index("</p>")])


def test_all_says_what_it_leaves_out_and_leads_there(clerk: Client, wallet: Balance) -> None:
    refused = make_schedule(source=make_balance(), destination=wallet, due_in=SOON)
    wait_until(refused.due_at)
    post_due()

    everywhere = beside(clerk)
    of_balance = beside(clerk, balance=wallet.key, records="every", sort="amount")
    found = beside(clerk, q="other")

    assert [words for _url, words in everywhere] == [*("2 scheduled, not yet posted", "1 rejected")]
    assert [words for _url, words in of_balance] == [*("1 scheduled, not yet posted", "1 rejected")]
    assert of_balance[1][0].replace("&amp;", "&") == f"{URL}?balance={wallet.key}&tab=rejected"
    assert found == [(f"{URL}?q=other&amp;tab=scheduled", "1 scheduled, not yet posted")]
    for tab in TABS[1:]:
        assert beside(clerk, tab=tab) == []


def test_a_page_asks_the_same_whatever_it_leaves_out(
    clerk: Client, django_assert_num_queries: Any
) -> None:
    target = make_balance()
    post_transfer(source=TREASURY, destination=target)

    with django_assert_num_queries(9):
        assert beside(clerk) == []
    make_schedule(source=TREASURY, destination=target)
    with django_assert_num_queries(9):
        assert len(beside(clerk)) == 1


def test_numbers_elsewhere_are_those_of_the_table(clerk: Client, wallet: Balance) -> None:
    of_ledger = str(len(references(clerk, ledger=wallet.ledger.key)))
    of_balance = len(references(clerk, balance=wallet.key))
    of_books = len(references(clerk))

    assert f"Transactions{of_books}" in text_of(clerk.get("/")).replace(" ", "")
    (row,) = [row for row in rows_of(clerk.get("/ledgers/")) if row[0] == "Wallets"]
    assert row[2] == of_ledger
    page = clerk.get(wallet.ledger.get_absolute_url())
    assert f"Transactions{of_ledger}" in text_of(page).replace(" ", "")
    assert f"View all {of_ledger}" in text_of(page)
    # The latest are the top of the same table.
    assert "void" in text_of(page)
    assert f"View all {of_balance} transactions" in text_of(clerk.get(wallet.get_absolute_url()))


def test_ledgers_are_sorted_by_their_events(clerk: Client) -> None:
    busy, undone = make_balance(ledger=make_ledger(name="Busy")), make_balance()
    for _ in range(2):
        post_transfer(source=TREASURY, destination=busy)
    posting = post_transfer(source=TREASURY, destination=undone)
    reverse(refund(posting))

    names = [row[0] for row in rows_of(clerk.get("/ledgers/", {"sort": "-transactions"}))[2:]]

    assert names[0] == "Busy"


def test_hold_of_which_nothing_is_left_on_a_balance_is_not_inflight_there(clerk: Client) -> None:
    hold = place_hold(source=TREASURY, destination=make_balance(), amount_minor=100_00)
    destination = Balance.objects.get(reservations__transaction=hold, reservations__direction=1)
    assert counts(clerk, balance=destination.key)[2] == "1"

    commit(hold)

    assert counts(clerk, balance=destination.key)[2] == "0"
    assert references(clerk, balance=destination.key, tab="inflight") == []


def test_schedules_of_an_indicator_and_its_ledger(clerk: Client, wallet: Balance) -> None:
    treasury = Balance.objects.get(indicator="@Treasury")

    assert references(clerk, balance=treasury.key, tab="scheduled") == ["rent", "other-rent"]
    assert references(clerk, ledger=treasury.ledger.key, tab="scheduled") == ["rent", "other-rent"]
    assert references(clerk, q="other", tab="scheduled") == ["other-rent"]


def test_scheduled_comes_next_first_and_in_pages(clerk: Client) -> None:
    for day in range(25, 0, -1):
        make_schedule(
            source=TREASURY,
            destination=Indicator("@Rent", "GBP"),
            reference=f"day-{day:02}",
            due_in=timedelta(days=day),
        )

    first = clerk.get(URL, {"tab": "scheduled"})

    assert [row[1] for row in rows_of(first)[1:]] == [f"day-{day:02}" for day in range(1, 21)]
    following = re.search(r'rel="next" href="([^"]*)"', first.content.decode())
    assert following
    rows = rows_of(clerk.get(following[1].replace("&amp;", "&")))
    assert [row[1] for row in rows[1:]] == [f"day-{day:02}" for day in range(21, 26)]
    assert "25 transactions" in text_of(first)


def test_many_are_said_to_be_many_and_counted_on_demand(
    clerk: Client, wallet: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.walks.HOLDS_MAX", 2)
    monkeypatch.setattr("transactions.counts.EXACT_MAX", 1)

    assert counts(clerk, balance=wallet.key) == ["7", "", "1+", "1", "0", "0"]
    response = clerk.get(URL, {"balance": wallet.key, "tab": "posted"})
    assert "5 transactions" not in text_of(response)
    exact = clerk.get(URL, {"balance": wallet.key, "tab": "posted", "count": "exact"})
    assert "5 transactions" in text_of(exact)


@pytest.mark.parametrize(
    "query",
    [
        {"tab": "nonsense"},
        {"tab": "\x00", "records": "\x00", "open": "\x00"},
        {"tab": "scheduled", "q": "\x00"},
        {"tab": "scheduled", "q": "sch_00000000-0000-0000-0000-000000000000"},
        {"tab": "rejected", "ledger": "nonsense"},
        {"tab": "inflight", "records": "every", "sort": "due"},
        {"tab": "scheduled", "sort": "effective", "cursor": "x"},
        {"count": "exact", "records": "every"},
        {"q": "%", "tab": "posted", "count": "exact"},
    ],
)
def test_any_address_shows_a_table(clerk: Client, query: dict[str, str]) -> None:
    place_hold(source=TREASURY, destination=make_balance())

    assert clerk.get(URL, query).status_code == 200


def test_a_page_of_one_list_is_no_page_of_another(clerk: Client) -> None:
    for _ in range(21):
        place_hold(source=TREASURY, destination=make_balance(), effective_at=NOON)
    html = clerk.get(URL, {"tab": "inflight"}).content.decode()
    following = re.search(r"cursor=([^&\"]*)", html)
    assert following

    response = clerk.get(URL, {"cursor": following[1]})

    assert "no longer valid" in text_of(response)
