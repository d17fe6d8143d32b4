"""The chip that tells of what others have added, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browsing import PHONE, axe_violations, opened_page, overflow, rest
from tests.factories import make_balance, make_user, post_transfer
from tests.transactions.living import commit, place_hold
from transactions.requests import Indicator

TABLE = "/transactions/"
TREASURY = Indicator("@Treasury", "GBP")
LATER = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def page(browser: Browser, own_server: str) -> Iterator[Page]:
    with opened_page(browser, own_server, user=make_user()) as page:
        yield page


def is_asking(url: str) -> bool:
    return urlsplit(url).path == "/live/"


def _asked(page: Page) -> list[Request]:
    """Fills up as the page asks whether there is anything new."""
    requests: list[Request] = []
    page.on("request", lambda each: requests.extend([each] * is_asking(each.url)))
    return requests


def _hear(page: Page) -> None:
    """Wait until a question that is asked from now on is answered."""
    for _ in range(2):  # the first may have been asked before
        with page.expect_response(lambda response: is_asking(response.url)) as told:
            pass
        told.value.finished()


def test_a_posting_of_others_is_told_and_shown(page: Page) -> None:
    source, destination = make_balance(opening_minor=90_00), make_balance()
    page.goto(TABLE)
    chip = page.get_by_role("link", name="new – show")
    row = page.locator("tr[data-row]").first
    _hear(page)
    rest(page)
    before, place = row.get_attribute("data-row"), row.bounding_box()

    posted = post_transfer(source=source, destination=destination, amount_minor=1_00)
    asked = _asked(page)
    expect(chip).to_have_text("1 new – show")

    # By the first question after it; one may have been on its way, and one have followed.
    assert len(asked) <= 3
    rest(page)
    assert (row.get_attribute("data-row"), row.bounding_box()) == (before, place)
    page.keyboard.press(".")
    expect(page.locator("tr.new")).to_have_attribute("data-row", posted.key)
    expect(chip).to_be_hidden()


def test_a_commit_of_others_is_told_as_a_change_and_shown(page: Page) -> None:
    hold = place_hold(source=TREASURY, destination=make_balance())
    page.goto(f"{TABLE}?tab=inflight")
    expect(page.locator("tr[data-row]")).to_have_count(1)

    commit(hold)
    page.get_by_role("link", name="1 changed – show").click()

    expect(page.locator("tr[data-row]")).to_have_count(0)
    expect(page.locator(".live")).to_be_hidden()
    expect(page.get_by_role("link", name="stands on another page")).to_have_count(0)


def test_page_of_a_balance_is_told_what_others_do_to_it_and_then_may_not_close_it(
    page: Page,
) -> None:
    balance, other = make_balance(), make_balance(opening_minor=90_00)
    page.goto(balance.get_absolute_url())
    close = page.get_by_role("button", name="Close balance")
    expect(close).not_to_have_attribute("aria-disabled", "true")

    post_transfer(source=TREASURY, destination=other)
    _hear(page)
    expect(page.locator(".live")).to_be_hidden()
    place_hold(source=other, destination=balance, amount_minor=1_00)
    page.get_by_role("link", name="Changed since – show").click()

    expect(close).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".live")).to_be_hidden()
    assert not axe_violations(page)


def test_figures_that_others_move_are_told_where_they_stand(page: Page) -> None:
    source, other = make_balance(opening_minor=90_00), make_balance(opening_minor=90_00)
    destination = make_balance()
    page.goto(f"/balances/?ledger={source.ledger.key}")
    chip = page.get_by_role("link", name="1 changed – show")
    row = page.locator("tr[data-row]")
    expect(row).to_contain_text("90.00")

    post_transfer(source=other, destination=destination, amount_minor=1_00)
    _hear(page)
    expect(page.locator(".live")).to_be_hidden()
    post_transfer(source=source, destination=destination, amount_minor=1_00)
    expect(chip).to_be_visible()
    expect(row).to_contain_text("90.00")
    chip.click()

    expect(row).to_contain_text("89.00")
    expect(page.locator(".live")).to_be_hidden()


def test_what_is_new_but_stands_elsewhere_is_said_so(page: Page) -> None:
    source, destination = make_balance(opening_minor=90_00), make_balance()
    for _ in range(20):
        post_transfer(source=source, destination=destination)
    page.goto(f"{TABLE}?sort=effective")

    post_transfer(source=source, destination=destination, effective_at=LATER)
    page.get_by_role("link", name="1 new – show").click()

    expect(page.get_by_role("link", name="stands on another page")).to_be_visible()
    expect(page.locator("tr.new")).to_have_count(0)


def test_what_does_not_pass_the_filter_is_not_told(page: Page) -> None:
    balance, other = make_balance(opening_minor=90_00), make_balance(opening_minor=90_00)
    page.goto(f"{TABLE}?balance={balance.key}")

    post_transfer(source=other, destination=make_balance())
    with page.expect_response(re.compile("/live/")) as told:
        pass
    while told.value.status == 204:
        with page.expect_response(re.compile("/live/")) as told:
            pass

    assert told.value.json()["words"] == ""
    expect(page.locator(".live")).to_be_hidden()


def test_it_stops_after_signing_out(page: Page) -> None:
    make_balance(opening_minor=1_00)
    page.goto(TABLE)
    with page.expect_response(re.compile("/live/")):
        pass

    page.context.clear_cookies()
    make_balance(opening_minor=1_00)
    with page.expect_response(lambda response: is_asking(response.url) and response.status == 302):
        pass
    asked = _asked(page)
    page.wait_for_timeout(3000)

    assert asked == []


def test_it_is_accessible_and_fits_a_phone(page: Page) -> None:
    source = make_balance(opening_minor=90_00)
    page.set_viewport_size(PHONE)
    page.goto(TABLE)

    post_transfer(source=source, destination=make_balance())
    expect(page.get_by_role("link", name="new – show")).to_be_visible()

    assert axe_violations(page) == []
    assert overflow(page) == 0
