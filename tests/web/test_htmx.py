from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_user
from users.models import User

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
SLIDE_OVER = {**HTMX, "HX-Target": "slide-over"}
GOOD = {"name": "Suppliers", "amount": "1", "source": "@Treasury", "side": "debit"}
GOOD["currency"] = "GBP"


@pytest.fixture
def staff() -> User:
    return make_user(is_staff=True)


@pytest.fixture
def page(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def test_browser_gets_the_whole_page(page: Client) -> None:
    html = page.get(reverse("web:styleguide")).content.decode()

    assert "<!doctype html>" in html
    assert 'id="sample-table"' in html


def test_htmx_gets_only_the_partial(page: Client) -> None:
    response = page.get(reverse("web:styleguide"), headers=HTMX)

    html = response.content.decode()
    assert html.lstrip().startswith('<div id="sample-table"')
    assert "<html" not in html
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_boosted_and_restored_pages_are_whole(page: Client, header: str) -> None:
    response = page.get(reverse("web:styleguide"), headers={**HTMX, header: "true"})

    assert "<!doctype html>" in response.content.decode()


def test_slide_over_gets_the_form_that_posts_back_into_it(page: Client) -> None:
    html = page.get(reverse("web:styleguide-form"), headers=SLIDE_OVER).content.decode()

    assert "<html" not in html
    assert 'hx-target="#slide-over"' in html
    assert 'id="slide-over-heading"' in html


def test_page_form_has_one_heading_and_no_htmx(page: Client) -> None:
    html = page.get(reverse("web:styleguide-form")).content.decode()
    form = html[html.index('<form class="form"') : html.index("</main>")]

    assert form.count("<h1>") == 1
    assert "hx-post" not in form


@pytest.mark.parametrize("headers", [{}, SLIDE_OVER])
def test_refused_form_comes_back_with_422_and_its_errors(
    page: Client, headers: dict[str, str]
) -> None:
    response = page.post(reverse("web:styleguide-form"), {**GOOD, "name": ""}, headers=headers)

    assert response.status_code == 422
    html = response.content.decode()
    assert '<div class="summary" tabindex="-1" autofocus' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert ("<html" in html) == (not headers)


def test_accepted_form_on_a_page_redirects(page: Client) -> None:
    response = page.post(reverse("web:styleguide-form"), GOOD)

    assert (response.status_code, response["Location"]) == (302, reverse("web:styleguide"))


def test_accepted_form_in_the_slide_over_closes_it_and_names_the_event(page: Client) -> None:
    response = page.post(reverse("web:styleguide-form"), GOOD, headers=SLIDE_OVER)

    assert response.status_code == 204
    assert json.loads(response["HX-Trigger"]) == {
        "slideOverDone": {"url": reverse("web:styleguide"), "event": "sampleCreated", "key": ""}
    }


def test_message_of_the_slide_over_arrives_with_the_next_fragment_once(page: Client) -> None:
    page.post(reverse("web:styleguide-form"), GOOD, headers=SLIDE_OVER)

    first = page.get(reverse("web:styleguide"), headers=HTMX).content.decode()
    second = page.get(reverse("web:styleguide"), headers=HTMX).content.decode()

    assert '<div id="messages" role="status" hx-swap-oob="true">' in first
    assert "Nothing was saved." in first
    assert 'id="messages"' not in second


def test_session_that_ended_opens_the_login_page_not_a_fragment_of_it(client: Client) -> None:
    headers = {**HTMX, "HX-Current-URL": "http://testserver/ledgers/?q=a"}

    response = client.get(reverse("web:styleguide"), headers=headers)

    assert response.status_code == 200
    assert response["HX-Redirect"] == "/login/?next=/ledgers/%3Fq%3Da"


def test_pages_are_kept_in_no_cache(page: Client) -> None:
    assert page.get(reverse("web:styleguide"))["Cache-Control"] == "no-store"
