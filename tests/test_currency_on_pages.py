"""Amounts of 38 digits stand on every page, and are committed and refunded, to the last digit."""

from __future__ import annotations

from decimal import Decimal
from threading import Thread

import pytest
from django.test import Client

from balances.models import Balance
from ledgers.operations import add_currency
from tests.factories import make_balance, make_client, post_transfer
from tests.files import body_of
from tests.pages import text_of
from tests.transactions.holding import place
from transactions.lifecycle import commit
from transactions.models import Transaction
from transactions.requests import Following

pytestmark = pytest.mark.django_db
AMOUNT_MINOR = 12345678901234567890_123456789012345678
AMOUNT = "12,345,678,901,234,567,890.123456789012345678"
ALL_BUT_ONE = "12,345,678,901,234,567,890.123456789012345677"


@pytest.fixture
def pages() -> Client:
    return make_client()


@pytest.fixture
def mint() -> Balance:
    add_currency(code="XTK", name="Token", exponent=18, kind="CRYPTO", actor=None)
    return make_balance(indicator="@Mint", currency="XTK", floor_minor=None)


def pages_of(transaction: Transaction, balance: Balance) -> list[str]:
    of_transaction, of_balance = transaction.get_absolute_url(), balance.get_absolute_url()
    return [
        *("/", "/transactions/", "/transactions/export.csv"),
        *(of_transaction, f"{of_transaction}quick/"),
        *(of_balance, f"{of_balance}quick/", balance.ledger.get_absolute_url()),
    ]


def plain_text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return body_of(response).decode() if ".csv" in path else text_of(response)


def test_posting_of_38_digits(pages: Client, mint: Balance) -> None:
    balance = make_balance(currency="XTK")
    posted = post_transfer(source=mint, destination=balance, amount_minor=AMOUNT_MINOR)

    for path in [*pages_of(posted, balance), "/entries/", "/trial-balance/"]:
        text = plain_text_of(pages, path)
        assert AMOUNT in text or AMOUNT.replace(",", "") in text, path


def test_commit_of_all_but_the_last_digit(pages: Client, mint: Balance) -> None:
    balance = make_balance(currency="XTK")
    held = place(mint, balance, AMOUNT_MINOR)
    commit(Following(held, "part", amount_minor=AMOUNT_MINOR - 1))

    transaction = Transaction.objects.get(pk=held)
    assert transaction.hold.remaining_minor == 1
    for path in pages_of(transaction, balance):
        text = plain_text_of(pages, path)
        assert "Partly committed" in text or "/balances/" in path or "/ledgers/" in path, path
    assert f"{ALL_BUT_ONE} committed" in plain_text_of(pages, "/transactions/")


def test_new_threads_are_as_exact() -> None:
    results: list[Decimal] = []

    thread = Thread(target=lambda: results.append(-Decimal(AMOUNT_MINOR)))
    thread.start()
    thread.join()

    assert results == [-AMOUNT_MINOR]
