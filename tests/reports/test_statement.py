from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from balances.models import Balance
from tests.factories import make_balance, make_client, make_identity, post_transfer
from tests.pages import rows_of
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db

TREASURY = Indicator("@Treasury", "GBP")


@pytest.fixture
def clerk() -> Client:
    return make_client()


def at(day: str, time: str = "12:00", zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(zone))


def pay(balance: Balance, amount_minor: int, moment: datetime, **fields: Any) -> None:
    """Credit the balance, or debit it by a negative amount."""
    sides = (TREASURY, balance) if amount_minor > 0 else (balance, TREASURY)
    post_transfer(
        source=sides[0],
        destination=sides[1],
        amount_minor=abs(amount_minor),
        effective_at=moment,
        **fields,
    )


def url_of(balance: Balance, kind: str = "", **query: str) -> str:
    path = balance.get_absolute_url() + ("statement/" if not kind else f"statement.{kind}")
    return path + "?" + "&".join(f"{name}={value}" for name, value in query.items())


def period(first: str, last: str) -> dict[str, str]:
    return {"from": first, "to": last}


@pytest.fixture
def northgate() -> Balance:
    """Three payments, of which the one in the middle was recorded last."""
    balance = make_balance(identity=make_identity(name="Northgate"), floor_minor=None)
    pay(balance, 100_00, at("2025-01-10"), reference="first")
    pay(balance, -30_00, at("2025-02-20"), reference="last")
    pay(balance, -150_00, at("2025-02-03"), reference="late", description="Found in a drawer")
    return balance


def test_back_dated_entries_take_their_place_between_opening_and_closing(
    clerk: Client, northgate: Balance
) -> None:
    rows = rows_of(clerk.get(url_of(northgate, **period("2025-02-01", "2025-02-28"))))

    assert [[row[1], row[2], row[3], row[4], row[6]] for row in rows[1:]] == [
        ["", "Opening balance", "", "", "100.00"],
        ["late", "@TreasuryFound in a drawer", "150.00", "", "−50.00"],
        ["last", "@Treasury", "30.00", "", "−80.00"],
        ["", "", "180.00", "0.00", "−80.00"],
    ]
    assert rows[2][0].startswith("3 Feb 2025recorded ")
