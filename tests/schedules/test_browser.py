from __future__ import annotations

from django.utils import timezone
from playwright.sync_api import Browser, expect

from schedules.operations import schedule
from tests.browsing import PHONE, axe_violations, opened_page, overflow
from tests.factories import make_balance, make_identity, make_ledger, make_user
from tests.schedules.building import LATER, make_request, make_schedule
from transactions.requests import Indicator


def test_schedule_is_read_cancelled_and_posted_on_any_screen(
    browser: Browser, own_server: str
) -> None:
    ada = make_user(username="ada")
    target = make_balance(
        ledger=make_ledger(name="Suppliers"),
        identity=make_identity(name="Northgate Builders and Restoration of the Eastern Districts"),
    )
    rent = Indicator("@Rent", "GBP")
    request = make_request(source=rent, destination=target, amount_minor=98_765_432_109_876)
    early = schedule(request, due_at=timezone.now() + LATER, actor=ada)
    unwanted = make_schedule(source=rent, destination=target, actor=ada)

    with opened_page(browser, own_server, user=ada) as page:
        page.goto(early.get_absolute_url())
        assert axe_violations(page) == []
        page.get_by_role("link", name="Post now").press("Enter")
        expect(page.get_by_role("heading", name="Post it now")).to_be_visible()
        assert axe_violations(page) == []
        page.get_by_role("button", name="Post now").press("Enter")
        expect(page.get_by_role("link", name="The transaction")).to_be_visible()

    with opened_page(
        browser,
        own_server,
        user=ada,
        viewport=PHONE,
        color_scheme="dark",
        java_script_enabled=False,
    ) as page:
        page.goto(unwanted.get_absolute_url())
        page.get_by_role("link", name="Cancel schedule").click()
        page.get_by_role("button", name="Cancel schedule").click()
        expect(page.get_by_text("will not be posted.")).to_be_visible()

    with opened_page(browser, own_server, user=ada, viewport=PHONE, color_scheme="dark") as page:
        for each in (early, unwanted):
            page.goto(each.get_absolute_url())
            assert axe_violations(page) == []
            assert overflow(page) == 0
