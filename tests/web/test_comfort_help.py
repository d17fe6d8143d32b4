"""Help in place: the glossary, the daily tasks, and the links to them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_client, make_user
from tests.pages import text_of
from web.help.glossary import CHAPTERS, TERMS
from web.help.tasks import TASKS

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
# A word of docs/accounting.md and the term that explains it, where they differ.
EXPLAINED_IN = {
    "hold": "inflight",
    "void, expiry": "void",
    "source, destination": "source",
    "effective date": "effective",
    "recorded": "effective",
    "minor unit": "currency",
}


def test_every_word_of_the_rules_is_explained() -> None:
    rules = (ROOT / "docs" / "accounting.md").read_text()
    words = re.findall(r"^\| \*\*(.+?)\*\*", rules, re.MULTILINE)

    slugs = {EXPLAINED_IN.get(word, word.lower().replace(" ", "-")) for word in words}

    assert len(words) > 15
    assert slugs <= TERMS.keys()


def test_every_example_is_in_figures_of_who_reads_it() -> None:
    point = text_of(make_client().get(reverse("help:glossary")))
    comma = text_of(make_client(user=make_user(number_format="comma")).get("/help/glossary/"))

    assert "leaves 15.00" in point
    assert "leaves 15,00" in comma
    for chapter in CHAPTERS:
        for term in chapter.terms:
            assert re.search(r"\d", term.example_text), term.slug
            assert "{" not in term.example_text


def test_links_to_the_glossary_lead_to_a_term() -> None:
    asked = {
        slug
        for path in (ROOT / "templates").rglob("*.html")
        for slug in re.findall(r'{% term "([\w-]+)" %}', path.read_text())
    }

    assert len(asked) > 8
    assert asked <= TERMS.keys()


def test_help_answers_eleven_questions_and_each_leads_to_a_page() -> None:
    client = make_client()

    html = client.get(reverse("help:index")).content.decode()

    assert len(TASKS) == 11
    for task in TASKS:
        assert str(task.question) in html
        assert client.get(reverse(task.url_name)).status_code == 200
        assert f"#{TERMS[task.term].slug}" in html


def test_foot_of_every_page_leads_to_help_and_accessibility(client: Client) -> None:
    signed_in = make_client().get("/ledgers/").content.decode()
    signed_out = client.get(reverse("login")).content.decode()

    for name in ("help:index", "help:glossary", "help:accessibility"):
        assert f'href="{reverse(name)}"' in signed_in
    assert f'href="{reverse("help:accessibility")}"' in signed_out
    assert f'href="{reverse("help:index")}"' not in signed_out


def test_accessibility_is_told_to_everybody(client: Client) -> None:
    response = client.get(reverse("help:accessibility"))

    assert response.status_code == 200
    for said in ("WCAG 2.2", "What is not good yet", "Tell us"):
        assert said in text_of(response)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/ledgers/", "/balances/", "/transactions/", "/identities/", "/trial-balance/"),
        *("/proof/", "/help/", "/help/glossary/", "/accessibility/", "/preferences/"),
    ],
)
def test_page_says_in_a_line_what_it_is_for(path: str) -> None:
    html = make_client().get(path).content.decode()

    assert re.search(r"<h1>.*?</h1>\s*<p>[^<]{25,}", html, re.DOTALL)
