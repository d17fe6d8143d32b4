"""Reversing a whole batch from the page of one of its transactions: all or none."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from balances.models import Balance
from tests.books import assert_sound
from tests.factories import make_balance, make_client, make_user, post_transfer
from tests.pages import hidden_value, links_of, text_of
from tests.transactions.acting import address
from transactions.lifecycle import reverse
from transactions.models import Transaction
from transactions.posting import post_many
from transactions.requests import Following, Indicator, PostingRequest, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> Client:
    return make_client(user=make_user(username="olga"))


@pytest.fixture
def payee() -> Balance:
    return make_balance()


@pytest.fixture
def payroll(payee: Balance) -> Transaction:
    """The first transaction of a batch of four, of 10.00 in all."""
    payer = make_balance(opening_minor=10_00)
    legs = [transfer(source=payer.pk, destination=payee.pk, amount_minor=n * 100) for n in (1, 2)]
    legs += [transfer(source=payer.pk, destination=payee.pk, amount_minor=n * 100) for n in (3, 4)]
    requests = [PostingRequest(f"W-{n}", each) for n, each in enumerate(legs, 1)]
    post_many(requests, batch_id=uuid.uuid4())
    return Transaction.objects.get(reference="W-1")


def token_of(client: Client, transaction: Transaction, **given: str) -> str:
    return hidden_value(client.post(address(transaction, "reverse-batch"), given), "token")


def test_batch_is_tried_out_reviewed_and_reversed_once(clerk: Client, payroll: Transaction) -> None:
    url = address(payroll, "reverse-batch")
    assert url in links_of(clerk.get(payroll.get_absolute_url()))
    review = clerk.post(url, {"description": "Wrong month"})
    token = hidden_value(review, "token")

    done = clerk.post(url, {"token": token}, follow=True)
    again = clerk.post(url, {"token": token}, follow=True)

    for told in ("4 transactions", "10.00 GBP", "Tried out: none would be refused."):
        assert told in text_of(review)
    reversals = Transaction.objects.filter(kind="REVERSAL")
    assert [each.description for each in reversals] == ["Wrong month"] * 4
    assert "The batch is reversed: 4 transactions." in text_of(done)
    assert url not in links_of(done)
    assert "This was done already." in text_of(again)
    assert_sound()


def test_refusals_are_counted_with_their_reasons_and_nothing_is_done(
    clerk: Client, payroll: Transaction, payee: Balance
) -> None:
    stale = token_of(clerk, payroll)
    third = Transaction.objects.get(reference="W-3")
    reverse(Following(third.pk, "R-1"))
    response = clerk.post(address(payroll, "reverse-batch"))
    confirmed = clerk.post(address(payroll, "reverse-batch"), {"token": stale})

    for page in (response, confirmed):
        assert page.status_code == 422
        assert "One transaction cannot be reversed, so none is." in text_of(page)
        assert "W-3: This transaction is reversed already." in text_of(page)
        assert third.get_absolute_url() in links_of(page)
        assert b'name="confirm"' not in page.content
    assert Transaction.objects.filter(kind="REVERSAL").count() == 1


def test_missing_funds_are_found_by_trying(
    clerk: Client, payroll: Transaction, payee: Balance
) -> None:
    post_transfer(source=payee, destination=Indicator("@Rent", "GBP"), amount_minor=9_00)

    response = clerk.post(address(payroll, "reverse-batch"))

    assert "3 transactions cannot be reversed, so none is." in text_of(response)
    assert "W-4: A balance would fall below the lowest figure it allows." in text_of(response)


def test_batch_that_grew_since_is_reviewed_again(
    clerk: Client, payroll: Transaction, payee: Balance
) -> None:
    token = token_of(clerk, payroll)
    legs = transfer(source=payee.pk, destination=make_balance().pk, amount_minor=1)
    post_many([PostingRequest("W-5", legs)], batch_id=payroll.batch_id)

    response = clerk.post(address(payroll, "reverse-batch"), {"token": token})

    assert response.status_code == 422
    assert "The batch has changed since you reviewed this." in text_of(response)
    assert not Transaction.objects.filter(kind="REVERSAL").exists()


def test_change_and_bad_input_go_back_to_the_form(clerk: Client, payroll: Transaction) -> None:
    url = address(payroll, "reverse-batch")
    token = token_of(clerk, payroll, description="Why")

    assert ">\nWhy</textarea>" in clerk.post(url, {"token": token, "change": "1"}).content.decode()
    assert clerk.post(url, {"description": "\x07"}).status_code == 422
    assert "That review is not valid." in text_of(clerk.post(url, {"token": "x"}))


def test_transaction_without_a_batch_has_no_such_page(clerk: Client) -> None:
    alone = post_transfer(source=Indicator("@A", "GBP"), destination=make_balance())

    assert clerk.get(address(alone, "reverse-batch")).status_code == 404
    assert address(alone, "reverse-batch") not in links_of(clerk.get(alone.get_absolute_url()))
