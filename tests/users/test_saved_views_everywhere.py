from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from users.models import SavedView, User
from users.saved_views import save_view
from users.table_choices import choose_first_view
from web.tables.definition import Table, find_table

pytestmark = pytest.mark.django_db

TABLES = ["ledgers", "balances", "transactions", "entries", "identities"]


@pytest.fixture
def reader() -> User:
    owned = make_balance(floor_minor=None, identity=make_identity())
    post_transfer(source=owned, destination=make_balance())
    return make_user()


@pytest.fixture
def clerk(reader: User) -> Client:
    return make_client(user=reader)


def table_of(name: str) -> Table:
    assert get_resolver().url_patterns  # loads the apps' pages, and with them their tables
    table = find_table(name)
    assert table
    return table


def keep(reader: User, name: str, query: str = "sort=created") -> SavedView:
    return save_view(owner=reader, table=name, name="Mine", query=query)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_opens_with_a_saved_view(clerk: Client, reader: User, name: str) -> None:
    table = table_of(name)
    view = keep(reader, name)
    choose_first_view(user=reader, table=name, view=str(view.public_id), is_first=True)

    opened = clerk.get(reverse(table.url_name))
    page = clerk.get(opened["Location"]).content.decode()

    assert re.search(r'aria-current="true"><bdi>Mine</bdi> <b[^>]*>[\d,]+</b>', page)
    assert f'href="{reverse(table.url_name)}?tab=all"' in page
    assert clerk.get(f"{reverse(table.url_name)}?tab=all").status_code == 200


@pytest.mark.parametrize("name", TABLES)
def test_every_table_counts_its_tabs(clerk: Client, reader: User, name: str) -> None:
    table = table_of(name)
    view = keep(reader, name, query="where=gone:is:1")
    other = save_view(owner=reader, table=name, name="Other", query="sort=created")

    page = clerk.get(f"{reverse(table.url_name)}?view={view.public_id}").content.decode()
    counts = clerk.get(f"/tables/{name}/counts/?view={view.public_id}").content.decode()

    awaited = set(re.findall(r'<b id="(count-[^"]+)"></b>', page))
    assert f"count-{other.public_id}" in awaited
    assert set(re.findall(r'<b id="([^"]+)" hx-swap-oob="true">[\d,]+', counts)) == awaited


@pytest.mark.parametrize("name", ["ledgers", "balances", "transactions"])
def test_figures_of_home_lead_to_all_rows(clerk: Client, reader: User, name: str) -> None:
    view = keep(reader, name, query="q=nothing")
    choose_first_view(user=reader, table=name, view=str(view.public_id), is_first=True)

    home = clerk.get("/").content.decode()
    url = f"/{name}/?tab=all"

    figure = re.search(rf'href="{re.escape(url)}" data-figure="count">([\d,]+)<', home)
    assert figure
    tabs = clerk.get(url).content.decode()
    assert re.search(rf'aria-current="true"><bdi>All</bdi> <b[^>]*>{figure[1]}</b>', tabs)


def test_each_tab_is_counted_as_its_own_page_counts_it(clerk: Client, reader: User) -> None:
    """Some tabs are of other tables than the one that is shown."""
    view = keep(reader, "transactions")
    held = save_view(
        owner=reader, table="transactions", name="Held", query="tab=inflight&where=currency:is:GBP"
    )

    counts = clerk.get(f"/tables/transactions/counts/?view={view.public_id}").content.decode()

    found = dict(re.findall(r'<b id="count-([^"]+)" hx-swap-oob="true">([\d,]+)', counts))
    assert found == {
        "all": "1",
        "posted": "1",
        "inflight": "0",
        "scheduled": "0",
        "rejected": "0",
        "cancelled": "0",
        str(held.public_id): "0",
    }


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_its_columns_chosen(clerk: Client, reader: User, name: str) -> None:
    table = table_of(name)
    fixed = [column.name for column in table.columns if column.is_fixed]
    names = [column.name for column in table.columns]
    wanted = next(each for each in reversed(names) if each not in fixed)
    form = {"size": "100", "density": "compact", "column": names, "shown": [wanted]}

    assert clerk.get(f"/preferences/tables/{name}/").status_code == 200
    assert clerk.post(f"/preferences/tables/{name}/", form).status_code == 302

    reader.refresh_from_db()
    assert reader.table_choices[name]["columns"] == [*fixed, wanted]
    page = clerk.get(reverse(table.url_name)).content.decode()
    assert page.count('<th scope="col"') - page.count('scope="col" class="tick"') == len(fixed) + 1
