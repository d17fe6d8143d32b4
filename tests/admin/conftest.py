from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from ledgers.models import Currency
from tests.factories import (
    general_ledger,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.transactions.living import place_hold
from transactions.models import ProofRun
from users.models import User


@pytest.fixture
def operator(db: None) -> User:
    return make_user(username="operator", is_staff=True, is_superuser=True)


@pytest.fixture
def admin_pages(operator: User) -> Client:
    """A browser in which the operator is signed in."""
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def books(admin_pages: Client) -> dict[str, Any]:
    """One row of every kind."""
    owner = make_identity(name="Acme <b>Ltd</b>")
    ledger = make_ledger(name="Shop")
    source = make_balance(ledger=ledger, floor_minor=None, metadata={"a": {"b": 1}})
    target = make_balance(ledger=ledger, identity=owner)
    posted = post_transfer(
        source=source, destination=target, reference="INV-1", actor=make_user(), metadata={"k": "v"}
    )
    held = place_hold(source=source, destination=target, reference="H-1")
    run = ProofRun.objects.create(is_ok=True, duration_seconds=1.5, checks=[{"name": "x"}])
    return {
        "identity": owner,
        "ledger": ledger,
        "balance": target,
        "transaction": posted,
        "entry": posted.entries.get(balance=target),
        "held": held,
        "hold": held.hold,
        "reservation": held.reservations.latest("pk"),
        "currency": Currency.objects.get(pk="GBP"),
        "event": AuditEvent.objects.latest("pk"),
        "run": run,
        "user": make_user(username="ada"),
        "general": general_ledger(),
    }
