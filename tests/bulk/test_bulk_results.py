"""The results of a run as files: what its page shows, for its own person only, and audited."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from bulk.models import Run
from exports.models import Export
from tests.bulk.starting import press_start
from tests.bulk.test_bulk import holds, reviewed
from tests.exports.test_export import HOSTILE
from tests.factories import make_client, make_ledger
from tests.files import body_of, read_csv, read_xlsx
from tests.pages import links_of, rows_of, text_of
from transactions.lifecycle import void
from transactions.models import Transaction
from transactions.requests import Following


@pytest.fixture
def clerk(db: None) -> Client:
    return make_client()


@pytest.fixture
def run(clerk: Client) -> Run:
    """Two holds are voided, a third had been before."""
    made = holds(3)
    void(Following(made[1].pk, reference="before"))
    run = reviewed(clerk, "void", key=[hold.key for hold in made])
    press_start(clerk, run.get_absolute_url())
    return run


def export(clerk: Client, run: Run, kind: str, **query: str) -> Any:
    return clerk.get(f"/results/export.{kind}", {"run": str(run.public_id), **query})


def shown(clerk: Client, run: Run, query: str = "") -> list[list[str]]:
    """The rows of the page: number, record, result, what came of it."""
    rows = rows_of(clerk.get(f"{run.get_absolute_url()}{query}"))
    start = next((place for place, row in enumerate(rows) if row[:1] == ["No."]), len(rows))
    return rows[start + 1 :]


def test_a_file_holds_what_the_page_shows(clerk: Client, run: Run) -> None:
    head, *rows, total = read_csv(body_of(export(clerk, run, "csv")))

    assert head == ["No.", "Record", "Key", "Result", "Reason", "What came of it", "Its key"]
    assert [[row[0], row[1], row[3], row[4] or row[5]] for row in rows] == shown(clerk, run)
    assert [row[2] for row in rows] == [item.record_key for item in run.items.order_by("position")]
    voids = Transaction.objects.filter(kind="VOID").exclude(reference="before")
    assert {row[6] for row in rows} == {"", *(each.key for each in voids)}
    assert "3" in "".join(total)


def test_every_kind_of_file_says_the_same(clerk: Client, run: Run) -> None:
    rows = read_csv(body_of(export(clerk, run, "csv")))[1:4]

    sheet = read_xlsx(body_of(export(clerk, run, "xlsx")))
    lines = [json.loads(line) for line in body_of(export(clerk, run, "jsonl")).splitlines()]

    written = [[cell for cell in row if cell] for row in rows]
    assert [row for row in sheet if row[:1] in (["1"], ["2"], ["3"])] == written
    assert [[str(value) for value in each.values()] for each in lines[1:4]] == rows
    assert lines[-1]["end"]["rows"] == 3


@pytest.mark.parametrize(("tab", "count"), [("done", 2), ("refused", 1), ("waiting", 0)])
def test_a_tab_is_exported_as_it_is_shown(clerk: Client, run: Run, tab: str, count: int) -> None:
    page = clerk.get(f"{run.get_absolute_url()}?tab={tab}")
    addresses = [link for link in links_of(page) if link.startswith("/results/export.")]

    assert [link.partition("?")[0] for link in addresses] == [
        "/results/export.csv",
        "/results/export.xlsx",
        "/results/export.jsonl",
    ]
    rows = read_csv(body_of(clerk.get(addresses[0])))[1:-1]
    assert len(rows) == count
    assert [row[0] for row in rows] == [row[0] for row in shown(clerk, run, f"?tab={tab}")]


def test_it_is_audited_and_listed_and_its_link_leads_to_the_run(clerk: Client, run: Run) -> None:
    body_of(export(clerk, run, "csv", tab="refused"))

    event = AuditEvent.objects.get(action="export.finished")
    assert event.after is not None
    assert (event.after["table"], event.after["rows"]) == ("results", 1)
    assert str(run.public_id) in event.after["query"]
    assert "Void: 3 records" in event.after["filter"]
    listed = clerk.get("/exports/")
    (address,) = (link for link in links_of(listed) if link.startswith("/bulk/results/"))
    assert clerk.get(address, follow=True).redirect_chain == [
        (f"{run.get_absolute_url()}?tab=refused", 302)
    ]


@pytest.mark.parametrize("query", ["", "?run=", "?run=x", "?run=%00"])
def test_a_run_that_is_not_there_has_no_files(clerk: Client, query: str) -> None:
    assert clerk.get(f"/results/export.csv{query}").status_code == 404
    assert clerk.get(f"/bulk/results/{query}").status_code == 404


def test_another_persons_results_are_not_to_be_had(run: Run) -> None:
    stranger = make_client()

    assert export(stranger, run, "csv").status_code == 404
    assert stranger.get("/bulk/results/", {"run": str(run.public_id)}).status_code == 404
    assert not Export.objects.exists()
    assert Client().get("/results/export.csv", {"run": str(run.public_id)}).status_code == 302


def test_what_is_not_started_offers_no_file(clerk: Client) -> None:
    run = reviewed(clerk, "void", key=[holds(1)[0].key])

    assert not [link for link in links_of(clerk.get(run.get_absolute_url())) if "export" in link]


def test_a_filter_that_means_nothing_exports_nothing(clerk: Client, run: Run) -> None:
    response = export(clerk, run, "csv", where="result:is:x")

    assert response.status_code == 302
    assert "mend the filter" in text_of(clerk.get(response["Location"], follow=True))


def test_hostile_names_stay_texts(clerk: Client) -> None:
    ledger = make_ledger(name=HOSTILE)
    sent = {"go": "1", "key": [ledger.key], "metadata_key": ["a"], "metadata_value": ["b"]}
    run = Run.objects.get(
        public_id=clerk.post("/ledgers/bulk/metadata/", sent)["Location"].split("/")[2]
    )
    press_start(clerk, run.get_absolute_url())

    (row,) = read_csv(body_of(export(clerk, run, "csv")))[1:-1]
    line = json.loads(body_of(export(clerk, run, "jsonl")).splitlines()[1])

    assert row[1].lstrip("'") == HOSTILE
    assert line["record"] == HOSTILE


def test_results_go_on_on_a_second_page(clerk: Client) -> None:
    made = holds(51)
    run = reviewed(clerk, "void", key=[hold.key for hold in made])
    press_start(clerk, run.get_absolute_url())

    first = clerk.get(f"{run.get_absolute_url()}?tab=done")
    (following,) = {link for link in links_of(first) if "cursor=" in link}
    second = clerk.get(f"{run.get_absolute_url()}{following[following.index('?') :]}")

    assert [row[0] for row in rows_of(second) if row and row[0] == "51"] == ["51"]
    assert "tab=done" in following
