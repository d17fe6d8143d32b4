from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.books import assert_sound
from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_client, make_user
from tests.pages import hidden_value
from tests.transactions.acting import address, make_hold, review
from transactions.models import Transaction
from users.models import User


def _post(user: User, token: str, url: str = "/transactions/new/") -> str:
    try:
        return make_client(user=user).post(url, {"token": token})["Location"]
    finally:
        connection.close()


@pytest.mark.parametrize("source", ["balance", "@New"])
def test_clicks_at_the_same_moment_post_once_and_land_on_one_page(
    own_database: OwnDatabase, source: str
) -> None:
    user = make_user()
    balance = make_balance(opening_minor=100_00)
    given = {
        "source": balance.key if source == "balance" else source,
        "destination": make_balance().key,
        "amount": "60",
        "reference": "inv-1",
    }
    reviewed = make_client(user=user).post("/transactions/review/", given)
    token = hidden_value(reviewed, "token")

    with ThreadPoolExecutor(8) as pool:
        pages = set(pool.map(lambda _turn: _post(user, token), range(8)))

    transaction = Transaction.objects.get(reference="inv-1")
    assert pages == {transaction.get_absolute_url()}
    assert_sound()


@pytest.mark.parametrize("action", ["commit", "void"])
def test_clicks_at_the_same_moment_commit_or_void_once(
    own_database: OwnDatabase, action: str
) -> None:
    user = make_user()
    held = make_hold(make_balance(opening_minor=100_00), make_balance())
    answer = review(make_client(user=user), held, action, extent="part", amount="60")
    token = hidden_value(answer, "token")

    with ThreadPoolExecutor(8) as pool:
        pages = set(pool.map(lambda _turn: _post(user, token, address(held, action)), range(8)))

    done = Transaction.objects.get(parent=held)
    assert pages == {f"{held.get_absolute_url()}?new={done.key}"}
    assert_sound()
