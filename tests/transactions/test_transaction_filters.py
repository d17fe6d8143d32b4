"""Filters, orders, sums and dates of the transactions table, as its address asks for them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from schedules.due import post_due
from schedules.models import Schedule
from search.indexing import index_documents
from tests.factories import (
    NOON,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.files import body_of, read_csv, read_xlsx
from tests.pages import HTMX, count_queries, links_of, rows_of, text_of
from tests.schedules.building import SOON, make_schedule, wait_until
from tests.transactions.living import commit, expire_hold, place_hold, refund, void
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, PostingRequest

pytestmark = pytest.mark.django_db
URL = "/transactions/"
TREASURY = Indicator("@Treasury", "GBP")


@pytest.fixture
def wallet() -> Balance:
    """With a deposit, a hold half of which was committed, a refunded sale, and an exchange."""
    wallet = make_balance(identity=make_identity(name="Northgate"), floor_minor=None)
    post_transfer(
        source=TREASURY,
        destination=wallet,
        amount_minor=500_00,
        reference="deposit",
        description="First money",
        metadata={"region": "north"},
        effective_at=NOON - timedelta(days=60),
    )
    commit(place_hold(source=wallet, destination=TREASURY, reference="hold"), 50_00)
    refund(post_transfer(source=wallet, destination=TREASURY, reference="sale"), 40)
    legs = [
        Leg(wallet.pk, DEBIT, 70_00),
        Leg(Indicator("@Liquidity", "GBP"), CREDIT, 70_00),
        Leg(Indicator("@Liquidity", "EUR"), DEBIT, 80_00),
        Leg(Indicator("@Euros", "EUR"), CREDIT, 80_00),
    ]
    post(PostingRequest("exchange", legs, effective_at=NOON, description="Into euros"))
    return wallet


def references(client: Client, **query: Any) -> list[str]:
    rows = rows_of(client.get(URL, query))[1:]
    return [re.sub("(Hold|Commit|Refund| Life)+$", "", row[1]) for row in rows]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("amount:at-least:80", ["exchange", "hold", "deposit"]),
        ("amount:between:70,75", ["exchange"]),
        ("amount:one-of:80,500.00,1\\,000", ["exchange", "deposit"]),
        ("effective:is-not:2025", ["deposit"]),
        ("effective:one-of:2024-11,2999", ["deposit"]),
        ("batch:not-empty", []),
        ("currency:is:EUR", ["exchange"]),
        ("effective:is:2024-11", ["deposit"]),
        ("status:is:partly-committed", ["hold"]),
        ("status:is:partly-refunded", ["sale"]),
        ("kind:is:HOLD", ["hold"]),
        ("description:contains:MONEY", ["deposit"]),
        ("metadata.region:is:north", ["deposit"]),
        ("from:is:{wallet}", ["exchange", "sale", "hold"]),
        ("amount:at-least:80|reference:is:sale", ["exchange", "sale", "hold", "deposit"]),
        ("amount:at-least:cheese", []),
        ("nonsense:is:1", []),
    ],
)
@pytest.mark.parametrize("is_filled", [False, True], ids=["not yet copied", "copied"])
def test_filters(
    clerk: Client, wallet: Balance, where: str, expected: list[str], is_filled: bool
) -> None:
    if is_filled:
        index_documents()
    where = where.format(wallet=wallet.key)

    assert references(clerk, where=where) == expected
    response = clerk.get(URL, {"where": where})
    told = "1 transaction" if len(expected) == 1 else f"{len(expected)} transactions"
    assert told in text_of(response) or not expected


def test_filters_hold_with_scope_text_tab_and_every_record(clerk: Client, wallet: Balance) -> None:
    where = "amount:at-least:50"

    assert references(clerk, where=where, balance=wallet.key) == ["exchange", "hold", "deposit"]
    assert references(clerk, where=where, q="de") == ["deposit"]
    assert references(clerk, where=where, tab="inflight") == ["hold"]
    assert references(clerk, where=where, ledger="nonsense") == []
    every = references(clerk, where=where, records="every", ledger=wallet.ledger.key)
    assert len(every) == 4


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-amount", ["deposit", "hold", "exchange", "sale"]),
        ("amount", ["sale", "exchange", "hold", "deposit"]),
        ("created", ["deposit", "hold", "sale", "exchange"]),
        ("reference", ["deposit", "exchange", "hold", "sale"]),
        ("-reference", ["sale", "hold", "exchange", "deposit"]),
    ],
)
def test_orders(clerk: Client, wallet: Balance, sort: str, expected: list[str]) -> None:
    assert references(clerk, sort=sort) == expected
    assert references(clerk, sort=sort, where="amount:greater:0") == expected


def test_found_in_order_of_amount_comes_in_pages(clerk: Client) -> None:
    for number in range(45):
        post_transfer(
            source=TREASURY,
            destination=make_balance(),
            amount_minor=100 + number // 7,
            reference=f"t{number:02}",
        )
    seen: list[str] = []
    url = f"{URL}?sort=-amount&where=amount:at-least:1"
    while url:
        response = clerk.get(url)
        seen += [row[1] for row in rows_of(response)[1:]]
        following = re.search(r'rel="next" href="([^"]*)"', response.content.decode())
        url = following[1].replace("&amp;", "&") if following else ""

    assert seen == [f"t{number:02}" for number in range(44, -1, -1)]


def test_sums_are_of_events_and_of_what_passes(clerk: Client, wallet: Balance) -> None:
    def sums(**query: str) -> str:
        found = re.search(
            r"Sums,? (.*?) (\d+ (transaction|record)|Count)", text_of(clerk.get(URL, query))
        )
        return found[1].strip() if found else ""

    assert sums() == ""
    reserved = "of which 50.00 inflight"
    assert sums(count="exact") == f"80.00EUR 671.00GBP {reserved}"
    assert sums(where="amount:less:80") == "71.00GBP"
    assert sums(where="currency:is:EUR") == "80.00EUR"
    assert sums(tab="inflight") == f"100.00GBP {reserved}"
    # The commit and the refund are records, but no events.
    assert sums(balance=wallet.key, records="every") == (
        f"events only 80.00EUR 671.00GBP {reserved}"
    )


def test_page_files_and_ticked_rows_say_what_of_a_sum_never_was_posted(
    clerk: Client, wallet: Balance
) -> None:
    voided = place_hold(source=wallet, destination=TREASURY, amount_minor=30_00)
    commit(voided, 10_00)
    void(voided)
    expired = expire_hold(source=wallet, destination=TREASURY, amount_minor=7_00)
    query = {"where": "kind:is:HOLD"}

    page = clerk.get(URL, query)
    fragment = clerk.get(URL, query, headers=HTMX)
    ticked = clerk.post(f"{URL}ticked/", {"key": [voided.key, expired.key]})
    every = clerk.post(f"{URL}ticked/", {"all": "1", "query": urlencode(query)})
    table = read_csv(body_of(clerk.get(f"{URL}export.csv", query)))
    sheet = read_xlsx(body_of(clerk.get(f"{URL}export.xlsx", query)))
    narrow = read_csv(body_of(clerk.get(f"{URL}export.csv", {**query, "columns": "reference"})))

    told = "137.00GBP of which 50.00 inflight, 27.00 voided or expired"
    assert all(told in text_of(each) for each in (page, fragment, every))
    assert "37.00GBP of which 27.00 voided or expired" in text_of(ticked)
    totals = [[cell for cell in row if cell] for row in table[-4:]]
    assert totals == [
        ["Total: 3 rows"],
        ["Total GBP", "137.00", "GBP"],
        ["of which inflight", "50.00", "GBP"],
        ["of which voided or expired", "27.00", "GBP"],
    ]
    assert table[-2].index("50.00") == table[0].index("Amount")
    assert [next(filter(None, row)) for row in sheet[-4:]] == [row[0] for row in totals]
    assert narrow[-1][0] == "Total GBP: 137.00, of which 50.00 inflight, 27.00 voided or expired"


def test_many_are_rounded_and_counted_and_added_up_on_demand(
    clerk: Client, wallet: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schedules.books_listing.EXACT_MAX", 2)
    query = {"where": "amount:at-least:50"}

    rounded, exact = clerk.get(URL, query), clerk.get(URL, {**query, "count": "exact"})

    assert "2+ transactions Count exactly" in text_of(rounded)
    assert "Sums" not in text_of(rounded)
    assert "3 transactions" in text_of(exact)
    assert "Sums 80.00EUR 670.00GBP" in text_of(exact)


def test_columns_on_demand(clerk: Client) -> None:
    clerk_user = make_user(username="berta")
    hold = place_hold(source=TREASURY, destination=make_balance(), reference="hold")
    commit(hold, 50_00, reference="part")
    transaction = post_transfer(
        source=TREASURY,
        destination=make_balance(),
        reference="plain",
        metadata={"region": "north", "deep": {"er": 7}},
        actor=clerk_user,
    )
    columns = "currency,created_by,kind,parent,batch,id,metadata.region,metadata.deep.er"

    rows = rows_of(clerk.get(URL, {"columns": columns, "records": "every", "sort": "-created"}))

    assert rows[0][2:] == [
        *("Currency", "Recorded by", "Kind", "Follows", "Batch", "Id", "region", "deep.er")
    ]
    assert rows[1][2:] == ["GBP", "berta", "Posting", "—", "—", transaction.key, "north", "7"]
    assert rows[2][2:6] == ["GBP", "system", "Commit", "hold"]
    plain = read_csv(body_of(clerk.get(f"{URL}export.csv", {"columns": "created_by"})))
    assert {row[-1] for row in plain[1:3]} == {"berta", "system"}


def test_jump_begins_at_the_day_and_leads_both_ways(clerk: Client, wallet: Balance) -> None:
    for query in ({}, {"where": "amount:greater:0"}, {"balance": wallet.key}):
        jumped = clerk.get(URL, {**query, "jump": "2024-12-24", "sort": "-amount"})

        assert [row[1] for row in rows_of(jumped)[1:]] == ["deposit"]
        back = re.search(r'rel="prev" href="([^"]*)"', jumped.content.decode())
        assert back
        assert len(rows_of(clerk.get(back[1].replace("&amp;", "&")))) == 5
    oldest_first = {"sort": "effective", "jump": "2024-12-24"}
    assert references(clerk, **oldest_first)[-1] == "exchange"
    assert "deposit" not in references(clerk, **oldest_first)


def test_holds_are_filtered_by_when_they_expire(clerk: Client) -> None:
    now = timezone.now()
    for name, days in (("soon", 1), ("later", 9)):
        place_hold(
            source=TREASURY,
            destination=make_balance(),
            reference=name,
            expires_at=now + timedelta(days=days),
        )
    place_hold(source=TREASURY, destination=make_balance(), reference="never")

    assert references(clerk, tab="inflight", where="expires:at-most:tomorrow") == ["soon"]
    assert references(clerk, where="expires:empty") == ["never"]
    assert references(clerk, where=f"expires:one-of:2020,{now + timedelta(days=9):%F}") == ["later"]
    assert set(references(clerk, where="expires:is-not:tomorrow")) == {"never", "later"}
    assert len(references(clerk, where="expires:not-empty")) == 2


def test_schedules_are_filtered_by_fields_of_their_own(clerk: Client) -> None:
    wallet = make_balance(floor_minor=None)
    rent, _fee = (
        make_schedule(
            source=wallet,
            destination=TREASURY,
            reference=name,
            amount_minor=len(name) * 100,
            due_in=timedelta(days=days, seconds=30),
        )
        for name, days in (("rent", 0), ("fee", 40))
    )

    for where, expected in (
        ("due:at-most:tomorrow", ["rent"]),
        ("due:greater:tomorrow", ["fee"]),
        ("amount:is:4", ["rent"]),
        ("amount:is-not:4", ["fee"]),
        ("amount:one-of:3,5", ["fee"]),
        (f"due:is-not:{rent.due_at:%F}", ["fee"]),
        ("due:one-of:2020,2999", []),
        ("amount:between:1,3.5", ["fee"]),
        ("currency:is:gbp", ["rent", "fee"]),
        ("currency:is-not:GBP", []),
        ("reference:contains:EN", ["rent"]),
        ("reason:empty", ["rent", "fee"]),
        ("kind:is:HOLD", []),
        ("status:is:posted", []),
    ):
        assert (where, references(clerk, tab="scheduled", where=where)) == (where, expected)
    assert "fee" in references(clerk, tab="scheduled", jump="2999-01-01")


def test_text_that_begins_no_reference_leads_to_the_search_in_descriptions(
    clerk: Client, wallet: Balance
) -> None:
    response = clerk.get(URL, {"q": "money|, x:y"})
    assert "No transaction passes" in text_of(response)
    (wider,) = [url for url in links_of(clerk.get(URL, {"q": "money"})) if "text%3A" in url]

    assert [row[1] for row in rows_of(clerk.get(URL + wider))[1:]] == ["deposit"]
    (odd,) = [url for url in links_of(response) if "text%3A" in url]
    assert "contains “money|, x:y”" in text_of(clerk.get(URL + odd))


def test_query_count_under_conditions_is_constant_in_rows(clerk: Client, wallet: Balance) -> None:
    urls = [f"{URL}?where=amount:at-most:60", f"{URL}?tab=scheduled&where=due:is:today"]
    few = [count_queries(clerk, url) for url in urls]
    for _ in range(25):
        post_transfer(source=TREASURY, destination=wallet)

    assert few == [count_queries(clerk, url) for url in urls]
    assert few[0] <= 12
    assert few[1] <= 6


def test_files_say_exactly_what_the_table_shows(clerk: Client, wallet: Balance) -> None:
    columns = "amount,from,to,status,metadata.region"

    response = clerk.get(f"{URL}export.csv", {"where": "amount:at-least:70", "columns": columns})
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]

    assert lines[0].endswith("Kind,Amount,Currency,Of the amount,From,To,Status,region")
    exchange = "exchange,Posting,,EUR 80.00; GBP 70.00,,2 balances,2 balances,Posted,"
    assert lines[1].endswith(exchange)
    held = "hold,Hold,100.00,GBP,50.00 committed,Northgate,'@Treasury,Partly committed,"
    assert lines[2].endswith(held)
    assert lines[3].partition(",")[2] == (
        "deposit,Posting,500.00,GBP,,'@Treasury,Northgate,Posted,north"
    )
    schedule = make_schedule(source=TREASURY, destination=wallet, amount_minor=1_00)
    response = clerk.get(f"{URL}export.csv", {"tab": "scheduled"})
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert f"{schedule.reference},Posting,,'@Treasury,Northgate,Scheduled,1.00,GBP" in text


def test_files_tell_balances_of_one_name_apart_and_why_a_schedule_was_rejected(
    clerk: Client, wallet: Balance
) -> None:
    savings = make_balance(
        ledger=make_ledger(name="Savings"), identity=wallet.identity, floor_minor=None
    )
    post_transfer(source=savings, destination=wallet, amount_minor=3_21)
    schedule = make_schedule(source=make_balance(), destination=wallet, due_in=SOON)
    wait_until(schedule.due_at)
    post_due()

    rows = read_csv(body_of(clerk.get(f"{URL}export.csv", {"where": "amount:is:3.21"})))
    rejected = read_csv(body_of(clerk.get(f"{URL}export.csv", {"tab": "rejected"})))

    assert rows[1][4:6] == ["Northgate (Savings)", f"Northgate ({wallet.ledger.name})"]
    assert rejected[0][1:3] == ["Reference", "Reason"]
    assert rejected[1][1:3] == [schedule.reference, Schedule.objects.get(pk=schedule.pk).reason]
    assert rejected[1][2]
