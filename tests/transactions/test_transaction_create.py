from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from balances.models import Balance
from balances.operations import close_balance
from ledgers.models import Currency
from tests.books import assert_sound
from tests.factories import (
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.pages import SCRIPT, SLIDE_OVER, hidden_value, is_whole_page, rows_of, text_of
from transactions.models import Entry, Transaction
from transactions.requests import Indicator
from users.models import User

pytestmark = pytest.mark.django_db
NEW, REVIEW = "/transactions/new/", "/transactions/review/"


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


def filled(**changes: Any) -> dict[str, Any]:
    defaults = {
        "source": "@Treasury",
        "destination": "@World",
        "amount": "1,250.00",
        "currency": "GBP",
        "reference": "inv-1",
    }
    return defaults | changes


def review(client: Client, **changes: Any) -> Any:
    return client.post(REVIEW, filled(**changes))


def token_of(response: Any) -> str:
    return hidden_value(response, "token")


def posted() -> int:
    return Transaction.objects.count()


def test_form_draws_a_reference_that_can_be_changed(clerk: Client) -> None:
    first, second = clerk.get(NEW), clerk.get(NEW)

    drawn = [
        re.findall(r'name="reference" value="([^"]+)"', r.content.decode()) for r in (first, second)
    ]
    assert is_whole_page(first)
    assert drawn[0] != drawn[1]


def test_form_asks_for_no_precision(clerk: Client) -> None:
    assert "precision" not in clerk.get(NEW).content.decode().lower()


def test_address_fills_in_the_source(clerk: Client) -> None:
    balance = make_balance(identity=make_identity(name="Northgate"), opening_minor=100_00)

    response = clerk.get(NEW, {"source": balance.key})

    assert f'value="{balance.key}"' in response.content.decode()
    assert "Northgate · 100.00 GBP" in text_of(response)


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
        ("amount", "1250.00"),
        ("reference", "inv-1"),
        ("effective_date", "2025-01-15"),
        ("effective_time", "09:30"),
        ("metadata_key", "k"),
    ):
        assert f'name="{name}" value="{value}"' in html
    assert response.status_code == 200
    assert posted() == 0


def test_indicator_is_opened_on_first_use(clerk: Client) -> None:
    balance = make_balance()
    reviewed = review(clerk, source="@Marketing", destination=balance.key, currency="")

    assert not Balance.objects.filter(indicator="@Marketing").exists()
    assert "new" in text_of(reviewed)
    clerk.post(NEW, {"token": token_of(reviewed)})
    opened = Balance.objects.get(indicator="@Marketing")
    assert (opened.currency_id, opened.balance_minor) == ("GBP", -1_250_00)


def test_indicator_in_other_capitals_is_the_same_balance(clerk: Client) -> None:
    treasury, other = make_balance(indicator="@Treasury", floor_minor=None), make_balance()

    reviewed = review(clerk, source="@treasury", destination=other.key)

    clerk.post(NEW, {"token": token_of(reviewed)})
    treasury.refresh_from_db()
    assert treasury.balance_minor == -1_250_00
    assert Balance.objects.exclude(indicator="").count() == 1


def test_currency_of_known_indicators_need_not_be_said(clerk: Client) -> None:
    make_balance(indicator="@Treasury", currency="JPY", floor_minor=None)

    response = review(clerk, currency="", amount="500")

    assert "Post 500 JPY" in text_of(response)


def test_owner_may_be_typed(clerk: Client) -> None:
    make_balance(identity=make_identity(name="Northgate"), opening_minor=2_000_00)

    response = review(clerk, source="northgate", currency="")

    assert "Northgate" in rows_of(response)[1][0]


def test_owner_of_several_balances_asks_which(clerk: Client) -> None:
    owner = make_identity(name="Sofia")
    pounds = make_balance(identity=owner, opening_minor=2_000_00)
    make_balance(identity=owner, currency="EUR")

    response = review(clerk, source="Sofia", currency="")

    assert response.status_code == 422
    assert f'name="source" value="{pounds.key}"' in response.content.decode()
    chosen = clerk.post(REVIEW, filled(source=["Sofia", pounds.key], currency=""))
    assert chosen.status_code == 200


@pytest.mark.parametrize(
    ("currency", "amount", "told"),
    [
        ("JPY", "1,250", "1,250 JPY"),
        ("KWD", "0.125", "0.125 KWD"),
        ("GBP", "1 250", "1,250.00 GBP"),
    ],
)
def test_amount_is_read_with_the_decimals_of_the_currency(
    clerk: Client, currency: str, amount: str, told: str
) -> None:
    assert f"Post {told}" in text_of(review(clerk, currency=currency, amount=amount))


def test_eighteen_decimals_to_the_last_digit(clerk: Client) -> None:
    Currency.objects.create(code="TOK", name="Token", exponent=18, kind="CRYPTO")

    reviewed = review(clerk, currency="TOK", amount="98765432109876543210.000000000000000001")

    clerk.post(NEW, {"token": token_of(reviewed)})
    amounts = set(Entry.objects.values_list("amount_minor", flat=True))
    assert amounts == {98765432109876543210_000000000000000001}


def test_effective_date_is_in_the_zone_of_the_person(clerk: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(time_zone_choice="local")
    clerk.cookies["daybook_tz"] = "Europe/Oslo"

    reviewed = review(clerk, effective_date="2025-07-01", effective_time="00:30")

    assert "1 Jul 2025, 00:30" in text_of(reviewed)
    clerk.post(NEW, {"token": token_of(reviewed)})
    assert Transaction.objects.get().effective_at == datetime(2025, 6, 30, 22, 30, tzinfo=UTC)


def test_date_alone_is_the_start_of_that_day(clerk: Client) -> None:
    clerk.post(NEW, {"token": token_of(review(clerk, effective_date="2025-07-01"))})

    assert Transaction.objects.get().effective_at == datetime(2025, 7, 1, tzinfo=UTC)


def test_without_a_date_it_takes_effect_when_posted(clerk: Client) -> None:
    before = timezone.now()

    clerk.post(NEW, {"token": token_of(review(clerk))})

    assert before <= Transaction.objects.get().effective_at <= timezone.now()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"source": ""}, "This field is required."),
        ({"source": "nobody"}, "No open balance has this owner or id."),
        ({"source": "bln_00000000-0000-0000-0000-000000000000"}, "No open balance"),
        ({"source": "@"}, "Write one @ and then a name"),
        ({"source": "@a\x00"}, "control character U+0000"),
        ({"destination": "@Treasury"}, "Source and destination are the same balance."),
        ({"amount": ""}, "This field is required."),
        ({"amount": "0"}, "Enter an amount above zero."),
        ({"amount": "-5"}, "Enter an amount above zero"),
        ({"amount": "1.005"}, "This currency has 2 decimals"),
        ({"amount": "1e3"}, "Enter the amount in figures"),
        ({"amount": "9" * 40}, "This amount is too large"),
        ({"amount": "١٢"}, "Enter the amount in figures"),
        ({"currency": ""}, "Say which currency"),
        ({"currency": "XXQ"}, "This currency is not in the registry."),
        ({"reference": " "}, "This field is required."),
        ({"reference": "a\x1bb"}, "control character U+001B"),
        ({"reference": "r" * 201}, "at most 200 characters"),
        ({"description": "d" * 10_001}, "at most 10000 characters"),
        ({"description": "a\x00b"}, "Null characters are not allowed."),
        ({"description": "a\x1bb"}, "control character U+001B"),
        ({"effective_date": "2999-01-01"}, "The effective date lies in the future."),
        ({"effective_date": "0001-01-01"}, "The earliest date is 1 January 1900."),
        ({"effective_date": "yesterday"}, "Enter a valid date."),
        ({"effective_time": "09:00"}, "A time needs its date."),
        ({"metadata_json": "[1]"}, "The JSON must be an object"),
        ({"metadata_key": ["k"], "metadata_value": ["x" * 70_000]}, "Metadata may hold 64 KB"),
    ],
)
def test_bad_input_is_refused_at_its_field_and_nothing_written(
    clerk: Client, changes: dict[str, Any], reason: str
) -> None:
    response = review(clerk, **changes)

    assert response.status_code == 422
    assert reason in text_of(response)
    assert posted() == Balance.objects.count() == 0


def test_insufficient_funds_name_the_balance_and_its_figures(clerk: Client) -> None:
    source = make_balance(
        identity=make_identity(name="Northgate"), opening_minor=100_00, floor_minor=-50_00
    )
    before = posted()

    response = review(clerk, source=source.key, destination="@World", amount="150.01")

    assert response.status_code == 422
    assert (
        "Northgate holds 100.00 GBP; this would take it to −50.01,"
        " and it may not fall below −50.00." in text_of(response)
    )
    assert posted() == before


def test_debit_normal_balance_can_be_short_of_funds_too(clerk: Client) -> None:
    cash = make_balance(indicator="@Cash", normal_side="DEBIT", opening_minor=10_00)

    response = review(clerk, source="@World", destination=cash.key, amount="10.01")

    assert response.status_code == 422
    assert "@Cash holds 10.00 GBP; this would take it to −0.01" in text_of(response)


def test_balances_of_two_currencies_are_refused(clerk: Client) -> None:
    pounds, euros = make_balance(opening_minor=5_00), make_balance(currency="EUR")

    response = review(clerk, source=pounds.key, destination=euros.key, currency="")

    assert response.status_code == 422
    assert "This balance is in EUR, the other in GBP." in text_of(response)


def test_currency_that_contradicts_the_balances_is_refused(clerk: Client) -> None:
    response = review(clerk, source=make_balance(opening_minor=5_00).key, currency="EUR")

    assert response.status_code == 422
    assert "The balances are in GBP." in text_of(response)


def test_closed_balance_is_refused(clerk: Client) -> None:
    balance = make_balance()
    close_balance(balance, at=timezone.now(), actor=None)

    response = review(clerk, destination=balance.key)

    assert response.status_code == 422
    assert " is closed." in text_of(response)


def test_same_balance_on_both_sides_is_refused(clerk: Client) -> None:
    balance = make_balance(opening_minor=5_00)

    response = review(clerk, source=balance.key, destination=balance.key)

    assert response.status_code == 422
    assert "Source and destination are the same balance." in text_of(response)


def test_used_reference_is_refused_with_a_link_to_its_transaction(clerk: Client) -> None:
    used = post_transfer(
        source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), reference="inv-1"
    )

    response = review(clerk)

    assert response.status_code == 422
    assert f'<a href="{used.get_absolute_url()}"><bdi>inv-1</bdi></a>' in response.content.decode()
    assert posted() == 1


def test_reference_taken_since_the_review_by_something_else_is_refused(clerk: Client) -> None:
    token = token_of(review(clerk))
    post_transfer(
        source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), reference="inv-1"
    )

    response = clerk.post(NEW, {"token": token})

    assert response.status_code == 422
    assert "This reference belongs to a transaction that is posted" in text_of(response)
    assert posted() == 1


def test_texts_are_shown_as_text(clerk: Client) -> None:
    source = make_balance(
        ledger=make_ledger(name=SCRIPT), identity=make_identity(name=SCRIPT), floor_minor=None
    )

    response = review(
        clerk,
        source=source.key,
        destination=f"@{SCRIPT}",
        reference=SCRIPT,
        description=SCRIPT,
        metadata_key=[SCRIPT],
        metadata_value=["شركة النور"],
    )

    assert response.status_code == 200
    assert SCRIPT not in response.content.decode()
    assert "<bdi>شركة النور</bdi>" in response.content.decode()
    refused = review(clerk, source=SCRIPT, reference=SCRIPT, description=SCRIPT, amount=SCRIPT)
    assert refused.status_code == 422
    assert SCRIPT not in refused.content.decode()


def test_add_row_without_javascript_judges_nothing(clerk: Client) -> None:
    response = review(clerk, amount="abc", metadata_add="1")

    assert response.status_code == 200
    assert 'value="abc"' in response.content.decode()
    assert "There is one thing" not in text_of(response)


def test_reload_of_the_review_leads_to_the_form(clerk: Client) -> None:
    assert clerk.get(REVIEW).headers["Location"] == NEW


def test_enter_in_a_review_never_posts(clerk: Client) -> None:
    html = review(clerk).content.decode()

    buttons = re.findall(r'<button[^>]*name="(change|post)"', html)
    assert buttons == ["change", "post"]


def test_slide_over_reviews_posts_and_tells_the_table(clerk: Client) -> None:
    form = clerk.get(NEW, headers=SLIDE_OVER)
    reviewed = clerk.post(REVIEW, filled(), headers=SLIDE_OVER)
    response = clerk.post(NEW, {"token": token_of(reviewed)}, headers=SLIDE_OVER)

    assert f'hx-post="{REVIEW}"' in form.content.decode()
    assert f'hx-post="{NEW}"' in reviewed.content.decode()
    assert not is_whole_page(form)
    assert not is_whole_page(reviewed)
    detail = json.loads(response.headers["HX-Trigger"])["slideOverDone"]
    assert response.status_code == 204
    assert (detail["event"], detail["key"]) == ("transactionPosted", Transaction.objects.get().key)


def test_slide_over_shows_what_is_wrong(clerk: Client) -> None:
    response = clerk.post(REVIEW, filled(amount="0"), headers=SLIDE_OVER)

    assert response.status_code == 422
    assert not is_whole_page(response)


@pytest.mark.parametrize("url", [NEW, REVIEW])
def test_anonymous_is_sent_to_login(client: Client, url: str) -> None:
    assert client.get(url).headers["Location"] == f"/login/?next={url}"
    assert client.post(url, filled()).headers["Location"] == f"/login/?next={url}"
    assert posted() == 0
