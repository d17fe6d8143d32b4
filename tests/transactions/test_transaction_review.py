from __future__ import annotations

import re

import pytest
from django.test import Client

from audit.models import AuditEvent
from tests.books import assert_sound
from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from tests.pages import rows_of, text_of
from tests.transactions.reviewing import NEW, REVIEW, posted, review, token_of
from transactions.models import Entry, Transaction
from transactions.requests import Indicator
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


def test_review_shows_each_balance_before_and_after_and_writes_nothing(clerk: Client) -> None:
    source = make_balance(identity=make_identity(name="Northgate"), opening_minor=500_00)
    cash = make_balance(indicator="@Cash", normal_side="DEBIT", opening_minor=20_00)
    before = posted()

    response = review(clerk, source=source.key, destination=cash.key, amount="15")

    assert response.status_code == 200
    rows = rows_of(response)[1:]
    assert [(row[1], row[3]) for row in rows] == [("500.00", "485.00"), ("20.00", "5.00")]
    assert "Northgate" in rows[0][0]
    assert "debited" in rows[0][0]
    assert "@Cash" in rows[1][0]
    assert "Post 15.00 GBP" in text_of(response)
    assert posted() == before
    assert not AuditEvent.objects.filter(action="transaction.posted").exists()


def test_what_was_reviewed_is_posted_once_and_its_page_opened(clerk: Client, user: User) -> None:
    source, destination = make_balance(opening_minor=500_00), make_balance()
    reviewed = review(
        clerk,
        source=source.key,
        destination=destination.key,
        amount="120.50",
        description="Scaffolding",
        metadata_key=["department"],
        metadata_value=["Housing"],
    )
    data = {"token": token_of(reviewed), "post": "1"}

    responses = [clerk.post(NEW, data) for _ in range(3)]

    transaction = Transaction.objects.get(reference="inv-1")
    assert {r.headers["Location"] for r in responses} == {transaction.get_absolute_url()}
    assert transaction.metadata == {"department": "Housing"}
    assert (transaction.description, transaction.actor) == ("Scaffolding", user)
    entries = Entry.objects.filter(transaction=transaction).order_by("direction")
    assert [(e.balance_id, e.direction, e.amount_minor) for e in entries] == [
        (source.pk, -1, 120_50),
        (destination.pk, 1, 120_50),
    ]
    assert AuditEvent.objects.filter(action="transaction.posted", actor=user).count() == 1
    assert_sound()


def test_posting_again_says_so(clerk: Client) -> None:
    data = {"token": token_of(review(clerk))}
    clerk.post(NEW, data, follow=True)

    response = clerk.post(NEW, data, follow=True)

    assert "This was posted already. It was not posted again." in text_of(response)


def test_review_is_shown_again_when_a_figure_has_changed(clerk: Client) -> None:
    source, destination = make_balance(opening_minor=500_00), make_balance()
    reviewed = review(clerk, source=source.key, destination=destination.key, amount="100")
    post_transfer(source=source, destination=make_balance(), amount_minor=50_00)
    before = posted()

    response = clerk.post(NEW, {"token": token_of(reviewed)})

    assert response.status_code == 422
    assert posted() == before
    assert "A balance has changed since you reviewed this. Nothing was posted." in text_of(response)
    assert rows_of(response)[1][1:4:2] == ["450.00", "350.00"]
    assert clerk.post(NEW, {"token": token_of(response)}).status_code == 302


def test_funds_gone_since_the_review_are_said_at_their_field(clerk: Client) -> None:
    source, destination = make_balance(opening_minor=500_00), make_balance()
    reviewed = review(
        clerk,
        source=source.key,
        destination=destination.key,
        amount="500",
        metadata_json='{"a": {"b": 1}}',
    )
    post_transfer(source=source, destination=make_balance(), amount_minor=50_00)
    before = posted()

    response = clerk.post(NEW, {"token": token_of(reviewed)})

    assert response.status_code == 422
    assert "holds 450.00 GBP; this would take it to −50.00" in text_of(response)
    assert "&quot;b&quot;: 1" in response.content.decode()
    assert posted() == before


@pytest.mark.parametrize("change", ["", "x", ":"])
def test_token_that_was_changed_posts_nothing(clerk: Client, change: str) -> None:
    token = token_of(review(clerk))

    response = clerk.post(NEW, {"token": change + token[2:]})

    assert response.status_code == 422
    assert "Nothing was posted" in text_of(response)
    assert posted() == 0


def test_token_of_another_person_posts_nothing(clerk: Client) -> None:
    token = token_of(review(clerk))

    response = make_client().post(NEW, {"token": token})

    assert response.status_code == 422
    assert posted() == 0


def test_change_leads_back_to_the_filled_form(clerk: Client) -> None:
    reviewed = review(
        clerk,
        amount="1250",
        description="Rent",
        effective_date="2025-01-15",
        effective_time="09:30",
        metadata_key=["k"],
        metadata_value=["v"],
    )

    response = clerk.post(NEW, {"token": token_of(reviewed), "change": "1"})

    html = response.content.decode()
    for name, value in (
        ("source", "@Treasury"),
        ("amount", "1250"),
        ("reference", "inv-1"),
        ("effective_date", "2025-01-15"),
        ("effective_time", "09:30"),
        ("metadata_key", "k"),
    ):
        assert f'name="{name}" value="{value}"' in html
    assert response.status_code == 200
    assert posted() == 0


def test_reference_taken_since_the_review_by_something_else_is_refused(clerk: Client) -> None:
    token = token_of(review(clerk))
    post_transfer(
        source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), reference="inv-1"
    )

    response = clerk.post(NEW, {"token": token})

    assert response.status_code == 422
    assert "This reference belongs to a transaction that is posted" in text_of(response)
    assert posted() == 1


def test_reload_of_the_review_leads_to_the_form(clerk: Client) -> None:
    assert clerk.get(REVIEW).headers["Location"] == NEW


def test_enter_in_a_review_never_posts(clerk: Client) -> None:
    html = review(clerk).content.decode()

    buttons = re.findall(r'<button[^>]*name="(change|post)"', html)
    assert buttons == ["change", "post"]
