from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browsing import DESKTOP, PHONE, axe_violations, opened_page, overflow
from tests.factories import make_identity, make_ledger, make_user
from transactions.models import ProofRun
from users.models import User


@pytest.fixture
def user(own_server: str) -> User:
    return make_user(username="ada")


@pytest.fixture
def page(browser: Browser, own_server: str, user: User) -> Iterator[Page]:
    with opened_page(browser, own_server, user=user) as page:
        page.goto("/ledgers/")
        page.wait_for_load_state("networkidle")
        yield page


def box_of(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search everything")


def ask(page: Page, text: str) -> None:
    """Open the box by its keys and wait for what it finds."""
    page.keyboard.press("Control+k")
    expect(box_of(page)).to_be_focused()
    # Typed slowly, parts of it are asked for as well.
    with page.expect_response(lambda response: f"q={quote_plus(text)}&" in response.url):
        page.keyboard.type(text)
    expect(page.get_by_role("listbox", name="Results")).not_to_have_attribute("aria-busy", "true")


def test_record_is_found_and_opened_by_keyboard(page: Page) -> None:
    northgate = make_identity(name="Northgate Trading")
    make_ledger(name="Northgate wallets")

    ask(page, "nortgate")

    expect(page.get_by_role("group", name="Ledgers").get_by_role("option")).to_have_count(1)
    box, options = box_of(page), page.get_by_role("option")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_contain_text("Northgate Trading")
    assert chosen.get_attribute("id") == box.get_attribute("aria-activedescendant")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(chosen).to_contain_text("on a page of its own")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{northgate.get_absolute_url()}")


def test_box_opens_by_keys_and_by_click_and_says_when_there_is_no_answer(page: Page) -> None:
    page.get_by_role("link", name="Refresh").focus()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="New ledger")).to_be_visible()
    page.context.set_offline(True)
    page.keyboard.type("north")
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("No answer")

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Refresh")).to_be_focused()

    page.get_by_role("searchbox", name="Search", exact=True).click()
    expect(box_of(page)).to_be_focused()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_things_are_done_from_the_box(page: Page) -> None:
    ask(page, "new led")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Create ledger")).to_be_visible()
    expect(page.get_by_role("dialog", name="Search everything")).to_be_hidden()
    page.keyboard.type("Suppliers")
    page.keyboard.press("Enter")
    expect(page.locator("tr.new")).to_contain_text("Suppliers")

    ask(page, "run proof")
    page.keyboard.press("Enter")
    page.wait_for_url("**/proof/")
    expect(page.locator("#messages")).to_contain_text("Everything matches.")
    assert ProofRun.objects.count() == 1


def test_slow_answer_to_older_words_is_dropped(page: Page) -> None:
    make_identity(name="Northgate")
    make_identity(name="Southwark")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/search/box/?q=north&**", hold)
    page.keyboard.press("Control+k")
    with page.expect_request("**/search/box/?q=north&**"):
        page.keyboard.type("north")
    page.keyboard.press("Control+a")
    page.keyboard.type("southwark")
    expect(page.get_by_role("option", name="Southwark").first).to_be_visible()

    with page.expect_response("**/search/box/?q=north&**"):
        held[0].continue_()

    expect(page.get_by_role("option", name="Northgate")).to_have_count(0)
    expect(page.get_by_role("option", name="Southwark").first).to_be_visible()


def test_enter_before_the_answer_opens_nothing_that_was_found_for_other_words(page: Page) -> None:
    northgate = make_identity(name="Northgate")
    ask(page, "south")
    page.route("**/search/box/**", lambda route: None)

    page.keyboard.press("Control+a")
    page.keyboard.type(northgate.key)
    page.keyboard.press("Enter")

    # The whole id goes straight to its record, by the search page.
    page.wait_for_url(f"**{northgate.get_absolute_url()}")
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_box_and_pages_are_accessible_and_fit_a_phone(
    browser: Browser, own_server: str, user: User, scheme: str
) -> None:
    make_identity(name="Northgate Trading Company of the Western Provinces", email="a@b.example")
    found = {}

    with opened_page(browser, own_server, user=user, color_scheme=scheme) as page:
        for viewport in (DESKTOP, PHONE):
            page.set_viewport_size(viewport)
            for text in ("", "northgate", "zzzzzzzz"):
                page.goto("/")
                page.wait_for_load_state("networkidle")
                page.get_by_role("searchbox", name="Search", exact=True).click()
                box_of(page).fill(text)
                listed = page.get_by_role("option").last
                expect(listed).to_be_visible()
                if text:
                    expect(listed).to_contain_text(text)
                found[scheme, viewport["width"], text] = (axe_violations(page), overflow(page))
            for path in ("/search/", "/search/?q=northgate", "/shortcuts/"):
                page.goto(path)
                found[scheme, viewport["width"], path] = (axe_violations(page), overflow(page))

    assert found == dict.fromkeys(found, ([], 0))


def test_without_scripts_the_field_and_the_page_do_the_same(
    browser: Browser, own_server: str, user: User
) -> None:
    northgate = make_identity(name="Northgate Trading")

    with opened_page(browser, own_server, user=user, java_script_enabled=False) as page:
        page.goto("/ledgers/")
        page.get_by_role("searchbox", name="Search", exact=True).fill("nortgate")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Northgate Trading").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Northgate Trading")

        page.goto("/ledgers/")
        page.get_by_role("searchbox", name="Search", exact=True).fill(northgate.key)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{northgate.get_absolute_url()}")
        page.goto("/search/?q=run+proof")
        page.get_by_role("main").get_by_role("button", name="Run the proof").click()
        expect(page.locator("#messages")).to_contain_text("Everything matches.")
