"""In a made-up language every word of the main pages is another: none was left in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from string import ascii_letters

import pytest
from django.test import Client
from django.utils.translation import trans_real
from pytest_django import Settings

from tests.factories import make_balance, make_identity, make_ledger, make_user, post_transfer
from tests.web.test_translation_sources import NOT_READ, READ_ATTRIBUTES
from transactions.proof import run_proof

pytestmark = pytest.mark.django_db

LANGUAGE = "eo"
PLACEHOLDER = re.compile(r"(%\(\w+\)[sdr]|%[sdr%]|\{\w*\}|<[^>]+>|&\w+;)")
# Each letter of English becomes its fullwidth twin.
WIDENED = str.maketrans({letter: chr(ord(letter) + 0xFEE0) for letter in ascii_letters})
ENGLISH = re.compile(r"[A-Za-z]{2,}")
# What is the same in every language: the product, keys, files, ids, currencies, zones, names.
SAME = re.compile(
    r"Daybook|Ctrl|Esc|Enter|CSV|PDF|XLSX|JSON( ?L(ines)?)?|UTC|GBP|EUR"
    r"|(ldg|bln|txn|idt|sch)_[\w-]*…?|@\w*|__number__"
    r"|General Ledger|Pound Sterling|test-\d+|clerk-\d+|AES|SHA-256|UUID|WCAG|axe"
)


def pseudo(text: str) -> str:
    """The text with every letter widened; placeholders and tags stay."""
    parts = PLACEHOLDER.split(text)
    return "".join(
        part if PLACEHOLDER.fullmatch(part) else part.translate(WIDENED) for part in parts
    )


class PseudoTranslation(trans_real.DjangoTranslation):
    def gettext(self, message: str) -> str:
        return pseudo(message.rpartition("\x04")[2])

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)


@pytest.fixture
def made_up_language(settings: Settings) -> Iterator[None]:
    settings.LANGUAGES = [("en", "English"), (LANGUAGE, "Esperanto")]
    loaded = vars(trans_real)["_translations"]
    loaded[LANGUAGE] = PseudoTranslation(LANGUAGE)
    yield
    del loaded[LANGUAGE]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_READ:
            self.inside.append(tag)
        self.texts += [value for name, value in attrs if name in READ_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.texts.append(data)


def english_on(html: str) -> list[str]:
    reader = _Reader()
    reader.feed(html)
    texts = [" ".join(text.split()) for text in reader.texts]
    return [text for text in texts if text[:1] != "{" and ENGLISH.search(SAME.sub("", text))]


def main_pages() -> list[str]:
    """Pages with something in each part; the names in the books hold no letter of English."""
    ledger = make_ledger(name="株式", metadata={"№": "7"})
    identity = make_identity(name="Ωμέγα")
    source = make_balance(ledger=ledger, identity=identity, opening_minor=500_00)
    posted = post_transfer(
        source=source, destination=make_balance(ledger=ledger), reference="2025-1", description="Ж"
    )
    run_proof(actor=None)
    books = (ledger, source, posted, identity)
    records = [each.get_absolute_url() for each in books]
    balance = source.get_absolute_url()
    return [
        *("/", "/ledgers/", "/balances/", "/transactions/", "/identities/", "/proof/"),
        *("/trial-balance/", "/search/?q=7", "/help/", "/help/glossary/", "/accessibility/"),
        *("/preferences/", "/password/", "/login/", "/no-such-page/"),
        *("/ledgers/new/", "/balances/new/", "/identities/new/"),
        *("/transactions/new/", "/transactions/new/?mode=journal", "/transactions/?q=999"),
        *records,
        *(f"{url}info/" for url in records[:3]),
        *(f"{url}metadata/" for url in records[:3]),
        *(f"{balance}statement/", f"{balance}chart/", f"{balance}flow/"),
        *(f"{records[2]}reverse/", f"{records[2]}refund/", f"{records[3]}edit/"),
    ]


@pytest.mark.usefixtures("made_up_language")
def test_no_word_of_the_main_pages_is_left_in_english(client: Client) -> None:
    client.force_login(make_user(username="clerk-0"))
    found: dict[str, list[str]] = {}

    for path in main_pages():
        if path == "/login/":
            client.logout()
        response = client.get(path, headers={"Accept-Language": LANGUAGE})
        assert response.status_code == (404 if path == "/no-such-page/" else 200), path
        if english := english_on(response.content.decode()):
            found[path] = sorted(set(english))
        if path == "/login/":
            client.force_login(make_user())

    assert found == {}


@pytest.mark.usefixtures("made_up_language")
def test_refusals_are_in_the_language_of_who_is_refused(client: Client) -> None:
    client.force_login(make_user())

    response = client.post("/ledgers/new/", {"name": ""}, headers={"Accept-Language": LANGUAGE})

    assert response.status_code == 422
    assert not english_on(response.content.decode())
