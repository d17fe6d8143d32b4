"""The transactions table: one row for an event, its state, and its life below it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_balance, make_identity, post_transfer
from tests.pages import count_queries, links_of, rows_of, text_of
from tests.transactions.living import commit, exchange, place_hold, refund, reverse, void
from transactions.models import Transaction
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db
URL = "/transactions/"
TREASURY = Indicator("@Treasury", "GBP")


def cells(client: Client, **query: str) -> list[tuple[str, str, str]]:
    """Reference, status and amount of each row."""
    rows = rows_of(client.get(URL, query))[1:]
    return [(row[1], row[5], row[6]) for row in rows]


def test_hold_is_one_row_with_what_became_of_it(clerk: Client) -> None:
    place_hold(source=TREASURY, destination=make_balance(), reference="open")
    part = place_hold(source=TREASURY, destination=make_balance(), reference="part")
    whole = place_hold(source=TREASURY, destination=make_balance(), reference="whole")
    voided = place_hold(source=TREASURY, destination=make_balance(), reference="voided")
    commit(part, 40_00)
    commit(whole, 30_00)
    commit(whole)
    commit(voided, 10_00)
    void(voided)

    assert cells(clerk) == [
        ("voidedHold Life", "Voided", "100.00GBP10.00 committed"),
        ("wholeHold Life", "Committed", "100.00GBP"),
        ("partHold Life", "Partly committed", "100.00GBP40.00 committed"),
        ("openHold", "Inflight", "100.00GBP"),
    ]


def test_posting_says_that_it_was_undone(clerk: Client) -> None:
    supplier = make_balance()
    for reference in ("plain", "reversed", "refunded", "partly", "restored"):
        post_transfer(source=TREASURY, destination=supplier, amount_minor=9_00, reference=reference)
    transactions = Transaction.objects.in_bulk(field_name="reference")
    reverse(transactions["reversed"])
    refund(transactions["refunded"])
    refund(transactions["partly"], 4_00)
    reverse(refund(transactions["restored"]))

    assert cells(clerk) == [
        ("restored Life", "Posted", "9.00GBP"),
        ("partly Life", "Posted Partly refunded", "9.00GBP4.00 refunded"),
        ("refunded Life", "Posted Refunded", "9.00GBP"),
        ("reversed Life", "Posted Reversed", "9.00GBP"),
        ("plain", "Posted", "9.00GBP"),
    ]


def test_exchange_that_was_refunded_says_so(clerk: Client) -> None:
    refund(exchange(reference="fx"))

    assert cells(clerk) == [("fx Life", "Posted Refunded", "58.00 EUR, 50.00 GBP")]


def test_every_record_has_a_row_of_its_own_and_says_its_kind(clerk: Client) -> None:
    hold = place_hold(source=TREASURY, destination=make_balance(), reference="hold")
    part = commit(hold, 40_00, reference="commit")
    void(hold, reference="void")
    back = refund(part, 5_00, reference="refund")
    reverse(back, reference="reversal")

    response = clerk.get(URL, {"records": "every"})

    assert [(row[1], row[5], row[6]) for row in rows_of(response)[1:]] == [
        ("reversalReversal", "Posted", "5.00GBP"),
        ("refundRefund", "Posted Reversed", "5.00GBP"),
        ("voidVoid", "Voided", "60.00GBP"),
        ("commitCommit", "Posted", "40.00GBP"),
        ("holdHold", "Voided", "100.00GBP40.00 committed"),
    ]
    assert "All 5" in text_of(response)
    assert "5 records" in text_of(response)
    assert "1 transaction" in text_of(clerk.get(URL))


def test_life_opens_below_its_event_in_the_order_of_recording(clerk: Client) -> None:
    client = make_balance(identity=make_identity(name="Northgate"))
    hold = place_hold(source=TREASURY, destination=client, reference="hold")
    part = commit(hold, 40_00, reference="commit")
    void(hold, reference="void")
    refund(part, reference="refund")
    post_transfer(source=TREASURY, destination=client, reference="other")

    (link,) = [url for url in links_of(clerk.get(URL)) if "open=" in url]
    opened = clerk.get(link)

    assert [row[1] for row in rows_of(opened)[1:]] == [
        "other",
        "holdHold Life",
        "commitCommit",
        "voidVoid",
        "refundRefund",
    ]
    assert opened.content.decode().count('aria-expanded="true"') == 1
    assert opened.content.decode().count('class="follower') == 3
    # Nothing is counted for being shown.
    assert "2 transactions" in text_of(opened)


def test_life_keeps_the_page_it_is_opened_on(clerk: Client) -> None:
    balance = make_balance(floor_minor=None)
    reverse(post_transfer(source=TREASURY, destination=balance, reference="first"))
    for _ in range(20):
        post_transfer(source=TREASURY, destination=balance)
    (older,) = [url for url in links_of(clerk.get(URL)) if "cursor=" in url]

    (link,) = [url for url in links_of(clerk.get(older)) if "open=" in url]

    assert len(rows_of(clerk.get(link))) == 3


def test_long_life_ends_with_a_link_to_its_page(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.life.LIFE_MAX", 2)
    hold = place_hold(source=TREASURY, destination=make_balance())
    for _ in range(4):
        commit(hold, 1_00)

    rows = rows_of(clerk.get(URL, {"open": hold.key}))[1:]

    assert len(rows) == 3
    assert rows[-1][1].endswith("All of it is on its page")


@pytest.mark.parametrize("key", ["", "nonsense", "txn_00000000-0000-0000-0000-000000000000"])
def test_opening_what_is_not_there_opens_nothing(clerk: Client, key: str) -> None:
    reverse(post_transfer(source=TREASURY, destination=make_balance()))

    assert len(rows_of(clerk.get(URL, {"open": key}))) == 2


def test_search_finds_a_follower_by_its_reference(clerk: Client) -> None:
    posting = post_transfer(source=TREASURY, destination=make_balance(), reference="inv-1")
    reverse(posting, reference="undo-1")

    assert cells(clerk, q="undo") == [("undo-1Reversal", "Posted", "1.00GBP")]
    assert cells(clerk, q="undo", tab="posted") == []


def test_states_are_explained_where_they_stand_and_in_a_legend(clerk: Client) -> None:
    place_hold(source=TREASURY, destination=make_balance())

    html = clerk.get(URL).content.decode()

    assert 'href="#state-inflight" aria-description="Held: it is reserved' in html
    assert 'id="state-inflight"' in html


def test_lives_cost_no_statement_for_each_row(clerk: Client) -> None:
    balance = make_balance(floor_minor=None)
    hold = place_hold(source=TREASURY, destination=balance)
    commit(hold, 1_00)
    few = count_queries(clerk, URL), count_queries(clerk, f"{URL}?open={hold.key}")
    for _ in range(6):
        void(place_hold(source=TREASURY, destination=balance))
        reverse(post_transfer(source=TREASURY, destination=balance))
        commit(hold, 1_00)

    many = count_queries(clerk, URL), count_queries(clerk, f"{URL}?open={hold.key}")
    # opened: what followed, its rows and balances
    assert few == many == (7, 10)
