"""What others add is told to who watches a table, from memory as long as nothing is added."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    make_balance,
    make_client,
    make_identity,
    make_user,
    post_transfer,
)
from tests.web.watching import look_each_time
from web import live
from web.marks import Mark

MADE_UP = f"identities_identity-ffffffff-{'0' * 40}"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watch(monkeypatch: pytest.MonkeyPatch) -> None:
    look_each_time(monkeypatch)


def _start(client: Client, query: str = "", *, table: str = "identities") -> dict[str, str]:
    """What the page of a table asks with."""
    content = client.get(f"{reverse(f'{table}:list')}?{query}").content.decode()
    match = re.search(r'data-live="([^"]+)" data-ticket="([^"]+)" data-rows="([^"]*)"', content)
    assert match
    return {"table": table, "since": match[1], "ticket": match[2], "rows": match[3]}


def test_nothing_new_is_answered_without_asking_who_it_is(clerk: Client) -> None:
    make_identity()
    asked = _start(clerk)

    with CaptureQueriesContext(connection) as queries:
        response = Client().get("/live/", asked)

    assert (response.status_code, response.content) == (204, b"")
    assert response["Cache-Control"] == "no-store"
    assert len(queries) == 1


def test_statements_are_those_of_the_process_not_of_its_readers(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FRESH_SECONDS", 60.0)
    asked = _start(clerk)

    with CaptureQueriesContext(connection) as queries:
        answers = {clerk.get("/live/", asked).status_code for _ in range(20)}

    assert answers == {204}
    assert len(queries) == 1


def test_what_was_added_is_counted_under_the_filters(clerk: Client) -> None:
    make_identity()
    asked = _start(clerk, "q=north")
    make_identity(name="Northgate")
    make_identity(name="Southgate")

    everything = clerk.get("/live/", asked).json()
    north = clerk.get("/live/", {**asked, "q": "north"}).json()
    west = clerk.get("/live/", {**asked, "q": "west"}).json()

    assert everything["words"].startswith("2 new")
    assert north["words"].startswith("1 new")
    assert west["words"] == ""
    told = clerk.get("/live/", {**asked, "q": "west", "ticket": west["ticket"]})
    assert told.status_code == 204


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("where=currency:is:GBP", "2 new"),
        ("where=amount:at-least:5", "1 new"),
        ("tab=posted", "2 new"),
        ("tab=inflight", ""),
        ("q=live-test-1", "1 new"),
    ],
)
def test_postings_are_counted_under_conditions_tabs_and_text(
    clerk: Client, query: str, words: str
) -> None:
    source, destination = make_balance(opening_minor=90_00), make_balance()
    asked = _start(clerk, query, table="transactions")
    for reference, minor in (("live-test-1", 1_00), ("live-test-2", 7_00)):
        post_transfer(
            source=source, destination=destination, amount_minor=minor, reference=reference
        )

    told = clerk.get(f"/live/?{urlencode(asked)}&{query}").json()

    assert told["words"].startswith(words)
    assert bool(told["words"]) == bool(words)


def test_every_table_tells(clerk: Client) -> None:
    source = make_balance(identity=make_identity(), opening_minor=9_00)
    names = ("balances", "entries", "identities", "ledgers", "transactions")
    starts = [_start(clerk, table=name) for name in names]
    post_transfer(source=source, destination=make_balance(identity=make_identity()))

    words = [clerk.get("/live/", each).json()["words"] for each in starts]
    assert [each.partition(" ")[0] for each in words] == ["1", "2", "1", "1", "1"]


def test_many_are_not_counted_one_by_one(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SHOWN_MAX", 2)
    make_identity()
    asked = _start(clerk)
    for _ in range(4):
        make_identity()

    few = clerk.get("/live/", asked).json()["words"]
    live._SAID.clear()
    monkeypatch.setattr(live, "SPAN", 3)
    many = clerk.get("/live/", asked).json()["words"]

    assert few.startswith("2+ new")
    assert many.startswith("Many new")


def test_who_has_signed_out_is_told_nothing(clerk: Client) -> None:
    asked = _start(clerk)
    clerk.logout()
    make_identity()

    response = clerk.get("/live/", asked)

    assert response.status_code == 302


@pytest.mark.parametrize("ticket", ["", "users_user-ffffffff-" + "0" * 40, MADE_UP, "x\0"])
def test_a_made_up_ticket_leads_to_the_login_page(clerk: Client, ticket: str) -> None:
    asked = _start(clerk)

    response = Client().get("/live/", {**asked, "ticket": ticket})

    assert response.status_code == 302


def test_a_ticket_ends(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TICKET_SECONDS", (-2.0, -1.0))
    asked = _start(clerk)

    response = clerk.get("/live/", asked)

    assert response.status_code == 200
    assert response.json()["words"] == ""


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"table": "nothing"}, 404), ({"since": "x"}, 400), ({"since": f"{2**63:x}-1"}, 400)],
)
def test_nonsense_is_refused(clerk: Client, changes: dict[str, str], status: int) -> None:
    asked = {**_start(clerk), "ticket": "", **changes}

    assert clerk.get("/live/", asked).status_code == status


def test_a_row_committed_late_counts_although_its_id_is_lower() -> None:
    before, after = Mark.of([7, 5, 4]), Mark.of([8, 7, 6, 5, 4])

    assert Mark.read(str(before)) == before != after
    assert before.added_since("pk") == Q(pk__gt=7) | Q(pk__in=[6, 3, 2, 1])


def test_events_of_the_audit_trail_are_told_to_those_alone_who_may_read_it(clerk: Client) -> None:
    auditor = make_client(user=make_user(is_staff=True))
    make_identity()
    asked = _start(auditor, table="audit")
    make_identity(name="Northgate", actor=make_user(username="berta"))

    told = auditor.get("/live/", {**asked, "where": "who:is:berta"}).json()

    assert told["words"].startswith("1 new")
    assert clerk.get("/live/", asked).status_code == 403
