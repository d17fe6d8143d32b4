"""Fields that hold an id say below it what that is called, with scripts and without."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from balances.models import Balance
from tests.browsing import axe_violations, opened_page
from tests.factories import make_balance, make_identity, make_ledger, make_user

NAMED = "Northgate · 12.50 GBP · Suppliers"


def _northgate() -> Balance:
    ledger = make_ledger(name="Suppliers")
    owner = make_identity(name="Northgate")
    return make_balance(ledger=ledger, identity=owner, opening_minor=12_50)


def _told(page: Page, field: str) -> Locator:
    """What stands below the field of this id."""
    return page.locator(f"output[for={field}]")


def test_an_id_that_is_pasted_is_called_by_its_name(browser: Browser, own_server: str) -> None:
    northgate = _northgate()
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto("/transactions/new/")
        source = page.get_by_role("combobox", name="From")
        source.fill(northgate.key)
        expect(_told(page, "id_source")).to_have_text(NAMED)
        expect(page.get_by_role("option", name="Northgate")).to_be_visible()
        assert axe_violations(page) == []

        source.fill(f"{northgate.key[:-1]}")
        expect(_told(page, "id_source")).to_be_hidden()

        source.fill(f" {northgate.key}")
        page.keyboard.press("Tab")
        expect(page.get_by_role("combobox", name="To")).to_be_focused()
        expect(_told(page, "id_source")).to_have_text(NAMED)
        expect(page.locator("[role=option]:visible")).to_have_count(0)


def test_without_scripts_a_refused_form_says_what_its_ids_are_called(
    browser: Browser, own_server: str
) -> None:
    northgate = _northgate()
    with opened_page(browser, own_server, user=make_user(), java_script_enabled=False) as page:
        page.goto("/transactions/new/")
        page.get_by_label("From").fill(northgate.key)
        page.get_by_label("Currency").fill("gbp")
        page.get_by_role("button", name="Review").click()

        expect(page).to_have_url(re.compile("/transactions/review/"))
        expect(_told(page, "id_source")).to_have_text(NAMED)
        expect(_told(page, "id_currency")).to_contain_text("GBP · Pound Sterling")


def test_without_scripts_the_panel_of_filters_names_each_record_of_a_list(
    browser: Browser, own_server: str
) -> None:
    northgate, other = _northgate(), make_balance(identity=make_identity(name="Southgate"))
    where = f"balance:one-of:{northgate.key},{other.key}"
    with opened_page(browser, own_server, user=make_user(), java_script_enabled=False) as page:
        page.goto(f"/tables/entries/filters/?where={where}")

        expect(page.get_by_text("Northgate, GBP, Southgate, GBP", exact=True)).to_be_visible()
