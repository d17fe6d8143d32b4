from __future__ import annotations

from typing import Any

import pytest
from django.db import ProgrammingError
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from audit.models import AuditEvent
from tests.browsing import DESKTOP, PHONE, axe_violations, opened_page, overflow
from tests.conftest import OwnDatabase
from tests.factories import PASSWORD, make_user
from tests.pages import text_of
from users.models import User

PAGE = "/password/"
NEW = "a new horse battery"


@pytest.fixture
def person(db: None) -> User:
    return make_user(username="ada")


@pytest.fixture
def visitor(person: User) -> Client:
    return signed_in(person)


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def change(visitor: Client, **given: str) -> Any:
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    return visitor.post(PAGE, form | given, follow=True)


def test_password_is_changed_and_the_page_says_so(visitor: Client, person: User) -> None:
    response = change(visitor)

    person.refresh_from_db()
    assert person.check_password(NEW)
    assert response.redirect_chain == [(reverse("dashboard:home"), 302)]
    assert "Your password is changed." in text_of(response)


def test_change_leaves_an_event_without_the_password(visitor: Client, person: User) -> None:
    change(visitor)

    event = AuditEvent.objects.get()
    assert (event.actor, event.action) == (person, "user.password_changed")
    assert (event.subject, event.before, event.after) == (f"user_{person.pk}", None, None)


def test_change_ends_the_sessions_elsewhere_and_keeps_this_one(
    visitor: Client, person: User
) -> None:
    elsewhere = signed_in(person)
    key = visitor.cookies["sessionid"].value

    change(visitor)

    assert visitor.get(PAGE).status_code == 200
    assert visitor.cookies["sessionid"].value != key
    assert elsewhere.get(PAGE).status_code == 302


def test_nothing_but_the_password_is_written(visitor: Client, person: User) -> None:
    visitor.get(PAGE)
    User.objects.filter(pk=person.pk).update(theme="dark")

    change(visitor)

    person.refresh_from_db()
    assert person.theme == "dark"


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"old_password": "wrong"}, "old_password", "entered incorrectly"),
        ({"old_password": ""}, "old_password", "This field is required"),
        ({"new_password2": "another"}, "new_password2", "didn’t match"),
        ({"new_password1": "short", "new_password2": "short"}, "new_password1", "too short"),
        ({"new_password1": "password", "new_password2": "password"}, "new_password1", "too common"),
    ],
)
def test_refused_change_says_why_beside_the_field_and_changes_nothing(
    visitor: Client, person: User, given: dict[str, str], field: str, reason: str
) -> None:
    response = change(visitor, **given)

    form = response.context["form"]
    person.refresh_from_db()
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert reason in str(form.errors[field])
    assert f'id="id_{field}_error"' in response.content.decode()
    assert PASSWORD not in response.content.decode()
    assert person.check_password(PASSWORD)
    assert not AuditEvent.objects.exists()


def test_refusal_counts_every_message(visitor: Client, person: User) -> None:
    response = change(visitor, old_password="wrong", new_password1="abc", new_password2="abc")

    page = text_of(response)
    assert "There are 3 things to put right" in page
    assert "too short" in page
    assert "too common" in page


def test_password_is_not_changed_without_its_event(own_database: OwnDatabase) -> None:
    person = make_user()
    visitor = signed_in(person)
    with own_database.owner() as owner:
        owner.execute("REVOKE INSERT ON audit_auditevent FROM daybook_app")

    with pytest.raises(ProgrammingError, match="permission denied"):
        change(visitor)

    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert visitor.get(PAGE).status_code == 200


def test_stranger_has_to_sign_in_first(client: Client, person: User) -> None:
    response = client.get(PAGE)

    assert response["Location"] == f"{reverse('login')}?next={PAGE}"
    assert change(client).redirect_chain[0][0].startswith(reverse("login"))
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_everybody_has_a_link_to_it_in_their_menu(visitor: Client) -> None:
    assert f'href="{PAGE}"' in visitor.get(reverse("dashboard:home")).content.decode()


def test_admin_leads_operators_to_the_same_page(db: None) -> None:
    operator = signed_in(make_user(is_staff=True, is_superuser=True))

    response = operator.get(reverse("admin:password_change"))

    assert (response.status_code, response["Location"]) == (302, PAGE)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_refused_change_is_accessible_and_takes_the_focus(
    browser: Browser, own_server: str, viewport: dict[str, int]
) -> None:
    with opened_page(browser, own_server, user=make_user(), viewport=viewport) as page:
        page.goto("/ledgers/")
        page.get_by_label("Your menu").click()
        page.get_by_role("link", name="Change password").click()
        page.get_by_label("Old password").fill("wrong")
        page.get_by_role("button", name="Change password").click()

        expect(page.locator(".summary")).to_be_focused()
        assert (axe_violations(page), overflow(page)) == ([], 0)


def test_password_is_changed_without_javascript(browser: Browser, own_server: str) -> None:
    with opened_page(browser, own_server, user=make_user(), java_script_enabled=False) as page:
        page.goto(PAGE)
        page.get_by_label("Old password").fill(PASSWORD)
        page.get_by_label("New password", exact=True).fill(NEW)
        page.get_by_label("New password confirmation").fill(NEW)
        page.get_by_role("button", name="Change password").click()

        expect(page.get_by_text("Your password is changed.")).to_be_visible()
