from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from balances.models import Balance
from tests.factories import make_balance, make_client, make_user
from tests.files import body_of, read_csv
from tests.pages import HTMX, count_queries, is_whole_page, links_of, rows_of, text_of
from tests.reports.statements import at, pay, period, url_of
from users.models import TimeZoneChoice

pytestmark = pytest.mark.django_db


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


def test_without_the_first_day_it_is_the_month_of_the_last(
    clerk: Client, northgate: Balance
) -> None:
    rows = rows_of(clerk.get(url_of(northgate, to="2025-02-28")))

    assert rows == rows_of(clerk.get(url_of(northgate, **period("2025-02-01", "2025-02-28"))))
    assert clerk.get(url_of(northgate, to="2025-02-30")).status_code == 422


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


def test_page_of_a_past_it_did_not_understand_has_files_of_what_it_shows(
    clerk: Client, northgate: Balance
) -> None:
    response = clerk.get(url_of(northgate, as_of="2999-01-01", to="2025-02-28"))

    links = [link for link in links_of(response) if "statement." in link]
    assert [link.partition("?")[2] for link in links] == ["to=2025-02-28"] * 3
    assert clerk.get(links[0]).status_code == 200


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
