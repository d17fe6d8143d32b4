"""Statements as files."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from balances.models import Balance
from ledgers.operations import add_currency
from tests.factories import make_balance, make_identity, post_transfer
from tests.files import body_of, read_csv, read_pdf, read_xlsx
from tests.pages import SCRIPT, links_of, rows_of, text_of
from tests.reports.statements import at, period, url_of
from transactions.requests import Indicator
from web.files import ROWS_MAX

pytestmark = pytest.mark.django_db


def test_every_file_says_what_the_page_says(clerk: Client, northgate: Balance) -> None:
    february = period("2025-02-01", "2025-02-28")

    table = read_csv(body_of(clerk.get(url_of(northgate, "csv", **february))))
    sheet = read_xlsx(body_of(clerk.get(url_of(northgate, "xlsx", **february))))
    (paper,) = read_pdf(body_of(clerk.get(url_of(northgate, "pdf", **february))))

    assert [row[:7] for row in table] == [
        ["Date", "Reference", "Counterparty", "Description", "Debit", "Credit", "Balance"],
        ["2025-02-01", "", "", "Opening balance", "", "", "100.00"],
        ["2025-02-03", "late", "'@Treasury", "Found in a drawer", "150.00", "", "-50.00"],
        ["2025-02-20", "last", "'@Treasury", "", "30.00", "", "-80.00"],
        ["2025-02-28", "", "", "Closing balance", "180.00", "0.00", "-80.00"],
    ]
    assert table[2][7:9] == ["GBP", "2025-02-03T12:00:00+00:00"]
    assert table[2][10].startswith("txn_")
    assert sheet[-3][:6] == ["2025-02-03", "late", "@Treasury", "Found in a drawer", "150", "-50"]
    assert {"Northgate, GBP – " + northgate.ledger.name, "−50.00", "−80.00"} <= set(paper)
    assert "1 Feb 2025 to 28 Feb 2025, both included (days in UTC)" in paper


def test_a_file_of_the_past_closes_on_the_last_day_that_counts(
    clerk: Client, northgate: Balance
) -> None:
    february = period("2025-02-01", "2025-02-28")

    cut = clerk.get(url_of(northgate, "csv", **february, as_of="2025-02-10"))
    before = clerk.get(url_of(northgate, "csv", **february, as_of="2025-01-20"))
    known = clerk.get(url_of(northgate, "csv", **february, known_at="2025-02-10"))

    assert [row[0] for row in read_csv(body_of(cut))] == [
        *("Date", "2025-02-01", "2025-02-03", "2025-02-10")
    ]
    assert cut.headers["Content-Disposition"].endswith(
        '-GBP-2025-02-01-2025-02-10-as-of-2025-02-10.csv"'
    )
    assert [row[0] for row in read_csv(body_of(before))] == ["Date", "2025-02-01", "2025-02-01"]
    assert read_csv(body_of(known))[-1][0] == "2025-02-28"
    assert known.headers["Content-Disposition"].endswith('-2025-02-28-known-2025-02-10.csv"')


def test_a_file_is_told_in_the_history_of_the_balance(clerk: Client, northgate: Balance) -> None:
    clerk.get(url_of(northgate, "csv", **period("2025-02-01", "2025-02-28")))

    event = AuditEvent.objects.get(action="statement.exported")
    assert event.subject == northgate.key
    assert event.after == {
        "from": "2025-02-01",
        "to": "2025-02-28",
        "zone": "UTC",
        "format": "csv",
        "lines": 2,
    }
    assert "Exported by" in text_of(clerk.get(northgate.get_absolute_url()))


def test_a_file_never_shows_now_for_a_past_it_did_not_understand(
    clerk: Client, northgate: Balance
) -> None:
    for kind in ("csv", "xlsx", "pdf"):
        response = clerk.get(url_of(northgate, kind, known_at="never"))

        assert response.status_code == 400
        assert "No file was made “never” is not a date" in text_of(response)
        assert f"{northgate.get_absolute_url()}statement/" in links_of(response)
    assert not AuditEvent.objects.filter(action="statement.exported").exists()


def test_each_line_of_a_file_tells_its_moment_and_its_clock(
    clerk: Client, northgate: Balance
) -> None:
    query = {**period("2025-02-01", "2025-02-28"), "as_of": "2025-02-10"}
    before = timezone.now()

    _head, *now = read_csv(body_of(clerk.get(url_of(northgate, "csv", **query))))
    query["known_at"] = "2025-06-30"
    head, *then = read_csv(body_of(clerk.get(url_of(northgate, "csv", **query))))

    assert head[-2:] == ["As of", "As recorded by"]
    assert {tuple(row[-2:]) for row in then} == {
        ("2025-02-10T23:59:59+00:00", "2025-06-30T23:59:59+00:00")
    }
    assert {row[-2] for row in now} == {"2025-02-10T23:59:59+00:00"}
    (read_at,) = {row[-1] for row in now}
    assert before.replace(microsecond=0) <= datetime.fromisoformat(read_at) <= timezone.now()


def test_file_of_a_day_that_is_not_over_tells_when_it_was_read(
    clerk: Client, northgate: Balance
) -> None:
    today = timezone.localdate().isoformat()

    rows = read_csv(body_of(clerk.get(url_of(northgate, "csv", as_of=today, known_at=today))))

    assert all(datetime.fromisoformat(cell) <= timezone.now() for cell in rows[-1][-2:])


def test_sheets_and_papers_tell_their_moment_and_their_clock(
    clerk: Client, northgate: Balance
) -> None:
    query = {**period("2025-02-01", "2025-02-28"), "known_at": "2025-02-10T12:30"}

    sheet = read_xlsx(body_of(clerk.get(url_of(northgate, "xlsx", **query))))
    (paper,) = read_pdf(body_of(clerk.get(url_of(northgate, "pdf", **query))))

    told = ["As of 10 Feb 2025, 12:30", "As recorded by 10 Feb 2025, 12:30"]
    assert [[line] for line in told] == sheet[4:6]
    assert set(told) <= set(paper)


HOSTILE = '=HYPERLINK("http://x")'


def test_hostile_text_stays_text_in_every_format(clerk: Client) -> None:
    texts = [HOSTILE, SCRIPT, "+שלום", "@漢字 😀", "two\nlines\t", "-1;=1+1"]
    evil = make_balance(identity=make_identity(name="=Evil"), floor_minor=None)
    balance = make_balance(identity=make_identity(name=f"{SCRIPT}=1"), floor_minor=None)
    for number, text in enumerate(texts):
        post_transfer(
            source=evil,
            destination=balance,
            reference=text.partition("\n")[0],
            description=text,
            effective_at=at("2025-02-03", f"12:0{number}"),
        )
    query = period("2025-02-01", "2025-02-28")

    page = clerk.get(url_of(balance, **query))
    table = read_csv(body_of(clerk.get(url_of(balance, "csv", **query))))
    sheet = read_xlsx(body_of(clerk.get(url_of(balance, "xlsx", **query))))
    papers = read_pdf(body_of(clerk.get(url_of(balance, "pdf", **query))))

    assert SCRIPT not in page.content.decode()
    kept = [[text.partition("\n")[0], "=Evil", text] for text in texts]
    assert [row[1:4] for row in sheet[-len(texts) - 1 : -1]] == kept
    assert [[cell.replace("'", "") for cell in row[1:4]] for row in table[2:-1]] == kept
    assert not [cell for row in table for cell in row[:4] if cell[:1] in ("=", "+", "-", "@")]
    assert "-1;'=1+1" in table[-2][3]
    assert {HOSTILE, SCRIPT, "=Evil", "two lines"} <= {text for page in papers for text in page}


def test_amounts_of_eighteen_decimals_are_exact_everywhere(clerk: Client) -> None:
    add_currency(code="ETH", name="Ether", exponent=18, kind="CRYPTO", actor=None)
    ether = make_balance(currency="ETH", floor_minor=None)
    amount = 12_345_678_901_234_567_890_123_456_789
    post_transfer(source=Indicator("@Treasury", "ETH"), destination=ether, amount_minor=amount)
    post_transfer(source=ether, destination=Indicator("@Treasury", "ETH"), amount_minor=1)
    query = period("2025-01-15", "2025-01-15")

    page = rows_of(clerk.get(url_of(ether, **query)))
    table = read_csv(body_of(clerk.get(url_of(ether, "csv", **query))))
    sheet = read_xlsx(body_of(clerk.get(url_of(ether, "xlsx", **query))))
    (paper,) = read_pdf(body_of(clerk.get(url_of(ether, "pdf", **query))))

    grouped, least = "12,345,678,901.234567890123456788", "0.000000000000000001"
    assert [page[-1][-1], page[-1][3]] == [grouped, least]
    assert table[-1][4:7] == [least, "12345678901.234567890123456789", grouped.replace(",", "")]
    assert sheet[-1][-3:-1] == [table[-1][5], table[-1][6]] or table[-1][6] in sheet[-1]
    assert {grouped, least} <= set(paper)


def test_a_pdf_of_too_many_lines_is_refused_with_a_way_out(
    clerk: Client, northgate: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROWS_MAX, "pdf", 1)

    asked = period("2025-02-01", "2025-02-28")

    response = clerk.get(url_of(northgate, "pdf", **asked), follow=True)

    told = (
        "A PDF file holds at most 1 lines. The same with all lines: CSV / XLSX. Or choose a shorter"
    )
    assert told in text_of(response)
    for kind in ("csv", "xlsx"):
        address = url_of(northgate, kind, **asked)
        assert links_of(response).count(address) == 2
        assert clerk.get(address).status_code == 200
