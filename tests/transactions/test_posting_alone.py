"""A transfer outside of a transaction goes straight into the database: one round trip."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db import transaction as db_transaction
from django.utils import timezone

from audit.models import AuditEvent
from balances.operations import close_balance
from tests.books import assert_sound
from tests.conftest import OwnDatabase
from tests.factories import NOON, make_balance, make_user
from transactions.checks import AMOUNT_MAX
from transactions.errors import PostingError
from transactions.models import Entry, Transaction
from transactions.posting import post
from transactions.requests import (
    CREDIT,
    DEBIT,
    UNLIMITED,
    HoldRequest,
    Indicator,
    Leg,
    PostingRequest,
    transfer,
)
from users.models import User

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
SENT = ("Query", "Sync")  # what ends each message that the server answers


@pytest.fixture(autouse=True)
def _committing(own_database: OwnDatabase) -> None:
    """Each posting is durable by itself, as in a request."""


def _pair() -> tuple[int, int]:
    return make_balance(floor_minor=None).pk, make_balance(opening_minor=10_00).pk


def _round_trips(act: Callable[[], Any]) -> int:
    """How often the client waits for the server, by what libpq says it sends."""
    driver: Any = connection.connection
    with tempfile.TemporaryFile("w+") as told:
        driver.pgconn.trace(told.fileno())
        try:
            act()
        finally:
            driver.pgconn.untrace()
        told.seek(0)
        sent = [line.split("\t") for line in told]
    return sum(parts[1] == "F" and parts[3].strip() in SENT for parts in sent)


def _request(pair: tuple[int, int], **given: Any) -> PostingRequest:
    legs = transfer(source=pair[0], destination=pair[1], amount_minor=1_00)
    return PostingRequest(**{"reference": "R-1", "legs": legs, "description": "Rent"} | given)


def test_transfer_by_a_person_takes_one_round_trip() -> None:
    pair, clerk = _pair(), make_user()
    post(_request(pair, reference="first"), actor=clerk)

    assert _round_trips(lambda: post(_request(pair), actor=clerk)) == 1
    event = AuditEvent.objects.get(after__reference="R-1")
    assert (event.action, event.actor, event.subject) == (
        "transaction.posted",
        clerk,
        Transaction.objects.get(reference="R-1").key,
    )


def test_only_what_cannot_be_posted_straight_takes_a_second_round_trip() -> None:
    pair = _pair()
    several = [Leg(pair[0], DEBIT, 3), Leg(pair[1], CREDIT, 1), Leg(pair[1], CREDIT, 2)]

    def trips(request: PostingRequest) -> int:
        _outcome(replace(request, reference=f"before {request.reference}"))
        return _round_trips(lambda: _outcome(request))

    assert trips(_request(pair, reference="entries", legs=several)) == 1
    assert trips(_request(pair, reference="overdraft", overdraft_minor=UNLIMITED)) == 1
    assert trips(_request((pair[0], 10**9), reference="to nobody")) == 2


def _outcome(request: PostingRequest, actor: User | None = None) -> tuple[str, object]:
    """What a request comes to; the balance at fault beside a refusal."""
    try:
        return str(post(request, actor=actor).outcome), None
    except PostingError as error:
        return error.code, error.balance_id


def _closed() -> int:
    balance = make_balance()
    close_balance(balance, at=timezone.now(), actor=None)
    return balance.pk


CASES: dict[str, Callable[[tuple[int, int]], dict[str, Any]]] = {
    "a transfer": lambda _pair: {},
    "turned": lambda pair: {"legs": _request(pair).legs[::-1]},
    "with all it may say": lambda _pair: {
        "effective_at": NOON,
        "metadata": {"a": [1, {"b": "é\u202e</script>"}]},
        "public_id": ID,
        "description": "lines\nand\ttabs, 100 %s",
    },
    "as large as can be": lambda pair: {
        "legs": transfer(source=pair[0], destination=_empty(), amount_minor=AMOUNT_MAX)
    },
    "too large": lambda pair: {
        "legs": transfer(source=pair[0], destination=pair[1], amount_minor=AMOUNT_MAX)
    },
    "below the floor": lambda pair: {
        "legs": transfer(source=pair[1], destination=pair[0], amount_minor=10_01)
    },
    "as low as the floor": lambda pair: {
        "legs": transfer(source=pair[1], destination=pair[0], amount_minor=10_00)
    },
    "onto itself": lambda pair: {
        "legs": transfer(source=pair[0], destination=pair[0], amount_minor=1)
    },
    "both debited": lambda pair: {"legs": [Leg(pair[0], DEBIT, 5), Leg(pair[1], DEBIT, 5)]},
    "unbalanced": lambda pair: {"legs": [Leg(pair[0], DEBIT, 5), Leg(pair[1], CREDIT, 6)]},
    "onto another currency": lambda pair: {
        "legs": transfer(
            source=pair[0], destination=make_balance(currency="EUR").pk, amount_minor=5
        )
    },
    "onto a closed balance": lambda pair: {
        "legs": transfer(source=pair[0], destination=_closed(), amount_minor=5)
    },
    "to nobody": lambda pair: {
        "legs": transfer(source=pair[0], destination=10**12, amount_minor=5)
    },
    "to a new indicator": lambda pair: {
        "legs": transfer(source=pair[0], destination=Indicator("@New", "GBP"), amount_minor=5)
    },
    "in the future": lambda _pair: {"effective_at": timezone.now() + timedelta(hours=1)},
    "with a used reference": lambda _pair: {"reference": "used"},
    "as it was posted before": lambda pair: {
        "reference": "used",
        "legs": transfer(source=pair[0], destination=pair[1], amount_minor=1),
    },
}


def _empty() -> int:
    return make_balance().pk


@pytest.mark.parametrize("build", CASES.values(), ids=CASES.keys())
def test_alone_comes_to_what_it_comes_to_within_a_transaction(
    build: Callable[[tuple[int, int]], dict[str, Any]],
) -> None:
    pair, clerk = _pair(), make_user()
    used = transfer(source=pair[0], destination=pair[1], amount_minor=1)
    post(_request(pair, reference="used", legs=used))
    request = _request(pair, **build(pair))

    def told() -> list[Any]:
        written = Transaction.objects.filter(reference="R-1")
        fields = ("kind", "status", "description", "metadata", "entry_count", "overdraft_minor")
        return [
            *written.values_list(*fields),
            *written.filter(public_id=ID).values_list("public_id", "effective_at"),
            *Entry.objects.filter(transaction__reference="R-1")
            .order_by("id")
            .values_list("position", "direction", "amount_minor", "running_minor"),
            *AuditEvent.objects.filter(actor=clerk).values_list("action", "actor_name", "after"),
        ]

    with db_transaction.atomic():
        within = (_outcome(request, clerk), told())
        db_transaction.set_rollback(True)

    assert (_outcome(request, clerk), told()) == within
    assert_sound()


def test_hold_of_two_legs_is_no_posting() -> None:
    pair = _pair()

    post(HoldRequest("R-1", transfer(source=pair[0], destination=pair[1], amount_minor=5)))

    assert Transaction.objects.get(reference="R-1").kind == "HOLD"
    assert not Entry.objects.filter(transaction__reference="R-1").exists()
