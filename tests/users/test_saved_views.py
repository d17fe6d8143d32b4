from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.db import IntegrityError, connection
from django.db import transaction as db_transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from tests.factories import make_balance, make_client, make_identity, make_user
from tests.pages import SCRIPT, SLIDE_OVER, is_whole_page, rows_of, text_of
from users.models import SavedView, User
from users.saved_views import VIEWS_MAX, save_view
from users.table_choices import choose_first_view
from web.tables.tabs import SHOWN_MAX

pytestmark = pytest.mark.django_db

TABLE = "/identities/"
NEW = "/views/identities/new/"
PEOPLE = "where=kind:is:PERSON"
COUNTS = "/tables/identities/counts/"


@pytest.fixture
def owner() -> User:
    return make_user(username="ada")


@pytest.fixture
def clerk(owner: User) -> Client:
    return make_client(user=owner)


def keep(owner: User, *, name: str = "People", query: str = PEOPLE, **fields: Any) -> SavedView:
    return save_view(owner=owner, table="identities", name=name, query=query, **fields)


def address(view: SavedView, page: str) -> str:
    return reverse(f"users:view-{page}", args=[view.public_id])


def shown_at(view: SavedView) -> str:
    return f"{TABLE}?{view.query}&view={view.public_id}"


def tabs_of(response: Any) -> list[str]:
    """Each tab with its count, if the page says it."""
    found = re.findall(r"<bdi>([^<]*)</bdi> <b[^>]*>([^<]*)</b>", response.content.decode())
    return [f"{label} {count}".strip() for label, count in found]


def names_of(response: Any) -> list[str]:
    rows = rows_of(response)
    return [row[rows[0].index("Name")] for row in rows[1:]]


def test_what_the_table_shows_is_saved_as_a_tab(clerk: Client, owner: User) -> None:
    make_identity(name="Ada", kind="PERSON")
    make_identity(name="Northgate")

    response = clerk.post(
        f"{NEW}?{PEOPLE}&sort=name&cursor=x&look=y&q=", {"name": "People", "description": "All"}
    )

    view = SavedView.objects.get()
    assert (view.owner, view.table, view.query) == (owner, "identities", f"sort=name&{PEOPLE}")
    assert response["Location"] == shown_at(view)
    page = clerk.get(response["Location"])
    assert names_of(page) == ["Ada"]
    assert tabs_of(page) == ["All", "New", "With balances", "People 1"]
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.subject, event.actor) == ("view.created", view.key, owner)


def test_form_says_what_is_saved_and_opens_beside_the_table(clerk: Client) -> None:
    response = clerk.get(f"{NEW}?{PEOPLE}&q=ann&sort=-created", headers=SLIDE_OVER)

    assert not is_whole_page(response)
    assert "Kind is Person" in text_of(response)
    assert "holds “ann”" in text_of(response)
    assert "sorted by Created, descending" in text_of(response)


def test_saving_is_offered_for_what_no_tab_shows(clerk: Client) -> None:
    for query, is_offered in [("", False), ("tab=new", False), (PEOPLE, True), ("sort=name", True)]:
        assert ("+ Save view" in text_of(clerk.get(f"{TABLE}?{query}"))) == is_offered, query


def test_panel_of_filters_leads_to_saving_them(clerk: Client) -> None:
    filled = {"field-0": "kind", "operator-0": "is", "value-0": "PERSON", "sort": "name"}

    response = clerk.get("/tables/identities/filters/", {**filled, "do": "save"})

    assert response["Location"] == f"{NEW}?sort=name&{PEOPLE}"


def test_panel_without_filters_leads_to_all_rows(clerk: Client, owner: User) -> None:
    view = keep(owner)
    choose_first_view(user=owner, table="identities", view=str(view.public_id), is_first=True)

    response = clerk.get("/tables/identities/filters/", {"do": "apply"})

    assert response["Location"] == f"{TABLE}?tab=all"


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\x00b", "\u202e"])
def test_bad_name_is_refused_with_a_reason(clerk: Client, name: str) -> None:
    response = clerk.post(f"{NEW}?{PEOPLE}", {"name": name})

    assert response.status_code == 422
    assert not SavedView.objects.exists()


def test_name_is_unique_for_its_owner_and_table(clerk: Client, owner: User) -> None:
    keep(owner)
    keep(make_user())

    response = clerk.post(f"{NEW}?q=x", {"name": "PEOPLE"})

    assert response.status_code == 422
    assert "There is another view named “PEOPLE”" in text_of(response)
    with pytest.raises(IntegrityError, match="view_name_unique"), db_transaction.atomic():
        SavedView.objects.create(owner=owner, table="identities", name="people", position=9)


def test_query_of_ten_kilobytes_is_refused(clerk: Client) -> None:
    response = clerk.post(f"{NEW}?where=name:is:{'x' * 10_000}", {"name": "Long"})

    assert response.status_code == 422
    assert "too long to be saved" in text_of(response)


def test_nobody_saves_views_without_end(clerk: Client, owner: User) -> None:
    SavedView.objects.bulk_create(
        SavedView(owner=owner, table="identities", name=str(number), position=number)
        for number in range(VIEWS_MAX)
    )

    response = clerk.post(f"{NEW}?{PEOPLE}", {"name": "One more"})

    assert response.status_code == 422


def test_hostile_texts_are_shown_as_they_are(clerk: Client, owner: User) -> None:
    query = f"where={quote(f'name:contains:{SCRIPT}')}&x={quote(SCRIPT)}&q=%00%22%3E"
    view = keep(owner, name=SCRIPT[:40], description=SCRIPT, query=query)

    pages = [
        clerk.get(shown_at(view)),
        clerk.get(f"{TABLE}?view=%22%3E{quote(SCRIPT)}&{query}"),
        clerk.get(address(view, "edit")),
        clerk.get(address(view, "delete")),
        clerk.get(COUNTS),
    ]

    assert {page.status_code for page in pages} == {200}
    assert not any(b"<script>alert" in page.content for page in pages)


def test_private_view_is_unknown_to_others(owner: User) -> None:
    view = keep(owner)
    stranger = make_client(user=make_user(is_staff=True))

    assert "People" not in text_of(stranger.get(f"{TABLE}?tab=new"))
    for page in ("edit", "delete", "update"):
        assert stranger.post(address(view, page), {"name": "Mine"}).status_code == 404
    view.refresh_from_db()
    assert (view.name, view.query) == ("People", PEOPLE)


def test_shared_view_is_seen_by_all_and_changed_by_its_owner_and_staff(owner: User) -> None:
    view = keep(owner, is_shared=True)
    other, staff = make_client(), make_client(user=make_user(is_staff=True))

    assert "People" in text_of(other.get(TABLE))
    assert "Edit view" not in text_of(other.get(shown_at(view)))
    for page in ("edit", "delete", "update"):
        assert other.post(address(view, page), {"name": "Mine"}).status_code == 403
    staff.post(address(view, "edit"), {"name": "Persons", "is_shared": "on"})

    view.refresh_from_db()
    assert (view.name, view.owner, view.is_shared) == ("Persons", owner, True)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.before, event.after) == (
        "view.changed",
        {"name": "People"},
        {"name": "Persons"},
    )


def test_changed_view_can_be_saved_or_saved_as_new(clerk: Client, owner: User) -> None:
    view = keep(owner)
    changed = f"where=name:contains:ann&{PEOPLE}"

    as_it_was, page = clerk.get(shown_at(view)), clerk.get(f"{shown_at(view)}&sort=name")
    response = clerk.post(f"{address(view, 'update')}?{changed}&view={view.public_id}&cursor=x")

    assert "Save changes" not in text_of(as_it_was)
    assert "Save changes Save as new" in text_of(page)
    view.refresh_from_db()
    assert view.query == changed
    assert response["Location"] == shown_at(view)


def test_others_may_save_a_changed_view_as_new_only(owner: User) -> None:
    view = keep(owner, is_shared=True)

    page = text_of(make_client().get(f"{shown_at(view)}&sort=name"))

    assert "Save changes" not in page
    assert "Save as new" in page


def test_table_opens_with_the_chosen_view_and_all_is_still_there(
    clerk: Client, owner: User
) -> None:
    make_identity(name="Ada", kind="PERSON")
    make_identity(name="Northgate")
    clerk.post(f"{NEW}?{PEOPLE}", {"name": "People", "is_first": "on"})

    opened = clerk.get(TABLE, follow=True)

    view = SavedView.objects.get()
    assert opened.redirect_chain == [(shown_at(view), 302)]
    assert names_of(opened) == ["Ada"]
    assert f'href="{TABLE}?tab=all"' in opened.content.decode()
    assert len(names_of(clerk.get(f"{TABLE}?tab=all"))) == 2
    assert clerk.get(f"{TABLE}?q=").status_code == 200
    assert make_client().get(TABLE).status_code == 200


def test_first_view_that_is_gone_leaves_the_table_as_it_is(clerk: Client, owner: User) -> None:
    reader = make_user()
    view = keep(owner, is_shared=True)
    choose_first_view(user=reader, table="identities", view=str(view.public_id), is_first=True)

    assert make_client(user=reader).get(TABLE).status_code == 302
    clerk.post(address(view, "delete"))

    assert make_client(user=reader).get(TABLE).status_code == 200


def test_view_is_deleted_only_after_it_was_confirmed(clerk: Client, owner: User) -> None:
    view = keep(owner)

    asked = clerk.get(address(view, "delete"))
    assert "The view “People” goes; the records it shows stay." in text_of(asked)
    assert SavedView.objects.exists()

    response = clerk.post(address(view, "delete"))
    assert response["Location"] == TABLE
    assert not SavedView.objects.exists()
    assert AuditEvent.objects.latest("pk").action == "view.deleted"


def test_views_stand_in_the_chosen_order_mine_first(clerk: Client, owner: User) -> None:
    keep(make_user(), name="A shared one", is_shared=True)
    first, _second, third = [keep(owner, name=name) for name in ("One", "Two", "Three")]

    data = {"name": "Three", "after": str(first.public_id)}
    clerk.post(address(third, "edit"), data)

    assert tabs_of(clerk.get(TABLE))[3:] == ["One", "Three", "Two", "A shared one"]


def test_many_views_stand_in_a_menu_and_the_current_one_beside_it(
    clerk: Client, owner: User
) -> None:
    views = [keep(owner, name=f"View {number}") for number in range(SHOWN_MAX + 3)]

    page = clerk.get(shown_at(views[-1]))

    shown, _menu, rest = page.content.decode().partition("More views")
    assert f"View {SHOWN_MAX + 2}</bdi>" in shown
    assert tabs_of(page)[-2:] == [f"View {SHOWN_MAX}", f"View {SHOWN_MAX + 1}"]
    assert f"View {SHOWN_MAX}</bdi>" in rest


def test_other_tabs_are_counted_after_the_page(clerk: Client, owner: User) -> None:
    make_balance(identity=make_identity(kind="PERSON"))
    make_identity()
    view = keep(owner)
    broken = keep(owner, name="Broken", query="where=gone:is:1")

    counts = clerk.get(f"{COUNTS}?tab=new").content.decode()

    for key, count in [("all", 2), ("with-balances", 1), (view.public_id, 1)]:
        assert f'id="count-{key}" hx-swap-oob="true">{count}</b>' in counts
    assert f"count-{broken.public_id}" not in counts
    assert "count-new" not in counts
    assert 'hx-get="/tables/identities/counts/?tab=new"' in (
        clerk.get(f"{TABLE}?tab=new").content.decode()
    )


def test_counts_take_few_statements_and_little_time(clerk: Client, owner: User) -> None:
    for number in range(3):
        keep(owner, name=f"View {number}")

    with CaptureQueriesContext(connection) as queries:
        clerk.get(COUNTS)

    counted = [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
    assert len(counted) == 5  # two tabs, three views
    # Beside: who asks (2), the views, three statements of the transaction, savepoints.
    assert len(queries) <= 6 + 3 * len(counted)
    assert any("SET LOCAL statement_timeout" in query["sql"] for query in queries)


def test_view_whose_field_is_gone_says_so(clerk: Client, owner: User) -> None:
    view = keep(owner, query="where=gone:is:1")

    page = clerk.get(shown_at(view))

    assert page.status_code == 200
    assert "This table has no “gone”." in text_of(page)
    assert clerk.get(address(view, "edit")).status_code == 200


@pytest.mark.parametrize("url", ["/views/nothing/new/", "/tables/nothing/counts/"])
def test_unknown_table_has_no_views(clerk: Client, url: str) -> None:
    assert clerk.get(url).status_code == 404
