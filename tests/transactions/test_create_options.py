from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from schedules.models import Schedule
from tests.books import assert_sound
from tests.factories import make_balance, make_client, make_identity
from tests.pages import SLIDE_OVER, rows_of, text_of
from tests.transactions.reviewing import (
    NEW,
    REVIEW,
    filled,
    journal,
    posted,
    review,
    token_of,
)
from transactions.models import Hold, Transaction
from transactions.requests import UNLIMITED

pytestmark = pytest.mark.django_db


def tomorrow() -> str:
    return (timezone.localdate() + timedelta(days=1)).isoformat()


def test_hold_shows_what_stays_available_and_moves_nothing(clerk: Client) -> None:
    source, destination = make_balance(opening_minor=500_00), make_balance()
    sides = {"source": source.key, "destination": destination.key}

    reviewed = review(clerk, **sides, amount="120", is_hold="on", expires_date=tomorrow())

    assert [(row[0], row[1], row[3]) for row in rows_of(reviewed)[1:]][1:3] == [
        ("available", "500.00", "380.00"),
        ("inflight", "0.00", "−120.00"),
    ]
    assert "Hold 120.00 GBP" in text_of(reviewed)
    response = clerk.post(NEW, {"token": token_of(reviewed)}, follow=True)
    assert "Transaction inv-1 held." in text_of(response)
    source.refresh_from_db()
    assert (source.balance_minor, source.inflight_minor) == (500_00, -120_00)
    expires_at = timezone.localtime(Hold.objects.get().expires_at)
    assert f"{expires_at:%Y-%m-%d %H:%M}" == f"{tomorrow()} 23:59"
    assert_sound()


def test_held_funds_are_named_where_they_are_missing(clerk: Client) -> None:
    source = make_balance(identity=make_identity(name="Northgate"), opening_minor=100_00)
    clerk.post(
        NEW, {"token": token_of(review(clerk, source=source.key, amount="60", is_hold="on"))}
    )

    response = review(clerk, source=source.key, amount="50", reference="inv-2")

    assert response.status_code == 422
    assert "Northgate has 40.00 GBP available, the rest is held" in text_of(response)


@pytest.mark.parametrize(
    ("given", "overdraft_minor", "told"),
    [
        ({"overdraft": "any"}, UNLIMITED, "Allowed, without a limit"),
        (
            {"overdraft": "limit", "overdraft_limit": "50"},
            50_00,
            "Allowed, up to 50.00 GBP below",
        ),
    ],
)
def test_overdraft_takes_a_balance_below_its_floor_and_says_so(
    clerk: Client, given: dict[str, str], overdraft_minor: int, told: str
) -> None:
    source = make_balance(opening_minor=100_00)
    assert review(clerk, source=source.key, amount="130").status_code == 422

    reviewed = review(clerk, source=source.key, amount="130", **given)

    assert told in text_of(reviewed)
    assert "30.00 below its floor of 0.00, by this overdraft" in text_of(reviewed)
    clerk.post(NEW, {"token": token_of(reviewed)})
    assert Transaction.objects.get(reference="inv-1").overdraft_minor == overdraft_minor


def test_overdraft_beyond_its_limit_is_refused_with_the_limit(clerk: Client) -> None:
    source = make_balance(opening_minor=100_00)

    response = review(
        clerk, source=source.key, amount="160", overdraft="limit", overdraft_limit="50"
    )

    assert "may not fall below −50.00" in text_of(response)


def test_scheduled_transaction_is_kept_for_its_time(clerk: Client) -> None:
    reviewed = review(clerk, due_date=tomorrow(), due_time="09:30")

    assert "Schedule 1,250.00 GBP" in text_of(reviewed)
    response = clerk.post(NEW, {"token": token_of(reviewed)})
    kept = Schedule.objects.get()
    assert response.headers["Location"] == kept.get_absolute_url()
    assert f"{timezone.localtime(kept.due_at):%Y-%m-%d %H:%M}" == f"{tomorrow()} 09:30"
    assert posted() == 0
    reserved = review(clerk, source="@A")
    assert "This reference belongs to a scheduled transaction." in text_of(reserved)


def test_hold_must_not_expire_before_it_is_made(clerk: Client) -> None:
    response = review(clerk, is_hold="on", expires_date=tomorrow(), due_date="2999-01-01")

    assert response.status_code == 422
    assert "The hold would expire before it is made." in text_of(response)


def test_schedule_that_would_be_refused_now_is_told_and_may_be_kept(clerk: Client) -> None:
    poor = make_balance()

    reviewed = review(clerk, source=poor.key, due_date=tomorrow())

    assert "If it were posted now it would be refused" in text_of(reviewed)
    clerk.post(NEW, {"token": token_of(reviewed)})
    assert Schedule.objects.count() == 1


def test_next_form_offers_what_was_used_last(clerk: Client) -> None:
    source = make_balance(identity=make_identity(name="Northgate"), opening_minor=5_000_00)
    reviewed = review(clerk, source=source.key, currency="")

    following = clerk.post(NEW, {"token": token_of(reviewed), "next": "1"}, follow=True)

    assert f'name="source" value="{source.key}"' in following.content.decode()
    assert "Transaction inv-1 posted." in text_of(following)
    assert "Last used: Northgate" in text_of(clerk.get(NEW))
    assert "Last used" not in text_of(make_client().get(NEW))


def test_slide_over_posts_and_shows_the_next_form_beside_the_table(clerk: Client) -> None:
    reviewed = clerk.post(REVIEW, filled(), headers=SLIDE_OVER)

    response = clerk.post(NEW, {"token": token_of(reviewed), "next": "1"}, headers=SLIDE_OVER)

    trigger = json.loads(response.headers["HX-Trigger"])
    assert trigger == {"transactionPosted": {"key": Transaction.objects.get().key}}
    assert 'name="source" value="@Treasury"' in response.content.decode()


@pytest.mark.parametrize(
    "given",
    [
        filled(description="Rent", metadata_key=["k"], metadata_value=["v"], amount="5"),
        filled(is_hold="on", overdraft="limit", overdraft_limit="7"),
        journal(("@A", "5", ""), ("@B", "", "3"), ("@C", "", "2"), description="Split"),
    ],
)
def test_duplicate_as_new_enters_the_same_again(clerk: Client, given: dict[str, Any]) -> None:
    clerk.post(NEW, {"token": token_of(clerk.post(REVIEW, given))})
    first = Transaction.objects.get()
    opened = clerk.get(NEW, {"from": first.key})

    again = {
        **{name: value for name, value in _inputs(opened).items() if value is not None},
        "reference": "inv-2",
    }
    clerk.post(NEW, {"token": token_of(clerk.post(REVIEW, again))})

    second = Transaction.objects.get(reference="inv-2")
    for name in ("kind", "description", "metadata", "overdraft_minor", "entry_count"):
        assert getattr(second, name) == getattr(first, name), name
    if first.kind == "POST":
        copies = second.entries.values_list("balance", "direction", "amount_minor")
        assert set(copies) == set(first.entries.values_list("balance", "direction", "amount_minor"))


def test_exchange_is_duplicated_with_its_rate(clerk: Client) -> None:
    pounds, euros = make_balance(opening_minor=500_00), make_balance(currency="EUR")
    given = {"source": pounds.key, "destination": euros.key, "currency": "", "rate": "1.17"}
    clerk.post(NEW, {"token": token_of(review(clerk, **given, amount="10"))})
    exchange = Transaction.objects.get(reference="inv-1")

    opened = clerk.get(NEW, {"from": exchange.key}).content.decode()

    for name, value in (("rate", "1.17"), ("amount", "10.00"), ("through", "@Exchange")):
        assert f'name="{name}" value="{value}"' in opened


@pytest.mark.parametrize("key", ["txn_00000000-0000-0000-0000-000000000000", "x", "\x00"])
def test_unknown_original_opens_a_blank_form(clerk: Client, key: str) -> None:
    assert clerk.get(NEW, {"from": key}).status_code == 200


def _inputs(response: Any) -> dict[str, Any]:
    """What the form would send, as a browser reads it."""
    form = response.context["form"]
    fields = [*form, *(cell for row in form.rows for cell in row)]
    sent = {cell.html_name: cell.value() for cell in fields if cell.name != "metadata"}
    sent |= form.rows.management_form.initial and {
        f"{form.rows.prefix}-{name}": str(value)
        for name, value in form.rows.management_form.initial.items()
    }
    metadata = form["metadata"].value()
    sent["metadata_key"] = [key for key, _value in metadata.rows]
    sent["metadata_value"] = [value for _key, value in metadata.rows]
    return {"mode": form.mode} | {
        name: value for name, value in sent.items() if value not in (None, False, "")
    }
