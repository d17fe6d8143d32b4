"""Rows in a real browser: moved through and opened beside the table, by mouse and by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from audit.recording import record
from tests.browsing import PHONE, axe_violations, opened_page, overflow
from tests.factories import make_balance, make_identity, make_user

TABLE = "/identities/"


@pytest.fixture
def page(browser: Browser, own_server: str) -> Iterator[Page]:
    """The identities Zoe, Yara and Xenia, newest first."""
    for name in ("Xenia", "Yara", "Zoe"):
        make_balance(identity=make_identity(name=name), opening_minor=7_00)
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto(TABLE)
        page.wait_for_load_state("networkidle")
        yield page


def _row(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=name)


def _panel(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


def test_keys_move_through_the_rows_and_open_them(page: Page) -> None:
    page.keyboard.press("j")
    expect(_row(page, "Zoe")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(_row(page, "Yara")).to_be_focused()

    page.keyboard.press("Enter")
    expect(_panel(page, "Yara").get_by_role("heading", name="Yara")).to_be_focused()
    page.keyboard.press("j")
    expect(_panel(page, "Xenia")).to_contain_text("7.00")
    expect(page.get_by_role("button", name="Next row")).to_be_disabled()
    page.keyboard.press("Escape")

    expect(_row(page, "Xenia")).to_be_focused()
    expect(page).to_have_url(re.compile(f"{TABLE}$"))
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1, name="Xenia")).to_be_visible()


def test_keys_act_as_soon_as_the_page_is_there(page: Page) -> None:
    page.add_init_script("""addEventListener("DOMContentLoaded", () => {
        for (const key of ["j", "Enter"]) {
            const options = { key, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", options));
        }
    }, { once: true })""")

    page.reload()

    expect(_panel(page, "Zoe").get_by_role("heading", name="Zoe")).to_be_focused()


def test_the_address_follows_and_back_closes(page: Page) -> None:
    _row(page, "Yara").get_by_role("cell", name="Organization").click()
    expect(_panel(page, "Yara")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?look=idt_"))

    page.reload()
    expect(_panel(page, "Yara")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.go_forward()
    expect(_panel(page, "Yara")).to_be_visible()
    page.mouse.click(200, 500)

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(_row(page, "Yara")).to_be_focused()
    expect(page).to_have_url(re.compile(f"{TABLE}$"))


def test_a_shared_address_opens_a_row_that_is_on_another_page(page: Page) -> None:
    shared = page.evaluate("document.querySelector('tr[data-row]').dataset.row")

    page.goto(f"{TABLE}?q=xenia&look={shared}")
    expect(_panel(page, "Zoe")).to_be_visible()
    page.get_by_role("button", name="Close").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"\?q=xenia$"))


def _press_at_once(page: Page, keys: list[str]) -> None:
    """Faster than any answer can come."""
    page.evaluate(
        """keys => { for (const key of keys) {
            const options = { key, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", options));
        } }""",
        keys,
    )


def test_keys_that_come_while_a_row_is_being_read_are_not_lost(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(_panel(page, "Zoe").get_by_role("heading", name="Zoe")).to_be_focused()

    _press_at_once(page, ["j", "j"])
    expect(_panel(page, "Xenia").get_by_role("heading", name="Xenia")).to_be_focused()
    expect(page.get_by_role("button", name="Next row")).to_be_disabled()
    page.keyboard.press("k")

    expect(_panel(page, "Yara").get_by_role("heading", name="Yara")).to_be_focused()
    expect(_row(page, "Yara")).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_another_row_that_is_opened_while_one_is_being_read_opens(page: Page) -> None:
    _press_at_once(page, ["j", "Enter", "j", "Enter"])

    expect(_panel(page, "Yara").get_by_role("heading", name="Yara")).to_be_focused()
    expect(page.get_by_role("button", name="Next row")).to_be_visible()


def test_each_entry_is_stepped_to_though_two_open_one_transaction(page: Page) -> None:
    page.goto("/entries/")
    rows = page.locator("tr[data-row]")

    page.keyboard.press("j")
    for key, number in (("Enter", 0), ("j", 1), ("j", 2), ("k", 1)):
        with page.expect_response("**/quick/"):
            page.keyboard.press(key)
        expect(rows.nth(number)).to_have_attribute("aria-current", "true")
        expect(page.get_by_role("button", name="Next row")).to_be_visible()

    assert rows.nth(0).get_attribute("data-row") == rows.nth(1).get_attribute("data-row")


def test_events_open_their_records_and_skip_those_without_a_panel(
    browser: Browser, own_server: str
) -> None:
    auditor = make_user(is_staff=True)
    make_identity(name="Northgate", actor=auditor)
    record(actor=auditor, action="user.changed", subject=f"user_{auditor.pk}")
    make_identity(name="Southgate", actor=auditor)

    with opened_page(browser, own_server, user=auditor) as page:
        page.goto("/audit/?where=thing:one-of:identity,user")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(_panel(page, "Southgate")).to_be_visible()
        page.keyboard.press("j")
        expect(_panel(page, "Northgate")).to_be_visible()


def test_links_in_a_row_and_selected_text_open_no_panel(page: Page) -> None:
    _row(page, "Zoe").get_by_text("Organization").dblclick(modifiers=["Shift"])
    expect(page.get_by_role("dialog")).to_be_hidden()

    _row(page, "Zoe").get_by_role("link", name="Zoe").click()

    expect(page.get_by_role("heading", level=1, name="Zoe")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/identities/idt_[^?]+/$"))


def test_letters_can_be_switched_off_while_a_row_with_the_focus_still_opens(page: Page) -> None:
    page.evaluate("document.documentElement.dataset.shortcuts = 'off'")
    page.keyboard.press("j")
    expect(page.locator("tr:focus")).to_have_count(0)

    _row(page, "Zoe").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(_panel(page, "Yara")).to_be_visible()


def test_it_is_accessible_and_fits_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(_panel(page, "Zoe")).to_be_visible()

    assert axe_violations(page) == []
    assert overflow(page) == 0
    page.get_by_role("button", name="Next row").click()
    expect(_panel(page, "Yara")).to_be_visible()


def test_without_scripts_rows_lead_to_pages(browser: Browser, own_server: str) -> None:
    owner = make_identity(name="Northgate")
    with opened_page(browser, own_server, user=make_user(), java_script_enabled=False) as page:
        page.goto(f"{TABLE}?look={owner.key}")
        page.get_by_role("link", name="Northgate").click()
        expect(page.get_by_role("heading", level=1, name="Northgate")).to_be_visible()
        page.goto(f"{owner.get_absolute_url()}quick/")
        page.get_by_role("link", name="Open page").click()

        expect(page).to_have_url(re.compile(f"{owner.get_absolute_url()}$"))
