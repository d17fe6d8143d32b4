from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from bulk.doing import go_on
from bulk.models import Run
from tests.browsing import PHONE, axe_violations, opened_page, overflow
from tests.bulk.test_bulk import holds
from tests.bulk.test_bulk_batches import make_batch
from tests.factories import make_user
from transactions.models import Hold, HoldState


def test_ticked_rows_are_reviewed_and_done_with_a_result_each(
    browser: Browser, own_server: str
) -> None:
    first, second = holds(2)
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto("/transactions/?tab=inflight")
        page.locator("input[name=key]").first.click()
        page.locator("input[name=key]").last.click(modifiers=["Shift"])
        bar = page.locator("#bulk")
        expect(bar).to_contain_text("2 ticked")
        expect(bar.locator("[data-ticked-sums]")).to_contain_text("3.00GBP")
        assert not axe_violations(page)

        bar.get_by_role("button", name="Void").press("Enter")
        page.get_by_label("Description").fill("Never collected")
        page.get_by_role("button", name="Review").press("Enter")
        expect(page.get_by_text("Nothing has been done yet.")).to_be_visible()
        figures = page.get_by_role("table", name="What becomes of the balances")
        expect(figures.get_by_text("inflight")).to_have_count(4)
        assert not axe_violations(page)
        assert Hold.objects.get(pk=first.pk).state == HoldState.INFLIGHT
        page.get_by_role("button", name="Void: 2 records").click()

        expect(page.get_by_text("All of it has been decided.")).to_be_visible()
        page.get_by_text("Export", exact=True).click()
        assert not axe_violations(page)
        with page.expect_download() as file:
            page.get_by_role("link", name="JSON Lines").click()
        assert file.value.suggested_filename.startswith("Results-of-a-bulk-action")
    assert Hold.objects.get(pk=second.pk).state == HoldState.VOIDED


def test_without_scripts_on_a_phone_the_same_form_does_it(
    browser: Browser, own_server: str
) -> None:
    (hold,) = holds(1)
    user = make_user()
    with opened_page(
        browser, own_server, user=user, viewport=PHONE, java_script_enabled=False
    ) as page:
        page.goto("/transactions/?tab=inflight")
        page.locator("input[name=key]").check()
        page.locator("#bulk").get_by_role("button", name="Commit").click()
        page.get_by_role("button", name="Review").click()
        assert not overflow(page)
        page.get_by_role("button", name="Commit: 1 record").click()

        expect(page.get_by_role("link", name=re.compile("Done"))).to_contain_text("1")
        assert not overflow(page)
    assert Hold.objects.get(pk=hold.pk).state == HoldState.COMMITTED


def test_a_large_batch_is_followed_from_its_page_while_the_worker_is_at_it(
    browser: Browser, own_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulk.foreseeing.AT_ONCE_MAX", 3)
    first = make_batch(5)
    with opened_page(browser, own_server, user=make_user(), viewport=PHONE) as page:
        page.goto(first.get_absolute_url())
        page.get_by_role("link", name="Reverse its batch").click()
        page.get_by_role("button", name="Review").click()
        expect(page.get_by_text("Nothing has been done yet.")).to_be_visible()
        assert not axe_violations(page)
        page.get_by_role("button", name="Reverse: 5 records").click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        assert not axe_violations(page)
        assert not overflow(page)

        go_on(Run.objects.get())

        expect(page.get_by_text("All of it has been decided.")).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("Done"))).to_contain_text("5")
        assert not axe_violations(page)
        assert not overflow(page)
