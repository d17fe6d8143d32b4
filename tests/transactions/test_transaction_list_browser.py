"""The transactions table in a browser: its lives and states by pointer, keyboard, and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import DESKTOP, PHONE, axe_violations, opened_page, overflow
from tests.factories import make_balance, make_identity, make_user, post_transfer
from tests.schedules.building import make_schedule
from tests.transactions.living import commit, place_hold, refund, reverse, void
from transactions.models import Transaction
from transactions.requests import Indicator

TREASURY = Indicator("@Treasury", "GBP")


@pytest.fixture
def hold(own_server: str) -> Transaction:
    """A hold that was committed in part, among events in other states."""
    balance = make_balance(identity=make_identity(name="Northgate Builders of the Eastern Vale"))
    void(place_hold(source=TREASURY, destination=balance))
    reverse(post_transfer(source=TREASURY, destination=balance))
    refund(post_transfer(source=TREASURY, destination=balance), 40)
    make_schedule(source=TREASURY, destination=balance, reference="rent-2026-12")
    hold = place_hold(source=TREASURY, destination=balance, reference="hold-of-the-day")
    commit(hold, 40_00, reference="first-commit")
    return hold


def test_life_opens_and_states_explain_themselves_by_keyboard(
    browser: Browser, own_server: str, hold: Transaction
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto("/transactions/")
        row = page.locator("tbody tr").first
        life = page.locator(f"#life-{hold.key}")
        life.press("Enter")

        expect(page.locator("tr.follower")).to_contain_text("first-commit")
        expect(life).to_be_focused()
        expect(life).to_have_attribute("aria-expanded", "true")
        state = row.locator("td > a.state")
        state.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        said = "el => getComputedStyle(el, '::after').display"
        assert state.evaluate(said) == "block"
        page.keyboard.press("Escape")
        assert state.evaluate(said) == "none"
        page.keyboard.press("Enter")
        expect(page.locator("#state-partly")).to_be_visible()
        life.press("Enter")
        expect(page.locator("tr.follower")).to_have_count(0)


def test_life_opens_without_javascript(
    browser: Browser, own_server: str, hold: Transaction
) -> None:
    user = make_user()
    with opened_page(browser, own_server, user=user, java_script_enabled=False) as page:
        page.goto("/transactions/")
        page.locator(f"#life-{hold.key}").click()

        expect(page.locator("tr.follower")).to_contain_text("first-commit")
        page.get_by_role("link", name="Inflight").first.click()
        expect(page.locator("tbody tr")).to_have_count(1)


@pytest.mark.parametrize("look", [(DESKTOP, "dark"), (PHONE, "light")], ids=["dark", "phone"])
def test_table_is_accessible_and_fits(
    browser: Browser, own_server: str, hold: Transaction, look: tuple[object, str]
) -> None:
    viewport, color_scheme = look
    options = {"viewport": viewport, "color_scheme": color_scheme, "reduced_motion": "reduce"}
    with opened_page(browser, own_server, user=make_user(), **options) as page:
        for query in (f"?open={hold.key}#state-posted", "?records=every", "?tab=scheduled"):
            page.goto(f"/transactions/{query}")
            page.wait_for_load_state("networkidle")
            assert (query, axe_violations(page), overflow(page)) == (query, [], 0)
