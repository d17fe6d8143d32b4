"""Names that a reader takes for the same are the same to the database as well."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict

import pytest
from django.db import connection
from django.db.models import QuerySet

from balances.lookups import IDENTITIES
from identities.models import Identity
from ledgers.models import Ledger
from ledgers.operations import find_namesake, rename_ledger
from tests.factories import make_identity, make_ledger
from web.names import same_as
from web.statements import fetch_all
from web.text import NOBODY_SEES

pytestmark = pytest.mark.django_db
MANY = 20_000
FILL = """
WITH numbers AS (SELECT n FROM generate_series(1, %s) AS n), ledgers AS (
    INSERT INTO ledgers_ledger (public_id, name, is_general, metadata)
    SELECT gen_random_uuid(), 'Name ' || n, false, '{}' FROM numbers
)
INSERT INTO identities_identity (public_id, kind, name, email, metadata)
SELECT gen_random_uuid(), 'PERSON', 'Name ' || n, '', '{}' FROM numbers;
"""


def assigned() -> list[str]:
    """The characters of a Unicode that every Python and PostgreSQL in use knows."""
    known = unicodedata.ucd_3_2_0.category
    codes = range(0x20, sys.maxunicode + 1)
    return [chr(code) for code in codes if known(chr(code)) not in ("Cc", "Cn", "Co", "Cs")]


def folded(text: str) -> str:
    """A compatibility caseless match, as the Unicode standard defines it (D146)."""
    once = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
    return " ".join(unicodedata.normalize("NFKC", once.casefold()).split())


def test_every_character_is_folded_as_unicode_says() -> None:
    seen = [each for each in assigned() if not NOBODY_SEES.match(each)]
    rows = fetch_all("SELECT plain_name('a' || t || 'b') FROM unnest(%s::text[]) AS t", [seen])
    by_python, by_database = defaultdict(set), defaultdict(set)

    for character, (plain,) in zip(seen, rows, strict=True):
        expected = folded(f"a{character}b")
        by_python[expected].add(plain)
        by_database[plain].add(expected)

    assert not [each for each in by_python.items() if len(each[1]) > 1]
    assert not [each for each in by_database.items() if len(each[1]) > 1]


def test_what_nobody_sees_is_one_list_for_the_form_and_the_database() -> None:
    codes = [*range(0x21, 0xD800), *range(0xE000, sys.maxunicode + 1)]
    everything = [each for each in map(chr, codes) if not each.isspace()]
    rows = fetch_all(
        "SELECT t FROM unnest(%s::text[]) AS t WHERE plain_name('a' || t) = 'a'", [everything]
    )

    unseen = {character for (character,) in rows}
    assert unseen == {each for each in everything if NOBODY_SEES.match(each)}


@pytest.mark.parametrize(
    "name",
    [
        "Sup\u200bpliers Œ",  # zero-width space
        "\ufeffSuppliers\u2060 œ",
        "Ｓｕｐｐｌｉｅｒｓ Œ",  # full width
        "SUPPLIERS\u2003\u00a0Œ",
        "Suppl\u00adiers\u3164 Œ",  # soft hyphen, Hangul filler
        "𝓢uppliers Œ\ufe0f",
    ],
)
def test_ledgers_that_look_alike_are_namesakes(name: str) -> None:
    ledger = make_ledger(name="Suppliers Œ")

    assert find_namesake(name) == ledger
    rename_ledger(ledger, name="Vendors", actor=None)
    assert find_namesake(name) is None


def test_letters_that_differ_are_no_namesakes() -> None:
    make_ledger(name="Straße")

    assert find_namesake("STRASSE")
    assert not find_namesake("Strase")
    assert not find_namesake("Stra\u0301sse")


def test_owner_is_found_by_a_name_that_looks_the_same() -> None:
    owners = [make_identity(name="Northgate"), make_identity(name="North\u200dgate")]

    assert [match.record for match in IDENTITIES.find("NORTHGATE")] == owners


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Ledger.objects.filter(**same_as("Ｎame 7")), "ledger_plain_name"),
        (Identity.objects.filter(**same_as("Ｎame 7")), "identity_plain_name"),
        (Identity.objects.order_by("plain_name", "pk")[:20], "identity_plain_name"),
    ],
)
def test_an_index_finds_and_orders_them(rows: QuerySet[Ledger | Identity], index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL, [MANY])

    assert re.search(rf"Scan (using|on) {index}\b", rows.explain())
