from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import PHONE, axe_violations, opened_page, overflow
from tests.factories import make_identity, make_user
from users.models import User
from users.saved_views import save_view

TABLE = "/identities/"


@pytest.fixture
def reader(own_server: str) -> User:
    make_identity(name="Ada", kind="PERSON", email="ada@northgate.example")
    make_identity(name="Northgate")
    return make_user()


@pytest.fixture
def page(browser: Browser, own_server: str, reader: User) -> Iterator[Page]:
    with opened_page(browser, own_server, user=reader) as page:
        yield page


def test_filtered_table_is_saved_as_a_tab_and_the_others_are_counted(page: Page) -> None:
    page.goto(f"{TABLE}?where=kind:is:PERSON")
    page.get_by_role("link", name="Save view").press("Enter")
    form = page.get_by_role("dialog", name="Save view")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    assert not axe_violations(page)

    page.keyboard.type("People")
    page.keyboard.press("Enter")

    views = page.get_by_role("navigation", name="Views")
    expect(views.locator("[aria-current]")).to_have_text("People 1")
    expect(views.get_by_role("link", name="All")).to_have_text("All 2")
    expect(views.get_by_role("link", name="With balances")).to_have_text("With balances 0")
    assert not axe_violations(page)


def test_columns_are_moved_by_keys_and_kept(page: Page) -> None:
    page.goto(TABLE)
    page.get_by_role("link", name="Columns").click()
    panel = page.get_by_role("dialog", name="Columns: Identities")
    up = panel.get_by_role("button", name="Move E-mail up")
    up.press("Enter")
    expect(up).to_be_focused()
    expect(page.locator("#announcement")).to_have_text("E-mail: 2")
    assert not axe_violations(page)

    panel.get_by_role("button", name="Keep").last.click()

    expect(page.locator("thead th:not(.tick)")).to_have_text(
        ["Name", "E-mail", "Kind", "Balances", "Created"]
    )


def test_many_views_fit_a_phone(browser: Browser, own_server: str, reader: User) -> None:
    for number in range(8):
        save_view(owner=reader, table="identities", name=f"View of {number}" * 4, query="")

    with opened_page(browser, own_server, user=reader, viewport=PHONE) as page:
        page.goto(TABLE)
        page.get_by_text("More views").click()

        expect(page.get_by_role("link", name="View of 7")).to_be_visible()
        assert overflow(page) == 0
        assert not axe_violations(page)
