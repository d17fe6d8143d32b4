from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from dashboard.search import find_groups
from search.indexing import index_documents
from tests.factories import (
    make_balance,
    make_identity,
    make_ledger,
    post_transfer,
)
from tests.pages import HTMX, SCRIPT, count_queries, links_of, rows_of, text_of
from tests.schedules.building import make_schedule
from transactions.models import Transaction
from transactions.requests import Indicator
from web.statements import fetch_all

pytestmark = pytest.mark.django_db
URL = "/search/"
TREASURY = Indicator("@Treasury", "GBP")


@pytest.fixture
def wage() -> Transaction:
    return post_transfer(
        source=Indicator("@Treasury", "GBP"), destination=make_balance(), reference="wage-2025-01"
    )


def test_key_opens_the_record(clerk: Client, wage: Transaction) -> None:
    for record in (make_ledger(), make_balance(), make_identity(), wage):
        for text in (record.key, f"  {record.key.upper()} ", str(record.public_id)):
            response = clerk.get(URL, {"q": text})

            assert response.status_code == 302
            assert response.headers["Location"] == record.get_absolute_url()


def test_whole_reference_opens_the_transaction(clerk: Client, wage: Transaction) -> None:
    response = clerk.get(URL, {"q": " wage-2025-01 "})

    assert response.headers["Location"] == wage.get_absolute_url()


def test_beginning_of_a_reference_finds_transactions(clerk: Client, wage: Transaction) -> None:
    response = clerk.get(URL, {"q": "wage-2025"})

    assert wage.get_absolute_url() in links_of(response)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *(("wage-2025", ""), ("AGE-2025", ""), ("january sal", ""), ("salarys", "similar words")),
        *(("1,250.00", ""), ("1250", ""), ("S-12", "extra information: S-12")),
    ],
)
def test_transaction_is_found_by_text_amount_and_value(clerk: Client, text: str, why: str) -> None:
    paid = post_transfer(
        source=TREASURY,
        destination=make_balance(),
        amount_minor=1_250_00,
        reference="wage-2025-01",
        description="Salaries of January salaried staff",
        metadata={"slip": {"number": "S-12"}},
    )
    post_transfer(source=TREASURY, destination=make_balance(), description="Rent")
    index_documents()

    response = clerk.get(URL, {"q": text})

    assert paid.get_absolute_url() in links_of(response)
    (row,) = (row for row in rows_of(response) if row[0] == "wage-2025-01")
    assert row[1].startswith("1,250.00 GBP · 15 Jan 2025 · Salaries of January")
    assert row[1].endswith(why)


def test_transactions_lead_to_the_table_that_says_as_much(clerk: Client) -> None:
    for number in range(11):
        post_transfer(
            source=TREASURY,
            destination=make_balance(),
            amount_minor=7_50,
            description=f"Rent {number}",
        )

    assert "/transactions/?where=text%3Acontains%3Arent" in links_of(clerk.get(URL, {"q": "rent"}))
    assert "/transactions/?where=amount%3Ais%3A7.50" in links_of(clerk.get(URL, {"q": "7.50"}))


def test_names_are_found_in_groups(clerk: Client, wage: Transaction) -> None:
    ledger = make_ledger(name="Treasure chests")
    identity = make_identity(name="Northgate", email="treasurer@northgate.example")

    response = clerk.get(URL, {"q": "TREASUR"})

    links = links_of(response)
    assert ledger.get_absolute_url() in links
    assert identity.get_absolute_url() in links
    assert ["@Treasury", "GBP"] in rows_of(response)
    assert all(group in text_of(response) for group in ("Ledgers", "Identities", "Balances"))


def test_indicator_is_found_with_its_sign(clerk: Client, wage: Transaction) -> None:
    assert ["@Treasury", "GBP"] in rows_of(clerk.get(URL, {"q": "@treas"}))


def test_groups_are_cut_and_lead_to_the_table(clerk: Client) -> None:
    for number in range(12):
        make_ledger(name=f"Region {number:02}")

    response = clerk.get(URL, {"q": "region"})

    found = [row for row in rows_of(response) if row[0].startswith("Region")]
    assert len(found) == 10
    assert "/ledgers/?q=region" in links_of(response)


def test_slips_lead_to_no_table_that_would_be_empty(clerk: Client) -> None:
    for number in range(12):
        make_identity(name=f"Northgate {number:02}")

    response = clerk.get(URL, {"q": "nortgate"})

    assert "the first 10" in text_of(response)
    assert "/identities/?q=nortgate" not in links_of(response)


def test_nothing_found_is_said(clerk: Client) -> None:
    assert "Nothing found" in text_of(clerk.get(URL, {"q": "zzz"}))


def test_nothing_asked_says_what_can_be(clerk: Client) -> None:
    assert "What are you looking for?" in text_of(clerk.get(URL))


def test_unknown_ids_are_not_found(clerk: Client) -> None:
    for text in (f"ldg_{uuid.uuid4()}", str(uuid.uuid4()), f"abc_{uuid.uuid4()}", "ldg_", "_"):
        assert "Nothing found" in text_of(clerk.get(URL, {"q": text}))


def test_what_is_written_so_comes_before_what_is_near(clerk: Client) -> None:
    make_identity(name="Banbury Litho")
    make_balance(indicator="@Bank")

    text = text_of(clerk.get(URL, {"q": "@bank"}))

    assert text.index("@Bank") < text.index("Banbury Litho")


@pytest.mark.parametrize("text", ["\x00", "%", "\\", "'", "x" * 5000, "\U0010ffff", "{}", "[("])
def test_any_text_may_be_asked(clerk: Client, text: str) -> None:
    assert clerk.get(URL, {"q": text}).status_code == 200


def test_question_is_shown_as_text(clerk: Client) -> None:
    response = clerk.get(URL, {"q": SCRIPT})

    assert SCRIPT not in response.content.decode()
    assert f"Search: {SCRIPT}" in text_of(response)


def test_htmx_gets_the_results_alone(clerk: Client) -> None:
    response = clerk.get(URL, {"q": "a"}, headers=HTMX)

    assert response.content.decode().strip().startswith('<div id="search-results"')


def test_anonymous_is_sent_to_login(client: Client) -> None:
    assert client.get(URL).headers["Location"] == "/login/?next=/search/"


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    make_ledger(name="Region")
    few = count_queries(clerk, f"{URL}?q=region")
    for number in range(9):
        make_ledger(name=f"Region {number}")
        make_identity(name=f"Region {number}")

    assert count_queries(clerk, f"{URL}?q=region") <= few < 13


def test_schedule_is_found_by_its_key_and_by_its_reference(clerk: Client) -> None:
    balance = make_balance()
    kept = make_schedule(source=TREASURY, destination=balance, reference="rent-2026-12")
    make_schedule(source=TREASURY, destination=balance, reference="rent-2027-01")

    for text in (kept.key, str(kept.public_id), "rent-2026-12"):
        assert clerk.get(URL, {"q": text}).headers["Location"] == kept.get_absolute_url()
    assert kept.get_absolute_url() in links_of(clerk.get(URL, {"q": "rent-"}))


def labels(client: Client, text: str) -> list[str]:
    """What is found, kind by kind, without what is offered beside it."""
    return [hit.label for group in find_groups(text) for hit in group.hits]


@pytest.mark.parametrize(
    "text",
    [
        *("northgate", "NORTH", "gate", "trading north", "pay@north", "no", "tra"),
        *("nortgate", "norhtgate", "northgaet", "northgatte", "northgate tradign"),
    ],
)
def test_identity_is_found_by_parts_and_in_spite_of_slips(clerk: Client, text: str) -> None:
    make_identity(name="Northgate Trading", email="pay@northgate.example")
    make_identity(name="Southwark")

    assert labels(clerk, text) == ["Northgate Trading"]


@pytest.mark.parametrize("text", ["southgate", "nxxxgate", "trade winds", "%", "__", "gat3"])
def test_what_is_something_else_is_not_found(clerk: Client, text: str) -> None:
    make_identity(name="Northgate Trading")

    assert labels(clerk, text) == []


def test_likeliest_comes_first(clerk: Client) -> None:
    for name in ("Le Mar", "Omar", "Mar", "Marble", "Amarna"):
        make_identity(name=name)

    assert labels(clerk, "mar") == ["Mar", "Marble", "Le Mar", "Amarna", "Omar"]


@pytest.mark.parametrize(
    ("slip", "name"),
    [("treasry", "@Treasury"), ("@treasuyr", "@Treasury"), ("suplier", "Suppliers")],
)
def test_indicators_and_ledgers_are_found_in_spite_of_slips(
    clerk: Client, wage: Transaction, slip: str, name: str
) -> None:
    make_ledger(name="Suppliers")

    assert labels(clerk, slip) == [name]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"customer": "C-4711"}, "C-4711"),
        ({"address": {"lines": ["Karl Johans gate 1"]}}, "Karl Johans gate 1"),
        ({"number": 4711}, "4711"),
        ({"quoted": 'a "b" \\ $ c'}, 'a "b" \\ $ c'),
    ],
)
def test_value_of_extra_information_finds_its_record(
    clerk: Client, value: dict[str, Any], text: str
) -> None:
    for make in (make_identity, make_ledger, make_balance):
        make(metadata=value)
        make(metadata={"other": "thing"})

    rows = [row for row in rows_of(clerk.get(URL, {"q": text})) if text in row[1]]

    assert len(rows) == 3
    assert all(f": {text}" in row[1] for row in rows)


def test_beginning_of_an_id_finds_its_record(clerk: Client, wage: Transaction) -> None:
    for record in (make_ledger(), make_balance(), make_identity(), wage):
        for text in (record.key[:16], record.key[4:14], record.key[:20].upper()):
            assert record.key in labels(clerk, text)


def test_search_leaves_the_settings_of_the_connection_alone(clerk: Client) -> None:
    names = ("enable_seqscan", "statement_timeout")
    before = [fetch_all(f"SHOW {name}") for name in names]

    find_groups("northgate")

    assert [fetch_all(f"SHOW {name}") for name in names] == before
