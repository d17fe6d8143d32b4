from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from audit.models import AuditEvent
from balances.models import Balance
from ledgers.models import Currency
from tests.factories import (
    general_ledger,
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    make_user,
)
from tests.pages import SCRIPT, SLIDE_OVER, hidden_value, is_whole_page, text_of
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/balances/new/"


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


def filled(**changes: Any) -> dict[str, Any]:
    ledger = changes.pop("ledger", None) or make_ledger().key
    return {
        "public_id": str(uuid4()),
        "ledger": ledger,
        "currency": "GBP",
        "normal_side": "CREDIT",
        "below_zero": "no",
    } | changes


def test_form_is_a_page_with_an_id_drawn_for_it(clerk: Client) -> None:
    first, second = clerk.get(URL), clerk.get(URL)

    assert is_whole_page(first)
    assert hidden_value(first, "public_id") != hidden_value(second, "public_id")


def test_balance_is_opened_and_its_page_shown(clerk: Client, user: User) -> None:
    ledger, owner = make_ledger(name="Suppliers"), make_identity(name="Northgate")

    response = clerk.post(
        URL,
        filled(
            ledger=ledger.key,
            identity=owner.key,
            metadata_key=["vendor"],
            metadata_value=["1007"],
        ),
    )

    balance = Balance.objects.get()
    assert response.headers["Location"] == balance.get_absolute_url()
    assert (balance.ledger, balance.identity, balance.currency_id) == (ledger, owner, "GBP")
    assert (balance.floor_minor, balance.metadata) == (0, {"vendor": "1007"})
    event = AuditEvent.objects.get(subject=balance.key)
    assert (event.action, event.actor) == ("balance.opened", user)


def test_records_may_be_named_instead_of_picked(clerk: Client) -> None:
    ledger, owner = make_ledger(name="Customer Wallets"), make_identity(name="Northgate")

    clerk.post(
        URL,
        filled(ledger=" customer  wallets", currency="pound sterling", identity="NORTHGATE"),
    )

    balance = Balance.objects.get()
    assert (balance.ledger, balance.identity, balance.currency_id) == (ledger, owner, "GBP")


def test_name_of_several_records_asks_which_and_a_button_answers(clerk: Client) -> None:
    first, _second = make_identity(name="Sofia"), make_identity(name="Sofia")
    data = filled(identity="Sofia")

    response = clerk.post(URL, data)

    assert response.status_code == 422
    assert not Balance.objects.exists()
    assert f'name="identity" value="{first.key}"' in response.content.decode()
    clerk.post(URL, data | {"identity": ["Sofia", first.key]})
    assert Balance.objects.get().identity == first


def test_enter_in_a_field_never_presses_a_suggested_record(clerk: Client) -> None:
    make_identity(name="Sofia")
    make_identity(name="Sofia")

    html = clerk.post(URL, filled(identity="Sofia")).content.decode()

    form = html[html.index('method="post" action="/balances/new/"') :]
    assert form.index('<button class="visually-hidden"') < form.index('name="identity" value="idt_')


def test_sent_twice_opens_one_balance(clerk: Client) -> None:
    data = filled()

    locations = {clerk.post(URL, data).headers["Location"] for _ in range(2)}

    assert Balance.objects.count() == 1
    assert len(locations) == 1
    assert AuditEvent.objects.filter(action="balance.opened").count() == 1


def test_form_used_again_for_another_balance_opens_nothing_and_says_so(clerk: Client) -> None:
    data = filled()
    clerk.post(URL, data)

    response = clerk.post(URL, data | {"currency": "EUR"}, follow=True)

    assert Balance.objects.count() == 1
    assert "nothing was added" in text_of(response)


@pytest.mark.parametrize(
    ("currency", "limit", "floor_minor"),
    [("GBP", "500", -500_00), ("JPY", "1,250", -1250), ("KWD", "0.125", -125)],
)
def test_limit_below_zero_is_read_with_the_decimals_of_the_currency(
    clerk: Client, currency: str, limit: str, floor_minor: int
) -> None:
    clerk.post(URL, filled(currency=currency, below_zero="limit", limit=limit))

    assert Balance.objects.get().floor_minor == floor_minor


def test_limit_of_a_token_keeps_its_last_digit(clerk: Client) -> None:
    Currency.objects.create(code="TOK", name="Token", exponent=18, kind="CRYPTO")

    clerk.post(URL, filled(currency="TOK", below_zero="limit", limit="1.000000000000000001"))

    assert Balance.objects.get().floor_minor == -1_000_000_000_000_000_001


def test_may_go_below_zero_without_a_limit(clerk: Client) -> None:
    clerk.post(URL, filled(below_zero="yes"))

    assert Balance.objects.get().floor_minor is None


def test_debit_normal(clerk: Client) -> None:
    clerk.post(URL, filled(normal_side="DEBIT"))

    assert Balance.objects.get().normal_side == Balance.NormalSide.DEBIT


@pytest.mark.parametrize(("given", "stored"), [("@Revenue", "@Revenue"), ("Fees", "@Fees")])
def test_indicator_in_the_general_ledger(clerk: Client, given: str, stored: str) -> None:
    clerk.post(URL, filled(ledger=general_ledger().key, indicator=given))

    assert Balance.objects.get().indicator == stored


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ledger": "nowhere"}, "No ledger has this name or id."),
        ({"ledger": " "}, "This field is required."),
        ({"currency": "XXQ"}, "This currency is not in the registry."),
        ({"identity": "nobody"}, "Nobody has this name or id."),
        ({"indicator": "@Revenue"}, "Only the General Ledger holds indicators."),
        ({"indicator": "@ Revenue"}, "Write one @ and then a name"),
        ({"indicator": "@A@B"}, "Write one @ and then a name"),
        ({"below_zero": "limit"}, "Enter an amount."),
        ({"below_zero": "limit", "limit": "1.005"}, "This currency has 2 decimals"),
        ({"below_zero": "limit", "limit": "-5"}, "Enter an amount above zero"),
        ({"below_zero": "limit", "limit": "9" * 40}, "This amount is too large"),
        ({"below_zero": "no", "limit": "5"}, "A limit needs the answer"),
        ({"below_zero": "perhaps"}, "Select a valid choice"),
        ({"normal_side": "LEFT"}, "Select a valid choice"),
        ({"ledger": "a\x00b"}, "control character U+0000"),
        ({"indicator": "@a\x1bb"}, "control character U+001B"),
        ({"metadata_json": "{"}, "This is not valid JSON"),
        (
            {"metadata_key": ["k"], "metadata_value": ["x" * 70_000]},
            "Extra information may hold 64 KB",
        ),
        ({"metadata_key": ["k"], "metadata_value": ["a\x07"]}, "control character U+0007"),
        ({"public_id": "x"}, "Enter a valid UUID."),
    ],
)
def test_bad_input_is_refused_at_its_field_and_nothing_written(
    clerk: Client, changes: dict[str, Any], reason: str
) -> None:
    response = clerk.post(URL, filled(**changes))

    assert response.status_code == 422
    assert reason in text_of(response)
    assert not Balance.objects.exists()


def test_a_megabyte_of_metadata_is_refused(clerk: Client) -> None:
    response = clerk.post(URL, filled(metadata_json=json.dumps({"k": "x" * 1_000_000})))

    assert response.status_code in (400, 422)
    assert not Balance.objects.exists()


def test_owner_and_indicator_exclude_each_other(clerk: Client) -> None:
    data = filled(
        ledger=general_ledger().key, indicator="@Fees", identity=make_identity(name="N").key
    )

    response = clerk.post(URL, data)

    assert "A balance has an owner or an indicator, not both." in text_of(response)
    assert not Balance.objects.exists()


@pytest.mark.parametrize("given", ["@Revenue", "@revenue"])
def test_indicator_taken_in_this_currency_is_refused(clerk: Client, given: str) -> None:
    make_balance(indicator="@Revenue")

    response = clerk.post(URL, filled(ledger=general_ledger().key, indicator=given))

    assert response.status_code == 422
    assert "The General Ledger already has @Revenue in GBP." in text_of(response)
    assert Balance.objects.count() == 1


def test_indicator_keeps_its_spelling_in_another_currency(clerk: Client) -> None:
    make_balance(indicator="@Revenue")

    clerk.post(URL, filled(ledger=general_ledger().key, indicator="@REVENUE", currency="EUR"))

    assert Balance.objects.get(currency="EUR").indicator == "@Revenue"


def test_address_fills_in_ledger_and_owner(clerk: Client) -> None:
    ledger, owner = make_ledger(name="Suppliers"), make_identity(name="Northgate")

    response = clerk.get(URL, {"ledger": ledger.key, "identity": owner.key})

    html = response.content.decode()
    assert f'value="{ledger.key}"' in html
    assert "Suppliers" in text_of(response)
    assert f'value="{owner.key}"' in html
    assert "Northgate" in text_of(response)


def test_add_row_without_javascript_judges_nothing(clerk: Client) -> None:
    response = clerk.post(URL, filled(ledger="nowhere", metadata_add="1"))

    assert response.status_code == 200
    assert "No ledger has" not in text_of(response)
    assert 'value="nowhere"' in response.content.decode()


def test_slide_over_gets_the_form_alone(clerk: Client) -> None:
    response = clerk.get(URL, headers=SLIDE_OVER)

    assert not is_whole_page(response)
    assert 'hx-post="/balances/new/"' in response.content.decode()


def test_slide_over_closes_and_tells_the_table(clerk: Client) -> None:
    response = clerk.post(URL, filled(), headers=SLIDE_OVER)

    detail = json.loads(response.headers["HX-Trigger"])["slideOverDone"]
    assert response.status_code == 204
    assert (detail["event"], detail["key"]) == ("balanceCreated", Balance.objects.get().key)


def test_typed_text_comes_back_as_text(clerk: Client) -> None:
    response = clerk.post(URL, filled(ledger=SCRIPT, identity=SCRIPT))

    assert response.status_code == 422
    assert SCRIPT not in response.content.decode()


def test_anonymous_is_sent_to_login(client: Client) -> None:
    assert client.get(URL).headers["Location"] == "/login/?next=/balances/new/"
    assert client.post(URL, {}).headers["Location"] == "/login/?next=/balances/new/"
