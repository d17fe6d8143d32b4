"""The page of an identity as people meet it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import DESKTOP, PHONE, axe_violations, opened_page, overflow
from tests.factories import make_balance, make_identity, make_user, post_transfer


@pytest.mark.parametrize("is_scripted", [True, False])
def test_the_latest_transactions_of_an_owner_are_shown(
    browser: Browser, own_server: str, *, is_scripted: bool
) -> None:
    owner = make_identity(name="Northgate")
    post_transfer(
        source=make_balance(floor_minor=None),
        destination=make_balance(identity=owner),
        reference="first-of-northgate",
    )

    for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        with opened_page(
            browser,
            own_server,
            user=make_user(),
            viewport=viewport,
            color_scheme=scheme,
            java_script_enabled=is_scripted,
        ) as page:
            page.goto(owner.get_absolute_url())
            region = page.locator("#owned-transactions")
            if is_scripted:
                page.keyboard.press("End")
            else:
                region.get_by_role("link", name="Show").click()
            expect(region.get_by_role("link", name="first-of-northgate")).to_be_visible()
            expect(region.get_by_role("link", name="View all 1")).to_be_visible()
            if is_scripted:
                assert (axe_violations(page), overflow(page)) == ([], 0)
