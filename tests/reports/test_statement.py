from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from balances.models import Balance
from ledgers.operations import add_currency
from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from tests.files import body_of, read_csv, read_pdf, read_xlsx
from tests.pages import HTMX, SCRIPT, count_queries, is_whole_page, links_of, rows_of, text_of
from transactions.requests import Indicator
from users.models import TimeZoneChoice
from web.files import ROWS_MAX

pytestmark = pytest.mark.django_db

TREASURY = Indicator("@Treasury", "GBP")


def at(day: str, time: str = "12:00", zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(zone))


def pay(balance: Balance, amount_minor: int, moment: datetime, **fields: Any) -> None:
    """Credit the balance, or debit it by a negative amount."""
    sides = (TREASURY, balance) if amount_minor > 0 else (balance, TREASURY)
    post_transfer(
        source=sides[0],
        destination=sides[1],
        amount_minor=abs(amount_minor),
        effective_at=moment,
        **fields,
    )


def url_of(balance: Balance, kind: str = "", **query: str) -> str:
    path = balance.get_absolute_url() + ("statement/" if not kind else f"statement.{kind}")
    return path + "?" + "&".join(f"{name}={value}" for name, value in query.items())


def period(first: str, last: str) -> dict[str, str]:
    return {"from": first, "to": last}


@pytest.fixture
def northgate() -> Balance:
    """Three payments, of which the one in the middle was recorded last."""
    balance = make_balance(identity=make_identity(name="Northgate"), floor_minor=None)
    pay(balance, 100_00, at("2025-01-10"), reference="first")
    pay(balance, -30_00, at("2025-02-20"), reference="last")
    pay(balance, -150_00, at("2025-02-03"), reference="late", description="Found in a drawer")
    return balance


def test_back_dated_entries_take_their_place_between_opening_and_closing(
    clerk: Client, northgate: Balance
) -> None:
    rows = rows_of(clerk.get(url_of(northgate, **period("2025-02-01", "2025-02-28"))))

    assert [[row[1], row[2], row[3], row[4], row[6]] for row in rows[1:]] == [
        ["", "Opening balance", "", "", "100.00"],
        ["late", "@TreasuryFound in a drawer", "150.00", "", "−50.00"],
        ["last", "@Treasury", "30.00", "", "−80.00"],
        ["", "", "180.00", "0.00", "−80.00"],
    ]
    assert rows[2][0].startswith("3 Feb 2025recorded ")


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


def test_without_the_first_day_it_is_the_month_of_the_last(
    clerk: Client, northgate: Balance
) -> None:
    rows = rows_of(clerk.get(url_of(northgate, to="2025-02-28")))

    assert rows == rows_of(clerk.get(url_of(northgate, **period("2025-02-01", "2025-02-28"))))
    assert clerk.get(url_of(northgate, to="2025-02-30")).status_code == 422


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


def test_debit_normal_balances_are_counted_their_way(clerk: Client) -> None:
    cash = make_balance(indicator="@Cash", normal_side="DEBIT", floor_minor=None)
    pay(cash, -70_00, at("2025-02-03"))

    february = period("2025-02-01", "2025-02-28")

    response = clerk.get(url_of(cash, **february))
    assert rows_of(response)[-1][3:] == ["70.00", "0.00", "", "70.00"]
    assert "Debit-normal: debits less credits" in text_of(response)
    assert read_csv(body_of(clerk.get(url_of(cash, "csv", **february))))[-1][6] == "70.00"


def test_what_was_recorded_later_is_left_out_on_request(clerk: Client, northgate: Balance) -> None:
    last = northgate.entries.get(transaction__reference="last").transaction
    known = {**period("2025-02-01", "2025-02-28"), "known_at": last.created_at.isoformat()}
    query = {name: value.replace("+", "%2B") for name, value in known.items()}

    response = clerk.get(url_of(northgate, **query))

    assert [row[1] for row in rows_of(response)[1:]] == ["", "last", ""]
    assert rows_of(response)[-1][-1] == "70.00"
    (link,) = [each for each in links_of(response) if "statement.csv" in each]
    assert read_csv(body_of(clerk.get(link)))[-1][6] == "70.00"


def test_as_of_a_day_the_statement_ends_there(clerk: Client, northgate: Balance) -> None:
    response = clerk.get(url_of(northgate, as_of="2025-02-10"))

    assert rows_of(response)[-1][-1] == "−50.00"
    assert "1 Feb 2025 to 10 Feb 2025" in text_of(response)
    cut = url_of(northgate, "csv", **period("2025-01-01", "2025-03-01"), as_of="2025-02-10")
    assert read_csv(body_of(clerk.get(cut)))[-1][6] == "-50.00"


def test_without_dates_it_is_this_month_so_far(clerk: Client) -> None:
    balance = make_balance(floor_minor=None)
    now = timezone.now()
    pay(balance, 5_00, now.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    pay(balance, 7_00, now.replace(day=1) - timedelta(days=3))

    response = clerk.get(balance.get_absolute_url() + "statement/")

    assert [row[-1] for row in rows_of(response)[1:]] == ["7.00", "12.00", "12.00"]
    assert re.search(r'aria-current="true">This month<', response.content.decode())
    every = next(
        link
        for link in links_of(response)
        if f"from={(now.replace(day=1) - timedelta(days=3)).date()}" in link
    )
    assert rows_of(clerk.get(every))[-1][-1] == "12.00"


@pytest.mark.parametrize(
    ("first", "last", "lines"),
    [
        ("2025-03-30", "2025-03-30", ["start", "end"]),  # the clocks go forward: 23 hours
        ("2025-03-29", "2025-03-29", ["before"]),
        ("2025-03-31", "2025-03-31", ["after"]),
    ],
)
def test_days_are_those_of_the_persons_zone(first: str, last: str, lines: list[str]) -> None:
    clerk = make_client(user=make_user(time_zone_choice=TimeZoneChoice.LOCAL))
    clerk.cookies["daybook_tz"] = "Europe/Oslo"
    balance = make_balance(floor_minor=None)
    moments = {
        "before": at("2025-03-29", "23:59:59.999999", "Europe/Oslo"),
        "start": at("2025-03-30", "00:00", "Europe/Oslo"),
        "end": at("2025-03-30", "23:59:59.999999", "Europe/Oslo"),
        "after": at("2025-03-31", "00:00", "Europe/Oslo"),
    }
    for name, moment in moments.items():
        pay(balance, 1_00, moment, reference=name)

    response = clerk.get(url_of(balance, **period(first, last)))

    assert [row[1] for row in rows_of(response)[2:-1]] == lines
    assert "days in Europe/Oslo" in text_of(response)
    table = read_csv(body_of(clerk.get(url_of(balance, "csv", **period(first, last)))))
    assert [row[1] for row in table[2:-1]] == lines
    assert {row[0] for row in table[1:]} == {first}


def test_an_empty_period_has_two_equal_ends(clerk: Client, northgate: Balance) -> None:
    for first, last, figure in (
        ("2025-01-11", "2025-01-31", "100.00"),
        ("1900-01-01", "2024-12-31", "0.00"),
        ("2999-12-31", "2999-12-31", "−80.00"),
    ):
        response = clerk.get(url_of(northgate, **period(first, last)))

        assert [row[-1] for row in rows_of(response)[1:]] == [figure, figure]
        assert "Nothing happened in this period." in text_of(response)
        for kind in ("csv", "xlsx", "pdf"):
            assert clerk.get(url_of(northgate, kind, **period(first, last))).status_code == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (period("2025-02-02", "2025-02-01"), "To: The last day is before the first."),
        (period("1899-12-31", "2025-02-01"), "From: Choose a date from 1900 to 2999."),
        (period("2025-02-02", "9999-12-31"), "To: Choose a date from 1900 to 2999."),
        (period("2025-02-30", "2025-02-01"), "From: Enter a date as 2025-01-31."),
        (period("=1%2B1", "%00"), "From: Enter a date as 2025-01-31."),
        (period("", "2025-02-01"), "From: Enter a date."),
    ],
)
def test_a_date_that_cannot_be_is_said_at_its_field(
    clerk: Client, northgate: Balance, query: dict[str, str], message: str
) -> None:
    response = clerk.get(url_of(northgate, **query))

    assert response.status_code == 422
    assert message in text_of(response)
    assert "Opening balance" not in text_of(response)
    sent = clerk.get(url_of(northgate, "csv", **query))
    assert sent.status_code == 302
    assert not AuditEvent.objects.filter(action="statement.exported").exists()


def test_a_file_never_shows_now_for_a_past_it_did_not_understand(
    clerk: Client, northgate: Balance
) -> None:
    for kind in ("csv", "xlsx", "pdf"):
        response = clerk.get(url_of(northgate, kind, known_at="never"))

        assert response.status_code == 400
        assert "No file was made “never” is not a date" in text_of(response)
        assert f"{northgate.get_absolute_url()}statement/" in links_of(response)
    assert not AuditEvent.objects.filter(action="statement.exported").exists()


def test_page_of_a_past_it_did_not_understand_has_files_of_what_it_shows(
    clerk: Client, northgate: Balance
) -> None:
    response = clerk.get(url_of(northgate, as_of="2999-01-01", to="2025-02-28"))

    links = [link for link in links_of(response) if "statement." in link]
    assert [link.partition("?")[2] for link in links] == ["to=2025-02-28"] * 3
    assert clerk.get(links[0]).status_code == 200


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


def test_pages_carry_their_figures_and_cost_the_same(clerk: Client) -> None:
    balance = make_balance(floor_minor=None)
    for number in range(205):
        pay(balance, 1_00, at("2025-02-03") + timedelta(minutes=number // 7))
    first = url_of(balance, **period("2025-02-01", "2025-02-28"))

    seen, counts, url = [], [], first
    while url:
        response = clerk.get(url)
        rows = rows_of(response)
        seen.append([rows[1][2], rows[1][-1], rows[-1][0], rows[-1][-1]])
        counts.append(count_queries(clerk, url))
        url = next_of(response)

    assert seen == [
        ["Opening balance", "0.00", "Carried forward", "100.00"],
        ["Brought forward", "100.00", "Carried forward", "200.00"],
        ["Brought forward", "200.00", "Closing balance", "205.00"],
    ]
    assert len(set(counts)) == 1
    assert counts[0] <= 9


def next_of(response: Any) -> str:
    found = re.search(r'rel="next" href="([^"]*)"', response.content.decode())
    return unescape(found[1]) if found else ""


def test_a_page_of_lines_is_swapped_alone(clerk: Client, northgate: Balance) -> None:
    url = url_of(northgate, **period("2025-02-01", "2025-02-28"))

    fragment = clerk.get(url, headers=HTMX)

    assert not is_whole_page(fragment)
    assert fragment.content.decode().lstrip().startswith('<section id="statement-lines"')
    broken = clerk.get(url + "&cursor=nonsense")
    assert "no longer valid" in text_of(broken)


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
