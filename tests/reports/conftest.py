from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from balances.models import Balance
from ledgers.models import Ledger
from tests.factories import (
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    post_transfer,
)
from tests.reports.statements import at, pay


@pytest.fixture
def clerk(db: None) -> Client:
    return make_client()


@pytest.fixture
def northgate() -> Balance:
    """Three payments, of which the one in the middle was recorded last."""
    balance = make_balance(identity=make_identity(name="Northgate"), floor_minor=None)
    pay(balance, 100_00, at("2025-01-10"), reference="first")
    pay(balance, -30_00, at("2025-02-20"), reference="last")
    pay(balance, -150_00, at("2025-02-03"), reference="late", description="Found in a drawer")
    return balance


@pytest.fixture
def suppliers(db: None) -> Ledger:
    """100.00 to Northgate in March, 30.00 out in April; the other side is @Funding."""
    suppliers = make_ledger(name="Suppliers")
    northgate = make_balance(ledger=suppliers, identity=make_identity(name="Northgate"))
    funding = make_balance(indicator="@Funding", floor_minor=None)
    march, april = datetime(2025, 3, 10, 9, tzinfo=UTC), datetime(2025, 4, 10, 9, tzinfo=UTC)
    post_transfer(source=funding, destination=northgate, amount_minor=100_00, effective_at=march)
    post_transfer(source=northgate, destination=funding, amount_minor=30_00, effective_at=april)
    return suppliers
