"""What a person's posting opens leaves an audit event, in the same database transaction."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from audit.models import AuditEvent
from balances.models import Balance
from balances.operations import open_balance
from ledgers.models import Currency
from tests.conftest import OwnDatabase
from tests.factories import general_ledger, make_balance, make_user, post_transfer
from transactions.errors import InsufficientFundsError
from transactions.posting import post, post_many
from transactions.previews import preview
from transactions.requests import Indicator, PostingRequest, transfer

NEW = Indicator("@New", "GBP")
OPENED = "balance.opened"


def opened() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=OPENED, after__indicator=NEW.name))


def request(reference: str, **changes: Any) -> PostingRequest:
    """A hundred pence from the new indicator to another."""
    legs: dict[str, Any] = {"source": NEW, "destination": Indicator("@World", "GBP")}
    return PostingRequest(reference, transfer(**(legs | changes), amount_minor=1_00))


@pytest.mark.django_db
def test_indicator_that_a_posting_opens_is_told_as_one_opened_by_hand() -> None:
    clerk = make_user()
    by_hand = open_balance(
        ledger=general_ledger(),
        currency=Currency.objects.get(pk="GBP"),
        indicator="@Hand",
        floor_minor=None,
        actor=clerk,
    )

    post(request("R-1"), actor=clerk)

    event, example = opened()[0], AuditEvent.objects.get(subject=by_hand.key)
    assert (event.actor, event.actor_name) == (clerk, clerk.username)
    assert event.subject == Balance.objects.get(indicator=NEW.name).key
    assert event.after == (example.after or {}) | {"indicator": NEW.name}
    assert event.before is None


@pytest.mark.django_db
def test_batch_tells_each_indicator_that_it_opens_once() -> None:
    clerk = make_user()
    short = request("R-2", source=make_balance().pk, destination=Indicator("@Refused", "GBP"))

    post_many([request("R-1"), short, request("R-3")], actor=clerk)
    post_many([request("R-4")], actor=clerk)

    told = AuditEvent.objects.filter(action=OPENED, actor=clerk)
    assert {event.after and event.after["indicator"] for event in told} == {"@New", "@World"}
    assert told.count() == 2


@pytest.mark.django_db
def test_nothing_is_told_of_what_is_not_opened() -> None:
    clerk = make_user()

    with pytest.raises(InsufficientFundsError):
        post(request("R-1", source=make_balance().pk, destination=NEW), actor=clerk)
    preview(request("R-2"))
    post_many([request("R-3")], dry_run=True, actor=clerk)
    post_transfer(source=NEW, destination=Indicator("@World", "GBP"))  # by a program
    post(request("R-4"), actor=clerk)

    assert Balance.objects.filter(indicator=NEW.name).exists()
    assert opened() == []


def test_only_who_opened_it_is_named(own_database: OwnDatabase) -> None:
    clerks = [make_user() for _ in range(8)]
    barrier = threading.Barrier(len(clerks))

    def use(number: int) -> None:
        barrier.wait()
        post(request(f"R-{number}"), actor=clerks[number])
        connection.close()

    threads = [threading.Thread(target=use, args=[number]) for number in range(len(clerks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(opened()) == 1
    assert AuditEvent.objects.filter(action="transaction.posted").count() == len(clerks)
