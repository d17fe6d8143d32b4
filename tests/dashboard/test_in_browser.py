from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from balances.models import Balance
from identities.models import Identity
from ledgers.models import Ledger
from reports.lookalikes import find_lookalikes
from reports.rolling import roll_up_days
from tests.browsing import DESKTOP, PHONE, axe_violations, go, opened_page, overflow, rest
from tests.factories import make_balance, make_identity, make_ledger, make_user, post_transfer
from tests.schedules.building import make_schedule
from tests.transactions.acting import make_hold
from transactions.proof import run_proof
from users.models import User


@pytest.fixture
def user(own_server: str) -> User:
    return make_user()


@pytest.fixture
def page(browser: Browser, own_server: str, user: User) -> Iterator[Page]:
    with opened_page(browser, own_server, user=user) as page:
        yield page


def fill_books() -> tuple[Ledger, Identity]:
    """A ledger and an identity with something in every part of their pages."""
    metadata = {"region": "EU", "address": {"city": "Oslo", "lines": ["Karl Johans gate 1"]}}
    ledger = make_ledger(name="Suppliers", metadata=metadata)
    identity = make_identity(name="Northgate", email="pay@northgate.example", metadata=metadata)
    source = make_balance(ledger=ledger, identity=identity, opening_minor=5_000_00)
    make_balance(ledger=ledger, identity=identity, currency="JPY", opening_minor=700)
    make_balance(ledger=ledger, normal_side="DEBIT", opening_minor=3_00)
    post_transfer(source=source, destination=make_balance(ledger=ledger), amount_minor=12_50)
    for number in range(25):
        make_ledger(name=f"Region {number}")
        make_identity(name=f"Customer {number}")
    fill_attention(source, make_balance(ledger=ledger))
    run_proof(actor=None)
    return ledger, identity


def fill_attention(source: Balance, destination: Balance) -> None:
    """Holds, schedules and duplicates that Home tells of, and some money that moved today."""
    for _number in range(2):
        post_transfer(source=source, destination=destination, effective_at=timezone.now())
    roll_up_days()
    find_lookalikes()
    for number in range(6):
        expires_at = timezone.now() + timedelta(hours=number + 1)
        make_hold(source, destination, 1_00, reference=f"deposit-{number}", expires_at=expires_at)
    make_hold(source, destination, 1_00)
    make_schedule(source=source, destination=destination, due_in=timedelta(seconds=30))


def create_link(page: Page) -> None:
    page.get_by_role("main").get_by_role("link", name="Create ledger").first.press("Enter")
    expect(page.get_by_role("dialog", name="Create ledger")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_screens_are_accessible_and_fit_a_phone(
    browser: Browser, own_server: str, user: User, theme: str
) -> None:
    ledger, identity = fill_books()
    ledger_url, identity_url = ledger.get_absolute_url(), identity.get_absolute_url()
    paths = [
        *("/", "/ledgers/", f"/ledgers/?new={ledger.key}", "/ledgers/?q=none", "/ledgers/new/"),
        *(ledger_url, f"{ledger_url}info/", f"{ledger_url}name/", f"{ledger_url}metadata/"),
        *("/identities/", "/identities/?q=none", "/identities/new/", identity_url),
        *(f"{identity_url}edit/", "/proof/", "/search/?q=e", "/search/?q=none", "/search/"),
        *("/password/", "/transactions/duplicates/"),
    ]
    found = {}

    with opened_page(browser, own_server, user=user, color_scheme=theme) as page:
        for path in paths:
            page.goto(path)
            violations = axe_violations(page)
            page.set_viewport_size(PHONE)
            if violations or overflow(page):
                found[path] = (violations, overflow(page))
            page.set_viewport_size(DESKTOP)

    assert not found


def test_first_run_screens_are_accessible(page: Page) -> None:
    found = {}
    for path in ("/", "/ledgers/", "/identities/", "/proof/"):
        page.goto(path)
        if violations := axe_violations(page):
            found[path] = violations

    assert not found


def test_possible_duplicate_is_answered_and_home_falls_quiet(page: Page) -> None:
    fill_attention(make_balance(floor_minor=None), make_balance())
    go(page, "/")

    page.get_by_role("link", name="1 possible duplicate").click()
    expect(page.locator(".pager")).to_contain_text("1 possible duplicate")
    page.get_by_role("button", name="is not a duplicate").click()

    expect(page.locator("#messages")).to_contain_text("is no duplicate.")
    expect(page.get_by_role("heading", level=2)).to_have_text("Nothing looks like a duplicate")
    go(page, "/")
    expect(page.locator("#attention")).not_to_contain_text("duplicate")


def test_ledger_is_created_by_keyboard_and_marked_in_the_table(page: Page) -> None:
    go(page, "/ledgers/")
    create_link(page)

    page.keyboard.type("Partner Payouts")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("tr.new")).to_contain_text("Partner Payouts")
    expect(page.locator("#messages")).to_contain_text("Ledger Partner Payouts created.")
    expect(page).to_have_url("/ledgers/")


def test_namesake_is_created_only_after_a_second_yes(page: Page) -> None:
    make_ledger(name="Suppliers")
    go(page, "/ledgers/")
    create_link(page)
    dialog = page.get_by_role("dialog")

    page.keyboard.type("suppliers")
    page.keyboard.press("Enter")

    expect(dialog.locator(".summary")).to_contain_text("There already is a ledger of this name")
    assert axe_violations(page) == []
    dialog.get_by_label("Yes, two ledgers").check()
    dialog.get_by_role("button", name="Create ledger").click()
    expect(page.locator("tr.new")).to_contain_text("suppliers")


SEND_AS_SOON_AS_THERE = """name => new MutationObserver(() => {
    const input = document.querySelector("dialog[open] [name=name]");
    if (input && !input.value) { input.value = name; input.form.requestSubmit(); }
}).observe(document.body, { attributes: true, subtree: true })"""


def test_form_in_a_slide_over_is_answered_there_however_soon_it_is_sent(page: Page) -> None:
    make_ledger(name="Suppliers")
    go(page, "/ledgers/")
    page.evaluate(SEND_AS_SOON_AS_THERE, "suppliers")

    create_link(page)

    summary = page.get_by_role("dialog").locator(".summary")
    expect(summary).to_contain_text("There already is a ledger of this name")


def test_search_keeps_the_order_and_back_leaves_a_working_page(page: Page) -> None:
    for name in ("Savings", "Suppliers", "Wallets"):
        make_ledger(name=name)
    go(page, "/ledgers/")

    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Name")
    page.get_by_role("searchbox", name="Name", exact=True).fill("sup")
    expect(page.locator(".pager")).to_contain_text("1 ledger")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Name")

    page.go_back()
    expect(page.locator(".pager")).to_contain_text("4 ledgers")
    rest(page)
    create_link(page)


def test_refresh_brings_what_others_added(page: Page) -> None:
    go(page, "/ledgers/?sort=name")
    make_ledger(name="Afterwards")

    page.get_by_role("link", name="Refresh").click()

    expect(page.locator("tbody")).to_contain_text("Afterwards")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Name")


def test_balance_created_from_a_ledger_appears_on_its_page(page: Page) -> None:
    ledger = make_ledger(name="Suppliers")
    go(page, ledger.get_absolute_url())
    page.get_by_role("link", name="Create balance").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()

    dialog.get_by_label("Currency").fill("GBP")
    dialog.get_by_role("button", name="Create balance").click()

    expect(dialog).to_be_hidden()
    expect(page.locator("tr.new")).to_contain_text("GBP")
    expect(page.locator(".facts .big").first).to_have_text("1")


def test_everything_works_without_scripts(browser: Browser, own_server: str, user: User) -> None:
    with opened_page(browser, own_server, user=user, java_script_enabled=False) as page:
        page.goto("/ledgers/")
        page.get_by_role("main").get_by_role("link", name="Create ledger").first.click()
        page.get_by_label("Name", exact=True).fill("Suppliers")
        page.get_by_label("Key", exact=True).first.fill("region")
        page.get_by_label("Value", exact=True).first.fill("EU")
        page.get_by_role("button", name="Add row").click()
        page.get_by_role("button", name="Create ledger").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Suppliers")

        page.get_by_role("link", name="Rename").click()
        page.get_by_label("Name", exact=True).fill("Vendors")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Vendors")

        page.get_by_role("link", name="Edit", exact=True).click()
        page.get_by_role("button", name="Remove row").first.click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("complementary")).to_contain_text("region removed, was “EU”")

        page.goto("/ledgers/")
        page.get_by_role("searchbox", name="Name", exact=True).fill("vend")
        page.get_by_role("main").get_by_role("button", name="Search").click()
        expect(page.locator(".pager")).to_contain_text("1 ledger")

        page.goto("/proof/")
        page.get_by_role("button", name="Run the proof").click()
        expect(page.locator("#messages")).to_contain_text("Everything matches.")
