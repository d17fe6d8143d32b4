from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from balances.models import Balance
from tests.browsing import DESKTOP, PHONE, axe_violations, opened_page, overflow
from tests.factories import make_balance, make_identity, make_ledger, make_user, post_transfer
from tests.files import read_csv
from transactions.requests import Indicator


@pytest.fixture
def northgate(own_server: str) -> Balance:
    """A supplier's balance with more than a page of lines, long names and amounts."""
    balance = make_balance(
        ledger=make_ledger(name="Suppliers"),
        identity=make_identity(name="Northgate Builders and Restoration of the Eastern Districts"),
        floor_minor=None,
    )
    for number in range(103):
        post_transfer(
            source=Indicator("@Treasury", "GBP"),
            destination=balance,
            amount_minor=98_765_432_109 if number == 99 else 1_234_56,
            description="Scaffolding, hire and removal for the works in the High Street",
            effective_at=datetime(2025, 2, 28, tzinfo=UTC) - timedelta(hours=number),
        )
    return balance


def test_statement_is_fit_for_everyone_on_a_desk_and_a_phone(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    user = make_user()
    url = f"{northgate.get_absolute_url()}statement/?from=2025-02-23&to=2025-02-23"
    for scheme, viewport in (("light", DESKTOP), ("dark", PHONE)):
        options = {"color_scheme": scheme, "viewport": viewport}
        with opened_page(browser, own_server, user=user, **options) as page:
            page.goto(url)
            assert axe_violations(page) == []
            assert overflow(page) == 0


def test_statement_works_by_keyboard_and_without_scripts(
    browser: Browser, own_server: str, northgate: Balance
) -> None:
    for has_scripts in (True, False):
        options = {"java_script_enabled": has_scripts}
        with opened_page(browser, own_server, user=make_user(), **options) as page:
            page.goto(northgate.get_absolute_url())
            page.get_by_role("link", name="By effective date").press("Enter")
            expect(page.get_by_role("link", name="By effective date")).to_have_attribute(
                "aria-current", "true"
            )
            page.get_by_role("link", name="Statement", exact=True).press("Enter")
            page.get_by_label("From").fill("2025-02-01")
            page.get_by_label("To", exact=True).fill("2025-02-28")
            page.get_by_label("To", exact=True).press("Enter")
            page.get_by_role("link", name="Next").press("Enter")

            expect(page.get_by_role("cell", name="Brought forward")).to_be_visible()
            expect(page.get_by_role("rowheader", name="Closing balance")).to_be_visible()
            with page.expect_download() as download:
                page.get_by_role("link", name="CSV").press("Enter")
            lines = read_csv(download.value.path().read_bytes())
            assert download.value.suggested_filename.endswith("GBP-2025-02-01-2025-02-28.csv")
            assert len(lines) == 1 + 1 + 103 + 1
