"""Books with every kind of transaction, and what should be found in them."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from django.http import QueryDict

from balances.models import Balance
from search.fields import FIELDS
from search.models import FoundTransaction
from tests.factories import NOON, make_balance, post_transfer
from tests.transactions.living import commit, place_hold, refund, reverse, void
from transactions.models import Transaction
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Leg, PostingRequest
from web.tables.conditions import Conditions

_numbers = count(1)


def post_exchange(*, pounds_minor: int = 80_00, yen: int = 15_000) -> Transaction:
    """Pounds and yen in one transaction: two lines, GBP before JPY."""
    sides = [make_balance(currency=code, floor_minor=None) for code in ("JPY", "JPY", "GBP", "GBP")]
    legs = [
        Leg(balance.pk, direction, amount)
        for balance, direction, amount in zip(
            sides, (DEBIT, CREDIT) * 2, (yen, yen, pounds_minor, pounds_minor), strict=True
        )
    ]
    result = post(PostingRequest(f"exchange-{next(_numbers)}", legs, effective_at=NOON))
    assert result.transaction_id is not None
    return Transaction.objects.get(pk=result.transaction_id)


def fill_books() -> tuple[Balance, Balance]:
    """One or more transactions of each kind but expiries, between two balances and others."""
    source, target = make_balance(floor_minor=None), make_balance()
    move = partial(post_transfer, source=source, destination=target)
    reserve = partial(place_hold, source=source, destination=target)
    posted = move(amount_minor=1_250_00, description="Rent for May", metadata={"flat": "7b"})
    refund(posted, 50_00)
    reverse(move(amount_minor=3_00, reference="WRONG-1"))
    partly, voided = reserve(amount_minor=80_00), reserve(amount_minor=9_00)
    refund(commit(partly, 30_00), 10_00)
    void(voided)
    post_exchange()
    return source, target


def read_found() -> list[tuple[Any, ...]]:
    """All that there is to find, in order."""
    names = [field.attname for field in FoundTransaction._meta.local_fields if field.name != "pk"]
    rows = FoundTransaction.objects.order_by("transaction_id", "line").values_list(*names)
    return [(*row[:-1], repr(row[-1])) for row in rows]  # the last is the extra information


def amounts_of(transaction: Transaction) -> list[tuple[str, Decimal]]:
    found = FoundTransaction.objects.filter(transaction=transaction).order_by("line")
    return list(found.values_list("currency", "amount"))


def compiled(query: str) -> Any:
    """The condition that an address asks for."""
    result = Conditions.read(QueryDict(query)).compile(FIELDS)
    assert not result.problems
    return result.q
