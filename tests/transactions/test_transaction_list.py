from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from balances.models import Balance
from tests.factories import (
    NOON,
    make_balance,
    make_identity,
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
from tests.transactions.living import exchange
from transactions import walks
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, PostingRequest
from web.arms import Arms
from web.pagination import Key

pytestmark = pytest.mark.django_db
URL = "/transactions/"
TREASURY = Indicator("@Treasury", "GBP")


def references(client: Client, **query: str) -> list[str]:
    return [row[1] for row in rows_of(client.get(URL, query))[1:]]


def test_transactions_are_shown_by_effective_date_newest_first(clerk: Client) -> None:
    supplier = make_balance(identity=make_identity(name="Northgate"))
    post_transfer(
        source=TREASURY,
        destination=supplier,
        amount_minor=48_310_00,
        reference="inv-1",
        description="Scaffolding",
    )
    post_transfer(
        source=TREASURY,
        destination=supplier,
        reference="inv-0",
        effective_at=NOON - timedelta(days=3),
    )

    rows = rows_of(clerk.get(URL))

    assert [row[1] for row in rows] == ["Reference", "inv-1", "inv-0"]
    assert rows[1] == [
        "15 Jan 2025",
        "inv-1",
        "Scaffolding",
        "@Treasury",
        "Northgate",
        "Posted",
        "48,310.00GBP",
    ]


def test_oldest_first(clerk: Client) -> None:
    for day in range(3):
        post_transfer(
            source=TREASURY,
            destination=make_balance(),
            reference=f"day-{day}",
            effective_at=NOON + timedelta(days=day),
        )

    assert references(clerk, sort="effective") == ["day-0", "day-1", "day-2"]
    assert references(clerk, sort="-effective") == ["day-2", "day-1", "day-0"]


def test_several_balances_are_told_by_their_number_and_the_amount_is_what_was_debited(
    clerk: Client,
) -> None:
    payroll = make_balance(floor_minor=None, identity=make_identity(name="Payroll"))
    legs = [Leg(payroll.pk, DEBIT, 6_00)]
    legs += [Leg(make_balance().pk, CREDIT, amount) for amount in (1_00, 2_00, 3_00)]
    post(PostingRequest("payroll", legs))

    row = rows_of(clerk.get(URL))[1]

    assert row[3:5] == ["Payroll", "3 balances"]
    assert row[6] == "6.00GBP"


def test_two_currencies_are_said_and_not_added_up(clerk: Client) -> None:
    exchange()
    few = count_queries(clerk, URL)
    exchange(reference="again")

    assert rows_of(clerk.get(URL))[1][5:] == ["Posted", "58.00 EUR, 50.00 GBP"]
    assert count_queries(clerk, URL) == few


def test_of_more_than_two_currencies_only_the_number_is_said(clerk: Client) -> None:
    pairs = [
        Leg(Indicator(name, currency), direction, 1_00)
        for currency in ("EUR", "GBP", "USD")
        for name, direction in (("@Paid", DEBIT), ("@Received", CREDIT))
    ]

    post(PostingRequest("three", pairs))

    assert rows_of(clerk.get(URL))[1][6] == "3 currencies"


def test_two_balances_of_one_owner_are_told_apart_by_ledger(clerk: Client) -> None:
    owner = make_identity(name="Sofia")
    wallet = make_balance(ledger=make_ledger(name="Wallets"), identity=owner, floor_minor=None)
    savings = make_balance(ledger=make_ledger(name="Savings"), identity=owner)
    post_transfer(source=wallet, destination=savings)

    assert rows_of(clerk.get(URL))[1][3:5] == ["Sofia Wallets", "Sofia Savings"]


def test_ledger_shows_each_transaction_once_and_counts_as_its_page_does(clerk: Client) -> None:
    ledger = make_ledger(name="Wallets")
    one = make_balance(ledger=ledger, floor_minor=None)
    two = make_balance(ledger=ledger, floor_minor=None)
    post_transfer(source=one, destination=two, reference="within")
    post_transfer(source=TREASURY, destination=one, reference="into")
    post_transfer(source=TREASURY, destination=make_balance(), reference="elsewhere")

    response = clerk.get(URL, {"ledger": ledger.key})

    assert references(clerk, ledger=ledger.key) == ["into", "within"]
    assert "2 transactions" in text_of(response)
    assert "Ledger: Wallets" in text_of(response)
    ledger_page = rows_of(clerk.get("/ledgers/"))
    assert next(row for row in ledger_page if row[0] == "Wallets")[2] == "2"


def test_balance_shows_each_transaction_once(clerk: Client) -> None:
    balance = make_balance(floor_minor=None)
    legs = [
        Leg(balance.pk, CREDIT, 5_00),
        Leg(balance.pk, DEBIT, 1_00),
        Leg(balance.pk, DEBIT, 1_00),
        Leg(TREASURY, DEBIT, 3_00),
    ]
    post(PostingRequest("voucher", legs, effective_at=NOON))
    post_transfer(source=TREASURY, destination=balance, reference="same-day")

    response = clerk.get(URL, {"balance": balance.key})

    assert references(clerk, balance=balance.key) == ["same-day", "voucher"]
    assert "2 transactions" in text_of(response)


@pytest.mark.parametrize("sort", ["effective", "-effective"])
@pytest.mark.parametrize("scope", ["", "ledger", "balance"])
def test_pages_hold_each_transaction_once_in_order(clerk: Client, sort: str, scope: str) -> None:
    balance = make_balance(floor_minor=None)
    for number in range(45):
        legs = [Leg(balance.pk, CREDIT, 1), Leg(balance.pk, CREDIT, 2), Leg(TREASURY, DEBIT, 3)]
        moment = NOON + timedelta(days=number // 20)
        post(PostingRequest(f"t{number:02}", legs, effective_at=moment))
    keys = {"ledger": balance.ledger.key, "balance": balance.key, "": ""}

    seen: list[str] = []
    url = f"{URL}?sort={sort}&{scope or 'x'}={keys[scope]}"
    while url:
        response = clerk.get(url)
        seen += [row[1] for row in rows_of(response)[1:]]
        following = re.search(r'rel="next" href="([^"]*)"', response.content.decode())
        url = following[1].replace("&amp;", "&") if following else ""

    expected = [f"t{number:02}" for number in range(45)]
    assert seen == (expected if sort == "effective" else expected[::-1])


def test_reference_is_found_by_its_beginning(clerk: Client) -> None:
    for reference in ("inv-10", "inv-11", "inv-2", "other"):
        post_transfer(source=TREASURY, destination=make_balance(), reference=reference)

    response = clerk.get(URL, {"q": "inv-1"})

    assert sorted(references(clerk, q="inv-1")) == ["inv-10", "inv-11"]
    assert "2 records" in text_of(response)
    assert references(clerk, q="INV") == []


def test_transaction_is_found_by_its_id(clerk: Client) -> None:
    transaction = post_transfer(source=TREASURY, destination=make_balance(), reference="one")
    post_transfer(source=TREASURY, destination=make_balance(), reference="two")

    assert references(clerk, q=transaction.key) == ["one"]


def test_reference_within_a_ledger(clerk: Client) -> None:
    inside = make_balance()
    post_transfer(source=TREASURY, destination=inside, reference="inv-1")
    post_transfer(source=TREASURY, destination=make_balance(), reference="inv-2")

    assert references(clerk, q="inv", ledger=inside.ledger.key) == ["inv-1"]
    assert references(clerk, q="inv", balance=inside.key) == ["inv-1"]


def test_ledger_and_balance_together(clerk: Client) -> None:
    inside = make_balance(opening_minor=1)

    assert len(references(clerk, ledger=inside.ledger.key, balance=inside.key)) == 1
    assert references(clerk, ledger=make_ledger().key, balance=inside.key) == []


@pytest.mark.parametrize("name", ["ledger", "balance"])
@pytest.mark.parametrize("key", ["nonsense", "bln_00000000-0000-0000-0000-000000000000", SCRIPT])
def test_filter_by_a_record_that_does_not_exist_shows_nothing(
    clerk: Client, name: str, key: str
) -> None:
    post_transfer(source=TREASURY, destination=make_balance())

    response = clerk.get(URL, {name: key})

    assert "No such record" in text_of(response)
    assert "No transaction passes these filters" in text_of(response)
    assert SCRIPT not in response.content.decode()


def test_empty_table_teaches(clerk: Client) -> None:
    assert "No transactions yet" in text_of(clerk.get(URL))


def test_new_row_is_marked(clerk: Client) -> None:
    transaction = post_transfer(source=TREASURY, destination=make_balance())

    html = clerk.get(URL, {"new": transaction.key}).content.decode()

    assert html.count('<tr class="new"') == 1


def test_htmx_gets_the_table_alone(clerk: Client) -> None:
    response = clerk.get(URL, headers=HTMX)

    assert not is_whole_page(response)
    assert response.content.decode().strip().startswith('<div id="transaction-table"')


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    assert is_whole_page(clerk.get(URL, headers=HISTORY_RESTORE))


def test_anonymous_is_sent_to_login(client: Client) -> None:
    assert client.get(URL).headers["Location"] == "/login/?next=/transactions/"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # page, rows and their balances, schedules behind them, counts of books and of schedules,
        # saved views
        ("", 7),
        ("?ledger={ledger}", 9),  # the ledger, its counters, its holds
        ("?balance={balance}", 8),  # the balance, which holds the counters; the same
        ("?q=t", 8),  # each tab is counted; the same
        ("?records=every", 6),
        ("?tab=scheduled", 5),
        ("?columns=effective,created_by,metadata.region", 8),  # what is told on demand
    ],
)
def test_query_count_is_constant_in_rows(clerk: Client, query: str, expected: int) -> None:
    balance = make_balance(opening_minor=1)
    url = URL + query.format(ledger=balance.ledger.key, balance=balance.key)
    few = count_queries(clerk, url)
    for _ in range(25):
        post_transfer(source=make_balance(floor_minor=None), destination=balance)

    assert few == count_queries(clerk, url) == expected


def test_texts_are_shown_as_text(clerk: Client) -> None:
    source = make_balance(
        ledger=make_ledger(name=SCRIPT), identity=make_identity(name=SCRIPT), floor_minor=None
    )
    destination = make_balance(identity=make_identity(name="شركة النور"))
    post_transfer(source=source, destination=destination, reference=SCRIPT, description=SCRIPT)

    response = clerk.get(URL, {"q": SCRIPT})

    assert SCRIPT not in response.content.decode()
    assert rows_of(response)[1][1:5] == [SCRIPT, SCRIPT, SCRIPT, "شركة النور"]
    assert "<bdi>شركة النور</bdi>" in response.content.decode()


@pytest.mark.parametrize("text", ["\x00", "%", "_", "'; DROP TABLE x", "\\", "a" * 5000])
def test_search_takes_any_text(clerk: Client, text: str) -> None:
    post_transfer(source=TREASURY, destination=make_balance(), reference="abc")

    response = clerk.get(URL, {"q": text})

    assert response.status_code == 200
    assert text == "\x00" or references(clerk, q=text) == []


def test_links_lead_to_transaction_and_balances(clerk: Client) -> None:
    balance = make_balance()
    transaction = post_transfer(source=TREASURY, destination=balance)

    links = links_of(clerk.get(URL))

    assert {transaction.get_absolute_url(), balance.get_absolute_url()} <= set(links)


def test_search_within_a_ledger_says_how_far_it_looked(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.filters.REFERENCES_MAX", 2)
    inside = make_balance()
    for reference in ("inv-1", "inv-2", "inv-3"):
        post_transfer(source=TREASURY, destination=inside, reference=reference)

    response = clerk.get(URL, {"q": "inv", "ledger": inside.ledger.key})

    assert sorted(row[1] for row in rows_of(response)[1:]) == ["inv-1", "inv-2"]
    assert "2 among the first 2 references that begin so: type more of it" in text_of(response)


def test_search_keeps_ledger_and_order(clerk: Client) -> None:
    ledger = make_ledger()

    html = clerk.get(URL, {"ledger": ledger.key, "sort": "effective"}).content.decode()

    for name, value in (("ledger", ledger.key), ("sort", "effective")):
        assert f'name="{name}" form="transaction-table-search" value="{value}"' in html


@pytest.mark.parametrize("walk", [walks.events, walks.records, walks.posted])
def test_table_of_a_balance_is_never_planned_as_a_join_over_its_history(
    walk: Callable[[Balance], Arms],
) -> None:
    arms = walk(make_balance(opening_minor=1))
    order = [Key(field, descending=True) for field in walks.BALANCE_KEYS]

    with CaptureQueriesContext(connection) as queries:
        arms.read(order, None, 21)

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        assert "Join" not in str(cursor.fetchall())
