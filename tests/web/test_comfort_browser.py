"""Zoom, text spacing, contrast, motion and paper, in a real browser on filled pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from ledgers.operations import add_currency
from tests.browsing import opened_page, overflow, rest
from tests.factories import make_balance, make_identity, make_ledger, make_user, post_transfer
from tests.imports.files import make_checked, make_rows
from tests.transactions.imports import make_row
from transactions.proof import run_proof
from users.models import Contrast, Motion

# 400 % of 1280 by 1024.
ZOOMED: Any = {"width": 320, "height": 256}
TEXT_SPACING = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }
"""
# Boxes that hide what no longer fits into them.
CUT_OFF = """() => [...document.querySelectorAll("main *, .top *")].filter((box) => {
  const { overflowX, overflowY } = getComputedStyle(box);
  if (box.closest(".visually-hidden") || box.clientWidth < 3) return false;
  return (overflowX === "hidden" && box.scrollWidth > box.clientWidth + 1)
    || (overflowY === "hidden" && box.scrollHeight > box.clientHeight + 1);
}).map((box) => box.outerHTML.slice(0, 80))"""

# Tables that hide figures behind their own scroll bar.
SCROLLED = """() => [...document.querySelectorAll("main :is(section, div):has(> table)")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.id || box.className)"""


def fill_books() -> list[str]:
    """Every kind of page, with something in each part of it."""
    ledger = make_ledger(name="Suppliers of the northern provinces", metadata={"region": "EU"})
    identity = make_identity(name="Northgate Bakery", email="pay@northgate.example")
    source = make_balance(ledger=ledger, identity=identity, opening_minor=5_000_000_00)
    posted = post_transfer(
        source=source, destination=make_balance(ledger=ledger), amount_minor=1_234_567_89
    )
    import_ = make_checked([*make_rows(3), make_row("V9", amount="ten")])
    run_proof(actor=None)
    balance = source.get_absolute_url()
    return [
        *("/", "/ledgers/", "/balances/", "/transactions/", "/identities/", "/trial-balance/"),
        *("/proof/", "/search/?q=north", "/transactions/?q=none", "/help/", "/help/glossary/"),
        *("/accessibility/", "/preferences/", "/ledgers/new/", "/balances/new/"),
        *("/imports/", "/imports/new/", import_.get_absolute_url()),
        *("/transactions/new/", "/transactions/new/?mode=journal", "/identities/new/"),
        *(ledger.get_absolute_url(), identity.get_absolute_url(), posted.get_absolute_url()),
        *(balance, f"{balance}statement/", f"{balance}chart/", f"{balance}flow/"),
        *(f"{balance}info/", f"{balance}metadata/", f"{posted.get_absolute_url()}reverse/"),
    ]


def axe(page: Page, *rules: str) -> list[str]:
    """What axe finds, with these rules besides its own."""
    options = {"rules": {rule: {"enabled": True} for rule in ("target-size", *rules)}}
    rest(page)
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found]


@pytest.fixture
def paths(own_server: str) -> list[str]:
    return fill_books()


@pytest.fixture
def zoomed(browser: Browser, own_server: str) -> Iterator[Page]:
    # The spacing is set as a reader's extension does it, which the policy does not concern.
    options = {"viewport": ZOOMED, "bypass_csp": True}
    with opened_page(browser, own_server, user=make_user(), **options) as page:
        yield page


def test_at_400_percent_and_with_wide_spacing_nothing_is_lost(
    zoomed: Page, paths: list[str]
) -> None:
    found = {}

    for path in paths:
        zoomed.goto(path)
        plain = overflow(zoomed)
        zoomed.add_style_tag(content=TEXT_SPACING)
        cut_off = zoomed.evaluate(CUT_OFF)
        if plain or overflow(zoomed) or cut_off:
            found[path] = (plain, overflow(zoomed), cut_off)

    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_high_contrast_has_7_to_1_and_targets_are_large_enough(
    browser: Browser, own_server: str, paths: list[str], scheme: str
) -> None:
    user = make_user(contrast=Contrast.HIGH)
    found = {}

    with opened_page(browser, own_server, user=user, color_scheme=scheme) as page:
        for path in (paths[3], paths[-7]):
            page.goto(path)
            if violations := axe(page, "color-contrast-enhanced"):
                found[path] = violations

    assert found == {}


def test_forced_colours_leave_everything_readable(
    browser: Browser, own_server: str, paths: list[str]
) -> None:
    found = {}

    with opened_page(
        browser, own_server, user=make_user(), forced_colors="active", color_scheme="dark"
    ) as page:
        for path in (paths[3], paths[15]):
            page.goto(path)
            if violations := axe(page):
                found[path] = violations

    assert found == {}


@pytest.mark.parametrize("by_device", [True, False])
def test_reduced_motion_stops_the_slide_over(
    browser: Browser, own_server: str, by_device: bool
) -> None:
    user = make_user(motion=Motion.SYSTEM if by_device else Motion.REDUCED)
    options: dict[str, Any] = {"reduced_motion": "reduce" if by_device else "no-preference"}

    with opened_page(browser, own_server, user=user, **options) as page:
        page.goto("/ledgers/")
        page.wait_for_load_state("networkidle")
        page.get_by_role("main").get_by_role("link", name="Create ledger").first.click()
        expect(page.get_by_role("dialog", name="Create ledger")).to_be_visible()

        animation = page.evaluate(
            "getComputedStyle(document.getElementById('slide-over')).animationName"
        )

    assert animation == "none"


def test_paper_shows_the_page_without_the_shell_and_repeats_the_heads(
    browser: Browser, own_server: str, paths: list[str]
) -> None:
    shell = (".side", ".top", ".foot", ".bar", ".tabs", ".pager nav", "main .btn")
    found = {}

    with opened_page(
        browser, own_server, user=make_user(contrast=Contrast.HIGH), color_scheme="dark"
    ) as page:
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 720, "height": 1000})
        for path in (*paths[2:5], *paths[18:23]):
            page.goto(path)
            rest(page)
            shown = [name for name in shell if page.locator(name).locator("visible=true").count()]
            heads = page.evaluate(
                "[...document.querySelectorAll('thead')].map((e) => getComputedStyle(e).display)"
            )
            ink = page.evaluate("getComputedStyle(document.body).color")
            is_good = set(heads) <= {"table-header-group"} and ink == "rgb(0, 0, 0)"
            if shown or overflow(page) or not is_good:
                found[path] = (shown, overflow(page), heads, ink)

    assert found == {}


@pytest.mark.parametrize("width", [1366, 700, 390])
def test_what_a_page_is_for_leaves_no_mark_alone_on_a_line(
    browser: Browser, own_server: str, width: int
) -> None:
    options: Any = {"viewport": {"width": width, "height": 800}}
    with opened_page(browser, own_server, user=make_user(), **options) as page:
        page.goto("/transactions/")
        rest(page)
        line, mark = (
            page.locator(selector).bounding_box() for selector in (".head p", ".head .term")
        )

    assert line is not None
    assert mark is not None
    assert mark["x"] > line["x"] + 2 * mark["width"]


def test_the_longest_name_fits_on_every_page(browser: Browser, own_server: str) -> None:
    name = "W" * 200
    ledger, owner = make_ledger(name=name), make_identity(name=name)
    balance = make_balance(ledger=ledger, identity=owner, opening_minor=1_00)
    home = balance.get_absolute_url()
    paths = [
        *("/", "/ledgers/", "/balances/", "/identities/", "/transactions/", "/trial-balance/"),
        *(ledger.get_absolute_url(), owner.get_absolute_url(), f"/search/?q={name[:9]}"),
        *(home, f"{home}statement/", f"{home}flow/", f"/trial-balance/?ledger={ledger.key}"),
    ]
    wide = []

    with opened_page(browser, own_server, user=make_user()) as page:
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 800})
            for path in paths:
                page.goto(path)
                wide += [(path, width)] if overflow(page) else []

    assert not wide


@pytest.mark.parametrize("width", [1366, 390])
def test_figures_of_eighteen_decimals_stand_in_sight(
    browser: Browser, own_server: str, width: int
) -> None:
    add_currency(code="XTK", name="Token", exponent=18, kind="CRYPTO", actor=None)
    source = make_balance(currency="XTK", opening_minor=15_750000000000000009)
    posted = post_transfer(
        source=source, destination=make_balance(currency="XTK"), amount_minor=1_500000000000000001
    )
    home = source.get_absolute_url()
    paths = [
        *("/", "/entries/", "/balances/", "/transactions/", "/trial-balance/"),
        *(source.ledger.get_absolute_url(), posted.get_absolute_url(), home),
        f"{home}statement/?from=2000-01-01&to=2100-01-01",
    ]
    scrolled = []

    options: Any = {"viewport": {"width": width, "height": 800}}
    with opened_page(browser, own_server, user=make_user(), **options) as page:
        for path in paths:
            page.goto(path)
            rest(page)
            scrolled += [(path, box) for box in page.evaluate(SCROLLED)]

    assert not scrolled
