"""What is done with transactions in a real browser: slide-over, keyboard, without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from balances.models import Balance
from tests.browsing import DESKTOP, PHONE, axe_violations, go, opened_page, overflow
from tests.factories import make_balance, make_identity, make_user, post_transfer
from tests.transactions.acting import address, make_hold
from transactions.models import Hold, Transaction
from transactions.requests import Indicator


@pytest.fixture
def source(own_server: str) -> Balance:
    name = "Northgate Builders and Restoration of the Eastern Districts"
    return make_balance(opening_minor=500_00, identity=make_identity(name=name))


@pytest.fixture
def shop(own_server: str) -> Balance:
    return make_balance(identity=make_identity(name="Shop"))


def test_part_is_committed_and_the_rest_voided_by_keyboard_in_the_slide_over(
    browser: Browser, own_server: str, source: Balance, shop: Balance
) -> None:
    held = make_hold(source, shop)
    with opened_page(browser, own_server, user=make_user()) as page:
        go(page, held.get_absolute_url())
        page.get_by_role("link", name="Commit", exact=True).press("Enter")
        expect(page.get_by_role("radio", name="Everything that is left")).to_be_focused()
        assert axe_violations(page) == []
        page.keyboard.type("120/3")  # where the focus is: on the button for everything
        expect(page.get_by_label("Amount of the part")).to_have_value("120/3")
        expect(page.get_by_role("radio", name="A part of it")).to_be_checked()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Nothing is done yet.")).to_be_focused()
        assert axe_violations(page) == []
        page.keyboard.press("Control+Enter")

        expect(page.locator("#timeline tr.new")).to_contain_text("40.00")
        expect(page.get_by_role("status").first).to_contain_text("Committed")
        expect(page.locator("#transaction")).to_be_focused()

        page.get_by_role("link", name="Void", exact=True).press("Enter")
        page.get_by_role("button", name="Review").press("Enter")
        page.get_by_role("button", name="Void 60.00 GBP").press("Enter")

        expect(page.locator("dl.facts")).to_contain_text("Voided")
        expect(page.get_by_role("link", name="Commit", exact=True)).to_have_count(0)
    assert Hold.objects.get(pk=held.pk).state == "VOIDED"


def test_sale_is_refunded_and_the_refund_reversed_without_javascript(
    browser: Browser, own_server: str, source: Balance, shop: Balance
) -> None:
    sale = post_transfer(source=source, destination=shop, amount_minor=100_00)
    user = make_user()
    with opened_page(browser, own_server, user=user, java_script_enabled=False) as page:
        page.goto(sale.get_absolute_url())
        page.get_by_role("link", name="Refund").click()
        page.get_by_label("A part of it").check()
        page.get_by_label("Amount of the part").fill("30")
        page.get_by_role("button", name="Review").click()
        page.get_by_role("button", name="Change").click()
        page.get_by_label("Amount of the part").press("Enter")
        page.get_by_role("button", name="Refund 30.00 GBP").click()
        expect(page.locator("dl.facts")).to_contain_text("Partly refunded")

        page.locator("#timeline tr.new a").first.click()
        page.get_by_role("link", name="Reverse").click()
        page.get_by_role("button", name="Review").click()
        page.get_by_role("button", name="Reverse 30.00 GBP").click()

        expect(page.locator("dl.facts")).to_contain_text("Reversed")
    assert Transaction.objects.filter(kind__in=("REFUND", "REVERSAL")).count() == 2


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": DESKTOP, "color_scheme": "dark", "reduced_motion": "reduce"},
        {"viewport": PHONE, "color_scheme": "light", "reduced_motion": "reduce"},
    ],
    ids=["dark", "phone"],
)
def test_screens_are_accessible_and_fit(
    browser: Browser, own_server: str, source: Balance, shop: Balance, options: dict[str, Any]
) -> None:
    held = make_hold(source, shop)
    sale = post_transfer(source=source, destination=shop, amount_minor=100_00)
    post_transfer(source=shop, destination=Indicator("@Rent", "GBP"), amount_minor=70_00)
    with opened_page(browser, own_server, user=make_user(), **options) as page:
        for path, buttons in (
            (held.get_absolute_url(), ()),
            (address(held, "commit"), ("Review",)),
            (address(sale, "reverse"), ("Review",)),  # for which the funds do not suffice
            (address(sale, "commit"), ()),  # which is impossible
        ):
            go(page, path)
            for button in buttons:
                assert (path, axe_violations(page), overflow(page)) == (path, [], 0)
                page.get_by_role("button", name=button).click()
            assert (path, axe_violations(page), overflow(page)) == (path, [], 0)
