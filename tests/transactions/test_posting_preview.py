from __future__ import annotations

import pytest
from django.db import transaction as db_transaction

from balances.models import Balance
from tests.books import snapshot
from tests.factories import make_balance, post_transfer
from transactions.errors import InsufficientFundsError, ReferenceUsedError
from transactions.models import Transaction
from transactions.posting import post
from transactions.previews import preview
from transactions.requests import (
    CREDIT,
    DEBIT,
    BalanceChange,
    Indicator,
    Leg,
    PostingRequest,
    transfer,
)

pytestmark = pytest.mark.django_db


def test_preview_shows_each_balance_before_and_after_and_changes_nothing() -> None:
    source, target = make_balance(opening_minor=100), make_balance(opening_minor=5)
    request = PostingRequest(
        reference="R-1",
        legs=[
            Leg(source.pk, DEBIT, 40),
            Leg(target.pk, CREDIT, 30),
            Leg(source.pk, DEBIT, 10),
            Leg(target.pk, CREDIT, 20),
        ],
    )
    before = snapshot()

    changes = preview(request)

    assert sorted(changes, key=lambda change: change.balance_id) == [
        BalanceChange(source.pk, 100, 50),
        BalanceChange(target.pk, 5, 55),
    ]
    assert snapshot() == before


def test_preview_foretells_exactly_what_post_does() -> None:
    source, target = make_balance(floor_minor=None, opening_minor=7), make_balance()
    request = PostingRequest(
        reference="R-1", legs=transfer(source=source.pk, destination=target.pk, amount_minor=10**30)
    )

    foretold = {change.balance_id: change.after_minor for change in preview(request)}
    post(request)

    assert foretold == {
        balance.pk: balance.balance_minor
        for balance in Balance.objects.filter(pk__in=[source.pk, target.pk])
    }


def test_preview_opens_no_indicator() -> None:
    request = PostingRequest(
        reference="R-1",
        legs=transfer(
            source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), amount_minor=1
        ),
    )
    before = snapshot()

    changes = preview(request)

    assert [change.after_minor for change in changes] == [-1, 1]
    assert snapshot() == before


def test_preview_refuses_as_post_does() -> None:
    source, target = make_balance(opening_minor=1), make_balance()
    post_transfer(source=source, destination=target, amount_minor=1, reference="used")
    before = snapshot()

    with pytest.raises(InsufficientFundsError):
        preview(
            PostingRequest("R-1", transfer(source=source.pk, destination=target.pk, amount_minor=1))
        )
    with pytest.raises(ReferenceUsedError):
        preview(
            PostingRequest(
                "used", transfer(source=target.pk, destination=source.pk, amount_minor=1)
            )
        )

    assert snapshot() == before


def test_preview_of_what_is_posted_shows_the_change_it_made() -> None:
    source, target = make_balance(opening_minor=10), make_balance()
    request = PostingRequest(
        reference="R-1", legs=transfer(source=source.pk, destination=target.pk, amount_minor=4)
    )
    post(request)
    post_transfer(source=source, destination=target, amount_minor=1)

    assert BalanceChange(source.pk, 10, 6) in preview(request)


def test_preview_leaves_a_surrounding_transaction_alone() -> None:
    source, target = make_balance(floor_minor=None), make_balance()

    with db_transaction.atomic():
        post_transfer(source=source, destination=target, reference="kept")
        preview(
            PostingRequest("R-1", transfer(source=source.pk, destination=target.pk, amount_minor=1))
        )
        post_transfer(source=source, destination=target, reference="kept too")

    assert set(Transaction.objects.values_list("reference", flat=True)) == {"kept", "kept too"}


def test_refusal_leaves_a_surrounding_transaction_alone() -> None:
    source, target = make_balance(opening_minor=1), make_balance()

    with db_transaction.atomic():
        post_transfer(source=source, destination=target, amount_minor=1, reference="kept")
        with pytest.raises(InsufficientFundsError):
            post_transfer(source=source, destination=target, amount_minor=1, reference="refused")
        post_transfer(source=target, destination=source, amount_minor=1, reference="kept too")

    assert Transaction.objects.filter(reference__startswith="kept").count() == 2
