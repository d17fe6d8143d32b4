"""The form for a transaction, filled in and sent for review."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.pages import hidden_value
from transactions.models import Transaction

NEW, REVIEW = "/transactions/new/", "/transactions/review/"


def filled(**changes: Any) -> dict[str, Any]:
    defaults = {
        "source": "@Treasury",
        "destination": "@World",
        "amount": "1,250.00",
        "currency": "GBP",
        "reference": "inv-1",
    }
    return defaults | changes


def review(client: Client, **changes: Any) -> Any:
    return client.post(REVIEW, filled(**changes))


def token_of(response: Any) -> str:
    return hidden_value(response, "token")


def posted() -> int:
    return Transaction.objects.count()
