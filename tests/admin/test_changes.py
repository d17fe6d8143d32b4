"""What operators may change, that it is audited, and that the web's role suffices for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from balances.models import Balance
from identities.models import Identity
from ledgers.models import Currency, Ledger
from ledgers.operations import add_currency
from tests.factories import (
    PASSWORD,
    general_ledger,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from transactions.requests import Indicator
from users.models import User

pytestmark = pytest.mark.django_db


def _form(client: Client, url: str) -> dict[str, Any]:
    """What the page's form would send when nothing is changed."""
    form = client.get(url).context["adminform"].form
    data: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if field.field.show_hidden_initial:
            data[field.html_initial_name] = field.field.prepare_value(field.initial)
        if isinstance(value, bool):
            data |= {field.html_name: "on"} if value else {}
        elif value is not None:
            data[field.html_name] = value
    return data


def _change(client: Client, row: Any, **changes: Any) -> Any:
    """Send the row's page with `changes`; None leaves a box unticked."""
    url = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    data = {**_form(client, url), **changes}
    return client.post(
        url, {name: value for name, value in data.items() if value is not None}, follow=True
    )


def _errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def _event(action: str) -> AuditEvent:
    return AuditEvent.objects.get(action=action)


def test_ledger_is_renamed(admin_pages: Client, operator: User) -> None:
    ledger = make_ledger(name="Wallets")

    _change(admin_pages, ledger, name="Customer wallets")

    ledger.refresh_from_db()
    event = _event("ledger.renamed")
    assert ledger.name == "Customer wallets"
    assert (event.actor, event.subject) == (operator, ledger.key)
    assert (event.before, event.after) == ({"name": "Wallets"}, {"name": "Customer wallets"})


def test_general_ledger_is_renamed_and_stays_general(admin_pages: Client) -> None:
    _change(admin_pages, general_ledger(), name="Main book", is_general="")

    assert general_ledger().name == "Main book"


@pytest.mark.parametrize("make", [make_ledger, make_identity, make_balance])
def test_metadata_is_changed_with_its_history(
    admin_pages: Client, operator: User, make: Any
) -> None:
    row = make(metadata={"region": "EU", "kept": [1]})

    _change(admin_pages, row, metadata='{"region": "UK", "kept": [1], "new": true}')

    row.refresh_from_db()
    event = AuditEvent.objects.get(action__endswith=".metadata_changed")
    assert row.metadata == {"region": "UK", "kept": [1], "new": True}
    assert (event.actor, event.actor_name, event.subject) == (operator, "operator", row.key)
    assert event.before == {"region": "EU", "kept": [1]}
    assert event.after == row.metadata


def test_metadata_key_is_removed_and_what_others_wrote_meanwhile_stays(admin_pages: Client) -> None:
    ledger = make_ledger(metadata={"a": 1, "b": 2})
    url = reverse("admin:ledgers_ledger_change", args=[ledger.pk])
    data = _form(admin_pages, url)
    Ledger.objects.filter(pk=ledger.pk).update(metadata={"a": 1, "b": 2, "c": 3})

    admin_pages.post(url, {**data, "metadata": '{"a": 1}'})

    ledger.refresh_from_db()
    assert ledger.metadata == {"a": 1, "c": 3}


def test_metadata_is_changed_without_what_was_shown(admin_pages: Client) -> None:
    ledger = make_ledger(metadata={"a": 1})

    for shown in ("", "garbage", "[1]", '{"a": "\\u0000"}'):
        _change(admin_pages, ledger, metadata='{"b": 2}', **{"initial-metadata": shown})

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
        _change(admin_pages, row)

    assert AuditEvent.objects.count() == before


def test_ledger_and_identity_are_created(admin_pages: Client, operator: User) -> None:
    admin_pages.post(reverse("admin:ledgers_ledger_add"), {"name": "Shop", "metadata": ""})
    admin_pages.post(
        reverse("admin:identities_identity_add"),
        {"name": "Ada", "kind": "PERSON", "email": "", "metadata": '{"vip": true}'},
    )

    ledger, identity = Ledger.objects.get(name="Shop"), Identity.objects.get(name="Ada")
    assert _event("ledger.created").subject == ledger.key
    assert _event("identity.created").subject == identity.key
    assert _event("identity.created").actor == operator
    assert identity.metadata == {"vip": True}


def test_identity_is_changed(admin_pages: Client) -> None:
    identity = make_identity(name="Acme", email="a@example.com")

    _change(admin_pages, identity, name="Acme Ltd", email="b@example.com")

    event = _event("identity.changed")
    assert event.before == {"name": "Acme", "email": "a@example.com"}
    assert event.after == {"name": "Acme Ltd", "email": "b@example.com"}


def test_custom_asset_is_added(admin_pages: Client) -> None:
    admin_pages.post(
        reverse("admin:ledgers_currency_add"),
        {"code": "XTK", "name": "Token", "exponent": "18", "symbol": "◈", "kind": "CRYPTO"},
    )

    event = _event("currency.added")
    assert Currency.objects.get(pk="XTK").exponent == 18
    assert event.subject == "XTK"


def test_asset_with_an_unusual_code_is_changed_with_an_event(admin_pages: Client) -> None:
    asset = add_currency(code="X_1.A-B", name="Old", exponent=8, kind="POINTS", actor=None)
    url = reverse("admin:ledgers_currency_change", args=[quote(asset.pk)])

    admin_pages.post(url, _form(admin_pages, url) | {"name": "New", "symbol": ""})
    history = admin_pages.get(url.replace("/change/", "/history/"), follow=True)

    event = _event("currency.changed")
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

    assert field in _errors(response)
    assert not Currency.objects.filter(pk="XTK").exists()


def test_exponent_changes_while_unused_and_never_after(admin_pages: Client) -> None:
    asset = add_currency(code="XTK", name="Token", exponent=8, kind="CRYPTO", actor=None)
    balance = make_balance(currency="XTK")

    _change(admin_pages, asset, exponent="18")
    post_transfer(source=Indicator("@Mint", "XTK"), destination=balance, amount_minor=1)
    response = _change(admin_pages, asset, exponent="6", name="Other")

    asset.refresh_from_db()
    assert (asset.exponent, asset.name) == (18, "Token")
    assert "the decimals cannot change" in response.content.decode()


def test_code_of_a_currency_stays(admin_pages: Client) -> None:
    _change(admin_pages, Currency.objects.get(pk="GBP"), code="GBX", name="Sterling")

    assert Currency.objects.get(pk="GBP").name == "Sterling"
    assert not Currency.objects.filter(pk="GBX").exists()


def test_balance_gets_an_owner_and_a_floor(admin_pages: Client) -> None:
    balance, owner = make_balance(), make_identity()

    _change(admin_pages, balance, identity=str(owner.pk), floor_minor="-1,000.00")

    balance.refresh_from_db()
    event = _event("balance.changed")
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

    _change(admin_pages, balance, floor_minor=text)

    balance.refresh_from_db()
    assert balance.floor_minor == floor_minor


@pytest.mark.parametrize("text", ["5.01", "abc", "1.234", "1e9", "--", "9" * 40, "1\0"])
@pytest.mark.parametrize("side", Balance.NormalSide.values)
def test_floor_that_cannot_be_is_refused(admin_pages: Client, text: str, side: str) -> None:
    balance = make_balance(opening_minor=5_00, normal_side=side)

    response = _change(admin_pages, balance, floor_minor=text)

    balance.refresh_from_db()
    assert "floor_minor" in _errors(response)
    assert balance.floor_minor == 0


def test_totals_of_a_balance_cannot_be_sent(admin_pages: Client) -> None:
    balance = make_balance(opening_minor=5_00)
    other = make_ledger()

    _change(
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


def test_user_is_added_with_an_event_without_the_password(admin_pages: Client) -> None:
    admin_pages.post(
        reverse("admin:users_user_add"),
        {
            "username": "ada",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )

    event = _event("user.created")
    ada = User.objects.get(username="ada")
    assert ada.check_password(PASSWORD)
    assert event.subject == f"user_{ada.pk}"
    assert "password" not in str(event.after)
    assert ada.password not in str(event.after)


def test_user_is_changed_with_groups_and_rights(admin_pages: Client) -> None:
    person, group = make_user(username="ada"), Group.objects.create(name="Clerks")
    right = Permission.objects.get(codename="view_ledger")

    _change(
        admin_pages,
        person,
        first_name="Ada",
        is_staff="on",
        groups=[group.pk],
        user_permissions=[right.pk],
    )

    event = _event("user.changed")
    assert event.before == {
        "first_name": "",
        "is_staff": False,
        "groups": [],
        "permissions": [],
    }
    assert event.after == {
        "first_name": "Ada",
        "is_staff": True,
        "groups": ["Clerks"],
        "permissions": ["ledgers.view_ledger"],
    }


def test_user_is_switched_off_and_cannot_sign_in(admin_pages: Client) -> None:
    person = make_user(username="ada")
    theirs = Client()
    theirs.force_login(person)

    _change(admin_pages, person, is_active=None)

    assert _event("user.changed").after == {"is_active": False}
    assert not Client().login(username="ada", password=PASSWORD)
    assert theirs.get(reverse("admin:index")).status_code == 302


def test_last_superuser_cannot_be_shut_out(admin_pages: Client, operator: User) -> None:
    for name in ("is_active", "is_superuser"):
        response = _change(admin_pages, operator, **{name: None})
        assert "last active superuser" in str(_errors(response))

    operator.refresh_from_db()
    assert operator.is_active
    assert operator.is_superuser


def test_password_is_changed_with_an_event_without_it(admin_pages: Client) -> None:
    person = make_user(username="ada")

    admin_pages.post(
        reverse("admin:auth_user_password_change", args=[person.pk]),
        {
            "usable_password": "true",
            "password1": "new horse battery",
            "password2": "new horse battery",
            "set-password": "1",
        },
    )

    person.refresh_from_db()
    event = _event("user.password_changed")
    assert person.check_password("new horse battery")
    assert (event.subject, event.before, event.after) == (f"user_{person.pk}", None, None)


def test_clerk_who_may_change_users_gives_nobody_rights(operator: User) -> None:
    clerk = make_user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client = Client()
    client.force_login(clerk)

    _change(client, clerk, is_superuser="on", is_staff="on", user_permissions=[1, 2, 3])
    password = client.post(
        reverse("admin:auth_user_password_change", args=[operator.pk]),
        {"usable_password": "true", "password1": "x1y2z3x1", "password2": "x1y2z3x1"},
    )

    clerk.refresh_from_db()
    operator.refresh_from_db()
    assert not clerk.is_superuser
    assert clerk.user_permissions.count() == 2
    assert password.status_code == 403
    assert operator.check_password(PASSWORD)


def test_group_is_changed_with_an_event(admin_pages: Client) -> None:
    group = Group.objects.create(name="Clerks")
    right = Permission.objects.get(codename="view_ledger")

    _change(admin_pages, group, permissions=[right.pk])

    assert _event("group.changed").after == {"permissions": ["ledgers.view_ledger"]}


def test_signing_in_writes_its_time_as_the_web_role(operator: User) -> None:
    client = Client()

    client.post("/login/", {"username": "operator", "password": PASSWORD})

    operator.refresh_from_db()
    assert operator.last_login


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": 1, "a": 2}',
        "[1]",
        '"text"',
        "null",
        "{",
        '{"": 1}',
        '{"a": "' + "x" * 70_000 + '"}',
        '{"a":' * 3000 + "1" + "}" * 3000,
    ],
)
def test_metadata_that_cannot_be_stored_is_refused_at_its_field(
    admin_pages: Client, text: str
) -> None:
    ledger = make_ledger(metadata={"a": 1})

    response = _change(admin_pages, ledger, metadata=text)

    ledger.refresh_from_db()
    assert "metadata" in _errors(response)
    assert ledger.metadata == {"a": 1}


def test_megabyte_of_metadata_is_refused(admin_pages: Client) -> None:
    ledger = make_ledger()

    response = _change(admin_pages, ledger, metadata='{"a": "' + "x" * 2_000_000 + '"}')

    ledger.refresh_from_db()
    assert response.status_code == 400 or "64 KB" in str(_errors(response))
    assert ledger.metadata == {}


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE ledgers_ledger; --",
        "{{ 7|add:7 }}{% now 'Y' %}",
        "\N{RIGHT-TO-LEFT OVERRIDE}resu\N{POP DIRECTIONAL FORMATTING}",
        "عميل ١٢٣",
        "🏦 & <b>",
    ],
)
def test_hostile_names_are_stored_and_shown_as_text(admin_pages: Client, name: str) -> None:
    ledger, identity = make_ledger(), make_identity()

    _change(admin_pages, ledger, name=name)
    _change(admin_pages, identity, name=name)

    shown = [
        admin_pages.get(reverse(f"admin:{page}")).content.decode()
        for page in ("ledgers_ledger_changelist", "identities_identity_changelist", "index")
    ]
    ledger.refresh_from_db()
    identity.refresh_from_db()
    assert (ledger.name, identity.name) == (name, name)
    assert not any("<script>alert" in page or "<b>" in page for page in shown)


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "a\x07b", "x" * 201, "\u200b\u200c"])
def test_names_that_cannot_be_seen_are_refused(admin_pages: Client, name: str) -> None:
    response = _change(admin_pages, make_ledger(name="Kept"), name=name)

    assert "name" in _errors(response)
    assert Ledger.objects.filter(name="Kept").exists()
