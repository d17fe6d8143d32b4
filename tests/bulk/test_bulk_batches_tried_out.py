"""Reversing a batch that is tried out for its review: done as it was reviewed, or not at all."""

from __future__ import annotations

import pytest
from django.test import Client

from balances.models import Balance
from tests.books import assert_sound
from tests.bulk.starting import press_start, seen_review
from tests.bulk.test_bulk_batches import make_batch, review
from tests.factories import make_balance, make_client, make_user, post_transfer
from tests.pages import links_of, rows_of, text_of
from tests.transactions.acting import address
from transactions.lifecycle import reverse
from transactions.models import Transaction
from transactions.requests import Following, Indicator

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
    return make_batch(4, payee=payee)


def fourth(payroll: Transaction) -> Transaction:
    last = Transaction.objects.filter(batch_id=payroll.batch_id).order_by("pk").last()
    assert last is not None
    return last


def reversals() -> list[Transaction]:
    return list(Transaction.objects.filter(kind="REVERSAL").order_by("pk"))


def test_batch_is_reviewed_and_reversed_once(clerk: Client, payroll: Transaction) -> None:
    url = address(payroll, "reverse-batch")
    assert url in links_of(clerk.get(payroll.get_absolute_url()))
    run = review(clerk, payroll, description="Wrong month")
    reviewed = text_of(clerk.get(run.get_absolute_url()))
    assert reversals() == []

    seen = seen_review(clerk, run.get_absolute_url())
    press_start(clerk, run.get_absolute_url(), seen=seen)
    again = press_start(clerk, run.get_absolute_url(), seen=seen, follow=True)

    for told in ("Reverse: 4 records", "Would be done4", "Moved10.00 GBP", "Wrong month"):
        assert told in reviewed
    assert "What would be refused" not in reviewed
    assert [each.description for each in reversals()] == ["Wrong month"] * 4
    assert reversals()[0].reverses_id == fourth(payroll).pk
    assert "All of it has been decided." in text_of(again)
    history = text_of(clerk.get(payroll.get_absolute_url()))
    assert "Whole batch reversed by olga 4" in history
    assert url not in links_of(clerk.get(payroll.get_absolute_url()))
    assert_sound()


def test_one_that_was_reversed_before_does_not_keep_the_others(
    clerk: Client, payroll: Transaction
) -> None:
    reverse(Following(payroll.pk, "R-1"))
    run = review(clerk, payroll)
    reviewed = clerk.get(run.get_absolute_url())

    press_start(clerk, run.get_absolute_url())

    assert "What would be refused" in text_of(reviewed)
    told = [row[1:] for row in rows_of(reviewed) if row[0].isdigit()]
    assert told[-1] == [
        payroll.reference,
        "Would be refused",
        "This transaction is reversed already.",
    ]
    assert [row[1:] for row in told[:-1]] == [["Would be done", ""]] * 3
    run.refresh_from_db()
    assert (run.done_count, run.refused_count) == (3, 1)
    assert_sound()


def test_missing_funds_are_found_by_trying(
    clerk: Client, payroll: Transaction, payee: Balance
) -> None:
    post_transfer(source=payee, destination=Indicator("@Rent", "GBP"), amount_minor=9_00)

    reviewed = text_of(clerk.get(review(clerk, payroll).get_absolute_url()))

    assert "A balance would fall below the lowest figure it allows.3" in reviewed
    assert "Would be done1" in reviewed


def test_one_that_is_reversed_after_the_review_brings_it_again(
    clerk: Client, payroll: Transaction
) -> None:
    run = review(clerk, payroll)
    reverse(Following(payroll.pk, "R-1"))

    changed = press_start(clerk, run.get_absolute_url())

    assert changed.status_code == 422
    assert "This transaction is reversed already.1" in text_of(changed)
    assert len(reversals()) == 1
    assert press_start(clerk, run.get_absolute_url()).status_code == 302
    assert len(reversals()) == 4


def test_bad_input_goes_back_to_the_form(clerk: Client, payroll: Transaction) -> None:
    url = address(payroll, "reverse-batch")

    assert clerk.post(url, {"description": "\x07"}).status_code == 422
    assert "10.00 GBP" in text_of(clerk.get(url))


def test_transaction_without_a_batch_has_no_such_page(clerk: Client) -> None:
    alone = post_transfer(source=Indicator("@A", "GBP"), destination=make_balance())

    assert clerk.get(address(alone, "reverse-batch")).status_code == 404
    assert address(alone, "reverse-batch") not in links_of(clerk.get(alone.get_absolute_url()))
