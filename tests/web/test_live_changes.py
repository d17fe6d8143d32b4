"""What others do to rows that were there is told as well, and costs nothing until they do it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules.operations import cancel, post_due
from tests.factories import make_balance, make_client, make_user, post_transfer
from tests.schedules.building import LATER, SOON, make_schedule, wait_until
from tests.transactions.living import commit, place_hold, refund, void
from tests.transactions.living import reverse as undo
from transactions.requests import Indicator
from web import live

TREASURY = Indicator("@Treasury", "GBP")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has seen nothing yet, and looks each time."""
    monkeypatch.setattr(live, "WATCH", live.Watch())
    monkeypatch.setattr(live, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(live, "_SAID", {})


class Reader:
    """Somebody who shows the transactions table under a query."""

    def __init__(self, query: str = "") -> None:
        self.client = make_client()
        content = self.client.get(f"{reverse('transactions:list')}?{query}").content.decode()
        match = re.search(r'data-live="([^"]+)" data-ticket="([^"]+)"', content)
        assert match
        asked = {"table": "transactions", "since": match[1], "ticket": match[2]}
        self.address = f"/live/?{urlencode(asked)}&{query}"

    def ask(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(self.address).json()
        return answer


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "2 changed – show"),
        ("tab=inflight", "2 changed – show"),
        ("tab=posted", "1 changed – show"),
        ("records=every", "2 new, 2 changed – show"),
        ("q=whole", "1 changed – show"),
        ("q=kept", ""),
        ("where=currency:is:EUR", ""),
    ],
)
def test_holds_that_others_commit_or_void_are_changed(query: str, words: str) -> None:
    whole, gone, _kept = (
        place_hold(source=TREASURY, destination=make_balance(), reference=reference)
        for reference in ("whole", "gone", "kept")
    )
    reader = Reader(query)

    commit(whole, reference="c")
    void(gone, reference="v")

    told = reader.ask()
    assert (told["words"], told["isNew"]) == (words, "new" in words)


def test_reversal_and_refund_of_a_commit_change_the_event() -> None:
    committed = commit(place_hold(source=TREASURY, destination=make_balance(), reference="hold"))
    posted = post_transfer(source=TREASURY, destination=make_balance(), reference="mistake")
    everybody, inflight = Reader(), Reader("tab=inflight")

    undo(posted)
    refund(committed)

    assert everybody.ask()["words"] == "2 changed – show"
    assert inflight.ask()["words"] == ""


def test_what_is_new_and_followed_is_only_new() -> None:
    post_transfer(source=TREASURY, destination=make_balance())
    reader = Reader()

    commit(place_hold(source=TREASURY, destination=make_balance(), reference="hold"))

    assert reader.ask()["words"] == "1 new – show"


def test_schedules_are_told_of_as_they_come_and_go() -> None:
    ada, wallet = make_user(), make_balance()
    leaving = make_schedule(source=TREASURY, destination=wallet, due_in=LATER)
    refused = make_schedule(source=make_balance(), destination=wallet, due_in=SOON)
    posted = make_schedule(source=TREASURY, destination=wallet, due_in=SOON)
    tabs = ("scheduled", "rejected", "cancelled")
    readers = [Reader(f"tab={tab}") for tab in tabs]
    elsewhere = Reader(f"tab=scheduled&balance={make_balance().key}")

    make_schedule(source=TREASURY, destination=wallet)
    cancel(leaving, actor=ada)
    wait_until(max(refused.due_at, posted.due_at))
    assert post_due() == 2

    assert [reader.ask()["words"] for reader in readers] == [
        *("1 new, 3 changed – show", "1 new – show", "1 new – show")
    ]
    assert elsewhere.ask()["words"] == ""


@pytest.mark.parametrize("tab", ["", "scheduled"])
def test_nothing_is_asked_for_each_reader_meanwhile(
    monkeypatch: pytest.MonkeyPatch, tab: str
) -> None:
    monkeypatch.setattr(live, "FRESH_SECONDS", 60.0)
    reader = Reader(f"tab={tab}")

    with CaptureQueriesContext(connection) as queries:
        answers = {Client().get(reader.address).status_code for _ in range(20)}

    assert answers == {204}
    assert len(queries) == 1


def test_changes_are_counted_once_for_all_who_ask_the_same() -> None:
    hold = place_hold(source=TREASURY, destination=make_balance(), reference="hold")
    reader = Reader()
    commit(hold)
    reader.ask()

    with CaptureQueriesContext(connection) as queries:
        assert reader.ask()["words"] == "1 changed – show"

    # The newest rows, looked at twice where nothing stays fresh, and who asks.
    assert len(queries) == 4
