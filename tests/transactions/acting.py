"""Doing things with transactions as a person does: the form, its review, the button."""

from __future__ import annotations

from typing import Any

from django.test import Client

from balances.models import Balance
from tests.factories import NOON
from tests.pages import hidden_value
from transactions.lifecycle import commit
from transactions.models import Transaction
from transactions.posting import hold
from transactions.requests import Following, HoldRequest, Result, transfer


def make_hold(
    source: Balance, destination: Balance, amount_minor: int = 100_00, **fields: Any
) -> Transaction:
    legs = transfer(source=source.pk, destination=destination.pk, amount_minor=amount_minor)
    fields = {"reference": "H-1", "effective_at": NOON, **fields}
    return _transaction_of(hold(HoldRequest(legs=legs, **fields)))


def commit_part(held: Transaction, amount_minor: int | None, reference: str) -> Transaction:
    return _transaction_of(commit(Following(held.pk, reference, amount_minor)))


def address(transaction: Transaction, action: str) -> str:
    return f"{transaction.get_absolute_url()}{action}/"


def review(client: Client, transaction: Transaction, action: str, **given: Any) -> Any:
    """The answer to the form: the review, or the form again."""
    return client.post(address(transaction, action), {"reference": "S-1", **given})


def confirm(client: Client, transaction: Transaction, action: str, **given: Any) -> Any:
    """The whole way, from the form to what is done."""
    token = hidden_value(review(client, transaction, action, **given), "token")
    return client.post(address(transaction, action), {"token": token}, follow=True)


def _transaction_of(result: Result) -> Transaction:
    assert result.transaction_id is not None
    return Transaction.objects.get(pk=result.transaction_id)
