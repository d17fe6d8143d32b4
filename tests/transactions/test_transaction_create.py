from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from ledgers.models import Currency
from tests.factories import make_balance, make_client, make_identity, make_ledger, make_user
from tests.pages import SCRIPT, SLIDE_OVER, is_whole_page, rows_of, text_of
from tests.transactions.reviewing import NEW, REVIEW, filled, posted, review, token_of
from transactions.models import Entry, Transaction
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


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


def test_indicator_keeps_its_spelling_in_another_currency(clerk: Client) -> None:
    make_balance(indicator="@Treasury", currency="JPY")
    destination = make_balance()

    reviewed = review(clerk, source="@treasury", destination=destination.key)

    clerk.post(NEW, {"token": token_of(reviewed)})
    assert Balance.objects.filter(indicator="@Treasury").count() == 2


@pytest.mark.parametrize("source", ["@Treasury", "@TREASURY"])
def test_currency_of_known_indicators_need_not_be_said(clerk: Client, source: str) -> None:
    make_balance(indicator="@Treasury", currency="JPY", floor_minor=None)

    response = review(clerk, source=source, currency="", amount="500")

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
