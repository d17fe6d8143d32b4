"""A name that is written from right to left leaves the order of the sentence around it alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from tests.factories import make_balance, make_client, make_identity, make_ledger
from tests.schedules.building import make_schedule
from transactions.requests import Indicator
from users.models import SavedView
from web.text import isolate

HEBREW = "ספקים (EU)"
ISOLATED = f"\u2068{HEBREW}\u2069"
TREASURY = Indicator("@Treasury", "GBP")


def told(response: Any) -> str:
    """The newest message that the next page shows."""
    *_before, message = get_messages(response.wsgi_request)
    return str(message)


@pytest.fixture
def clerk() -> Client:
    return make_client()


@pytest.mark.parametrize(
    ("text", "isolated"),
    [
        ("Suppliers", "Suppliers"),
        ("Müller & Söhne", "Müller & Söhne"),
        (HEBREW, ISOLATED),
        ("موردون 12", "\u2068موردون 12\u2069"),
        ("Oslo\u202ekcab", "\u2068Oslokcab\u2069"),
        ("Oslo\u2069\u202e", "\u2068Oslo\u2069"),
    ],
)
def test_only_what_has_a_direction_of_its_own_is_isolated(text: str, isolated: str) -> None:
    assert isolate(text) == isolated


@pytest.mark.django_db
def test_messages_isolate_the_names_of_records(clerk: Client) -> None:
    ledger, identity = make_ledger(), make_identity()
    profile = {"name": HEBREW, "kind": "ORGANIZATION", "email": ""}
    fresh = {"public_id": str(uuid4()), "metadata_json": ""}
    create_view = f"{reverse('users:view-create', args=['ledgers'])}?q=x"

    assert [
        told(clerk.post(f"{ledger.get_absolute_url()}name/", {"name": HEBREW})),
        told(clerk.post(f"{identity.get_absolute_url()}edit/", profile)),
        told(clerk.post(reverse("identities:create"), profile | fresh)),
        told(clerk.post(create_view, {"name": HEBREW, "description": ""})),
    ] == [
        f"The ledger is now called {ISOLATED}.",
        f"Changes to {ISOLATED} saved.",
        f"Identity {ISOLATED} created.",
        f"View {ISOLATED} saved.",
    ]
    view = SavedView.objects.get()
    gone = clerk.post(reverse("users:view-delete", args=[view.public_id]))
    assert told(gone) == f"View {ISOLATED} deleted."


@pytest.mark.django_db
def test_messages_isolate_references(clerk: Client) -> None:
    schedule = make_schedule(source=TREASURY, destination=make_balance(), reference=HEBREW)

    answer = clerk.post(f"{schedule.get_absolute_url()}cancellation/")

    assert told(answer) == f"{ISOLATED} will not be posted."


@pytest.mark.django_db
def test_message_about_a_moment_that_is_none_isolates_what_was_asked(clerk: Client) -> None:
    answer = clerk.get(reverse("balances:list"), {"as_of": HEBREW})

    assert f"“{ISOLATED}” is not a date" in answer.content.decode()
