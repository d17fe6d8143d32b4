"""What operators may change of the books, that it is audited, and that the web's role suffices."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from balances.models import Balance
from identities.models import Identity
from ledgers.models import Currency, Ledger
from ledgers.operations import add_currency
from schedules.operations import cancel
from tests.admin.changing import change, errors_of, event_of, form_data
from tests.factories import (
    general_ledger,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.schedules.building import make_schedule
from tests.transactions.living import place_hold
from transactions.requests import Indicator
from users.models import User

pytestmark = pytest.mark.django_db


def test_ledger_is_renamed(admin_pages: Client, operator: User) -> None:
    ledger = make_ledger(name="Wallets")

    change(admin_pages, ledger, name="Customer wallets")

    ledger.refresh_from_db()
    event = event_of("ledger.renamed")
    assert ledger.name == "Customer wallets"
    assert (event.actor, event.subject) == (operator, ledger.key)
    assert (event.before, event.after) == ({"name": "Wallets"}, {"name": "Customer wallets"})


def test_general_ledger_is_renamed_and_stays_general(admin_pages: Client) -> None:
    change(admin_pages, general_ledger(), name="Main book", is_general="")

    assert general_ledger().name == "Main book"


@pytest.mark.parametrize("make", [make_ledger, make_identity, make_balance])
def test_metadata_is_changed_with_its_history(
    admin_pages: Client, operator: User, make: Any
) -> None:
    row = make(metadata={"region": "EU", "kept": [1]})

    change(admin_pages, row, metadata='{"region": "UK", "kept": [1], "new": true}')

    row.refresh_from_db()
    event = AuditEvent.objects.get(action__endswith=".metadata_changed")
    assert row.metadata == {"region": "UK", "kept": [1], "new": True}
    assert (event.actor, event.actor_name, event.subject) == (operator, "operator", row.key)
    assert event.before == {"region": "EU", "kept": [1]}
    assert event.after == row.metadata


def test_metadata_key_is_removed_and_what_others_wrote_meanwhile_stays(admin_pages: Client) -> None:
    ledger = make_ledger(metadata={"a": 1, "b": 2})
    url = reverse("admin:ledgers_ledger_change", args=[ledger.pk])
    data = form_data(admin_pages, url)
    Ledger.objects.filter(pk=ledger.pk).update(metadata={"a": 1, "b": 2, "c": 3})

    admin_pages.post(url, {**data, "metadata": '{"a": 1}'})

    ledger.refresh_from_db()
    assert ledger.metadata == {"a": 1, "c": 3}


def test_metadata_is_changed_without_what_was_shown(admin_pages: Client) -> None:
    ledger = make_ledger(metadata={"a": 1})

    for shown in ("", "garbage", "[1]", '{"a": "\\u0000"}'):
        change(admin_pages, ledger, metadata='{"b": 2}', **{"initial-metadata": shown})

    ledger.refresh_from_db()
    assert ledger.metadata == {"a": 1, "b": 2}


def test_nothing_changed_leaves_no_event(admin_pages: Client) -> None:
    rows = [
        make_ledger(metadata={"b": 1, "a": 2}),
        make_identity(email="a@example.com"),
        make_balance(floor_minor=-5_00),
        make_user(),
        Currency.objects.get(pk="GBP"),
    ]
    before = AuditEvent.objects.count()

    for row in rows:
        change(admin_pages, row)

    assert AuditEvent.objects.count() == before


def test_ledger_and_identity_are_created(admin_pages: Client, operator: User) -> None:
    admin_pages.post(reverse("admin:ledgers_ledger_add"), {"name": "Shop", "metadata": ""})
    admin_pages.post(
        reverse("admin:identities_identity_add"),
        {"name": "Ada", "kind": "PERSON", "email": "", "metadata": '{"vip": true}'},
    )

    ledger, identity = Ledger.objects.get(name="Shop"), Identity.objects.get(name="Ada")
    assert event_of("ledger.created").subject == ledger.key
    assert event_of("identity.created").subject == identity.key
    assert event_of("identity.created").actor == operator
    assert identity.metadata == {"vip": True}


def test_identity_is_changed(admin_pages: Client) -> None:
    identity = make_identity(name="Acme", email="a@example.com")

    change(admin_pages, identity, name="Acme Ltd", email="b@example.com")

    event = event_of("identity.changed")
    assert event.before == {"name": "Acme", "email": "a@example.com"}
    assert event.after == {"name": "Acme Ltd", "email": "b@example.com"}


def test_custom_asset_is_added(admin_pages: Client) -> None:
    admin_pages.post(
        reverse("admin:ledgers_currency_add"),
        {"code": "XTK", "name": "Token", "exponent": "18", "symbol": "◈", "kind": "CRYPTO"},
    )

    event = event_of("currency.added")
    assert Currency.objects.get(pk="XTK").exponent == 18
    assert event.subject == "XTK"


def test_asset_with_an_unusual_code_is_changed_with_an_event(admin_pages: Client) -> None:
    asset = add_currency(code="X_1.A-B", name="Old", exponent=8, kind="POINTS", actor=None)
    url = reverse("admin:ledgers_currency_change", args=[quote(asset.pk)])

    admin_pages.post(url, form_data(admin_pages, url) | {"name": "New", "symbol": ""})
    history = admin_pages.get(url.replace("/change/", "/history/"), follow=True)

    event = event_of("currency.changed")
    assert (event.subject, event.after) == ("X_1.A-B", {"name": "New"})
    assert len(history.context["cl"].result_list) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "x tk"),
        ("code", "TOO-LONG-CODE"),
        ("code", "GBP"),
        ("code", "A\0"),
        ("exponent", "31"),
        ("exponent", "-1"),
        ("exponent", "2.5"),
        ("kind", "COINS"),
        ("name", "\u200b"),
        ("name", "a\x1bb"),
    ],
)
def test_bad_asset_is_refused_at_its_field(admin_pages: Client, field: str, value: str) -> None:
    good = {"code": "XTK", "name": "Token", "exponent": "18", "symbol": "", "kind": "CRYPTO"}

    response = admin_pages.post(reverse("admin:ledgers_currency_add"), good | {field: value})

    assert field in errors_of(response)
    assert not Currency.objects.filter(pk="XTK").exists()


def test_exponent_changes_while_unused_and_never_after(admin_pages: Client) -> None:
    asset = add_currency(code="XTK", name="Token", exponent=8, kind="CRYPTO", actor=None)
    balance = make_balance(currency="XTK")

    change(admin_pages, asset, exponent="18")
    post_transfer(source=Indicator("@Mint", "XTK"), destination=balance, amount_minor=1)
    response = change(admin_pages, asset, exponent="6", name="Other")

    asset.refresh_from_db()
    assert (asset.exponent, asset.name) == (18, "Token")
    assert "the decimals cannot change" in response.content.decode()


@pytest.mark.parametrize("kept", ["hold", "floor", "schedule", "cancelled schedule"])
def test_exponent_stays_where_an_amount_would_mean_another(admin_pages: Client, kept: str) -> None:
    asset = add_currency(code="XTK", name="Token", exponent=8, kind="CRYPTO", actor=None)
    mint, balance = Indicator("@Mint", "XTK"), make_balance(currency="XTK")
    if kept == "hold":
        place_hold(source=mint, destination=balance, amount_minor=100)
    elif kept == "floor":
        make_balance(currency="XTK", floor_minor=-500)
    elif kept == "schedule":
        make_schedule(source=mint, destination=Indicator("@Other", "XTK"))
    else:
        cancel(make_schedule(source=balance, destination=mint), actor=None)

    response = change(admin_pages, asset, exponent="6")

    asset.refresh_from_db()
    assert asset.exponent == 8
    assert "the decimals cannot change" in response.content.decode()


def test_code_of_a_currency_stays(admin_pages: Client) -> None:
    change(admin_pages, Currency.objects.get(pk="GBP"), code="GBX", name="Sterling")

    assert Currency.objects.get(pk="GBP").name == "Sterling"
    assert not Currency.objects.filter(pk="GBX").exists()


def test_balance_gets_an_owner_and_a_floor(admin_pages: Client) -> None:
    balance, owner = make_balance(), make_identity()

    change(admin_pages, balance, identity=str(owner.pk), floor_minor="-1,000.00")

    balance.refresh_from_db()
    event = event_of("balance.changed")
    assert (balance.identity, balance.floor_minor) == (owner, -1_000_00)
    assert event.before == {"identity": None, "floor_minor": "0"}
    assert event.after == {"identity": owner.key, "floor_minor": "-100000"}


@pytest.mark.parametrize(
    ("text", "floor_minor"),
    [("", None), ("0", 0), ("-0.00", 0), ("−12.34", -12_34), ("5.00", 5_00), ("-0.01", -1)],
)
def test_floor_is_typed_in_the_currency(
    admin_pages: Client, text: str, floor_minor: int | None
) -> None:
    balance = make_balance(opening_minor=5_00, floor_minor=-7)

    change(admin_pages, balance, floor_minor=text)

    balance.refresh_from_db()
    assert balance.floor_minor == floor_minor


@pytest.mark.parametrize("text", ["5.01", "abc", "1.234", "1e9", "--", "9" * 40, "1\0"])
@pytest.mark.parametrize("side", Balance.NormalSide.values)
def test_floor_that_cannot_be_is_refused(admin_pages: Client, text: str, side: str) -> None:
    balance = make_balance(opening_minor=5_00, normal_side=side)

    response = change(admin_pages, balance, floor_minor=text)

    balance.refresh_from_db()
    assert "floor_minor" in errors_of(response)
    assert balance.floor_minor == 0


def test_totals_of_a_balance_cannot_be_sent(admin_pages: Client) -> None:
    balance = make_balance(opening_minor=5_00)
    other = make_ledger()

    change(
        admin_pages,
        balance,
        credit_minor="999",
        debit_minor="999",
        entry_count="0",
        ledger=str(other.pk),
        currency="EUR",
        indicator="@Mine",
        normal_side="DEBIT",
        closed_at="2020-01-01",
        identity=str(make_identity().pk),
    )

    stored = Balance.objects.get(pk=balance.pk)
    for name in ("credit_minor", "debit_minor", "entry_count", "ledger_id", "currency_id"):
        assert getattr(stored, name) == getattr(balance, name)
    assert (stored.indicator, stored.normal_side, stored.closed_at) == ("", "CREDIT", None)
    assert stored.identity
