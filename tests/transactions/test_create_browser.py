from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from balances.models import Balance
from tests.browsing import PHONE, axe_violations, opened_page, overflow
from tests.factories import make_balance, make_identity, make_user
from tests.transactions.reviewing import entries


@pytest.fixture
def northgate(own_server: str) -> Balance:
    return make_balance(identity=make_identity(name="Northgate"), opening_minor=5_000_00)


def test_transactions_are_entered_one_after_the_other_by_keyboard(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto(f"{northgate.get_absolute_url()}")
        page.get_by_role("link", name="Create transaction").press("Enter")
        page.get_by_role("combobox", name="To").fill("@Rent")
        page.get_by_label("Amount", exact=True).fill("1200/12")
        page.keyboard.press("Tab")
        expect(page.locator("#reading")).to_contain_text("1200/12 = 100.00 GBP")
        page.get_by_text("Advanced options").press("Enter")
        page.get_by_role("button", name="Add another").press("Enter")
        page.keyboard.type("@Tax")
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        page.keyboard.type("10%")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Nothing is posted yet.")).to_be_focused()
        assert axe_violations(page) == []
        page.keyboard.press("Control+Shift+Enter")

        expect(page.locator("#slide-over [name=source]")).to_have_value(northgate.key)
        expect(page.locator("#register tbody")).to_contain_text("4,900.00")
        page.get_by_role("combobox", name="To").fill("@Rent")
        page.get_by_label("Amount", exact=True).fill("7")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Nothing is posted yet.")).to_be_focused()
        page.keyboard.press("Control+Enter")

        expect(page.locator("#slide-over")).to_be_hidden()
    assert entries() == [("", -1, 7_00), ("@Rent", 1, 7_00)]


def test_the_other_side_is_suggested_in_the_currency_of_the_first(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    owner = make_identity(name="Meadow")
    for currency in ("EUR", northgate.currency_id):
        make_balance(identity=owner, currency=currency)
    with opened_page(browser, own_server, user=make_user()) as page:
        options = page.locator("[role=option]:visible")
        page.goto("/transactions/new/")
        page.get_by_role("combobox", name="To").fill("meadow")
        expect(options.first).to_contain_text("EUR")
        page.get_by_role("combobox", name="From").fill(northgate.key)

        page.get_by_role("combobox", name="To").fill("mead")

        expect(options.first).to_contain_text("0.00 GBP")
        expect(options).to_have_count(2)


def test_journal_is_entered_without_javascript(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    with opened_page(browser, own_server, user=make_user(), java_script_enabled=False) as page:
        page.goto("/transactions/new/")
        page.get_by_role("link", name="Journal entry").click()
        for line, (side, cell, amount) in enumerate(
            [(northgate.key, "debit", "10"), ("@A", "credit", "6"), ("@B", "credit", "3")]
        ):
            page.locator(f"[name=line-{line}-side]").fill(side)
            page.locator(f"[name=line-{line}-{cell}]").fill(amount)
        page.get_by_role("button", name="Add line").click()
        page.locator("[name=line-3-side]").fill("@C")
        page.locator("[name=line-3-credit]").fill("5/3")
        page.get_by_role("button", name="Review").click()
        expect(page.locator(".summary")).to_contain_text("between 1.66 and 1.67")
        page.locator("[name=line-3-credit]").fill("1")
        page.locator("[name=line-3-credit]").press("Enter")
        page.get_by_role("button", name="Post 10.00 GBP").click()

        expect(page.get_by_role("status").first).to_contain_text("posted")
    assert entries()[1:] == [("@A", 1, 6_00), ("@B", 1, 3_00), ("@C", 1, 1_00)]


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_every_part_of_the_form_is_accessible_and_fits_a_phone(
    browser: Browser, own_server: str, northgate: Balance, color_scheme: str
) -> None:
    options = {"viewport": PHONE, "color_scheme": color_scheme, "reduced_motion": "reduce"}
    with opened_page(browser, own_server, user=make_user(), **options) as page:
        page.goto(f"/transactions/new/?source={northgate.key}&destination=@Rent&is_hold=1")
        page.get_by_role("button", name="Add another").click()
        assert (axe_violations(page), overflow(page)) == ([], 0)
        page.goto(f"/transactions/new/?source={northgate.key}&destination=@Rent&amount=5000")
        page.get_by_label("Amount", exact=True).press("Enter")
        expect(page.get_by_text("Down to its floor of 0.00")).to_be_visible()
        assert (axe_violations(page), overflow(page)) == ([], 0)
        page.goto("/transactions/new/?mode=journal")
        page.locator("[name=line-0-side]").fill("nobody")
        page.locator("[name=line-0-side]").press("Enter")
        expect(page.locator(".summary")).to_be_focused()
        assert (axe_violations(page), overflow(page)) == ([], 0)
