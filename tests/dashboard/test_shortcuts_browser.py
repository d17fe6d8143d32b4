from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import axe_violations, go, opened_page, press
from tests.factories import make_balance, make_ledger, make_user, post_transfer
from transactions.requests import Indicator
from users.models import User


@pytest.fixture
def user(own_server: str) -> User:
    return make_user()


@pytest.fixture
def page(browser: Browser, own_server: str, user: User) -> Iterator[Page]:
    with opened_page(browser, own_server, user=user) as page:
        go(page, "/ledgers/")
        yield page


def test_keys_go_to_pages_and_open_forms(page: Page) -> None:
    press(page, "g", "p")
    page.wait_for_url("**/proof/")
    page.wait_for_load_state("networkidle")

    press(page, "n", "l")
    dialog = page.get_by_role("dialog", name="Create ledger")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    # They are letters here.
    page.keyboard.type("gl?")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("gl?")
    assert page.url.endswith("/proof/")


def test_keys_act_on_the_table_of_the_page(page: Page) -> None:
    for number in range(25):
        make_ledger(name=f"Region {number}")
    go(page, "/ledgers/")

    press(page, "]")
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    press(page, "[")
    expect(page.get_by_role("link", name="Previous")).to_be_hidden()
    expect(page.get_by_role("link", name="Next")).to_have_attribute("aria-keyshortcuts", "]")
    press(page, "/")
    table_search = page.get_by_role("main").get_by_role("searchbox").first
    expect(table_search).to_be_focused()
    page.keyboard.type("3/]")
    expect(table_search).to_have_value("3/]")


def test_keys_of_a_transaction_ask_and_post_nothing(page: Page) -> None:
    posted = post_transfer(source=Indicator("@Treasury", "GBP"), destination=make_balance())
    go(page, posted.get_absolute_url())

    press(page, "a", "r")
    expect(page.get_by_role("dialog")).to_contain_text("Reverse")
    press(page, "Escape", "g", "s")
    page.wait_for_url("**/balances/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("@Treasury")


def test_help_lies_over_the_page_and_is_accessible(page: Page) -> None:
    press(page, "?")

    help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_.get_by_role("row", name="g then l Ledgers")).to_be_visible()
    assert axe_violations(page) == []
    # The keys of the page below rest.
    press(page, "g", "p", "Escape")
    expect(help_).to_be_hidden()
    assert page.url.endswith("/ledgers/")


def test_keys_leave_alone_what_is_meant_for_others(page: Page) -> None:
    for keys in (("g", "Control+l"), ("Alt+n", "l"), ("Shift+G", "p"), ("g", "x", "p")):
        press(page, *keys)
    page.evaluate("document.body.addEventListener('keydown', (event) => event.preventDefault())")
    press(page, "g", "p", "?")
    page.wait_for_timeout(300)

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.url.endswith("/ledgers/")


def test_keys_are_switched_off_in_the_menu(page: Page) -> None:
    expect(page.get_by_role("link", name="Proof")).to_have_attribute("title", "Key: g p")
    page.get_by_label("Your menu").click()
    page.get_by_role("group", name="Keyboard shortcuts").get_by_role("button", name="Off").click()
    expect(page.get_by_role("link", name="Proof")).to_be_visible()
    expect(page.get_by_role("link", name="Proof")).not_to_have_attribute("title", re.compile("."))

    press(page, "g", "p", "?")
    page.wait_for_timeout(300)
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.url.endswith("/ledgers/")
    # What is held with Ctrl stays.
    press(page, "Control+k")
    expect(page.get_by_role("dialog", name="Search everything")).to_be_visible()
