"""A reader in a browser: what is offered, in each look, and with scripts or without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from balances.models import Balance
from tests.browsing import DESKTOP, PHONE, axe_violations, go, opened_page, overflow
from tests.factories import make_balance, make_identity, make_user, post_transfer
from transactions.models import Transaction
from users.models import Role, Theme, User


@pytest.fixture
def balance(own_server: str) -> Balance:
    balance = make_balance(identity=make_identity(name="Ada"), floor_minor=None)
    post_transfer(source=balance, destination=make_balance(), reference="INV-1")
    return balance


def _reader(*, theme: str = Theme.LIGHT) -> User:
    return make_user(username="auditor", role=Role.READER, theme=theme)


def _pages(balance: Balance) -> list[str]:
    """Home, a table, what is refused, and records of which much could be done."""
    posted = Transaction.objects.get(reference="INV-1")
    records = (posted, balance, balance.ledger)
    return ["/", "/balances/", "/ledgers/new/", *(each.get_absolute_url() for each in records)]


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_of_a_reader_have_no_barrier(
    browser: Browser, own_server: str, balance: Balance, size: ViewportSize, theme: str
) -> None:
    with opened_page(browser, own_server, user=_reader(theme=theme), viewport=size) as page:
        for path in _pages(balance):
            go(page, path)
            assert not axe_violations(page), path
            assert overflow(page) == 0, path
            expect(page.get_by_text("Read only", exact=True)).to_be_visible()
        page.locator("summary[aria-label='Your menu']").click()
        expect(page.get_by_text("You see all books, and change nothing in them.")).to_be_visible()
        assert not axe_violations(page)


def test_keys_of_what_is_not_offered_do_nothing(
    browser: Browser, own_server: str, balance: Balance
) -> None:
    with opened_page(browser, own_server, user=_reader()) as page:
        go(page, Transaction.objects.get(reference="INV-1").get_absolute_url())
        at = page.url
        for keys in ("n l", "n t", "a r", "a f"):
            for key in keys.split():
                page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.url == at

        page.keyboard.press("g")
        page.keyboard.press("l")
        page.wait_for_url("**/ledgers/")


def test_ticked_rows_of_a_reader_are_added_up_and_exported(
    browser: Browser, own_server: str, balance: Balance
) -> None:
    with opened_page(browser, own_server, user=_reader()) as page:
        go(page, "/transactions/")
        page.locator("input[name=key]").first.click()

        bar = page.locator("#bulk")
        expect(bar.locator("[data-ticked-sums]")).to_contain_text("1.00GBP")
        for name in ("Commit", "Void", "Reverse", "Add extra information"):
            expect(bar.get_by_role("button", name=name)).to_have_count(0)
        expect(bar.get_by_text("Export", exact=True)).to_be_visible()
        assert not axe_violations(page)


def test_without_scripts_a_reader_reads_and_is_told_why_a_form_is_closed(
    browser: Browser, own_server: str, balance: Balance
) -> None:
    options = {"java_script_enabled": False, "viewport": PHONE}
    with opened_page(browser, own_server, user=_reader(), **options) as page:
        page.goto(balance.get_absolute_url())
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
        _expect_nothing_to_send(page)

        answer = page.goto("/transactions/new/")

        assert answer
        assert answer.status == 403
        expect(page.get_by_role("heading", level=1)).to_have_text("You may not do this")
        expect(page.get_by_text("you may read the books, not change them")).to_be_visible()


def _expect_nothing_to_send(page: Page) -> None:
    """But what the frame has for everybody."""
    sent = page.locator("main form[method=post] button")
    expect(sent).to_have_count(0)
