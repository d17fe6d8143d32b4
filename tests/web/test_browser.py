from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, expect

from tests.browsing import DESKTOP, PHONE, axe_violations, go, opened_page, overflow
from tests.factories import PASSWORD, make_ledger, make_user
from users.models import TimeZoneChoice

GUIDE = "/styleguide/"
FORM = "/styleguide/form/"


@pytest.fixture
def page(browser: Browser, own_server: str) -> Iterator[Page]:
    """The style guide, with its scripts running."""
    with opened_page(browser, own_server, user=make_user(is_staff=True)) as page:
        go(page, GUIDE)
        yield page


def _open_form(page: Page) -> None:
    page.get_by_role("link", name="Open a form").press("Enter")
    expect(page.get_by_role("dialog", name="Sample form")).to_be_visible()


def test_slide_over_takes_the_focus_and_gives_it_back_on_escape(page: Page) -> None:
    _open_form(page)
    expect(page.get_by_role("dialog").get_by_label("Name", exact=True)).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Open a form")).to_be_focused()


LEAVING: dict[str, Callable[[Page], None]] = {
    "escape": lambda page: page.keyboard.press("Escape"),
    "cross": lambda page: page.get_by_role("dialog").get_by_role("button", name="Close").click(),
    "cancel": lambda page: page.get_by_role("dialog").get_by_role("link", name="Cancel").click(),
}


@pytest.mark.parametrize("way", LEAVING)
def test_slide_over_asks_before_it_loses_what_was_typed(page: Page, way: str) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", stay)
    _open_form(page)
    page.keyboard.type("Suppliers")

    LEAVING[way](page)

    expect(page.get_by_role("dialog").get_by_label("Name", exact=True)).to_have_value("Suppliers")
    assert asked == ["Close and lose what you typed?"]


@pytest.mark.parametrize("way", LEAVING)
def test_slide_over_in_which_nothing_was_typed_closes_at_once(page: Page, way: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    _open_form(page)

    LEAVING[way](page)

    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("way", LEAVING)
def test_who_agrees_to_lose_what_was_typed_leaves_the_slide_over(page: Page, way: str) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    _open_form(page)
    page.keyboard.type("Suppliers")

    LEAVING[way](page)

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.url.endswith(GUIDE)


def test_escape_while_suggestions_are_on_their_way_keeps_the_form(page: Page) -> None:
    _open_form(page)
    source = page.get_by_role("dialog").get_by_role("combobox", name="Source")

    source.press_sequentially("trea")
    source.press("Escape")

    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()


def test_slide_over_shows_a_refusal_and_closes_after_success(page: Page) -> None:
    _open_form(page)
    form = page.get_by_role("dialog")
    form.get_by_label("Name", exact=True).fill("Suppliers")
    form.get_by_label("Name", exact=True).press("Enter")
    expect(form.locator(".summary")).to_be_focused()
    expect(form.get_by_label("Name", exact=True)).to_have_value("Suppliers")

    form.get_by_label("Amount").fill("12")
    form.get_by_label("Source").fill("@Treasury")
    form.get_by_label("Credit").check()
    with page.expect_response(lambda response: response.url.endswith(GUIDE)):
        form.get_by_role("button", name="Send it").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#messages")).to_contain_text("Nothing was saved.")


def test_suggestion_is_picked_with_the_keyboard_and_escape_keeps_the_form(page: Page) -> None:
    _open_form(page)
    source = page.get_by_role("dialog").get_by_role("combobox", name="Source")
    source.press_sequentially("trea")
    option = page.get_by_role("option", name="Treasury")
    expect(option).to_be_visible()
    expect(source).to_have_attribute("aria-expanded", "true")

    source.press("ArrowDown")
    source.press("Enter")

    expect(source).to_have_value("@Treasury")
    expect(page.get_by_role("dialog").locator("output")).to_have_text(
        "Treasury · General Ledger, GBP"
    )
    source.fill("river")
    expect(page.get_by_role("option", name="Riverside")).to_be_visible()
    source.press("Escape")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_metadata_rows_come_and_go_without_the_server(page: Page) -> None:
    go(page, FORM)
    keys = page.get_by_label("Key", exact=True)
    keys.nth(0).fill("first")

    page.get_by_role("button", name="Add row").click()
    page.keyboard.type("last")
    page.get_by_role("button", name="Remove row").nth(0).click()

    expect(keys).to_have_count(2)
    expect(keys.nth(1)).to_have_value("last")
    assert page.url.endswith(FORM)


def test_second_click_does_not_send_a_form_again(page: Page) -> None:
    go(page, FORM)
    sent: list[Request] = []
    page.on("request", lambda request: sent.extend([request] * (request.method == "POST")))

    with page.expect_response(lambda response: response.status == 422):
        page.get_by_role("button", name="Send it").dblclick()
    expect(page.locator(".summary")).to_be_visible()

    assert len(sent) == 1


def test_theme_changes_at_once_and_stays(page: Page) -> None:
    page.get_by_label("Your menu").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")

    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_control_k_opens_the_search(page: Page) -> None:
    page.keyboard.press("Control+k")

    expect(page.get_by_role("combobox", name="Search everything")).to_be_focused()


def test_no_answer_is_said_and_a_good_answer_takes_it_back(page: Page) -> None:
    page.context.set_offline(True)
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")

    page.context.set_offline(False)
    page.get_by_role("link", name="Refresh").click()

    expect(page.get_by_role("alert")).to_be_hidden()


def test_no_answer_is_said_inside_an_open_form(page: Page) -> None:
    _open_form(page)
    page.context.set_offline(True)

    page.get_by_role("button", name="Send it").click()

    alert = page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text("could not be reached")
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_have_count(0)


def test_back_after_a_sort_shows_the_page_before(page: Page) -> None:
    page.get_by_role("columnheader", name="Balances").get_by_role("link").click()
    expect(page.locator("th[aria-sort]")).to_have_text("Balances")
    expect(page).to_have_url(f"{GUIDE}?sort=-balances")

    page.go_back()

    expect(page.locator("th[aria-sort]")).to_have_text("Created")


def test_focus_stays_where_it_was_when_a_table_is_replaced(page: Page) -> None:
    head = page.get_by_role("columnheader", name="Balances").get_by_role("link")
    head.press("Enter")
    expect(page.locator("th[aria-sort]")).to_have_text("Balances")
    expect(head).to_be_focused()

    page.get_by_role("link", name="Next").press("Enter")

    expect(page.get_by_role("link", name="First")).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_be_focused()


def test_local_time_is_the_time_zone_of_the_browser(browser: Browser, own_server: str) -> None:
    user = make_user(is_staff=True, time_zone_choice=TimeZoneChoice.LOCAL)

    with opened_page(browser, own_server, user=user, timezone_id="Asia/Tokyo") as page:
        page.goto(GUIDE)

        expect(page.locator(".zone")).to_have_text("Asia/Tokyo")


def test_everything_works_without_scripts(browser: Browser, own_server: str) -> None:
    user = make_user(is_staff=True)

    with opened_page(browser, own_server, java_script_enabled=False, viewport=PHONE) as page:
        page.goto(FORM)
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Name", exact=True).fill("Typed")
        page.get_by_label("Key", exact=True).nth(0).fill("region")
        page.get_by_role("button", name="Add row").click()
        expect(page.get_by_label("Name", exact=True)).to_have_value("Typed")
        expect(page.get_by_label("Key", exact=True)).to_have_count(3)
        expect(page.locator(".summary")).to_have_count(0)
        page.get_by_role("button", name="Send it").click()
        expect(page.locator(".summary")).to_contain_text("There are 3 things to put right")
        page.get_by_label("Menu", exact=True).click()
        page.get_by_role("link", name="Proof").click()
        expect(page).to_have_url("/proof/")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_only_what_works_is_offered(
    browser: Browser, own_server: str, *, has_scripts: bool
) -> None:
    user, ledger = make_user(), make_ledger()
    with opened_page(browser, own_server, user=user, java_script_enabled=has_scripts) as page:
        page.goto(ledger.get_absolute_url())
        expect(page.get_by_role("button", name="Copy ldg_")).to_be_visible(visible=has_scripts)
        page.goto("/preferences/tables/ledgers/")
        button = page.get_by_role("button", name="Move Balances up")
        expect(button).to_be_visible(visible=has_scripts)
        expect(page.get_by_label("Place of Balances")).to_be_visible(visible=not has_scripts)
        page.goto("/ledgers/")
        head = page.get_by_role("checkbox", name="Tick all on this page")
        expect(head).to_be_visible(visible=has_scripts)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, own_server: str, viewport: dict[str, int], scheme: str
) -> None:
    options: dict[str, Any] = {"viewport": viewport, "color_scheme": scheme}
    options["reduced_motion"] = "reduce"
    found = {}

    with opened_page(browser, own_server, **options) as page:
        page.goto("/login/")
        found["login"] = (axe_violations(page), overflow(page))
    with opened_page(browser, own_server, user=make_user(is_staff=True), **options) as page:
        for name, path in (("guide", GUIDE), ("form", FORM), ("missing", "/no-such-page/")):
            page.goto(path)
            found[name] = (axe_violations(page), overflow(page))
        go(page, GUIDE)
        _open_form(page)
        page.get_by_role("dialog").get_by_role("button", name="Send it").click()
        expect(page.get_by_role("dialog").locator(".summary")).to_be_visible()
        found["slide-over"] = (axe_violations(page), overflow(page))

    assert found == dict.fromkeys(found, ([], 0))
