from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from ledgers.models import Ledger
from tests.browsing import PHONE, axe_violations, opened_page, overflow
from tests.factories import make_balance, make_identity, make_ledger, make_user, post_transfer

MARCH = datetime(2025, 3, 10, 9, tzinfo=UTC)
APRIL = datetime(2025, 4, 10, 9, tzinfo=UTC)


def fill_books() -> Ledger:
    """Suppliers with 100.00 in March and 30.00 less in April."""
    ledger = make_ledger(name="Suppliers")
    balance = make_balance(ledger=ledger, identity=make_identity(name="Northgate"))
    other = make_balance(floor_minor=None, identity=make_identity(name="Treasury"))
    post_transfer(source=other, destination=balance, amount_minor=100_00, effective_at=MARCH)
    post_transfer(source=balance, destination=other, amount_minor=30_00, effective_at=APRIL)
    return ledger


def walk_into_the_past(page: Page, ledger: Ledger) -> None:
    """From a ledger of now to its trial balance at the end of March, and to a line of it."""
    page.goto(ledger.get_absolute_url())
    page.get_by_text("View at a date").press("Enter")
    page.get_by_label("As of").fill("2025-03-31")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page.get_by_role("note")).to_contain_text("As of 31 Mar 2025, 23:59")
    expect(page.locator("#ledger-figures")).to_contain_text("100.00")

    page.get_by_role("main").get_by_role("link", name="Trial balance").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Trial balance: Suppliers")
    expect(page.get_by_role("note")).to_contain_text("As of 31 Mar 2025, 23:59")

    page.get_by_role("link", name="Northgate").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Northgate")
    expect(page.get_by_role("note")).to_contain_text("As of 31 Mar 2025, 23:59")
    expect(page.get_by_role("button", name="Close balance")).to_have_count(0)
    expect(page.get_by_role("link", name="Create transaction")).to_have_count(0)
    page.get_by_role("link", name="Back to now").press("Enter")
    expect(page.get_by_role("note")).to_have_count(0)
    expect(page.get_by_role("button", name="Close balance")).to_have_count(1)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_the_past_is_walked_by_keyboard(
    browser: Browser, own_server: str, *, has_scripts: bool
) -> None:
    ledger, user = fill_books(), make_user()
    with opened_page(browser, own_server, user=user, java_script_enabled=has_scripts) as page:
        walk_into_the_past(page, ledger)


def test_pages_of_the_past_are_accessible_and_fit_a_phone(
    browser: Browser, own_server: str
) -> None:
    ledger, user = fill_books(), make_user()
    period = "from=2025-04-01&as_of=2025-04-30"
    for scheme in ("light", "dark"):
        with opened_page(browser, own_server, user=user, color_scheme=scheme) as page:
            for url in (
                f"/trial-balance/?{period}",
                f"/trial-balance/?ledger={ledger.key}&{period}",
                f"{ledger.get_absolute_url()}?as_of=2025-04-30",
            ):
                page.goto(url)
                assert axe_violations(page) == []
    with opened_page(browser, own_server, user=user, viewport=PHONE) as page:
        page.goto(f"/trial-balance/?{period}")
        assert overflow(page) == 0
        page.goto(f"/balances/?ledger={ledger.key}&as_of=2025-04-30")
        page.get_by_text("View at a date").click()
        expect(page.get_by_label("As of")).to_be_visible()
        panel = page.get_by_label("As of").bounding_box()
        assert panel is not None
        assert panel["x"] >= 0
        assert overflow(page) == 0
        assert axe_violations(page) == []
