"""The entries table: every debit and credit, filtered, added up, in pages along indexes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from balances.models import Balance
from tests.factories import NOON, make_balance, make_identity, post_transfer
from tests.pages import SCRIPT, count_queries, rows_of, text_of
from transactions.requests import Indicator
from web import counting

pytestmark = pytest.mark.django_db
URL = "/entries/"
TREASURY = Indicator("@Treasury", "GBP")


@pytest.fixture
def wallet() -> Balance:
    """With three entries of 45.00 together, one of which takes 5.00 away."""
    wallet = make_balance(identity=make_identity(name="Northgate"))
    make_balance(currency="JPY")  # in which an amount means something else
    post_transfer(source=TREASURY, destination=wallet, amount_minor=20_00, reference="one")
    post_transfer(
        source=TREASURY,
        destination=wallet,
        amount_minor=20_00,
        reference="two",
        effective_at=NOON - timedelta(days=40),
        metadata={"region": "EU"},
    )
    post_transfer(source=wallet, destination=TREASURY, amount_minor=5_00, reference="three")
    return wallet


def test_each_entry_is_a_line_with_the_balance_after_it(clerk: Client, wallet: Balance) -> None:
    rows = rows_of(clerk.get(URL, {"balance": wallet.key}))

    assert rows[0] == [
        *("Effective", "Reference", "Balance", "Ledger", "Debit", "Credit", "Balance after")
    ]
    ledger = wallet.ledger.name
    assert rows[1:] == [
        ["15 Jan 2025", "three", "Northgate", ledger, "5.00GBP", "", "35.00"],
        ["15 Jan 2025", "one", "Northgate", ledger, "", "20.00GBP", "20.00"],
        ["6 Dec 2024", "two", "Northgate", ledger, "", "20.00GBP", "40.00"],
    ]


@pytest.mark.parametrize("scope", ["", "ledger", "balance"])
@pytest.mark.parametrize(
    "sort",
    [
        *("-effective", "effective", "reference", "-recorded", "description", "-balance"),
        *("ledger", "-direction", "debit", "-credit", "currency", "-running"),
    ],
)
def test_pages_hold_each_entry_once(clerk: Client, scope: str, sort: str) -> None:
    balance = make_balance(floor_minor=None)
    for number in range(12):
        post_transfer(
            source=balance,
            destination=TREASURY,
            reference=f"t{number:02}",
            effective_at=NOON + timedelta(days=number // 5),
        )
    keys = {"ledger": balance.ledger.key, "balance": balance.key, "": ""}
    seen: list[tuple[str, str]] = []
    url = f"{URL}?sort={sort}&size=20&{scope or 'x'}={keys[scope]}"
    while url:
        response = clerk.get(url)
        seen += [(row[1], row[4]) for row in rows_of(response)[1:]]
        following = re.search(r'rel="next" href="([^"]*)"', response.content.decode())
        url = following[1].replace("&amp;", "&") if following else ""

    assert len(seen) == (12 if scope else 24)
    assert len(set(seen)) == len(seen)
    if "effective" in sort or sort == "reference":
        references = [reference for reference, _debit in seen]
        assert references == sorted(references, reverse=sort[0] == "-")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("direction:is:debit", ["three"]),
        ("amount:at-least:10", ["one", "two"]),
        ("amount:between:4.99,5.01", ["three"]),
        ("amount:is:5.001", []),
        ("amount:is-not:20", ["three"]),
        ("amount:one-of:5,20.001,7", ["three"]),
        ("amount:one-of:5.001,20.001", []),
        ("amount:greater:4.999", ["three", "one", "two"]),
        ("amount:less:5.001", ["three"]),
        ("effective:is:2024-12", ["two"]),
        ("effective:is-not:2024-12", ["three", "one"]),
        ("effective:one-of:2024-12,2999", ["two"]),
        ("recorded:is-not:today", []),
        ("reference:contains:wo", ["two"]),
        ("currency:is:gbp", ["three", "one", "two"]),
        ("currency:is:EUR", []),
        ("kind:is:REVERSAL", []),
        ("metadata.region:is:EU", ["two"]),
        ("metadata.region:lacks-key", ["three", "one"]),
        ("transaction:is:txn_00000000-0000-0000-0000-000000000000", []),
        ("amount:at-least:x", []),
        ("nonsense:is:1", []),
    ],
)
def test_filters(clerk: Client, wallet: Balance, where: str, expected: list[str]) -> None:
    for scope in ({"balance": wallet.key}, {"where": f"balance:is:{wallet.key}"}):
        query = {"where": [where, *([scope["where"]] if "where" in scope else [])]}
        response = clerk.get(URL, {**scope, **query})

        assert [row[1] for row in rows_of(response)[1:]] == expected
        if expected:
            said = "1 entry" if len(expected) == 1 else f"{len(expected)} entries"
            assert said in text_of(response)


def test_columns_tell_of_the_extra_information_of_the_transaction(
    clerk: Client, wallet: Balance
) -> None:
    query = {"balance": wallet.key, "columns": "credit,metadata.region"}

    rows = rows_of(clerk.get(URL, query))
    file = b"".join(clerk.get(f"{URL}export.csv", query)).decode()
    lines = file.splitlines()[:4]  # before the sums

    assert [row[-1] for row in rows[1:]] == ["", "", "EU"]
    assert [line.rpartition(",")[2] for line in lines] == ["region", "", "", "EU"]


def test_extra_information_is_read_once_and_only_for_its_columns(
    clerk: Client, wallet: Balance
) -> None:
    def asked(columns: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            clerk.get(URL, {"balance": wallet.key, "columns": columns})
        return [each["sql"] for each in queries if "metadata::text" in each["sql"]]

    assert asked("credit") == []
    assert len(asked("metadata.region,metadata.kind")) == 1


def test_sums_are_those_of_the_rows(clerk: Client, wallet: Balance) -> None:
    everything = text_of(clerk.get(URL, {"count": "exact"}))
    assert "Sums 45.00GBP debits 45.00GBP credits" in everything
    assert "Sums" not in text_of(clerk.get(URL))
    assert "Add up" in text_of(clerk.get(URL))

    kept = text_of(clerk.get(URL, {"balance": wallet.key}))
    assert "Sums 5.00GBP debits 40.00GBP credits" in kept
    filtered = {"balance": wallet.key, "where": "effective:is:2024"}
    assert "Sums 0.00GBP debits 20.00GBP credits" in text_of(clerk.get(URL, filtered))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-debit", ["three", "two", "one"]),
        ("credit", ["three", "one", "two"]),
        ("running", ["one", "three", "two"]),
        ("direction", ["three", "one", "two"]),
    ],
)
def test_every_column_sorts_the_entries_that_are_counted(
    clerk: Client, wallet: Balance, sort: str, expected: list[str]
) -> None:
    response = clerk.get(URL, {"balance": wallet.key, "sort": sort})

    assert [row[1] for row in rows_of(response)[1:]] == expected


def test_more_entries_than_are_counted_sort_along_indexes_alone(
    clerk: Client, wallet: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "EXACT_MAX", 2)

    response = clerk.get(URL, {"balance": wallet.key, "sort": "-debit"})

    assert [row[1] for row in rows_of(response)[1:]] == ["three", "one", "two"]
    assert "rows or fewer to sort by Debit." in text_of(response)


def test_jump_begins_at_the_day_and_leads_both_ways(clerk: Client, wallet: Balance) -> None:
    jumped = clerk.get(URL, {"balance": wallet.key, "jump": "2025-01-01"})

    assert [row[1] for row in rows_of(jumped)[1:]] == ["two"]
    back = re.search(r'rel="prev" href="([^"]*)"', jumped.content.decode())
    assert back
    assert len(rows_of(clerk.get(back[1].replace("&amp;", "&")))) == 4
    # Before all there is: the last page.
    assert len(rows_of(clerk.get(URL, {"balance": wallet.key, "jump": "1999-01-01"}))) == 4
    assert len(rows_of(clerk.get(URL, {"balance": wallet.key, "jump": SCRIPT}))) == 4


def test_query_count_is_constant_in_rows(clerk: Client, wallet: Balance) -> None:
    urls = [URL, f"{URL}?balance={wallet.key}", f"{URL}?where=direction:is:debit"]
    few = [count_queries(clerk, url) for url in urls]
    for _ in range(25):
        post_transfer(source=TREASURY, destination=wallet)

    # rows, what they show, count, saved views; of a balance what it keeps, too
    assert few == [count_queries(clerk, url) for url in urls] == [4, 5, 4]


def test_page_walks_an_index_and_reads_no_history(clerk: Client, wallet: Balance) -> None:
    for url in (URL, f"{URL}?balance={wallet.key}", f"{URL}?ledger={wallet.ledger.key}"):
        with CaptureQueriesContext(connection) as queries:
            clerk.get(url)
        (page,) = [
            query["sql"]
            for query in queries
            if "ORDER BY" in query["sql"] and "LIMIT 21" in query["sql"]
        ]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_hashjoin = off")
            cursor.execute(f"EXPLAIN {page}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan
        assert " Sort (" not in plan.replace("Incremental Sort", "")
