from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import PASSWORD, make_user


def all_patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from all_patterns(pattern)
        else:
            yield pattern


def test_only_login_and_how_to_reach_us_are_public() -> None:
    patterns = list(all_patterns(get_resolver()))

    public = {p.name for p in patterns if not getattr(p.callback, "login_required", True)}

    assert len(patterns) > 10
    assert public == {"login", "accessibility"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["admin:index", "admin:login", "users:preferences"])
def test_a_stranger_is_sent_to_the_one_login_page(name: str, client: Client) -> None:
    response = client.get(reverse(name), follow=True)

    assert response.status_code == 200
    assert response.redirect_chain[-1][0].startswith(f"{reverse('login')}?next=")


@pytest.mark.django_db
def test_admin_sends_staff_on_from_its_own_login_page(client: Client) -> None:
    client.force_login(make_user(is_staff=True))

    inside = client.get(reverse("admin:login"), {"next": "/admin/users/"})
    outside = client.get(reverse("admin:login"), {"next": "https://elsewhere.example/"})

    assert (inside.status_code, inside["Location"]) == (302, "/admin/users/")
    assert (outside.status_code, outside["Location"]) == (302, "/admin/")


@pytest.mark.django_db
def test_admin_refuses_who_is_no_staff(client: Client) -> None:
    client.force_login(make_user())

    response = client.get(reverse("admin:index"), follow=True)

    assert response.status_code == 403


@pytest.mark.django_db
def test_pages_carry_a_strict_content_security_policy(client: Client) -> None:
    policy = client.get(reverse("login"))["Content-Security-Policy"]

    assert set(policy.split("; ")) == {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    }


@pytest.mark.django_db
def test_session_cookie_is_closed_to_scripts_and_other_sites(client: Client) -> None:
    user = make_user()

    form = {"username": user.username, "password": PASSWORD, "next": "/healthz"}
    client.post(reverse("login"), form)
    cookie = client.cookies["sessionid"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
