from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_user

pytestmark = pytest.mark.django_db

NAMES = ["web:styleguide", "web:styleguide-form", "web:styleguide-suggest"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("is_staff", "status"), [(True, 200), (False, 403)])
def test_style_guide_is_for_staff(client: Client, name: str, is_staff: bool, status: int) -> None:
    client.force_login(make_user(is_staff=is_staff))

    assert client.get(reverse(name)).status_code == status


@pytest.mark.parametrize("name", NAMES)
def test_style_guide_asks_strangers_to_sign_in(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 302


def test_suggestions_are_options_with_their_keys(client: Client) -> None:
    client.force_login(make_user(is_staff=True))

    html = client.get(reverse("web:styleguide-suggest"), {"q": "treas"}).content.decode()

    assert html.count('role="option"') == 1
    assert 'data-value="@Treasury" data-label="Treasury"' in html


def test_no_suggestion_says_so(client: Client) -> None:
    client.force_login(make_user(is_staff=True))

    html = client.get(reverse("web:styleguide-suggest"), {"q": "zzz"}).content.decode()

    assert "Nothing found" in html
