from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_ledger
from tests.pages import SCRIPT, count_queries, text_of

pytestmark = pytest.mark.django_db
URL = "/ledgers/suggest/"


def test_ledgers_are_suggested_by_part_of_the_name(clerk: Client) -> None:
    ledger = make_ledger(name="Customer Wallets")
    make_ledger(name="Suppliers")

    response = clerk.get(URL, {"q": "wall"})

    html = response.content.decode()
    assert f'data-value="{ledger.key}"' in html
    assert html.count('role="option"') == 1


def test_ledger_is_suggested_by_its_id(clerk: Client) -> None:
    ledger = make_ledger()
    make_ledger()

    html = clerk.get(URL, {"q": ledger.key}).content.decode()

    assert html.count('role="option"') == 1
    assert ledger.key in html


def test_nothing_typed_suggests_the_general_ledger_first(clerk: Client) -> None:
    make_ledger(name="A")

    text = text_of(clerk.get(URL))

    assert text.index("General Ledger") < text.index("A ")


def test_nothing_found_is_said(clerk: Client) -> None:
    assert "Nothing found" in text_of(clerk.get(URL, {"q": "zzz\x00"}))


def test_names_are_shown_as_text(clerk: Client) -> None:
    make_ledger(name=SCRIPT)

    assert SCRIPT not in clerk.get(URL, {"q": "script"}).content.decode()


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    few = count_queries(clerk, URL)
    for _ in range(15):
        make_ledger()

    assert count_queries(clerk, URL) == few == 1  # ledgers
