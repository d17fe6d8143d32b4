"""Ticking rows in a real browser, over a table that is given a form for them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from schedules.transaction_table import TransactionTable
from tests.browsing import axe_violations, opened_page
from tests.factories import make_balance, make_identity, make_ledger, make_user, post_transfer

TABLE = "/transactions/"


@pytest.fixture
def page(browser: Browser, own_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Five transactions on a page; the sums of those ticked are told as how many were sent."""
    monkeypatch.setattr(TransactionTable, "bulk_template", "components/_status.html")
    source, destination = make_balance(opening_minor=90_00), make_balance()
    for _ in range(4):
        post_transfer(source=source, destination=destination)

    def add_up(route: Route) -> None:
        sent = route.request.post_data or ""
        route.fulfill(body=f"{sent.count('txn_')} sent")

    with opened_page(browser, own_server, user=make_user()) as page:
        page.route("**/transactions/ticked/", add_up)
        page.goto(TABLE)
        page.wait_for_load_state("networkidle")
        yield page


def _boxes(page: Page) -> Locator:
    return page.get_by_role("checkbox", name=re.compile("^Tick (?!all)"))


def _expect_ticked(page: Page, *are_ticked: bool) -> None:
    boxes = _boxes(page)
    expect(boxes).to_have_count(len(are_ticked))
    for number, is_ticked in enumerate(are_ticked):
        expect(boxes.nth(number)).to_be_checked(checked=is_ticked)


def _bar(page: Page) -> Locator:
    return page.get_by_role("form", name="What to do with the rows that are ticked")


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("ledgers", "Suppliers “A”"),
        ("balances", "Northgate <Bakery>, EUR"),
        ("identities", "Northgate <Bakery>"),
        ("transactions", "rent & more"),
    ],
)
def test_boxes_say_which_row_they_tick(page: Page, table: str, name: str) -> None:
    ledger = make_ledger(name="Suppliers “A”")
    owner = make_identity(name="Northgate <Bakery>")
    balance = make_balance(ledger=ledger, identity=owner, currency="EUR", floor_minor=None)
    other = make_balance(currency="EUR")
    post_transfer(source=balance, destination=other, reference="rent & more")

    page.goto(f"/{table}/")

    expect(page.get_by_role("checkbox", name=f"Tick {name}", exact=True)).to_have_count(1)


def test_rows_are_ticked_singly_in_ranges_and_by_the_page(page: Page) -> None:
    expect(_bar(page)).to_be_hidden()
    _boxes(page).nth(1).click()
    expect(_bar(page)).to_contain_text("1 ticked")
    _boxes(page).nth(3).click(modifiers=["Shift"])
    expect(_bar(page)).to_contain_text("3 ticked 3 sent")
    _expect_ticked(page, False, True, True, True, False)

    page.get_by_role("checkbox", name="Tick all on this page").click()
    expect(_bar(page)).to_contain_text("5 ticked 5 sent")
    expect(page.get_by_role("checkbox", name="All that pass the filters")).to_be_visible()
    page.get_by_role("button", name="Untick all").click()

    expect(_bar(page)).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_key_ticks_and_ticks_outlast_a_refresh(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(_bar(page)).to_contain_text("2 ticked")
    assert axe_violations(page) == []

    make_balance(opening_minor=1_00)
    page.get_by_role("link", name="Refresh").click()

    expect(_bar(page)).to_contain_text("2 ticked 2 sent")
    _expect_ticked(page, False, True, True, False, False, False)


def test_without_scripts_the_form_stands_below(
    browser: Browser, own_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TransactionTable, "bulk_template", "components/_status.html")
    make_balance(opening_minor=90_00)

    with opened_page(browser, own_server, user=make_user(), java_script_enabled=False) as page:
        page.goto(TABLE)
        expect(_bar(page)).to_contain_text("With the rows that are ticked")
        expect(page.get_by_role("checkbox", name="Tick all on this page")).to_be_hidden()
        _boxes(page).first.check()

        expect(page.locator("input[name=key][form=bulk]:checked")).to_have_count(1)
