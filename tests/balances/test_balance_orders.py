"""Balances in the order of each column, and amounts that are compared to their last digit."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from ledgers.operations import add_currency
from tests.factories import NOON, make_balance, make_identity, post_transfer
from tests.pages import rows_of

pytestmark = pytest.mark.django_db
URL = "/balances/"
LARGE_MINOR = 12345678901234567890123456789012345678
LARGE = "12345678901234567890.123456789012345678"
TO_THE_LAST_DIGIT = ["Less", "Same", "More"]


def owners(client: Client, query: str) -> list[str]:
    """Those of all pages, in their order."""
    found: list[str] = []
    url = f"{URL}?{query}"
    while url:
        response = client.get(url)
        found += [row[0] for row in rows_of(response) if row[0] not in ("Owner or indicator", "")]
        following = re.search(r'rel="next" href="([^"]*)"', response.content.decode())
        url = unescape(following[1]) if following else ""
    return [name for name in found if not name.startswith("@")]


@pytest.fixture
def clerk_of_tokens(clerk: Client) -> Client:
    add_currency(code="XTK", name="Token", exponent=18, kind="CRYPTO", actor=None)
    for name, more in (("Less", -1), ("More", 1), ("Same", 0)):
        source = make_balance(currency="XTK", indicator=f"@{name}", floor_minor=None)
        balance = make_balance(currency="XTK", identity=make_identity(name=name))
        post_transfer(source=source, destination=balance, amount_minor=LARGE_MINOR + more)
    return clerk


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("is", ["Same"]),
        ("is-not", ["Less", "More"]),
        ("greater", ["More"]),
        ("at-most", ["Less", "Same"]),
    ],
)
@pytest.mark.parametrize("field", ["balance", "credits"])
def test_amounts_are_compared_to_their_last_digit(
    clerk_of_tokens: Client, field: str, condition: str, expected: list[str]
) -> None:
    where = f"where={field}:{condition}:{LARGE}&where=owner:not-empty"

    assert owners(clerk_of_tokens, f"{where}&sort=balance") == expected


def test_amounts_are_sorted_to_their_last_digit(clerk_of_tokens: Client) -> None:
    query = "where=owner:not-empty&sort="

    assert owners(clerk_of_tokens, f"{query}balance") == TO_THE_LAST_DIGIT
    assert owners(clerk_of_tokens, f"{query}-balance") == TO_THE_LAST_DIGIT[::-1]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("floor", ["Unlimited", "Low", "Early", "Late"]),
        ("activity", ["Unlimited", "Low", "Early", "Late"]),
        ("side", ["Unlimited", "Early", "Late", "Low"]),
    ],
)
def test_what_is_hidden_at_first_sorts_as_well(
    clerk: Client, sort: str, expected: list[str]
) -> None:
    make_balance(identity=make_identity(name="Unlimited"), floor_minor=None)
    low = make_identity(name="Low")
    make_balance(identity=low, floor_minor=-5_00, normal_side="DEBIT")
    for name, days, floor_minor in (("Early", 1, -1_00), ("Late", 2, 0)):
        balance = make_balance(identity=make_identity(name=name), floor_minor=floor_minor)
        source = make_balance(indicator=f"@{name}", floor_minor=None)
        post_transfer(
            source=source,
            destination=balance,
            amount_minor=9_00,
            effective_at=NOON + timedelta(days=days),
        )

    assert owners(clerk, f"sort={sort}") == expected
    assert owners(clerk, f"sort=-{sort}") == expected[::-1]


@pytest.mark.parametrize("table", ["ledgers", "balances", "identities"])
def test_ids_sort_through_all_pages(clerk: Client, table: str) -> None:
    for number in range(24):
        make_balance(identity=make_identity(name=f"{number}"))
    seen: list[str] = []
    url = f"/{table}/?sort=id&columns=id&size=20"
    while url:
        html = clerk.get(url).content.decode()
        seen += re.findall(r'<tr[^>]* data-row="([^"]+)"', html)
        following = re.search(r'rel="next" href="([^"]*)"', html)
        url = unescape(following[1]) if following else ""
    general = 1 if table == "ledgers" else 0

    assert len(seen) >= 24
    assert seen[general:] == sorted(seen[general:])
