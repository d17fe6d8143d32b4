from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from balances.operations import close_balance
from tests.factories import make_balance, make_identity, make_ledger
from tests.pages import SCRIPT, count_queries, text_of

pytestmark = pytest.mark.django_db
URL = "/balances/suggest/"


def values(client: Client, text: str, url: str = URL) -> list[str]:
    html = client.get(url, {"q": text}).content.decode()
    return re.findall(r'data-value="([^"]*)"', html)


def test_owner_is_found_by_part_of_the_name_beginnings_first(clerk: Client) -> None:
    inner = make_balance(identity=make_identity(name="Old Northgate"))
    first = make_balance(identity=make_identity(name="Northgate Builders"))
    make_balance(identity=make_identity(name="Meadow Homes"))

    assert values(clerk, "north") == [first.key, inner.key]


def test_currency_of_the_other_side_comes_first_and_hides_nothing(clerk: Client) -> None:
    owner, other_side = make_identity(name="Northgate"), make_balance(currency="JPY")
    pounds, yen = (make_balance(identity=owner, currency=code) for code in ("GBP", "JPY"))

    def found(beside: str) -> list[str]:
        html = clerk.get(URL, {"q": "north", "beside": beside}).content.decode()
        return re.findall(r'data-value="([^"]*)"', html)

    assert found(other_side.key) == [yen.key, pounds.key]
    assert found("") == found("@Bank") == found("bln_x") == [pounds.key, yen.key]


def test_option_tells_figure_currency_and_ledger(clerk: Client) -> None:
    make_balance(
        ledger=make_ledger(name="Suppliers"),
        identity=make_identity(name="Northgate"),
        opening_minor=17_100,
    )

    assert "Northgate 171.00 GBP · Suppliers" in text_of(clerk.get(URL, {"q": "north"}))


def test_indicator_is_found_with_and_without_at(clerk: Client) -> None:
    treasury = make_balance(indicator="@Treasury")

    assert values(clerk, "@treas")[0] == treasury.key
    assert values(clerk, "treas") == [treasury.key]


def test_unknown_indicator_is_offered_for_first_use(clerk: Client) -> None:
    make_balance(indicator="@Treasury")

    assert values(clerk, "@Marketing") == ["@Marketing"]
    assert "opened on first use" in text_of(clerk.get(URL, {"q": "@Marketing"}))
    for known in ("@Treasury", "@TREASURY"):
        assert values(clerk, known) == [Balance.objects.get().key]


def test_id_is_found_whole_and_by_its_beginning(clerk: Client) -> None:
    balance = make_balance()

    assert values(clerk, balance.key) == [balance.key]
    assert values(clerk, balance.key[:14]) == [balance.key]
    assert values(clerk, "bln_xyz") == []


def test_ledger_name_finds_its_balances(clerk: Client) -> None:
    balance = make_balance(ledger=make_ledger(name="Customer Wallets"))

    assert values(clerk, "wallets") == [balance.key]


def test_closed_balances_are_left_out(clerk: Client) -> None:
    balance = make_balance(identity=make_identity(name="Northgate"))
    close_balance(balance, at=timezone.now(), actor=None)

    assert values(clerk, "north") == []


def test_ten_at_most_in_a_constant_number_of_queries(clerk: Client) -> None:
    for number in range(15):
        make_balance(identity=make_identity(name=f"Northgate {number}"))

    assert len(values(clerk, "north")) == 10
    assert count_queries(clerk, f"{URL}?q=north") == 2  # owners, balances
    assert count_queries(clerk, f"{URL}?q=nothing") <= 5


@pytest.mark.parametrize("text", ["", "\x00", "%", "bln_", "@", SCRIPT, "ﷺ" * 300])
def test_any_text_is_answered(clerk: Client, text: str) -> None:
    make_balance(identity=make_identity(name=SCRIPT))

    response = clerk.get(URL, {"q": text})

    assert response.status_code == 200
    assert SCRIPT not in response.content.decode()


def test_currencies_are_found_by_code_and_name(clerk: Client) -> None:
    url = "/balances/suggest/currencies/"

    assert values(clerk, "gb", url) == ["GBP"]
    assert "JPY" in values(clerk, "yen", url)


def test_anonymous_is_sent_to_login(client: Client) -> None:
    for url in (URL, "/balances/suggest/currencies/"):
        assert client.get(url).headers["Location"] == f"/login/?next={url}"
