from __future__ import annotations

import re

import pytest
from django.test import Client

from balances.models import Balance
from dashboard.palette_typos import slips
from tests.factories import (
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.pages import SCRIPT, count_queries, links_of, text_of
from tests.schedules.building import make_schedule
from transactions.requests import Indicator
from users.saved_views import save_view

URL = "/search/box/"


@pytest.fixture
def clerk(db: None) -> Client:
    return make_client()


def options_of(client: Client, text: str, *, path: str = "/") -> dict[str, str]:
    """Label and address of each option."""
    html = client.get(URL, {"q": text, "from": path}).content.decode()
    found = re.findall(r'role="option"[^>]*?(?:href|form)="([^"]*)".*?<bdi>(.*?)</bdi>', html)
    return {label: url.replace("&amp;", "&") for url, label in found}


def test_nothing_typed_offers_what_to_do_and_where_to_go(clerk: Client) -> None:
    offered = options_of(clerk, "")

    assert offered["New transaction"] == "/transactions/new/"
    assert offered["Run the proof"] == "run-proof"
    assert offered["Trial balance"] == "/trial-balance/"
    assert offered["Inflight transactions"] == "/transactions/?tab=inflight"
    assert "Admin" not in offered


@pytest.mark.django_db
def test_admin_is_offered_to_staff(client: Client) -> None:
    client.force_login(make_user(is_staff=True))

    assert options_of(client, "adm")["Admin"] == "/admin/"


@pytest.mark.django_db
def test_nothing_typed_shows_what_this_person_worked_on(client: Client) -> None:
    ada, bob = make_user(username="ada"), make_user(username="bob")
    client.force_login(ada)
    mine = make_ledger(name="Suppliers", actor=ada)
    make_ledger(name="Theirs", actor=bob)
    balance = make_balance(ledger=mine, actor=ada, identity=make_identity(name="Northgate"))
    wage = post_transfer(
        source=Indicator("@Treasury", "GBP"), destination=balance, reference="wage", actor=ada
    )

    response = client.get(URL)

    links = links_of(response)
    treasury = Balance.objects.get(indicator="@Treasury")
    assert [link for link in links if "_" in link] == [
        each.get_absolute_url() for each in (wage, treasury, balance, mine)
    ]
    assert "@Treasury, GBP" in text_of(response)
    assert "Northgate, GBP" in text_of(response)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("new bal", ["New balance"]),
        ("proof", ["Run the proof", "Proof"]),
        ("trial", ["Trial balance"]),
        ("rejec", ["Rejected transactions"]),
    ],
)
def test_pages_and_actions_are_filtered_by_what_is_typed(
    clerk: Client, text: str, offered: list[str]
) -> None:
    found = list(options_of(clerk, text))

    assert found[: len(offered)] == offered
    assert "Home" not in found


@pytest.mark.django_db
def test_saved_views_are_found_by_name(client: Client) -> None:
    ada, bob = make_user(), make_user()
    client.force_login(ada)
    for owner, name, is_shared in ((ada, "Large wages", False), (bob, "Old wages", True)):
        save_view(
            owner=owner,
            table="ledgers",
            name=name,
            query="where=name%3Acontains%3Awage",
            is_shared=is_shared,
        )
    save_view(owner=bob, table="ledgers", name="My wages", query="sort=name", is_shared=False)

    offered = options_of(client, "wages")

    assert "My wages" not in offered
    for name in ("Large wages", "Old wages"):
        assert offered[name].startswith("/ledgers/?where=name%3Acontains%3Awage&view=")


def test_forms_are_prefilled_with_the_record_of_the_page(clerk: Client) -> None:
    ledger, identity, balance = make_ledger(), make_identity(), make_balance()
    prefilled = {
        ledger.get_absolute_url(): ("New balance", f"/balances/new/?ledger={ledger.key}"),
        identity.get_absolute_url(): ("New balance", f"/balances/new/?identity={identity.key}"),
        balance.get_absolute_url(): (
            "New transaction",
            f"/transactions/new/?source={balance.key}",
        ),
        "/no-such-page/": ("New balance", "/balances/new/"),
    }

    for path, (label, url) in prefilled.items():
        assert options_of(clerk, "new", path=path)[label] == url
        assert clerk.get(url).status_code == 200


def test_forms_are_prefilled_with_what_is_typed(clerk: Client) -> None:
    offered = options_of(clerk, "Northgate")

    assert offered["New identity “Northgate”"] == "/identities/new/?name=Northgate"
    assert offered["New ledger “Northgate”"] == "/ledgers/new/?name=Northgate"
    by_amount = options_of(clerk, "1,250.00")["New transaction of 1,250.00"]
    assert 'value="1,250.00"' in clerk.get(by_amount).content.decode()


def test_exact_id_or_reference_comes_first(clerk: Client) -> None:
    make_schedule(
        source=Indicator("@Treasury", "GBP"), destination=make_balance(), reference="new-1"
    )
    balance = make_balance()
    wage = post_transfer(source=Indicator("@Treasury", "GBP"), destination=balance, reference="new")

    for text, record in (("new", wage), (balance.key, balance)):
        assert links_of(clerk.get(URL, {"q": text}))[0] == record.get_absolute_url()


@pytest.mark.parametrize("table", ["ledgers", "identities"])
def test_the_way_to_all_of_them_is_a_sentence(clerk: Client, table: str) -> None:
    for number in range(6):
        make_ledger(name=f"North {number}")
        make_identity(name=f"North {number}")

    offered = clerk.get(URL, {"q": "north"})

    assert f"All {table} with “north”" in text_of(offered)


def test_groups_are_short_and_lead_to_the_table_of_all(clerk: Client) -> None:
    for number in range(7):
        make_ledger(name=f"Region {number}")

    links = links_of(clerk.get(URL, {"q": "region"}))

    assert sum(link.startswith("/ledgers/ldg_") for link in links) == 5
    assert "/ledgers/?q=region" in links
    assert "/search/?q=region" in links


@pytest.mark.parametrize("text", [SCRIPT, "\x00", "%", "\\", "'", '"', "x" * 5000, "$.**", "[("])
def test_any_text_may_be_typed(clerk: Client, text: str) -> None:
    response = clerk.get(URL, {"q": text, "from": text})

    assert response.status_code == 200
    assert "<script" not in response.content.decode()


def test_count_is_told(clerk: Client) -> None:
    make_ledger(name="Zebra")

    assert 'data-found="1 result"' in clerk.get(URL, {"q": "zebra"}).content.decode()
    assert "Nothing found" in clerk.get(URL, {"q": "7"}).content.decode()


def test_box_is_for_those_who_are_signed_in(client: Client) -> None:
    assert client.get(URL).status_code == 302


def test_cost_does_not_grow_with_what_is_found(clerk: Client) -> None:
    make_ledger(name="Region")
    few = count_queries(clerk, f"{URL}?q=region")
    for number in range(9):
        make_ledger(name=f"Region {number}")
        make_identity(name=f"Region {number}")

    assert count_queries(clerk, f"{URL}?q=region") <= few < 20


@pytest.mark.parametrize(
    ("word", "target", "count"),
    [
        ("north", "northgate", 0),
        ("nroth", "northgate", 1),
        ("nrth", "northgate", 1),
        ("noorth", "northgate", 1),
        ("morth", "northgate", 1),
        ("northgate", "north", 4),
        ("abc", "xyz", 3),
    ],
)
def test_slips_are_counted_to_the_nearest_beginning(word: str, target: str, count: int) -> None:
    assert slips(word, target) == count
