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


def rows(prefix: str, *given: dict[str, str]) -> dict[str, str]:
    """Rows of the form, as its fields are sent."""
    fields = {
        f"{prefix}-{n}-{name}": text for n, row in enumerate(given) for name, text in row.items()
    }
    return {f"{prefix}-TOTAL_FORMS": str(len(given)), f"{prefix}-INITIAL_FORMS": "0", **fields}


def parts(*given: tuple[str, str]) -> dict[str, str]:
    """Further balances of a split, each with its share."""
    return rows("part", *({"side": side, "share": share} for side, share in given))


def journal(*lines: tuple[str, str, str], **changes: Any) -> dict[str, str]:
    """A journal entry: lines of balance, debit and credit, in pounds."""
    columns = ("side", "debit", "credit")
    given = ({"currency": "GBP", **dict(zip(columns, line, strict=True))} for line in lines)
    return {"mode": "journal", "reference": "inv-1", **rows("line", *given), **changes}


def entries() -> list[tuple[str, int, int]]:
    """What was posted last: indicator, direction and amount of each entry."""
    transaction = Transaction.objects.latest("pk")
    columns = ("balance__indicator", "direction", "amount_minor")
    rows = transaction.entries.order_by("pk").values_list(*columns)
    return [(name, direction, int(amount)) for name, direction, amount in rows]


def review(client: Client, **changes: Any) -> Any:
    return client.post(REVIEW, filled(**changes))


def token_of(response: Any) -> str:
    return hidden_value(response, "token")


def posted() -> int:
    return Transaction.objects.count()
