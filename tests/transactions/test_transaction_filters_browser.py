"""Filters of the transactions table in a browser: built by keys, and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import PHONE, axe_violations, opened_page, overflow, rest
from tests.factories import make_balance, make_identity, make_user, post_transfer
from transactions.requests import Indicator

TREASURY = Indicator("@Treasury", "GBP")


@pytest.fixture
def books(own_server: str) -> None:
    wallet = make_balance(identity=make_identity(name="Northgate"))
    for reference, amount_minor in (("small", 5_00), ("middle", 80_00), ("large", 900_00)):
        post_transfer(
            source=TREASURY, destination=wallet, amount_minor=amount_minor, reference=reference
        )


def references(page: Page) -> Locator:
    return page.locator("tbody tr a.id")


def test_filter_is_built_shown_changed_and_removed_by_keys(
    browser: Browser, own_server: str, books: None
) -> None:
    with opened_page(browser, own_server, user=make_user(), reduced_motion="reduce") as page:
        page.goto("/transactions/")
        page.locator("h1").click()
        page.keyboard.press("f")
        panel = page.locator("#slide-over")
        # Each choice asks for the panel again, with what fits it.
        for label, choice in (("Field", "amount"), ("Comparison", "at-least")):
            with page.expect_response("**/tables/transactions/filters/*"):
                panel.get_by_label(label).select_option(choice)
            rest(page)
        expect(panel.get_by_label("Comparison")).to_have_value("at-least")
        assert axe_violations(page) == []
        panel.get_by_label("Value").fill("80")
        page.keyboard.press("Enter")

        expect(page.locator("tbody tr")).to_have_count(2)
        expect(references(page)).to_have_text(["large", "middle"])
        expect(page).to_have_url("/transactions/?where=amount:at-least:80")
        expect(page.locator(".added-up")).to_contain_text("980.00")
        chip = page.locator(".chip a.edit")
        expect(chip).to_have_text("Amount is at least 80.00")
        chip.press("Enter")
        panel.get_by_label("Value").fill("900")
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        assert (axe_violations(page), overflow(page)) == ([], 0)
        page.locator(".chip a").last.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(3)


def test_filter_order_and_date_work_without_scripts_on_a_phone(
    browser: Browser, own_server: str, books: None
) -> None:
    options = {"java_script_enabled": False, "viewport": PHONE}
    with opened_page(browser, own_server, user=make_user(), **options) as page:
        page.goto("/transactions/?where=amount:at-least:80")
        page.get_by_role("link", name="Edit filters").click()
        page.get_by_label("Value").fill("900")
        page.get_by_role("button", name="Apply filters").last.click()
        expect(references(page)).to_have_text(["large"])
        page.locator(".chip a").last.click()
        page.locator("thead").get_by_role("link", name="Amount").click()
        expect(references(page)).to_have_text(["large", "middle", "small"])
        page.get_by_label("Jump to").fill("2025-01-15")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator("tbody tr")).to_have_count(3)
        assert overflow(page) == 0


def test_search_leaves_the_date_that_was_jumped_to(
    browser: Browser, own_server: str, books: None
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto("/transactions/?q=small&jump=2999-01-01")
        date, search = page.get_by_label("Jump to a date"), page.locator("main [type=search]")
        expect(date).to_have_value("2999-01-01")

        search.fill("middle")
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page).to_have_url("/transactions/?q=middle")
        expect(date).to_have_value("")
        date.fill("2025-01-01")
        expect(page).to_have_url("/transactions/?q=middle&jump=2025-01-01")
        search.fill("large")
        search.press("Enter")

        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page).to_have_url("/transactions/?q=large")
