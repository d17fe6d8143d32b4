from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction as db_transaction
from django.utils import timezone

from audit.metadata import change_metadata
from audit.models import AuditEvent
from audit.recording import record
from balances.operations import close_balance, reopen_balance
from identities.operations import change_identity
from ledgers.operations import add_currency, rename_ledger
from tests.factories import make_balance, make_identity, make_ledger, make_user, post_transfer
from users.models import User

pytestmark = pytest.mark.django_db


def _rename(actor: User) -> Any:
    ledger = make_ledger(name="Old")
    rename_ledger(ledger, name="New", actor=actor)
    return ledger


def _change_identity(actor: User) -> Any:
    identity = make_identity(name="Old")
    change_identity(identity, name="New", kind="PERSON", email="", actor=actor)
    return identity


def _close(actor: User) -> Any:
    balance = make_balance()
    close_balance(balance, at=timezone.now(), actor=actor)
    return balance


def _reopen(actor: User) -> Any:
    balance = make_balance()
    close_balance(balance, at=timezone.now(), actor=None)
    reopen_balance(balance, actor=actor)
    return balance


@pytest.mark.parametrize(
    ("act", "action"),
    [
        (lambda actor: make_ledger(actor=actor), "ledger.created"),
        (_rename, "ledger.renamed"),
        (lambda actor: make_identity(actor=actor), "identity.created"),
        (_change_identity, "identity.changed"),
        (lambda actor: make_balance(actor=actor), "balance.opened"),
        (_close, "balance.closed"),
        (_reopen, "balance.reopened"),
        (
            lambda actor: post_transfer(
                source=make_balance(floor_minor=None), destination=make_balance(), actor=actor
            ),
            "transaction.posted",
        ),
    ],
)
def test_every_change_of_a_person_leaves_one_event(act: Callable[[User], Any], action: str) -> None:
    clerk = make_user()
    before = timezone.now()

    row = act(clerk)

    event = AuditEvent.objects.get(actor=clerk)
    assert (event.action, event.subject, event.actor_name) == (action, row.key, clerk.username)
    assert before <= event.created_at <= timezone.now()


def test_currency_is_added_with_an_event() -> None:
    clerk = make_user()

    add_currency(code="XTK", name="Token", exponent=18, kind="CRYPTO", actor=clerk)

    event = AuditEvent.objects.get(actor=clerk)
    assert (event.action, event.subject) == ("currency.added", "XTK")


def test_event_keeps_the_name_that_a_person_had() -> None:
    clerk = make_user(username="before")
    make_ledger(actor=clerk)

    User.objects.filter(pk=clerk.pk).update(username="after")

    assert AuditEvent.objects.get(actor=clerk).actor_name == "before"


def test_event_of_a_command_names_the_system() -> None:
    ledger = make_ledger(actor=None)

    event = AuditEvent.objects.get(subject=ledger.key)
    assert (event.actor, event.actor_name) == (None, "system")


def test_event_goes_when_the_change_is_taken_back() -> None:
    clerk = make_user()

    with db_transaction.atomic():
        make_ledger(actor=clerk)
        db_transaction.set_rollback(True)

    assert not AuditEvent.objects.filter(actor=clerk).exists()


@pytest.mark.parametrize("make", [make_ledger, make_identity, make_balance])
def test_metadata_is_merged_and_a_key_removed(make: Callable[..., Any]) -> None:
    row, clerk = make(metadata={"kept": {"deep": [1]}, "old": 1, "gone": None}), make_user()

    stored = change_metadata(row, changes={"old": 2, "new": "é"}, removed=["gone"], actor=clerk)

    event = AuditEvent.objects.get(actor=clerk)
    row.refresh_from_db()
    assert row.metadata == stored == {"kept": {"deep": [1]}, "old": 2, "new": "é"}
    assert event.before == {"kept": {"deep": [1]}, "old": 1, "gone": None}
    assert event.after == stored


def test_metadata_of_a_transaction_changes_with_its_history() -> None:
    posted = post_transfer(source=make_balance(floor_minor=None), destination=make_balance())
    clerk = make_user()

    change_metadata(posted, changes={"note": "late"}, actor=clerk)

    event = AuditEvent.objects.get(actor=clerk)
    assert (event.action, event.subject) == ("transaction.metadata_changed", posted.key)


def test_metadata_that_stays_the_same_leaves_no_event() -> None:
    ledger, clerk = make_ledger(metadata={"a": 1}), make_user()

    change_metadata(ledger, changes={"a": 1}, removed=["b"], actor=clerk)

    assert not AuditEvent.objects.filter(actor=clerk).exists()


def test_next_transaction_does_not_inherit_who_acted() -> None:
    ledger, clerk = make_ledger(), make_user()
    change_metadata(ledger, changes={"a": 1}, actor=clerk)

    change_metadata(ledger, changes={"a": 2}, actor=None)

    event = AuditEvent.objects.latest("pk")
    assert event.actor is None
    assert event.actor_name != clerk.username


@pytest.mark.parametrize(
    "text",
    ["<script>", "'; --", "\N{RIGHT-TO-LEFT OVERRIDE}x", "عميل", "🏦", "\\u0000", "a\nb\t"],
)
def test_event_holds_any_text(text: str) -> None:
    event = record(
        actor=None, action="x.tried", subject="x", before={text: text}, after={"a": [text]}
    )

    event.refresh_from_db()
    assert event.before == {text: text}
    assert event.after == {"a": [text]}


def test_string_of_a_row_is_its_number_and_action() -> None:
    event = record(actor=None, action="ledger.created", subject="ldg_1")

    assert str(event) == f"#{event.pk} ledger.created ldg_1"
