from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories import make_client, make_identity, make_user
from tests.pages import SCRIPT, SLIDE_OVER, count_queries, is_whole_page, rows_of, text_of
from users.models import User
from users.saved_views import save_view

pytestmark = pytest.mark.django_db

TABLE = "/identities/"
URL = "/preferences/tables/identities/"
KEPT = {"size": "20", "density": "comfortable"}


@pytest.fixture
def reader() -> User:
    return make_user()


@pytest.fixture
def clerk(reader: User) -> Client:
    make_identity(name="Northgate", metadata={"region": "North", "bill": {"number": 7}})
    return make_client(user=reader)


def shown(response: Any) -> list[list[str]]:
    """The table, but for the column in which rows are ticked."""
    rows = rows_of(response)
    return [row[rows[0][0] == "Ticked" :] for row in rows]


def heads(response: Any) -> list[str]:
    return shown(response)[0]


def send(clerk: Client, *, query: str = "", **data: Any) -> Any:
    columns = ["name", "kind", "email", "balances", "created", "id"]
    places = [str(place) for place in range(1, 7)]
    form = {"column": columns, "place": places, "shown": columns[:5], **KEPT, **data}
    return clerk.post(f"{URL}?{query}", form)


def chosen(reader: User) -> dict[str, Any]:
    reader.refresh_from_db()
    return dict(reader.table_choices.get("identities", {}))


def test_columns_are_chosen_and_ordered(clerk: Client, reader: User) -> None:
    response = send(
        clerk,
        shown=["name", "balances", "kind"],
        place=["1", "3", "3", "2", "5", "6"],
        metadata="region, bill.number",
        size="50",
        density="compact",
    )

    assert response["Location"] == TABLE
    assert chosen(reader) == {
        "columns": ["name", "balances", "kind", "metadata.region", "metadata.bill.number"],
        "size": 50,
        "density": "compact",
    }
    page = clerk.get(TABLE)
    assert shown(page) == [
        ["Name", "Balances", "Kind", "region", "bill.number"],
        ["Northgate", "0", "Organization", "North", "7"],
    ]
    assert 'class="rows compact"' in page.content.decode()


def test_choices_are_read_with_the_user(clerk: Client, reader: User) -> None:
    before = count_queries(clerk, TABLE)
    send(clerk, shown=["name"], density="compact")

    assert count_queries(clerk, TABLE) == before


def test_address_wins_and_one_comes_back_without_it(clerk: Client) -> None:
    send(clerk, shown=["name", "email"])
    assert heads(clerk.get(TABLE)) == ["Name", "E-mail"]
    assert heads(clerk.get(f"{TABLE}?columns=kind")) == ["Name", "Kind"]

    response = send(clerk, query="where=kind:is:PERSON&columns=kind&size=50&cursor=x")

    assert response["Location"] == f"{TABLE}?where=kind:is:PERSON"


def test_columns_can_be_shown_once_in_the_address(clerk: Client, reader: User) -> None:
    response = send(clerk, query="q=a", shown=["name", "kind"], do="show", size="50")

    assert response["Location"] == f"{TABLE}?columns=name,kind&q=a&size=50"
    assert chosen(reader) == {}


def test_choices_are_forgotten_at_once(clerk: Client, reader: User) -> None:
    send(clerk, shown=["name"], size="100")

    send(clerk, do="reset")

    assert chosen(reader) == {}
    assert heads(clerk.get(TABLE)) == ["Name", "Kind", "E-mail", "Balances", "Created"]


def test_choice_like_the_default_is_not_kept(clerk: Client, reader: User) -> None:
    send(clerk)

    assert chosen(reader) == {}


def test_page_shows_what_stands_first_in_its_order(clerk: Client) -> None:
    response = clerk.get(f"{URL}?columns=created,metadata.region", headers=SLIDE_OVER)

    assert not is_whole_page(response)
    text = text_of(response)
    order = [text.index(each) for each in ("Name", "Created", "region", "Kind", "E-mail")]
    assert order == sorted(order)
    assert response.content.decode().count(" checked") == 3


def test_table_opens_with_the_view_chosen_here(clerk: Client, reader: User) -> None:
    view = save_view(owner=make_user(), table="identities", name="New", query="", is_shared=True)

    send(clerk, view=str(view.public_id))

    assert clerk.get(TABLE)["Location"] == f"{TABLE}?view={view.public_id}"


@pytest.mark.parametrize(
    "data",
    [
        {"metadata": "a..b"},
        {"metadata": "a\x00b"},
        {"metadata": ".".join(["x" * 99] * 3)},
        {"metadata": ",".join(map(str, range(40)))},
        {"size": "1000000"},
        {"density": "none"},
        {"view": "5ec5ba0c-1d4f-4be4-9d43-3a5a2f4e7f43"},
    ],
)
def test_bad_choice_is_refused_and_changes_nothing(
    clerk: Client, reader: User, data: dict[str, str]
) -> None:
    save_view(owner=reader, table="identities", name="Mine", query="")

    response = send(clerk, **{"view": "all", **data})

    assert response.status_code == 422
    assert chosen(reader) == {}


@pytest.mark.parametrize(
    "data",
    [
        {
            "column": ["name", "nonsense", SCRIPT, "metadata.", "kind"],
            "shown": ["nonsense", SCRIPT],
        },
        {"place": ["-1", "9" * 400, "²", "", "x"]},
        {"column": [], "place": [], "shown": []},
        {"metadata": SCRIPT},
    ],
)
def test_hostile_form_is_read_as_far_as_it_means_something(
    clerk: Client, data: dict[str, Any]
) -> None:
    assert send(clerk, **data).status_code == 302

    page = clerk.get(TABLE)

    assert page.status_code == 200
    assert heads(page)[0] == "Name"
    assert b"<script>alert" not in page.content
    assert clerk.get(URL).status_code == 200


def test_unknown_table_has_no_choices(clerk: Client) -> None:
    assert clerk.get("/preferences/tables/nothing/").status_code == 404
