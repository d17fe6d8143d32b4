from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from balances.models import Balance
from tests.browsing import DESKTOP, PHONE, axe_violations, go, opened_page, overflow
from tests.factories import (
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from transactions.models import Transaction
from transactions.requests import Indicator


@pytest.fixture
def northgate(own_server: str) -> Balance:
    """A supplier's balance with a history, among long names and amounts."""
    balance = make_balance(
        ledger=make_ledger(name="Suppliers"),
        identity=make_identity(name="Northgate Builders and Restoration of the Eastern Districts"),
        opening_minor=98_765_432_109_876,
        metadata={"address": {"lines": ["1 High Street", "OX1"]}},
    )
    for _ in range(22):
        post_transfer(
            source=Indicator("@Treasury", "GBP"),
            destination=balance,
            description="Scaffolding, hire and removal for the works in the High Street",
        )
    return balance


def test_transaction_is_reviewed_and_posted_in_the_slide_over_by_keyboard(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        go(page, "/transactions/")
        page.get_by_role("link", name="Create transaction").press("Enter")
        expect(page.get_by_role("combobox", name="From")).to_be_focused()
        page.keyboard.type("@treas")
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("north")
        expect(page.get_by_role("option", name="Northgate")).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.get_by_label("Amount", exact=True).fill("1,250.00")
        page.keyboard.press("Enter")

        expect(page.get_by_text("Nothing is posted yet.")).to_be_focused()
        assert axe_violations(page) == []
        page.get_by_role("button", name="Post 1,250.00 GBP").press("Enter")

        expect(page.locator("tr.new")).to_contain_text("1,250.00")
        expect(page.get_by_role("status").first).to_contain_text("posted")
    assert Transaction.objects.latest("pk").entries.count() == 2


def test_refused_amount_takes_the_focus_in_the_slide_over(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        go(page, northgate.get_absolute_url())
        page.get_by_role("link", name="Create transaction").click()
        page.get_by_role("combobox", name="To").fill("@Treasury")
        page.get_by_label("Amount", exact=True).fill("1.005")
        page.keyboard.press("Enter")

        expect(page.locator("#slide-over .summary")).to_be_focused()
        expect(page.locator("#slide-over .summary")).to_contain_text("2 decimals")
        assert axe_violations(page) == []


def test_register_refreshes_when_a_transaction_is_posted(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        go(page, northgate.get_absolute_url())
        page.get_by_role("link", name="Create transaction").click()
        page.get_by_role("combobox", name="To").fill("@Rent")
        page.get_by_label("Amount", exact=True).fill("7.77")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Post 7.77 GBP").click()

        expect(page.locator("#register tbody tr").first).to_contain_text("7.77")
        expect(page.locator("#register")).to_contain_text("24 entries")


def test_everything_works_without_javascript(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    user = make_user()
    with opened_page(browser, own_server, user=user, java_script_enabled=False) as page:
        page.goto("/transactions/")
        page.get_by_role("link", name="Create transaction").click()
        page.get_by_label("From").fill("@Treasury")
        page.get_by_label("To", exact=True).fill(northgate.key)
        page.get_by_label("Amount", exact=True).fill("12.34")
        page.get_by_role("button", name="Add row").click()
        page.get_by_label("Key", exact=True).first.fill("department")
        page.get_by_label("Value", exact=True).first.fill("Housing")
        page.get_by_role("button", name="Review").click()
        page.get_by_role("button", name="Change").click()
        page.get_by_label("Amount", exact=True).press("Enter")
        page.get_by_role("button", name="Post 12.34 GBP").click()

        expect(page.get_by_role("status").first).to_contain_text("posted")
        expect(page.locator("main")).to_contain_text("Housing")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_screens_are_accessible_and_fit(
    browser: Browser, own_server: str, northgate: Balance, viewport: object, color_scheme: str
) -> None:
    transaction = Transaction.objects.latest("pk")
    paths = (
        "/balances/",
        f"/balances/?ledger={northgate.ledger.key}",
        "/balances/new/",
        northgate.get_absolute_url(),
        f"{northgate.get_absolute_url()}info/",
        "/transactions/",
        f"/transactions/new/?source={northgate.key}",
        transaction.get_absolute_url(),
        f"{transaction.get_absolute_url()}metadata/",
    )
    user = make_user()
    options = {"viewport": viewport, "color_scheme": color_scheme, "reduced_motion": "reduce"}
    with opened_page(browser, own_server, user=user, **options) as page:
        for path in paths:
            go(page, path)
            assert (path, axe_violations(page), overflow(page)) == (path, [], 0)
