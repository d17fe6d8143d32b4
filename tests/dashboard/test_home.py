from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_balance, make_client, make_ledger, post_transfer
from tests.pages import (
    HISTORY_RESTORE,
    HTMX,
    SCRIPT,
    count_queries,
    is_whole_page,
    rows_of,
    text_of,
)
from transactions.proof import run_proof

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> Client:
    return make_client()


def test_first_run_teaches_the_steps(clerk: Client) -> None:
    text = text_of(clerk.get("/"))

    for step in ("Create a ledger", "Open balances in it", "Post a transaction"):
        assert step in text
    assert "Latest transactions" not in text


def test_books_without_a_transaction_say_so(clerk: Client) -> None:
    make_ledger()

    assert "Nothing has been posted yet." in text_of(clerk.get("/"))


def test_counts_are_those_of_the_books(clerk: Client) -> None:
    ledger = make_ledger()
    source = make_balance(ledger=ledger, opening_minor=5_00)
    destination = make_balance(ledger=ledger)
    post_transfer(source=source, destination=destination)

    text = text_of(clerk.get("/"))

    # With the General Ledger and @Funding in it.
    for count in ("Ledgers2", "Balances3", "Transactions2"):
        assert count in text.replace(" ", "")
    assert "Create a ledger" not in text


def test_latest_transactions_and_ledgers_are_shown(clerk: Client) -> None:
    source = make_balance(ledger=make_ledger(name=SCRIPT), opening_minor=5_00)
    post_transfer(source=source, destination=make_balance(), reference="wage-1")

    response = clerk.get("/")

    assert "wage-1" in [row[1] for row in rows_of(response)]
    assert SCRIPT in [row[0] for row in rows_of(response)]
    assert SCRIPT not in response.content.decode()


def test_proof_is_marked(clerk: Client) -> None:
    assert "not proved yet" in text_of(clerk.get("/"))

    run_proof(actor=None)

    assert "recomputed just now" in text_of(clerk.get("/"))


def test_htmx_gets_the_figures_alone(clerk: Client) -> None:
    response = clerk.get("/", headers=HTMX)

    assert response.content.decode().strip().startswith('<div id="home-figures"')


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    assert is_whole_page(clerk.get("/", headers=HISTORY_RESTORE))


def test_anonymous_is_sent_to_login(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/login/?next=/"


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    make_balance(opening_minor=1_00)
    few = count_queries(clerk, "/")
    for _ in range(12):
        make_balance(opening_minor=1_00)

    # ledgers, estimate and count of transactions, balances, proof,
    # latest transactions (3), latest ledgers and their figures
    assert count_queries(clerk, "/") == few == 9
