from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_balance, make_user
from tests.pages import text_of
from users.middleware import read_zone
from users.models import Theme, TimeZoneChoice, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> User:
    return make_user(is_staff=True)


@pytest.fixture
def page(client: Client, reader: User) -> Client:
    client.force_login(reader)
    return client


def test_theme_is_kept_and_the_reader_comes_back(page: Client, reader: User) -> None:
    response = page.post(
        reverse("users:preferences"), {"theme": "dark", "next": "/ledgers/?sort=name"}
    )

    assert response["Location"] == "/ledgers/?sort=name"
    reader.refresh_from_db()
    assert (reader.theme, reader.time_zone_choice) == (Theme.DARK, TimeZoneChoice.UTC)


def test_theme_by_htmx_is_kept_and_told_to_the_page(page: Client, reader: User) -> None:
    response = page.post(
        reverse("users:preferences"), {"theme": "light"}, headers={"HX-Request": "true"}
    )

    assert response.status_code == 204
    assert response["HX-Trigger"] == '{"themeChanged": {"theme": "light"}}'
    reader.refresh_from_db()
    assert reader.theme == Theme.LIGHT


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_nobody_is_sent_elsewhere(page: Client, target: str) -> None:
    response = page.post(reverse("users:preferences"), {"theme": "dark", "next": target})

    assert response["Location"] == "/"


@pytest.mark.parametrize("data", [{"theme": "pink"}, {"time_zone_choice": "mars"}])
def test_unknown_preference_changes_nothing(
    page: Client, reader: User, data: dict[str, str]
) -> None:
    page.post(reverse("users:preferences"), data)

    reader.refresh_from_db()
    assert (reader.theme, reader.time_zone_choice) == (Theme.SYSTEM, TimeZoneChoice.UTC)


def test_page_shows_what_is_chosen_and_keeps_all_of_it(page: Client, reader: User) -> None:
    url = reverse("users:preferences")
    chosen = {
        "theme": "dark",
        "contrast": "high",
        "motion": "reduced",
        "shortcuts": "off",
        "number_format": "comma",
        "date_format": "iso",
        "time_zone_choice": "local",
    }

    page.post(url, {**chosen, "next": url})
    html = page.get(url).content.decode()

    assert "Your preferences are saved." in html
    for name, value in chosen.items():
        assert re.search(rf'name="{name}" value="{value}"[^>]*checked', html)
    assert 'data-contrast="high" data-motion="reduced"' in html


def test_looking_at_the_preferences_changes_nothing(page: Client, reader: User) -> None:
    page.get(reverse("users:preferences"), {"theme": "dark"})

    reader.refresh_from_db()
    assert reader.theme == Theme.SYSTEM


@pytest.mark.parametrize("name", ["contrast", "motion", "number_format", "date_format"])
def test_database_refuses_an_unknown_choice(reader: User, name: str) -> None:
    with pytest.raises(IntegrityError, match=f"user_{name}_known"):
        User.objects.filter(pk=reader.pk).update(**{name: "pink"})


def test_pages_write_numbers_and_dates_as_their_reader_does(client: Client) -> None:
    balance = make_balance(opening_minor=1_234_56)
    client.force_login(make_user(number_format="comma", date_format="iso"))

    shown = text_of(client.get(balance.get_absolute_url()))

    assert "1.234,56" in shown
    assert "1,234.56" not in shown
    assert re.search(r"Created\s*\d{4}-\d\d-\d\d, \d\d:\d\d", shown)


def test_database_refuses_an_unknown_theme(reader: User) -> None:
    with pytest.raises(IntegrityError, match="user_theme_known"):
        User.objects.filter(pk=reader.pk).update(theme="pink")


@pytest.mark.parametrize(
    ("choice", "cookie", "zone"),
    [
        (TimeZoneChoice.UTC, "Asia/Tokyo", "UTC"),
        (TimeZoneChoice.LOCAL, "Asia/Tokyo", "Asia/Tokyo"),
        (TimeZoneChoice.LOCAL, "Nowhere/Land", "UTC"),
        (TimeZoneChoice.LOCAL, "", "UTC"),
    ],
)
def test_dates_are_in_the_chosen_zone(client: Client, choice: str, cookie: str, zone: str) -> None:
    client.force_login(make_user(is_staff=True, time_zone_choice=choice))
    client.cookies["daybook_tz"] = cookie

    html = client.get(reverse("web:styleguide")).content.decode()

    assert f">{zone}</span>" in html
    assert ("JST" in html) == (zone == "Asia/Tokyo")


@pytest.mark.parametrize(
    "name", [None, "", "..", "../../etc/passwd", "/etc/passwd", "America", "\x00", "x" * 5000]
)
def test_zone_that_is_none_is_none(name: str | None) -> None:
    assert read_zone(name) is None


def test_zone_is_read_by_its_name() -> None:
    assert read_zone("Europe/Oslo") == ZoneInfo("Europe/Oslo")


def test_sign_in_leads_to_the_page_asked_for(client: Client, reader: User) -> None:
    asked = client.get(reverse("web:styleguide"))
    login = asked["Location"]

    response = client.post(login, {"username": reader.username, "password": PASSWORD})

    assert response["Location"] == reverse("web:styleguide")


def test_wrong_password_is_refused_with_a_reason(client: Client, reader: User) -> None:
    response = client.post(reverse("login"), {"username": reader.username, "password": "wrong"})

    assert "Please enter a correct username and password" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_logging_out_needs_a_post_and_ends_the_session(page: Client) -> None:
    assert page.get(reverse("logout")).status_code == 405

    page.post(reverse("logout"))

    assert "_auth_user_id" not in page.session
