"""Work by keys alone: where the focus goes, and that nothing lies over it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from identities.models import Identity
from tests.browsing import DESKTOP, PHONE, go, opened_page, press, rest
from tests.factories import make_balance, make_identity, make_user, post_transfer
from transactions.requests import Indicator

TREASURY = Indicator("@Treasury", "GBP")
# 400 % of 1280 × 1024.
MAGNIFIED: ViewportSize = {"width": 320, "height": 256}
IS_COVERED = """() => {
    const used = document.activeElement;
    if (used === document.body) return false;
    const { left, top, width, height } = used.getBoundingClientRect();
    return ![0.1, 0.5, 0.9].some((across) => [0.2, 0.5, 0.8].some((down) => {
        const over = document.elementFromPoint(left + width * across, top + height * down);
        return over && (used.contains(over) || over.contains(used));
    }));
}"""

SAID = """each => {
    const { content, display } = getComputedStyle(each, "::after");
    return [content, display];
}"""


@pytest.fixture
def page(browser: Browser, own_server: str) -> Iterator[Page]:
    with opened_page(browser, own_server, user=make_user(), reduced_motion="reduce") as page:
        yield page


def covered_stops(page: Page, most: int) -> list[str]:
    """Where Tab leads to something that another thing lies over."""
    covered = []
    for _stop in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(IS_COVERED):
            covered.append(page.evaluate("document.activeElement.outerHTML"))
    return covered


def test_a_record_made_by_keys_has_the_focus_in_its_table(page: Page) -> None:
    go(page, "/ledgers/")

    press(page, "n", "l")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("Suppliers")
    press(page, "Enter")

    expect(page.get_by_role("row", name="Suppliers")).to_be_focused()
    press(page, "Enter")
    panel = page.get_by_role("dialog", name="Suppliers")
    expect(panel.get_by_role("heading", name="Suppliers")).to_be_focused()
    press(page, "Escape")
    expect(page.get_by_role("row", name="Suppliers")).to_be_focused()


def test_a_slide_over_begins_at_what_can_be_used(page: Page) -> None:
    go(page, "/ledgers/")

    page.get_by_role("link", name="Columns").press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Balances", exact=True)).to_be_focused()
    press(page, "Escape")
    expect(page.get_by_role("link", name="Columns")).to_be_focused()
    press(page, "?")

    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_focused()
    press(page, "Escape")
    expect(page.get_by_role("link", name="Columns")).to_be_focused()


def test_what_refreshes_or_sorts_the_table_keeps_the_focus(page: Page) -> None:
    go(page, "/ledgers/")

    for name, answer in (("Refresh", "**/ledgers/"), ("Name", "**/ledgers/?sort=name")):
        with page.expect_response(answer):
            page.get_by_role("link", name=name, exact=True).press("Enter")
        rest(page)
        expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()


def test_many_are_changed_at_once_by_keys_alone(page: Page) -> None:
    for name in ("Xenia", "Yara", "Zoe"):
        make_identity(name=name)
    go(page, "/identities/")

    press(page, "j", "x", "j", "x", "b")
    expect(page.locator("#bulk p")).to_be_focused()
    expect(page.locator("#bulk p")).to_contain_text("2 ticked")
    press(page, "Tab", "Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    press(page, "Tab")
    page.keyboard.type("region")
    press(page, "Tab")
    page.keyboard.type("EU")
    page.get_by_role("button", name="Review").press("Enter")
    expect(page.get_by_text("Nothing has been done yet.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    press(page, "Control+Enter")

    expect(page.get_by_text("All of it has been decided.")).to_be_visible()
    assert Identity.objects.filter(metadata={"region": "EU"}).count() == 2


def test_a_journal_entry_begins_at_its_first_line(page: Page) -> None:
    go(page, "/transactions/")

    press(page, "n", "t")
    page.get_by_role("link", name="Journal entry").press("Enter")
    page.wait_for_url("**/transactions/new/?mode=journal")

    expect(page.locator("[name=line-0-side]")).to_be_focused()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, MAGNIFIED])
def test_the_bar_of_ticked_rows_covers_nothing_that_has_the_focus(
    page: Page, viewport: ViewportSize
) -> None:
    wallet = make_balance(identity=make_identity(name="Northgate"))
    for _ in range(12):
        post_transfer(source=TREASURY, destination=wallet)
    page.set_viewport_size(viewport)
    go(page, "/transactions/")

    press(page, "j", "x", "j", "x")
    expect(page.locator("#bulk")).to_contain_text("2 ticked")

    assert covered_stops(page, 45) == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, MAGNIFIED])
@pytest.mark.parametrize("keys", [("f",), ("n", "t"), ("n", "b")])
def test_the_buttons_of_a_slide_over_cover_nothing_that_has_the_focus(
    page: Page, keys: tuple[str, ...], viewport: ViewportSize
) -> None:
    page.set_viewport_size(viewport)
    go(page, "/transactions/")

    press(page, *keys)
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(":focus")).to_have_id(re.compile("field-0|id_"))

    assert covered_stops(page, 14) == []


def explained(button: Locator) -> bool:
    """Whether what it says of itself stands on the page."""
    content, display = button.evaluate(SAID)
    said = f'"{button.get_attribute("aria-description")}"'
    return bool(display != "none" and content.startswith(said))


def test_what_cannot_be_done_says_why_by_keys_and_pointer(page: Page) -> None:
    go(page, make_balance(opening_minor=1).get_absolute_url())
    button = page.get_by_role("button", name="Close balance")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description(re.compile("Only a balance at zero"))
    assert not explained(button)

    page.get_by_role("link", name="Full info").focus()
    press(page, "Tab")
    expect(button).to_be_focused()
    assert explained(button)
    press(page, "Enter")
    expect(button).to_be_focused()
    press(page, "Escape")
    assert not explained(button)

    press(page, "Tab")
    button.hover(force=True)
    assert explained(button)
