from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Semaphore
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.identities import IdentityTable
from exports.models import Export
from tests.browsing import PHONE, axe_violations, opened_page, overflow
from tests.factories import make_identity, make_user
from web.tables.state import TableState

PATIENCE_SECONDS = 30


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Semaphore:
    """Lets one row of an export through each time it is released."""
    gate = Semaphore(0)
    read_plain = IdentityTable.read_plain

    def wait(
        self: IdentityTable, rows: Sequence[Mapping[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        assert gate.acquire(timeout=PATIENCE_SECONDS)
        return read_plain(self, rows, state)

    monkeypatch.setattr(IdentityTable, "read_plain", wait)
    monkeypatch.setattr("exports.reading.BATCH", 1)
    monkeypatch.setattr("exports.operations.TELL_SECONDS", 0.0)
    monkeypatch.setattr("web.files.separated.CHUNK", 1)
    return gate


@pytest.fixture
def names(own_server: str) -> list[str]:
    names = ["Ash", "Birch", "Cedar", "Elm"]
    for name in names:
        make_identity(name=name, email=f"{name.lower()}@example.com")
    return names


def export(page: Page, kind: str) -> None:
    page.get_by_text("Export", exact=True).first.click()
    page.get_by_role("link", name=kind).click()


@pytest.mark.usefixtures("names")
def test_the_page_tells_how_far_a_file_is_and_stops_it(
    browser: Browser, own_server: str, gate: Semaphore
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto("/identities/?sort=name")
        note = page.locator(".export-note")
        gate.release(2)
        with page.expect_download() as started:
            export(page, "CSV")
        expect(note).to_contain_text("2 of 4 rows")
        assert not axe_violations(page)
        page.set_viewport_size(PHONE)
        assert not overflow(page)

        with page.expect_response("**/end/"):
            note.get_by_role("button", name="Cancel").click()
        gate.release(9)

        expect(note).to_contain_text("Cancelled after 3 rows; the file is not whole")
        expect(page.locator("#announcement")).to_contain_text("Cancelled")
        assert "Total" not in started.value.path().read_text()
        note.get_by_role("button", name="Dismiss").click()
        expect(note).to_have_count(0)
    assert Export.objects.get().state == Export.State.CANCELLED


def test_what_was_typed_since_is_exported_and_listed(
    browser: Browser, own_server: str, names: list[str]
) -> None:
    with opened_page(browser, own_server, user=make_user()) as page:
        page.goto("/identities/")
        page.get_by_label("Name or e-mail").fill("birch")
        expect(page.locator("tbody tr")).to_have_count(1)
        with page.expect_download() as started:
            export(page, "JSON Lines")

        lines = started.value.path().read_text().splitlines()
        expect(page.locator(".export-note")).to_contain_text("1 row exported")
        page.goto("/exports/")
        assert not axe_violations(page)
        expect(page.locator("tbody tr")).to_contain_text("holds “birch”")
        page.get_by_role("link", name="Identities").last.click()
        expect(page.locator("tbody tr")).to_have_count(1)

    assert names[1] in lines[1]
    assert len(lines) == 3


@pytest.mark.usefixtures("names")
def test_without_scripts_a_link_is_a_download(browser: Browser, own_server: str) -> None:
    user = make_user()
    with opened_page(browser, own_server, user=user, java_script_enabled=False) as page:
        page.goto("/identities/?q=ash")
        with page.expect_download() as started:
            export(page, "CSV")

        lines = started.value.path().read_text(encoding="utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in lines] == ["Name", "Ash", "Total: 1 row"]
