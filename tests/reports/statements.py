"""Balances with a history, and the addresses of their statements."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from balances.models import Balance
from tests.factories import post_transfer
from transactions.requests import Indicator

TREASURY = Indicator("@Treasury", "GBP")


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
