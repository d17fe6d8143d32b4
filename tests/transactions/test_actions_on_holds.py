"""Committing and voiding a hold on its page: only what is possible, as it was reviewed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from tests.books import assert_sound
from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from tests.pages import SLIDE_OVER, count_queries, hidden_value, links_of, rows_of, text_of
from tests.schedules.building import wait_until
from tests.transactions.acting import (
    address,
    commit_part,
    confirm,
    make_hold,
    review,
)
from transactions.lifecycle import void
from transactions.models import Transaction
from transactions.requests import Following, Indicator

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> Client:
    return make_client(user=make_user(username="olga"))


@pytest.fixture
def source() -> Balance:
    return make_balance(opening_minor=500_00, identity=make_identity(name="Northgate"))


@pytest.fixture
def held(source: Balance) -> Transaction:
    return make_hold(source, make_balance(identity=make_identity(name="Southgate")))


def test_page_of_a_hold_shows_what_it_reserves_and_what_is_left(
    clerk: Client, held: Transaction
) -> None:
    commit_part(held, 40_00, "C-1")

    response = clerk.get(held.get_absolute_url())

    text = text_of(response)
    for told in ("Held 100.00", "Committed40.00", "Left60.00", "Partly committed", "Reserved"):
        assert told in text
    assert ["Northgate", "100.00", ""] in [row[:1] + row[2:4] for row in rows_of(response)]
    assert not any("After" in row for row in rows_of(response))
    assert {address(held, "commit"), address(held, "void")} <= set(links_of(response))


@pytest.mark.parametrize("ending", ["commit", "void", "time"])
def test_nothing_is_offered_on_a_hold_that_has_ended(
    clerk: Client, source: Balance, ending: str
) -> None:
    moment = timezone.now() + timedelta(seconds=2)
    expires_at = moment if ending == "time" else None
    held = make_hold(source, make_balance(), expires_at=expires_at)
    if ending == "commit":
        commit_part(held, None, "C-1")
    elif ending == "void":
        void(Following(held.pk, "V-1"))
    else:
        wait_until(moment)

    links = links_of(clerk.get(held.get_absolute_url()))
    answer = clerk.get(address(held, "commit"))
    stale = review(clerk, held, "commit", extent="all")

    assert address(held, "commit") not in links
    assert (address(held, "void") in links) == (ending == "time")
    assert (answer.status_code, stale.status_code) == (422, 422)
    assert "Nothing was done." in text_of(stale)
    assert held.get_absolute_url() in links_of(stale)
    assert not Transaction.objects.filter(reference="S-1").exists()


def test_review_shows_balance_and_inflight_before_and_after(
    clerk: Client, held: Transaction
) -> None:
    response = review(clerk, held, "commit", extent="part", amount="120/3")

    text = text_of(response)
    assert "Read as120/3 = 40.00 GBP" in text
    assert "Commit 40.00 GBP" in text
    figures = [row for row in rows_of(response) if "→" in row]
    assert [row[1:] for row in figures] == [
        ["500.00", "→", "460.00"],
        ["400.00", "→", "400.00"],
        ["−100.00", "→", "−60.00"],
        ["0.00", "→", "40.00"],
        ["100.00", "→", "60.00"],
    ]
    assert Transaction.objects.count() == 2


def test_part_is_committed_as_reviewed_and_told_in_timeline_and_history(
    clerk: Client, held: Transaction
) -> None:
    given = {"amount": "40", "effective_date": "2025-02-01", "description": "First part"}

    response = confirm(clerk, held, "commit", extent="part", **given)

    done = Transaction.objects.get(reference="S-1")
    assert (done.kind, done.parent, done.description) == ("COMMIT", held, "First part")
    assert f"{done.effective_at:%Y-%m-%d}" == "2025-02-01"
    assert response.redirect_chain[0][0] == f"{held.get_absolute_url()}?new={done.key}"
    text = text_of(response)
    assert "Committed: S-1 is posted." in text
    assert "Committed by olga S-1" in text
    timeline = [row for row in rows_of(response) if row[0].startswith(("Hold", "Commit"))]
    assert [row[0] for row in timeline] == ["HoldPartly committed", "Commit"]
    back = links_of(clerk.get(done.get_absolute_url()))
    assert back.count(held.get_absolute_url()) == 2  # above, and in the timeline
    assert_sound()


def test_void_releases_what_is_left(clerk: Client, held: Transaction) -> None:
    commit_part(held, 40_00, "C-1")

    response = confirm(clerk, held, "void", description="Order cancelled")

    text = text_of(response)
    assert "Left0.00" in text
    assert "Released60.00" in text
    assert "Voided by olga" in text
    voided = clerk.get(Transaction.objects.get(reference="S-1").get_absolute_url())
    assert "Released" in text_of(voided)
    assert ["Northgate", "60.00", ""] in [row[:1] + row[2:4] for row in rows_of(voided)]
    assert address(held, "commit") not in links_of(response)


@pytest.mark.parametrize("action", ["commit", "void"])
def test_sent_twice_it_is_done_once(clerk: Client, held: Transaction, action: str) -> None:
    token = hidden_value(review(clerk, held, action, extent="all"), "token")

    clerk.post(address(held, action), {"token": token})
    again = clerk.post(address(held, action), {"token": token}, follow=True)

    assert "This was done already. It was not done again." in text_of(again)
    assert Transaction.objects.filter(parent=held).count() == 1


def test_change_between_review_and_confirmation_shows_the_review_again(
    clerk: Client, held: Transaction, source: Balance
) -> None:
    token = hidden_value(review(clerk, held, "commit", extent="all"), "token")
    post_transfer(source=source, destination=Indicator("@Rent", "GBP"), amount_minor=5_00)

    again = clerk.post(address(held, "commit"), {"token": token})

    assert again.status_code == 422
    assert "A balance has changed since you reviewed this." in text_of(again)
    assert not Transaction.objects.filter(reference="S-1").exists()
    token = hidden_value(again, "token")
    assert clerk.post(address(held, "commit"), {"token": token}).status_code == 302
    assert Transaction.objects.get(reference="S-1").parent == held


def test_more_than_was_left_meanwhile_goes_back_to_the_form(
    clerk: Client, held: Transaction
) -> None:
    token = hidden_value(review(clerk, held, "commit", extent="part", amount="80"), "token")
    commit_part(held, 40_00, "C-1")

    again = clerk.post(address(held, "commit"), {"token": token})

    assert "Only 60.00 GBP is left." in text_of(again)
    assert 'value="80"' in again.content.decode()


def test_confirmation_of_a_hold_that_ended_meanwhile_is_refused_with_a_link(
    clerk: Client, held: Transaction
) -> None:
    token = hidden_value(review(clerk, held, "commit", extent="all"), "token")
    void(Following(held.pk, "V-1"))

    stale = clerk.post(address(held, "commit"), {"token": token}, headers=SLIDE_OVER)

    assert stale.status_code == 422
    assert "Nothing is left of this hold. Nothing was done." in text_of(stale)
    assert held.get_absolute_url() in links_of(stale)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"extent": "part"}, "Amount of the part: Enter an amount."),
        ({"extent": "part", "amount": "100.01"}, "Only 100.00 GBP is left."),
        ({"extent": "part", "amount": "1/3"}, "This comes out between 0.33 and 0.34."),
        ({"extent": "part", "amount": "-5"}, "Enter an amount above zero"),
        ({"extent": "part", "amount": "\x00"}, "Null characters are not allowed."),
        ({"extent": "part", "amount": "9" * 121}, "at most 120 characters"),
        ({"extent": "all", "amount": "5"}, "Choose “A part of it”, or leave this empty."),
        ({"extent": "everything"}, "Select a valid choice."),
        ({}, "How much: This field is required."),
        ({"extent": "all", "effective_date": "2999-01-01"}, "lies in the future"),
        ({"extent": "all", "effective_date": "1066-10-14"}, "The earliest date is"),
        ({"extent": "all", "effective_date": "x"}, "Enter a valid date."),
        ({"extent": "all", "description": "\x07"}, "control character U+0007"),
        ({"extent": "all", "reference": ""}, "Reference: This field is required."),
        ({"extent": "all", "reference": "H-1"}, "This reference belongs to a transaction"),
    ],
)
def test_bad_input_is_refused_at_its_field(
    clerk: Client, held: Transaction, given: dict[str, str], told: str
) -> None:
    response = review(clerk, held, "commit", **given)

    assert response.status_code == 422
    assert told in text_of(response)
    assert Transaction.objects.count() == 2


@pytest.mark.parametrize("token", ["", "x", "\x00", "é" * 9000, None])
def test_token_that_is_not_ours_opens_a_new_form(
    clerk: Client, held: Transaction, token: str | None
) -> None:
    other = make_hold(make_balance(floor_minor=None), make_balance(), reference="H-2")
    if token is None:
        token = hidden_value(review(clerk, other, "commit", extent="all"), "token")

    response = clerk.post(address(held, "commit"), {"token": token})

    assert response.status_code == 422
    assert "That review is not valid. Nothing was done." in text_of(response)
    assert not Transaction.objects.filter(reference="S-1").exists()


def test_change_goes_back_to_what_was_entered(clerk: Client, held: Transaction) -> None:
    given = {"extent": "part", "amount": "120/3", "description": "Why"}
    token = hidden_value(review(clerk, held, "commit", **given), "token")

    html = clerk.post(address(held, "commit"), {"token": token, "change": "1"}).content.decode()

    for value in ('value="120/3"', ">\nWhy</textarea>", 'value="S-1"'):
        assert value in html


def test_cost_of_the_page_does_not_grow_with_what_followed(
    clerk: Client, held: Transaction
) -> None:
    before = count_queries(clerk, held.get_absolute_url())
    for number in range(55):
        commit_part(held, 1_00, f"C-{number}")

    after = count_queries(clerk, held.get_absolute_url())
    first = clerk.get(held.get_absolute_url())
    (later,) = (url for url in links_of(first) if "after=" in url)

    assert (before, after) == (8, 8)
    assert "56 records" in text_of(first)
    assert "C-54" in text_of(clerk.get(later))
    assert "C-0" not in text_of(clerk.get(later))


@pytest.mark.parametrize("action", ["commit", "void", "reverse", "refund"])
def test_strangers_sign_in_and_unknown_transactions_are_not_found(
    client: Client, clerk: Client, action: str
) -> None:
    url = f"/transactions/txn_00000000-0000-0000-0000-000000000000/{action}/"

    assert client.get(url).headers["Location"] == f"/login/?next={url}"
    assert clerk.get(url).status_code == 404
    assert clerk.post(url, {"token": "x"}).status_code == 404
