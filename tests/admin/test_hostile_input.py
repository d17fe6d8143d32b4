"""Texts that cannot be stored, and those that can but were meant to do harm."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from ledgers.models import Ledger
from tests.admin.changing import change, errors_of
from tests.factories import make_identity, make_ledger

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": 1, "a": 2}',
        "[1]",
        '"text"',
        "null",
        "{",
        '{"": 1}',
        '{"a": "' + "x" * 70_000 + '"}',
        '{"a":' * 3000 + "1" + "}" * 3000,
    ],
)
def test_metadata_that_cannot_be_stored_is_refused_at_its_field(
    admin_pages: Client, text: str
) -> None:
    ledger = make_ledger(metadata={"a": 1})

    response = change(admin_pages, ledger, metadata=text)

    ledger.refresh_from_db()
    assert "metadata" in errors_of(response)
    assert ledger.metadata == {"a": 1}


def test_megabyte_of_metadata_is_refused(admin_pages: Client) -> None:
    ledger = make_ledger()

    response = change(admin_pages, ledger, metadata='{"a": "' + "x" * 2_000_000 + '"}')

    ledger.refresh_from_db()
    assert response.status_code == 400 or "64 KB" in str(errors_of(response))
    assert ledger.metadata == {}


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE ledgers_ledger; --",
        "{{ 7|add:7 }}{% now 'Y' %}",
        "\N{RIGHT-TO-LEFT OVERRIDE}resu\N{POP DIRECTIONAL FORMATTING}",
        "عميل ١٢٣",
        "🏦 & <b>",
    ],
)
def test_hostile_names_are_stored_and_shown_as_text(admin_pages: Client, name: str) -> None:
    ledger, identity = make_ledger(), make_identity()

    change(admin_pages, ledger, name=name)
    change(admin_pages, identity, name=name)

    shown = [
        admin_pages.get(reverse(f"admin:{page}")).content.decode()
        for page in ("ledgers_ledger_changelist", "identities_identity_changelist", "index")
    ]
    ledger.refresh_from_db()
    identity.refresh_from_db()
    assert (ledger.name, identity.name) == (name, name)
    assert not any("<script>alert" in page or "<b>" in page for page in shown)


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "a\x07b", "x" * 201, "\u200b\u200c"])
def test_names_that_cannot_be_seen_are_refused(admin_pages: Client, name: str) -> None:
    response = change(admin_pages, make_ledger(name="Kept"), name=name)

    assert "name" in errors_of(response)
    assert Ledger.objects.filter(name="Kept").exists()
