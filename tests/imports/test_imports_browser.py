"""Importing a file in a browser: by mouse, by keys alone, without scripts, in each look."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect

from imports.jobs import go_on_with
from imports.models import Import
from imports.operations import AT_ONCE_BYTES_MAX, post_reviewed
from tests.browsing import DESKTOP, PHONE, axe_violations, go, opened_page, overflow, press
from tests.factories import make_user
from tests.imports.files import MAPPING, csv_of, make_checked, make_import, make_rows
from tests.transactions.imports import make_row
from transactions.models import Transaction
from users.models import Role, Theme

HEADERS = ["Date", "Description", "Amount", "Reference"]
STATEMENT = csv_of(
    [
        ["13/01/2025", "Rent", "-950.00", "B-1"],
        ["14/01/2025", "Sale", "120.50", "B-2"],
        ["15/01/2025", "Sale", "nothing", "B-3"],
    ],
    headers=HEADERS,
)
LONG = "Payments " + "to suppliers " * 12 + "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}.csv"
WIDE = csv_of(
    [[*make_row(f"V{number}"), *["a text of some length"] * 12] for number in range(3)],
    headers=[
        "Voucher",
        "Date",
        "Amount",
        "Payee",
        "Department",
        *map("Column {}".format, range(12)),
    ],
)


def file(name: str, content: bytes, mime_type: str = "text/csv") -> FilePayload:
    return {"name": name, "mimeType": mime_type, "buffer": content}


def fill_columns(page: Page) -> None:
    """What the file does not tell; its date, amount and references are found by themselves."""
    page.locator("#id_currency").fill("GBP")
    page.locator("#id_debit").fill("@Bank")
    page.locator("#id_credit").fill("@Uncategorised")


def posted() -> list[str]:
    return list(Transaction.objects.order_by("pk").values_list("reference", flat=True))


def test_a_statement_is_imported_with_the_mouse_and_reversed_as_a_whole(
    browser: Browser, own_server: str
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        go(page, "/transactions/")
        page.locator("main").get_by_role("link", name="Import", exact=True).click()
        page.get_by_label("File", exact=True).set_input_files(file("bank 2025.csv", STATEMENT))
        page.get_by_role("button", name="Continue").click()

        begins = page.get_by_role("region", name="How the file begins")
        expect(begins.get_by_role("row")).to_have_count(4)
        fill_columns(page)
        page.get_by_role("button", name="Check").click()

        expect(page.get_by_text("Nothing has been posted yet.")).to_be_visible()
        expect(page.get_by_text("One row is refused, and stays out.")).to_be_visible()
        expect(page.get_by_role("table", name="What becomes of the balances")).to_contain_text(
            "@Bank"
        )
        assert not posted()
        page.get_by_role("button", name="Import 2 transactions").dblclick()

        expect(page.get_by_text("Imported.")).to_be_visible()
        assert len(posted()) == 2
        with page.expect_download() as download:
            page.get_by_role("link", name="File of refused rows").click()
        assert download.value.suggested_filename == "bank 2025.refused.csv"
        page.get_by_role("link", name="Reverse all of them").click()
        expect(page.get_by_role("dialog")).to_contain_text("2 transactions")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Show its transactions").click()
        expect(page.locator(".pager")).to_contain_text("2 transactions")


def test_a_file_is_imported_by_keys_alone(browser: Browser, own_server: str) -> None:
    files = [
        file("payments.csv", csv_of(make_rows(2))),
        file("Payments.toml", MAPPING.encode()),
    ]
    with opened_page(browser, own_server, user=make_user()) as page:
        # For as long as the page is open: a listener that comes and goes may miss a dialog.
        page.on("filechooser", lambda chooser: chooser.set_files(files.pop(0)))
        go(page, "/")
        press(page, "Control+k")
        page.keyboard.type("import a fi")
        expect(page.get_by_role("option", name="Import a file", selected=True)).to_be_visible()
        press(page, "Enter")
        page.wait_for_url("**/imports/new/")
        page.wait_for_load_state("networkidle")
        page.locator("#id_file").focus()
        _choose_by_key(page, "#id_file", "payments.csv")
        press(page, "Tab", "ArrowDown", "Tab")
        _choose_by_key(page, "#id_mapping_file", "Payments.toml")
        press(page, "Tab", "Tab", "Enter")

        expect(page.get_by_text("Nothing has been posted yet.")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        press(page, "Control+Enter")

        expect(page.get_by_text("Imported.")).to_be_visible()
    assert posted() == ["test-V1", "test-V2"]


def _choose_by_key(page: Page, field: str, name: str) -> None:
    expect(page.locator(field)).to_be_focused()
    press(page, "Space")
    expect(page.locator(field)).to_have_value(f"C:\\fakepath\\{name}")


def test_without_scripts_on_a_phone_a_file_is_mended_and_imported(
    browser: Browser, own_server: str
) -> None:
    with opened_page(
        browser, own_server, user=make_user(), viewport=PHONE, java_script_enabled=False
    ) as page:
        page.goto("/imports/")
        page.locator("main").get_by_role("link", name="Import a file").click()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("There is one thing to put right")).to_be_visible()
        expect(page.locator("#id_mapping_file")).to_be_hidden()
        page.get_by_label("File", exact=True).set_input_files(file("bank.csv", STATEMENT))
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Check").click()
        expect(page.locator(".summary")).to_be_visible()
        fill_columns(page)
        assert not overflow(page)
        page.get_by_role("button", name="Check").click()
        page.get_by_role("link", name="Change columns").click()
        expect(page.locator("#id_debit")).to_have_value("@Bank")
        page.get_by_role("button", name="Check").click()
        page.get_by_role("button", name="Check again").click()
        assert not overflow(page)
        page.get_by_role("button", name=re.compile("Import 2 transactions")).click()

        expect(page.get_by_text("Imported.")).to_be_visible()
        assert not overflow(page)
    assert len(posted()) == 2


def test_a_file_that_is_discarded_is_gone(browser: Browser, own_server: str) -> None:
    user = make_user()
    import_ = make_checked(user=user)
    with opened_page(browser, own_server, user=user) as page:
        go(page, import_.get_absolute_url())
        page.get_by_role("button", name="Discard").click()
        expect(page.get_by_text("payments.csv discarded.")).to_be_visible()
    assert not Import.objects.exists()


def make_large(*, user: object) -> Import:
    rows = [[*row, "x" * (AT_ONCE_BYTES_MAX // 8)] for row in make_rows(9)]
    headers = ["Voucher", "Date", "Amount", "Payee", "Department", "Remark"]
    return make_checked(content=csv_of(rows, headers=headers), user=user)  # type: ignore[arg-type]


def test_a_large_file_is_followed_from_its_page_while_the_worker_is_at_it(
    browser: Browser, own_server: str
) -> None:
    user = make_user()
    import_ = make_large(user=user)
    with opened_page(browser, own_server, user=user) as page:
        page.goto(import_.get_absolute_url())
        expect(page.get_by_role("progressbar")).to_be_visible()

        go_on_with(import_.pk)
        page.get_by_role("button", name="Import 9 transactions").click()
        expect(page.get_by_text("It is being imported")).to_be_visible()
        go_on_with(import_.pk)

        expect(page.get_by_text("Imported.", exact=True)).to_be_visible()
    assert len(posted()) == 9


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_of_imports_have_no_barrier(
    browser: Browser, own_server: str, size: ViewportSize, theme: str
) -> None:
    user = make_user(theme=theme)
    with opened_page(browser, own_server, user=user, viewport=size) as page:
        _expect_no_barrier(page, "/imports/")
        done = make_checked(make_rows(30), file_name=LONG, user=user)
        assert post_reviewed(done, reviewed=done.report["outcome"])
        again = make_checked(make_rows(30), file_name=LONG, user=user)
        refused = [make_row(f"W{number}", amount="x" * 300) for number in range(3)]
        checked = make_checked([*make_rows(31), *refused], file_name=LONG, user=user)
        wide = make_import(content=WIDE, file_name=LONG, user=user)
        broken = make_import(content=b"no table", file_name=LONG, user=user)
        for path in ("/imports/", "/imports/new/"):
            _expect_no_barrier(page, path)
        for import_ in (done, again, checked, make_large(user=user), wide):
            _expect_no_barrier(page, import_.get_absolute_url())
        for import_ in (wide, broken):
            _expect_no_barrier(page, f"{import_.get_absolute_url()}columns/")
        _expect_no_barrier(page, f"{checked.get_absolute_url()}mapping/")
        page.locator("#id_mapping").fill("[columns")
        page.get_by_role("button", name="Check").click()
        expect(page.locator(".summary")).to_be_focused()
        assert not axe_violations(page)
        _expect_no_barrier(page, "/imports/new/")
        page.get_by_label("By a mapping file").check()
        page.get_by_role("button", name="Continue").click()
        expect(page.locator(".summary")).to_contain_text("Mapping file")
        assert not axe_violations(page)


def _expect_no_barrier(page: Page, path: str) -> None:
    page.goto(path)
    assert not axe_violations(page), path
    assert overflow(page) == 0, path


def test_a_reader_sees_what_a_file_comes_to_and_sends_nothing(
    browser: Browser, own_server: str
) -> None:
    import_ = make_checked(user=make_user())
    with opened_page(browser, own_server, user=make_user(role=Role.READER)) as page:
        go(page, "/transactions/")
        page.get_by_role("link", name="Imports").click()
        page.get_by_role("link", name=import_.file_name).click()
        expect(page.get_by_text("Would be posted")).to_be_visible()
        expect(page.locator("main form")).to_have_count(0)
        assert not axe_violations(page)
