"""The admin in a real browser: nothing in it breaks the content policy or its scripts."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from balances.models import Balance
from ledgers.models import Ledger
from tests.browsing import opened_page
from tests.factories import make_balance, make_identity, make_user, post_transfer
from users.models import User


@pytest.fixture
def operator(own_server: str) -> User:
    return make_user(is_staff=True, is_superuser=True)


def test_pages_keep_to_the_content_policy(
    browser: Browser, own_server: str, operator: User
) -> None:
    owner = make_identity()
    posted = post_transfer(
        source=make_balance(floor_minor=None, identity=owner), destination=make_balance()
    )
    models = ["audit_auditevent", "balances_balance", "ledgers_currency", "transactions_entry"]
    paths = [
        reverse("admin:index"),
        *(reverse(f"admin:{name}_changelist") for name in models),
        reverse("admin:transactions_transaction_change", args=[posted.pk]),
        reverse("admin:balances_balance_change", args=[Balance.objects.latest("pk").pk]),
        reverse("admin:ledgers_ledger_change", args=[Ledger.objects.latest("pk").pk]),
        reverse("admin:identities_identity_change", args=[owner.pk]),
        reverse("admin:users_user_change", args=[operator.pk]),
        reverse("admin:users_user_add"),
        reverse("admin:auth_user_password_change", args=[operator.pk]),
    ]

    # Leaving the block fails on any violation or script error that the browser reported.
    with opened_page(browser, own_server, user=operator) as page:
        for path in paths:
            answer = page.goto(path)
            assert answer
            assert answer.status == 200, path
            page.wait_for_load_state("networkidle")


def test_owner_of_a_balance_is_found_by_typing(
    browser: Browser, own_server: str, operator: User
) -> None:
    balance, owner = make_balance(), make_identity(name="Ada Lovelace")

    with opened_page(browser, own_server, user=operator) as page:
        page.goto(reverse("admin:balances_balance_change", args=[balance.pk]))
        page.locator(".field-identity .select2-selection").click()
        page.locator(".select2-search__field").fill("Ada")
        page.get_by_role("option", name="Ada Lovelace").click()
        page.get_by_label("Floor").fill("-25.00")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".messagelist .success")).to_be_visible()

    balance.refresh_from_db()
    assert (balance.identity, balance.floor_minor) == (owner, -25_00)


def test_operator_signs_in_by_the_one_login_page(
    browser: Browser, own_server: str, operator: User
) -> None:
    with opened_page(browser, own_server) as page:
        page.goto(reverse("admin:ledgers_ledger_changelist"))

        expect(page).to_have_url(f"{own_server}/login/?next=/admin/ledgers/ledger/")
