"""The admin under the same rules of axe as our own pages."""

from __future__ import annotations

from typing import Literal

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, ViewportSize

from balances.models import Balance
from ledgers.models import Ledger
from tests.browsing import DESKTOP, PHONE, axe_violations, opened_page
from tests.factories import make_balance, make_identity, make_user, post_transfer
from users.models import User

LISTS = (
    "audit_auditevent",
    "balances_balance",
    "ledgers_currency",
    "ledgers_ledger",
    "identities_identity",
    "transactions_entry",
    "transactions_transaction",
    "schedules_schedule",
    "users_user",
)
# Of Django's scripts and templates, by page; docs/accessibility.md lists them.
DJANGOS_OWN = {
    "transactions_transaction_change": "empty-table-header",
    "balances_balance_change": "aria-input-field-name",
    "users_user_change": "aria-prohibited-attr",
}


@pytest.fixture
def operator(own_server: str) -> User:
    return make_user(is_staff=True, is_superuser=True)


def pages(operator: User) -> dict[str, str]:
    owner = make_identity()
    posted = post_transfer(
        source=make_balance(floor_minor=None, identity=owner), destination=make_balance()
    )
    changed = {
        "transactions_transaction_change": posted.pk,
        "balances_balance_change": Balance.objects.latest("pk").pk,
        "ledgers_ledger_change": Ledger.objects.latest("pk").pk,
        "identities_identity_change": owner.pk,
        "users_user_change": operator.pk,
        "auth_user_password_change": operator.pk,
    }
    names = ("index", *(f"{name}_changelist" for name in LISTS), "ledgers_ledger_add")
    return {name: reverse(f"admin:{name}") for name in (*names, "users_user_add")} | {
        name: reverse(f"admin:{name}", args=[pk]) for name, pk in changed.items()
    }


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"]
)
def test_axe_finds_only_what_is_djangos_own(
    browser: Browser,
    own_server: str,
    operator: User,
    size: ViewportSize,
    scheme: Literal["light", "dark"],
) -> None:
    found = {}

    with opened_page(
        browser, own_server, user=operator, color_scheme=scheme, viewport=size
    ) as page:
        for name, path in pages(operator).items():
            page.goto(path)
            # Reading the styles that Django's import would break the content policy.
            if violations := axe_violations(page, preload=False):
                found[name] = violations

    assert {name: each[0].partition(":")[0] for name, each in found.items()} == DJANGOS_OWN, found
    assert all(len(each) == 1 for each in found.values()), found
