"""A trial balance as CSV, XLSX and PDF."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.test import Client

from ledgers.models import Ledger
from tests.factories import (
    make_balance,
    post_transfer,
)
from tests.files import body_of, read_csv, read_xlsx
from tests.pages import links_of, text_of
from transactions.models import Transaction
from web.files import ROWS_MAX

URL = "/trial-balance/"
MARCH = datetime(2025, 3, 10, 9, tzinfo=UTC)


def test_files_hold_every_line_exactly(clerk: Client, suppliers: Ledger) -> None:
    query = {"from": "2025-04-01", "as_of": "2025-04-30"}

    response = clerk.get("/trial-balance.csv", query)

    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["Ledger"] for line in lines] == ["General Ledger", "Suppliers"]
    assert lines[1]["Ledger id"] == suppliers.key
    amounts = ("Opening credit", "Debits", "Credits", "Closing debit", "Closing credit")
    assert [lines[1][name] for name in amounts] == ["100.00", "30.00", "0.00", "0.00", "70.00"]
    for name, other in (("Debits", "Credits"), ("Closing debit", "Closing credit")):
        assert sum(Decimal(line[name]) - Decimal(line[other]) for line in lines) == 0
    for kind in ("xlsx", "pdf"):
        file = clerk.get(f"/trial-balance.{kind}", {**query, "ledger": suppliers.key})
        assert file.status_code == 200
        assert (
            "trial-balance-Suppliers-from-2025-04-01-as-of-2025-04-30."
            in file.headers["Content-Disposition"]
        )


def test_lines_of_a_file_tell_their_period_and_their_clock(
    clerk: Client, suppliers: Ledger
) -> None:
    post_transfer(
        source=make_balance(floor_minor=None), destination=make_balance(), effective_at=MARCH
    )
    known_at = Transaction.objects.order_by("created_at")[1].created_at
    query = {"from": "2025-04-01", "as_of": "2025-04-30T12:00", "known_at": known_at.isoformat()}

    response = clerk.get("/trial-balance.csv", query)
    head, *lines = read_csv(body_of(response))
    _head, *now = read_csv(body_of(clerk.get("/trial-balance.csv")))
    sheet = read_xlsx(body_of(clerk.get("/trial-balance.xlsx", query)))

    clocks = ["2025-04-30T12:00:00+00:00", known_at.isoformat(timespec="seconds")]
    assert head[-3:] == ["From", "As of", "As recorded by"]
    assert [line[-3:] for line in lines] == [["2025-04-01T00:00:00+00:00", *clocks]] * 2
    assert "-as-of-2025-04-30T12-00-known-" in response.headers["Content-Disposition"]
    assert len(now) == 4
    assert {line[-3] for line in now} == {""}
    assert {line[-2] for line in now} == {line[-1] for line in now}
    assert ["As of 30 Apr 2025, 12:00"] in sheet
    assert [line for line in sheet if line[0].startswith("As recorded by ")]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"as_of": "2999-01-01"}, "1 Jan 2999 is in the future."),
        ({"known_at": "never"}, "“never” is not a date such as 2025-03-31."),
        ({"from": "2025-02-30"}, "“2025-02-30” is not a date such as 2025-03-31."),
        ({"from": "2025-04-02", "as_of": "2025-04-01"}, "The first day is after the last."),
        ({"ledger": "ldg_nothing"}, "There is no such ledger."),
    ],
)
def test_what_the_page_does_not_understand_makes_no_file(
    clerk: Client, suppliers: Ledger, query: dict[str, str], told: str
) -> None:
    assert told in text_of(clerk.get(URL, query))
    for kind in ("csv", "xlsx", "pdf"):
        response = clerk.get(f"/trial-balance.{kind}", query)

        assert response.status_code == 400
        assert f"No file was made {told}" in text_of(response)


def test_files_beside_the_page_are_of_what_it_shows(clerk: Client, suppliers: Ledger) -> None:
    wrong = {"ledger": suppliers.key, "from": "2025-02-30", "as_of": "2999-01-01"}
    right = {"ledger": suppliers.key, "from": "2025-04-01", "as_of": "2025-04-30"}

    for query, kept in ((wrong, {"ledger": suppliers.key}), (right, right)):
        links = [link for link in links_of(clerk.get(URL, query)) if "trial-balance." in link]

        assert len(links) == 3
        assert {link.partition("?")[2] for link in links} == {urlencode(kept)}


def test_a_pdf_of_too_many_lines_is_refused_with_the_kinds_that_hold_them(
    clerk: Client, suppliers: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROWS_MAX, "pdf", 1)
    query = f"ledger={suppliers.key}&as_of=2025-04-30"

    response = clerk.get(f"/trial-balance.pdf?{query}", follow=True)

    assert "A PDF file holds at most 1 lines. The same with all lines: CSV / XLSX." in text_of(
        response
    )
    for kind in ("csv", "xlsx"):
        assert links_of(response).count(f"/trial-balance.{kind}?{query}") == 2
