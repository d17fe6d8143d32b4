from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_user
from users.models import Theme

pytestmark = pytest.mark.django_db


def _page(client: Client, *, theme: str = Theme.SYSTEM) -> str:
    client.force_login(make_user(is_staff=True, theme=theme))
    return client.get(reverse("web:styleguide")).content.decode()


def test_page_carries_the_theme_of_its_reader(client: Client) -> None:
    assert 'data-theme="dark"' in _page(client, theme=Theme.DARK)


def test_page_names_its_zone(client: Client) -> None:
    assert ">UTC</span>" in _page(client)


def test_page_has_title_skip_link_landmarks_and_one_heading(client: Client) -> None:
    html = _page(client)

    assert re.search(r"<title>\s*Style guide – Daybook</title>", html)
    assert 'href="#main"' in html
    assert html.count("<main") == 1
    assert html.count("<h1") == 1
    assert 'role="search"' in html


def test_page_has_nothing_inline_that_the_policy_forbids(client: Client) -> None:
    html = _page(client)

    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|hx-on", html)


def test_navigation_leads_to_every_section_and_marks_the_current_one(client: Client) -> None:
    html = _page(client)
    client.force_login(make_user())
    proof = client.get(reverse("dashboard:proof")).content.decode()

    for section in ("ledgers", "balances", "transactions", "identities"):
        assert f'<a href="{reverse(f"{section}:list")}"' in html
        assert f'<a href="{reverse(f"{section}:create")}" data-slide-over' in html
    assert f'<a href="{reverse("dashboard:proof")}" aria-current="true"' in proof


def test_admin_is_offered_to_staff_only(client: Client) -> None:
    client.force_login(make_user(is_staff=False))
    page = client.get(reverse("web:styleguide"))

    assert page.status_code == 403
    assert reverse("admin:index") not in page.content.decode()
    assert reverse("admin:index") in _page(Client())


@pytest.mark.parametrize("signed_in", [True, False])
def test_unknown_address_is_a_page_of_ours(client: Client, signed_in: bool) -> None:
    if signed_in:
        client.force_login(make_user())

    response = client.get("/no-such-page/")

    assert response.status_code == 404
    html = response.content.decode()
    assert "There is nothing here" in html
    assert ('class="side"' in html) == signed_in


def test_missing_csrf_token_is_a_page_of_ours() -> None:
    response = Client(enforce_csrf_checks=True).post("/login/", {"username": "ada"})

    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


def test_bug_shows_a_number_that_leads_to_the_log(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.raise_request_exception = False
    client.force_login(make_user(is_staff=True))
    monkeypatch.setattr("web.samples.styleguide_context", lambda request: 1 / 0)

    response = client.get(reverse("web:styleguide"))

    assert response.status_code == 500
    shown = re.search(r'class="id">([0-9a-f]{12})<', response.content.decode())
    assert shown
    assert f"Error {shown[1]} at /styleguide/" in caplog.text
