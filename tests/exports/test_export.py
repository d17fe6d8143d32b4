from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from audit.models import AuditEvent
from exports import operations
from exports.models import SILENCE_MAX, Export
from tests.factories import make_client, make_identity, make_user
from tests.files import body_of, read_csv, read_xlsx
from tests.pages import text_of
from users.models import User

pytestmark = pytest.mark.django_db

HOSTILE = '=HYPERLINK("http://x"),<script>\n\tשלום'
ADDRESS = "/identities/export."


@pytest.fixture
def clerk() -> User:
    return make_user(username="ann")


@pytest.fixture
def pages(clerk: User) -> Client:
    return make_client(user=clerk)


def lines_of(pages: Client, query: str = "") -> list[Any]:
    body = body_of(pages.get(f"{ADDRESS}jsonl{query}"))
    return [json.loads(line) for line in body.decode().splitlines()]


def test_columns_and_rows_are_those_of_the_page_in_its_order(pages: Client) -> None:
    for name in ("Birch", "Ash", "Cedar"):
        make_identity(name=name, metadata={"region": {"code": name[:1]}})

    query = "?sort=-name&columns=metadata.region.code,email,name&size=20"
    heads, *rows, total = read_csv(body_of(pages.get(f"{ADDRESS}csv{query}")))

    assert heads == ["Name", "region.code", "E-mail"]
    assert rows == [["Cedar", "C", ""], ["Birch", "B", ""], ["Ash", "A", ""]]
    assert total == ["Total: 3 rows", "", ""]


def test_extra_information_is_written_as_it_was_given(pages: Client) -> None:
    given = {"region": "Nørd", "vip": True, "tier": 2.5, "sites": ["Ås", {"to": None}], "no": None}
    make_identity(name="Ann", metadata=given)
    columns = ",".join(f"metadata.{key}" for key in given)

    heads, row, _total = read_csv(body_of(pages.get(f"{ADDRESS}csv?columns={columns}")))

    assert heads == ["Name", *given]
    assert row == ["Ann", "Nørd", "true", "2.5", '["Ås", {"to": null}]', ""]
    shown = pages.get(f"/identities/?columns={columns}").content.decode()
    assert "<bdi>[&quot;Ås&quot;, {&quot;to&quot;: null}]</bdi>" in shown


def test_every_format_says_the_same_and_xlsx_says_what_it_is(pages: Client) -> None:
    make_identity(name=HOSTILE, email="a@example.com")
    make_identity(name="Elm", email="e@example.com")
    query = (
        "?where=email:contains:example&where=name:contains:scr|name:contains:nobody&columns=email"
    )

    head, row, end = lines_of(pages, query)
    sheet = read_xlsx(body_of(pages.get(f"{ADDRESS}xlsx{query}")))
    cells = read_csv(body_of(pages.get(f"{ADDRESS}csv{query}")))

    assert row == {"name": HOSTILE, "email": "a@example.com"}
    assert end == {"end": {"rows": 1, "totals": [{"name": "Total: 1 row"}]}}
    assert [HOSTILE, "a@example.com"] in sheet
    assert [f"'{HOSTILE}", "a@example.com"] in cells
    about = [line for [line] in sheet[:5]]
    assert about[0] == "Identities"
    assert about[1] == (
        "E-mail contains “example” and Name contains “scr” or Name contains “nobody”"
    )
    assert about[2] == "1 identity"
    assert about[3].startswith("Exported by ann, ")
    assert head["table"]["about"][:2] == about[1:3]


def test_all_pages_are_exported_and_the_position_in_them_is_not(pages: Client) -> None:
    for number in range(30):
        make_identity(name=f"Identity {number:02}")
    next_page = pages.get("/identities/?sort=name&size=20").context["page"].next_cursor

    _head, *rows, end = lines_of(pages, f"?sort=name&size=20&cursor={next_page}&look=x&count=exact")

    assert [row["name"] for row in rows] == [f"Identity {number:02}" for number in range(30)]
    assert end["end"]["rows"] == 30


def test_moments_are_exact_and_heads_in_the_zone_of_the_reader(clerk: User, pages: Client) -> None:
    clerk.time_zone_choice = "local"
    clerk.save()
    pages.cookies["daybook_tz"] = "Asia/Kathmandu"
    made = make_identity()

    head, row, _end = lines_of(pages)

    assert row["created"] == made.created_at.isoformat()
    assert head["table"]["about"][3] == "Times are in Asia/Kathmandu"


def test_an_export_is_noted_and_audited_when_it_ends(clerk: User, pages: Client) -> None:
    make_identity(name="Ash")
    public_id = uuid4()

    response = pages.get(f"{ADDRESS}csv?q=ash&export={public_id}&cursor=")
    export = Export.objects.get(public_id=public_id)
    assert (export.state, export.query) == ("RUNNING", "q=ash")
    body_of(response)

    export.refresh_from_db()
    assert (export.state, export.row_count, export.expected_count) == ("FINISHED", 1, 1)
    event = AuditEvent.objects.get(subject=export.key)
    assert (event.actor, event.action) == (clerk, "export.finished")
    assert event.after == {
        "table": "identities",
        "query": "q=ash",
        "filter": "holds “ash”",
        "format": "csv",
        "rows": 1,
        "expected": 1,
    }


def test_one_that_fails_breaks_off_and_says_so(
    pages: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_identity()
    monkeypatch.setattr("exports.reading.Selection.count", lambda _selection: 2)

    response = pages.get(f"{ADDRESS}csv")
    with pytest.raises(Exception, match="1 rows, not 2"):
        body_of(response)

    export = Export.objects.get()
    assert export.state == "FAILED"
    assert AuditEvent.objects.get(subject=export.key).action == "export.failed"
    progress = pages.get(f"/exports/{export.public_id}/").content.decode()
    assert "Failed after 1 rows; the file is not whole. Export again." in progress
    assert "tries=" not in progress


def test_progress_is_asked_for_until_the_export_has_not_begun_for_long(pages: Client) -> None:
    address = f"/exports/{uuid4()}/"

    first, late = (pages.get(f"{address}?tries={tries}").content.decode() for tries in ("x", "30"))

    assert "Begins …" in first
    assert f"{address}?tries=1" in first
    assert "It has not begun" in late
    assert "tries=" not in late


def test_a_filter_that_means_nothing_is_told_on_the_page(pages: Client) -> None:
    make_identity()

    response = pages.get(f"{ADDRESS}csv?where=nothing:is:x", follow=True)

    assert response.redirect_chain[0][0].startswith("/identities/?where=nothing")
    assert "mend the filter first" in response.content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize("table", ["identities", "transactions", "entries"])
def test_a_tab_that_is_not_there_is_told_and_gives_no_unfiltered_file(
    pages: Client, table: str
) -> None:
    response = pages.get(f"/{table}/export.csv?tab=inflght&q=a", follow=True)

    assert response.redirect_chain == [(f"/{table}/?q=a", 302)]
    assert "the table has no tab “inflght”" in text_of(response)
    assert not Export.objects.exists()
    assert pages.get(f"/{table}/export.csv?tab=all").headers["Content-Disposition"]


def test_two_at_a_time_for_each_and_four_for_all(clerk: User, pages: Client) -> None:
    def running(user: User) -> None:
        operations.begin_export(user=user, table="ledgers", query="", filter_text="", kind="csv")

    running(clerk)
    running(clerk)
    refused = pages.get(f"{ADDRESS}csv", follow=True).content.decode()
    assert "Two of your exports are still running." in refused

    other, third = make_user(), make_user()
    running(other)
    running(other)
    with pytest.raises(operations.ExportRefusedError, match="Others are exporting"):
        running(third)


def test_one_that_is_silent_for_minutes_has_failed(clerk: User, pages: Client) -> None:
    left = operations.begin_export(
        user=clerk, table="ledgers", query="", filter_text="", kind="csv"
    )
    left.heard_at = left.started_at - SILENCE_MAX * 2
    Export.objects.filter(pk=left.pk).update(heard_at=left.heard_at)
    assert "Failed after 0 rows" in pages.get("/exports/").content.decode()

    body_of(pages.get(f"{ADDRESS}csv"))

    left.refresh_from_db()
    assert left.state == "FAILED"
    assert AuditEvent.objects.filter(subject=left.key, action="export.failed").exists()


def test_exports_are_seen_and_stopped_by_who_began_them_alone(clerk: User, pages: Client) -> None:
    export = operations.begin_export(
        user=clerk, table="identities", query="q=x", filter_text="holds “x”", kind="csv"
    )
    stranger = make_client()

    html = pages.get("/exports/").content.decode()
    assert 'href="/identities/?q=x"' in html
    assert "Counting …" in html
    assert "holds “x”" not in stranger.get("/exports/").content.decode()
    assert "Begins …" in stranger.get(f"/exports/{export.public_id}/").content.decode()
    assert stranger.post(f"/exports/{export.public_id}/end/").status_code == 404
    export.refresh_from_db()
    assert not export.is_cancel_asked
    pages.post(f"/exports/{export.public_id}/end/")
    export.refresh_from_db()
    assert export.is_cancel_asked


def test_only_tables_and_formats_that_there_are(pages: Client) -> None:
    assert pages.get("/nothing/export.csv").status_code == 404
    assert pages.get("/identities/export.exe").status_code == 404
    assert pages.post("/identities/export.csv").status_code == 405


def test_who_may_not_open_a_table_cannot_export_it(pages: Client) -> None:
    assert pages.get("/audit/").status_code == 403
    assert pages.get("/audit/export.csv").status_code == 403
    assert not Export.objects.exists()
