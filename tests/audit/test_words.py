"""What the audit trail says: in words that can be translated, one line for each thing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from audit.recording import record
from audit.telling import Event, describe_events
from audit.words import name_action, name_thing
from tests.factories import make_client, make_user
from tests.pages import rows_of

ROOT = Path(__file__).parents[2]
ACTION = re.compile(r"""action=["']([a-z]+\.[a-z_]+)["']""")
FOLDERS = (
    *("audit", "balances", "bulk", "exports", "identities", "ledgers", "reports", "schedules"),
    *("transactions", "users"),
)


def describe(action: str, before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    (lines,) = describe_events([Event(action, "", before, after)])
    return lines


@pytest.fixture
def auditor(db: None) -> Client:
    return make_client(user=make_user(username="berta", is_staff=True))


def test_everything_that_is_recorded_has_words() -> None:
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    actions = {action for path in paths for action in ACTION.findall(path.read_text())}

    assert len(actions) > 15
    for action in actions:
        assert name_action(action) != action
        assert name_thing(action) != action.partition(".")[0]


def test_what_is_new_and_empty_is_left_out_and_the_rest_has_labels() -> None:
    told = describe(
        "balance.opened",
        {},
        {"currency": "EUR", "indicator": "", "identity": None, "normal_side": "CREDIT"},
    )

    assert told == ("Currency: “EUR”", "Normal side: “Credit”")


def test_what_was_emptied_is_told() -> None:
    assert describe("identity.changed", {"email": "a@b.example"}, {"email": ""}) == (
        "E-mail: “a@b.example” → “”",
    )


def test_a_name_from_right_to_left_leaves_the_words_around_it_alone() -> None:
    told = describe("ledger.renamed", {"name": "\u202eevil"}, {"name": "Good"})

    assert told == ("Name: “\u2068evil\u2069” → “Good”",)


def test_a_kind_of_record_means_many_at_once_as_well(auditor: Client) -> None:
    record(actor=None, action="transactions.imported", subject="import", after={"read": 3})

    rows = rows_of(auditor.get("/audit/?where=thing:is:transaction"))[1:]

    assert [row[2:5] for row in rows] == [["Imported Transaction", "import", "Read: “3”"]]
