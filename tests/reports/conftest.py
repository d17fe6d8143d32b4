from __future__ import annotations

import pytest

from balances.models import Balance
from tests.factories import make_balance, make_identity
from tests.reports.statements import at, pay


@pytest.fixture
def northgate() -> Balance:
    """Three payments, of which the one in the middle was recorded last."""
    balance = make_balance(identity=make_identity(name="Northgate"), floor_minor=None)
    pay(balance, 100_00, at("2025-01-10"), reference="first")
    pay(balance, -30_00, at("2025-02-20"), reference="last")
    pay(balance, -150_00, at("2025-02-03"), reference="late", description="Found in a drawer")
    return balance
