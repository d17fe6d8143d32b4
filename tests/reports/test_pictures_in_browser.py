"""The pictures of a balance as people meet them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page, expect

from balances.models import Balance
from tests.browsing import PHONE, axe_violations, opened_page, overflow
from tests.factories import make_balance, make_identity, make_user, post_transfer


def fill_books() -> Balance:
    """A balance that was above and below zero, with more counterparties than a picture holds."""
    balance = make_balance(floor_minor=None, identity=make_identity(name="Northgate"))
    now = datetime.now(UTC)
    others = [
        make_balance(floor_minor=None, identity=make_identity(name=f"Supplier of parts {number}"))
        for number in range(15)
    ]
    for number, other in enumerate(others):
        at = now - timedelta(days=25 * number)
        sides = (balance, other) if number % 3 else (other, balance)
        post_transfer(
            source=sides[0],
            destination=sides[1],
            amount_minor=7**number + 1_00,
            effective_at=at,
        )
    post_transfer(source=others[0], destination=balance, amount_minor=10**37 // 3, effective_at=now)
    return balance


def load_all(page: Page) -> None:
    """Wait for the chart, and go down to where the counterparties load."""
    expect(page.locator("#chart svg:visible")).to_have_count(1)
    page.locator("#flow").scroll_into_view_if_needed()
    expect(page.locator("#flow svg:visible")).to_have_count(1)


def axe_in_both_themes(page: Page) -> list[str]:
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += axe_violations(page)
    return found


def test_pictures_are_accessible_fit_a_phone_and_are_walked(
    browser: Browser, own_server: str
) -> None:
    balance, user = fill_books(), make_user()
    url = balance.get_absolute_url()

    with opened_page(browser, own_server, user=user, reduced_motion="reduce") as page:
        page.goto(url)
        load_all(page)
        assert page.evaluate("document.activeElement.tagName") == "BODY"
        page.locator("#chart summary").click()
        assert (axe_in_both_themes(page), overflow(page)) == ([], 0)
        page.get_by_role("link", name="90 days").first.click()
        expect(page.locator("#chart")).to_contain_text("end of each day")
        node = page.locator("#flow svg:visible a").first
        node.focus()
        node.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Supplier of parts")
        page.goto("/balances/?q=Northgate")
        page.get_by_role("link", name="Glance Northgate").press("Enter")
        expect(page.get_by_role("dialog", name="Northgate")).to_contain_text("Last 7 days")
        assert axe_in_both_themes(page) == []
    with opened_page(browser, own_server, user=user, viewport=PHONE) as page:
        for path in ("flow/", "quick/", "chart/"):
            page.goto(url + path)
            page.evaluate(
                "for (const each of document.querySelectorAll('details')) each.open = true"
            )
            assert (axe_violations(page), overflow(page)) == ([], 0)


def test_without_scripts_each_picture_is_a_link_away(browser: Browser, own_server: str) -> None:
    balance = fill_books()
    user = make_user()

    with opened_page(browser, own_server, user=user, java_script_enabled=False) as page:
        for link, shown in (
            ("Show the chart", "#chart svg:visible"),
            ("Show who was on the other side", "#flow svg:visible"),
        ):
            page.goto(balance.get_absolute_url())
            page.get_by_role("link", name=link).click()
            expect(page.locator(shown)).to_have_count(1)
        page.goto("/balances/?q=Northgate")
        page.get_by_role("link", name="Glance Northgate").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Northgate")
