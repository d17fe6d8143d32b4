"""Reversing and refunding on the page of a transaction: never twice, never more than there is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from balances.models import Balance
from schedules.operations import post_now
from tests.books import assert_sound
from tests.factories import NOON, make_balance, make_identity, post_transfer
from tests.pages import SCRIPT, hidden_value, links_of, rows_of, text_of
from tests.schedules.building import make_schedule
from tests.transactions.acting import address, commit_part, confirm, make_hold, review
from transactions.lifecycle import refund, reverse
from transactions.models import Transaction
from transactions.posting import post
from transactions.requests import Following, Indicator, PostingRequest, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Balance:
    return make_balance(identity=make_identity(name="Shop"))


@pytest.fixture
def sale(shop: Balance) -> Transaction:
    buyer = make_balance(opening_minor=500_00, identity=make_identity(name="Buyer"))
    return post_transfer(
        source=buyer, destination=shop, amount_minor=100_00, reference="P-1", effective_at=NOON
    )


def offered(client: Client, transaction: Transaction) -> set[str]:
    links = links_of(client.get(transaction.get_absolute_url()))
    actions = ("commit", "void", "reverse", "refund")
    return {action for action in actions if address(transaction, action) in links}


def exchange() -> Transaction:
    sides = [("@Paid", "@Exchange", "GBP", 100_00), ("@Exchange", "@Got", "EUR", 117_25)]
    legs = [
        leg
        for source, destination, currency, minor in sides
        for leg in transfer(
            source=Indicator(source, currency),
            destination=Indicator(destination, currency),
            amount_minor=minor,
        )
    ]
    post(PostingRequest("X-1", legs, exchange_rate=Decimal("1.1725"), overdraft_minor=500))
    return Transaction.objects.get(reference="X-1")


def test_only_what_is_possible_is_offered(clerk: Client, sale: Transaction) -> None:
    held = make_hold(make_balance(floor_minor=None), make_balance())
    part = commit_part(held, 40_00, "C-1")
    gift = post_transfer(source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"))
    reverse(Following(gift.pk, "R-1"))
    refund(Following(sale.pk, "F-1", 30_00))
    records = {each.reference: each for each in Transaction.objects.all()}

    assert offered(clerk, held) == {"commit", "void"}
    assert offered(clerk, part) == {"reverse", "refund"}
    assert offered(clerk, gift) == set()
    assert offered(clerk, records["R-1"]) == set()
    assert offered(clerk, sale) == {"refund"}
    assert offered(clerk, records["F-1"]) == {"reverse"}


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("commit", "is not a hold"),
        ("void", "is not a hold"),
        ("reverse", "is reversed already"),
        ("refund", "is reversed already"),
    ],
)
def test_what_is_impossible_is_refused_with_the_reason(
    clerk: Client, sale: Transaction, action: str, told: str
) -> None:
    reverse(Following(sale.pk, "R-1"))
    count = Transaction.objects.count()

    for response in (clerk.get(address(sale, action)), review(clerk, sale, action)):
        assert response.status_code == 422
        assert told in text_of(response)
    assert Transaction.objects.count() == count


def test_reversal_is_reviewed_and_linked_both_ways(clerk: Client, sale: Transaction) -> None:
    shown = rows_of(review(clerk, sale, "reverse"))
    given = {"effective_date": "2025-02-03", "description": "Wrong shop"}
    response = confirm(clerk, sale, "reverse", **given)

    assert [row[1:] for row in shown[1:]] == [["400.00", "→", "500.00"], ["100.00", "→", "0.00"]]
    reversal = Transaction.objects.get(reference="S-1")
    assert (reversal.reverses, f"{reversal.effective_at:%d %b}") == (sale, "03 Feb")
    assert "Reversed" in text_of(response)
    assert links_of(response).count(reversal.get_absolute_url()) == 2  # status, timeline
    back = clerk.get(reversal.get_absolute_url())
    assert "Reversal of P-1" in text_of(back)
    assert sale.get_absolute_url() in links_of(back)
    assert_sound()


def test_shortage_offers_an_overdraft_and_takes_it_only_when_ticked(
    clerk: Client, sale: Transaction, shop: Balance
) -> None:
    post_transfer(source=shop, destination=Indicator("@Rent", "GBP"), amount_minor=70_00)
    fresh = clerk.get(address(sale, "reverse")).content.decode()

    refused = review(clerk, sale, "reverse")
    allowed = review(clerk, sale, "reverse", allow_overdraft="on")
    token = hidden_value(allowed, "token")
    clerk.post(address(sale, "reverse"), {"token": token})

    assert "allow_overdraft" not in fresh
    assert refused.status_code == 422
    told = "Shop holds 30.00 GBP; this would take it to −70.00, and it may not fall below 0.00."
    assert f"Allow this overdraft: {told}" in text_of(refused)
    assert "70.00 below its floor of 0.00, by this overdraft" in text_of(allowed)
    shop.refresh_from_db()
    assert shop.balance_minor == -70_00
    page = clerk.get(Transaction.objects.get(reference="S-1").get_absolute_url())
    assert "Overdraft allowed without a limit" in text_of(page)


def test_refunds_in_parts_show_what_was_given_back_and_what_is_left(
    clerk: Client, sale: Transaction
) -> None:
    first = confirm(clerk, sale, "refund", extent="part", amount="30")
    form = clerk.get(address(sale, "refund"))
    too_much = review(clerk, sale, "refund", reference="S-2", extent="part", amount="70.01")
    last = confirm(clerk, sale, "refund", reference="S-3", extent="all")

    assert "Partly refunded" in text_of(first)
    assert "Refunded30.00GBPLeft70.00GBP" in text_of(first).replace(" ", "")
    assert "Everything that is left: 70.00 GBP" in text_of(form)
    assert "Only 70.00 GBP is left." in text_of(too_much)
    assert "Refunded100.00GBPLeft0.00GBP" in text_of(last).replace(" ", "")
    assert offered(clerk, sale) == set()
    assert [each.parent for each in Transaction.objects.filter(kind="REFUND")] == [sale, sale]
    assert_sound()


@pytest.mark.parametrize("action", ["reverse", "refund"])
def test_sent_twice_it_is_done_once(clerk: Client, sale: Transaction, action: str) -> None:
    token = hidden_value(review(clerk, sale, action, extent="all"), "token")

    for _time in range(2):
        response = clerk.post(address(sale, action), {"token": token}, follow=True)

    assert "This was done already." in text_of(response)
    assert Transaction.objects.filter(reference="S-1").count() == 1


def test_change_between_review_and_confirmation_shows_the_review_again(
    clerk: Client, sale: Transaction, shop: Balance
) -> None:
    token = hidden_value(review(clerk, sale, "refund", extent="all"), "token")
    post_transfer(source=Indicator("@Funding", "GBP"), destination=shop, amount_minor=5_00)

    again = clerk.post(address(sale, "refund"), {"token": token})

    assert again.status_code == 422
    assert ["105.00", "→", "5.00"] in [row[1:] for row in rows_of(again)]
    assert not Transaction.objects.filter(reference="S-1").exists()


def test_funds_that_went_meanwhile_go_back_to_the_form(
    clerk: Client, sale: Transaction, shop: Balance
) -> None:
    token = hidden_value(review(clerk, sale, "reverse"), "token")
    post_transfer(source=shop, destination=Indicator("@Rent", "GBP"), amount_minor=70_00)

    response = clerk.post(address(sale, "reverse"), {"token": token})

    assert response.status_code == 422
    assert "Allow this overdraft: Shop holds 30.00 GBP" in text_of(response)


def test_exchange_shows_its_rate_and_is_refunded_as_a_whole(clerk: Client) -> None:
    transaction = exchange()

    page = text_of(clerk.get(transaction.get_absolute_url()))
    form = clerk.get(address(transaction, "refund")).content.decode()
    response = review(clerk, transaction, "refund", extent="part", amount="1")
    confirm(clerk, transaction, "refund")

    assert "1 GBP = 1.1725 EUR" in page
    assert "Overdraft allowed 500 minor units" in page
    assert 'name="amount"' not in form
    assert "Refund 117.25 EUR + 100.00 GBP" in text_of(response)
    assert offered(clerk, transaction) == set()


def test_copy_is_a_link_to_the_form_for_a_new_transaction(clerk: Client, sale: Transaction) -> None:
    url = f"/transactions/new/?from={sale.key}"

    assert url in links_of(clerk.get(sale.get_absolute_url()))


def test_page_leads_back_to_the_schedule_that_it_came_from(clerk: Client, shop: Balance) -> None:
    source = Indicator("@Rent", "GBP")
    kept = post_now(make_schedule(source=source, destination=shop), actor=None)
    assert kept.transaction
    refund(Following(kept.transaction.pk, "F-1", 40))

    for transaction in Transaction.objects.filter(reference__in=[kept.reference, "F-1"]):
        page = clerk.get(transaction.get_absolute_url())
        assert kept.get_absolute_url() in links_of(page)


def test_texts_are_shown_as_text(clerk: Client, sale: Transaction) -> None:
    given = {"reference": SCRIPT, "description": SCRIPT, "extent": "all"}

    pages = [review(clerk, sale, "refund", **given), confirm(clerk, sale, "refund", **given)]

    for page in pages:
        assert SCRIPT not in page.content.decode()
        assert SCRIPT in text_of(page)


def test_address_of_a_later_page_of_the_timeline_may_be_anything(
    clerk: Client, sale: Transaction
) -> None:
    for after in ("x", "\x00", "txn_", sale.key, "9" * 5000):
        assert clerk.get(sale.get_absolute_url(), {"after": after}).status_code == 200
