"""Ticking entries in a real browser: by mouse, by keys, and without scripts on a phone."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Download, Locator, Page, expect

from balances.models import Balance
from tests.browsing import PHONE, axe_violations, opened_page, overflow, rest
from tests.factories import make_balance, make_identity, make_user, post_transfer
from transactions.requests import Indicator

TREASURY = Indicator("@Treasury", "GBP")


def _wallet() -> Balance:
    """With entries of 1.00, 2.00 and 3.00 on it, the last of which takes away."""
    wallet = make_balance(identity=make_identity(name="Northgate"))
    post_transfer(source=TREASURY, destination=wallet, amount_minor=1_00, reference="one")
    post_transfer(source=TREASURY, destination=wallet, amount_minor=2_00, reference="two")
    post_transfer(source=wallet, destination=TREASURY, amount_minor=3_00, reference="three")
    return wallet


def _boxes(page: Page) -> Locator:
    return page.get_by_role("checkbox", name=re.compile("^Tick (?!all)"))


def _bar(page: Page) -> Locator:
    return page.get_by_role("form", name="What to do with the rows that are ticked")


def _lines(download: Download) -> list[str]:
    return download.path().read_text("utf-8-sig").splitlines()


def test_entries_are_ticked_added_up_and_exported_by_mouse(
    browser: Browser, own_server: str
) -> None:
    wallet = _wallet()
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto(f"/entries/?balance={wallet.key}")
        expect(_bar(page)).to_be_hidden()
        _boxes(page).first.click()
        expect(_bar(page)).to_contain_text("1 ticked 1 3.00GBP debits 0.00GBP credits −3.00GBP")
        _boxes(page).last.click(modifiers=["Shift"])
        expect(_bar(page)).to_contain_text(
            "3 ticked 3 3.00GBP debits 3.00GBP credits 0.00GBP credits less debits"
        )
        assert [box.is_checked() for box in _boxes(page).all()] == [True] * 3
        _boxes(page).nth(1).click()
        expect(_bar(page)).to_contain_text("2 ticked 2 3.00GBP debits 1.00GBP credits")

        _bar(page).get_by_text("Export", exact=True).click()
        assert axe_violations(page) == []
        with page.expect_download() as file:
            page.get_by_role("button", name="CSV").click()

        lines = _lines(file.value)
        expect(page.get_by_role("button", name="CSV")).to_be_hidden()
        expect(page.get_by_role("dialog")).to_be_hidden()
    assert [line.split(",")[1] for line in lines[1:3]] == ["three", "one"]
    assert lines[3].startswith("Total: 2 rows")


def test_all_entries_of_the_filter_are_ticked_by_keys(browser: Browser, own_server: str) -> None:
    wallet = _wallet()
    for number in range(20):
        post_transfer(source=TREASURY, destination=wallet, reference=f"more-{number}")
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto(f"/entries/?balance={wallet.key}")
        page.keyboard.press("j")
        page.keyboard.press("x")
        expect(_bar(page)).to_contain_text("1 ticked")
        page.get_by_role("checkbox", name="Tick all on this page").press("Space")
        expect(_bar(page)).to_contain_text("20 ticked")
        page.keyboard.press("b")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(_bar(page)).to_contain_text("23 ticked")
        assert axe_violations(page) == []

        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Excel (XLSX)")).to_be_focused()
        page.keyboard.press("Escape")
        expect(_bar(page).get_by_text("Export", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        for _step in range(3):
            page.keyboard.press("Tab")
        with page.expect_download() as file:
            page.keyboard.press("Enter")

        assert len(_lines(file.value)) == 1 + 23 + 1


def test_ticks_of_entries_outlast_a_refresh_and_a_row_still_opens(
    browser: Browser, own_server: str
) -> None:
    wallet = _wallet()
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto(f"/entries/?ledger={wallet.ledger.key}")
        _boxes(page).nth(1).click()
        with page.expect_response(lambda response: "/entries/" in response.url):
            page.get_by_role("link", name="Refresh").click()
        rest(page)
        expect(_bar(page)).to_contain_text("1 ticked 1 0.00GBP debits 2.00GBP credits")
        assert [box.is_checked() for box in _boxes(page).all()] == [False, True, False]

        page.get_by_role("row").nth(2).click(position={"x": 200, "y": 8})
        expect(page.get_by_role("dialog")).to_contain_text("two")
        expect(_boxes(page).nth(1)).to_be_checked()


def test_without_scripts_on_a_phone_the_same_form_exports_entries(
    browser: Browser, own_server: str
) -> None:
    wallet = _wallet()
    with opened_page(
        browser, own_server, user=make_user(), viewport=PHONE, java_script_enabled=False
    ) as page:
        page.goto(f"/entries/?balance={wallet.key}")
        assert not overflow(page)
        _boxes(page).nth(1).check()
        _bar(page).get_by_text("Export", exact=True).click()
        assert not overflow(page)
        with page.expect_download() as file:
            page.get_by_role("button", name="JSON Lines").click()

        assert len(_lines(file.value)) == 3
        assert '"two"' in _lines(file.value)[1]

        _boxes(page).nth(1).uncheck()
        page.get_by_role("button", name="CSV").click()
        expect(page.get_by_text("Tick at least one row.")).to_be_visible()


def test_bar_of_ticked_entries_fits_a_phone(browser: Browser, own_server: str) -> None:
    wallet = _wallet()
    with opened_page(browser, own_server, user=make_user(), viewport=PHONE) as page:
        page.goto(f"/entries/?balance={wallet.key}")
        page.get_by_role("checkbox", name="Tick all on this page").click()
        expect(_bar(page)).to_contain_text("credits less debits")
        _bar(page).get_by_text("Export", exact=True).click()
        assert axe_violations(page) == []
        assert not overflow(page)
        panel = page.get_by_role("button", name="JSON Lines").bounding_box()
        assert panel
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= PHONE["width"]
