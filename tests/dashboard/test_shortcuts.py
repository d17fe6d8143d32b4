from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_client, make_user
from tests.pages import SLIDE_OVER, count_queries, rows_of, text_of
from users.models import Shortcuts, User
from web.shortcuts import GROUPS, SHORTCUTS, keys_to

ROOT = Path(__file__).resolve().parent.parent.parent
USED = re.compile(r"""data-shortcut=["']([^"'{]+)["']""")
URL = "/shortcuts/"


@pytest.fixture
def clerk(db: None) -> Client:
    return make_client()


def test_every_key_in_a_template_is_in_the_registry() -> None:
    used = {
        (keys, path.name)
        for path in (ROOT / "templates").rglob("*.html")
        for keys in USED.findall(path.read_text())
    }

    assert used
    assert {keys for keys, _path in used} <= set(SHORTCUTS), used


def test_keys_are_given_out_once_and_none_hides_another() -> None:
    keys = [each.keys for group in GROUPS for each in group.shortcuts]

    assert len(keys) == len(set(keys))
    starts = {each.partition(" ")[0] for each in keys if " " in each}
    assert not starts & set(keys)


@pytest.mark.parametrize("name", ["commit", "void", "reverse", "refund", "review"])
def test_no_bare_key_presses_what_changes_the_books(name: str) -> None:
    """Keys without Ctrl are on links, which ask; what posts is a button, which they spare."""
    buttons = [
        tag
        for path in (ROOT / "templates").rglob("*.html")
        for tag in re.findall(r"<button[^>]*>", path.read_text())
        if "data-shortcut" in tag and name in tag
    ]

    assert not buttons


def test_page_tells_every_shortcut(clerk: Client) -> None:
    rows = rows_of(clerk.get(URL))

    assert ["g then l", "Ledgers"] in rows
    assert ["Ctrl K", "Search everything (⌘ K on a Mac)"] in rows
    assert ["Ctrl Shift Enter", "Post it, and open the next form"] in rows
    assert len(rows) == len(SHORTCUTS) + len(GROUPS)


def test_shortcuts_are_told_beside_the_page_too(clerk: Client) -> None:
    response = clerk.get(URL, headers=SLIDE_OVER)

    assert b"<!doctype html>" not in response.content
    assert 'id="slide-over-heading"' in response.content.decode()


def test_page_asks_the_database_nothing(clerk: Client) -> None:
    assert count_queries(clerk, URL) == 0


def test_shell_carries_the_keys_of_the_registry(clerk: Client) -> None:
    html = clerk.get(URL).content.decode()

    for name in ("ledgers:list", "balances:list", "transactions:create", "dashboard:proof"):
        pattern = rf'<a href="{reverse(name)}"[^>]* data-shortcut="{keys_to(name)}"'
        assert re.search(pattern, html), name
    assert re.search(r'<a href="/shortcuts/"[^>]* data-shortcut="\?"', html)


@pytest.mark.django_db
def test_shortcuts_are_switched_off_and_on_by_the_person(client: Client) -> None:
    reader = make_user()
    client.force_login(reader)

    for choice in (Shortcuts.OFF, Shortcuts.ON):
        client.post("/preferences/", {"shortcuts": choice, "next": URL})

        response = client.get(URL)
        assert f'data-shortcuts="{choice}"' in response.content.decode()
        assert ("You have switched off" in text_of(response)) == (choice == Shortcuts.OFF)
        assert User.objects.get(pk=reader.pk).shortcuts == choice
