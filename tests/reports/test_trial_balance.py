from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from benchmarks.cluster import Books
from benchmarks.data import QUICK, fill
from ledgers.models import Ledger
from reports.models import CurrencyDayTotal, DayTotal, LedgerDayTotal
from reports.rolling import roll_up_days
from reports.trial_balance import (
    BALANCE_ORDER,
    LEDGER_ORDER,
    Scope,
    balance_lines,
    balances_of,
    ledger_lines,
    ledgers_of,
    total_lines,
)
from tests.conftest import OwnDatabase
from tests.factories import (
    general_ledger,
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    post_transfer,
)
from tests.files import body_of, read_csv, read_xlsx
from tests.pages import SCRIPT, count_queries, links_of, rows_of, text_of
from transactions.models import Transaction
from transactions.proof import run_proof
from web.as_of import Moment
from web.files import ROWS_MAX
from web.formatting import format_date

URL = "/trial-balance/"
MARCH = datetime(2025, 3, 10, 9, tzinfo=UTC)
TINY = replace(QUICK, balances=40, ledgers=4, big_ledger=20, transactions=600)


@pytest.fixture
def clerk(db: None) -> Client:
    return make_client()


@pytest.fixture
def books(db: None) -> Ledger:
    """Suppliers: 100.00 in March, 30.00 out in April; the other side is @Funding."""
    suppliers = make_ledger(name="Suppliers")
    northgate = make_balance(ledger=suppliers, identity=make_identity(name="Northgate"))
    funding = make_balance(indicator="@Funding", floor_minor=None)
    march, april = datetime(2025, 3, 10, 9, tzinfo=UTC), datetime(2025, 4, 10, 9, tzinfo=UTC)
    post_transfer(source=funding, destination=northgate, amount_minor=100_00, effective_at=march)
    post_transfer(source=northgate, destination=funding, amount_minor=30_00, effective_at=april)
    return suppliers


def table(client: Client, **query: str) -> list[list[str]]:
    return rows_of(client.get(URL, query))


def test_the_page_says_of_which_time_it_is(clerk: Client, books: Ledger) -> None:
    today = format_date(timezone.now())
    april = {"from": "2025-04-01"}

    assert f"As of {today}" in text_of(clerk.get(URL))
    assert f"From 1 Apr 2025, 00:00 · As of {today}" in text_of(clerk.get(URL, april))
    past = text_of(clerk.get(URL, {**april, "as_of": "2025-04-30"}))
    assert "From 1 Apr 2025, 00:00 UTC" in past
    assert f"As of {today}" not in past


def test_all_ledgers_stand_on_the_side_of_their_net_and_tie(clerk: Client, books: Ledger) -> None:
    response = clerk.get(URL)

    assert rows_of(response)[1:] == [
        ["General LedgerGBP", "GBP", "100.00", "30.00", "70.00", ""],
        ["SuppliersGBP", "GBP", "30.00", "100.00", "", "70.00"],
        ["TotalGBP", "GBP", "130.00", "130.00", "70.00", "70.00"],
    ]
    assert "Debits equal credits in every currency." in text_of(response)


def test_as_of_leaves_out_what_came_later(clerk: Client, books: Ledger) -> None:
    response = clerk.get(URL, {"as_of": "2025-03-31"})

    assert rows_of(response)[2] == ["SuppliersGBP", "GBP", "0.00", "100.00", "", "100.00"]
    assert "As of 31 Mar 2025, 23:59" in text_of(response)
    assert "No entries by then" in text_of(clerk.get(URL, {"as_of": "2025-03-01"}))


def test_a_period_opens_with_what_came_before(clerk: Client, books: Ledger) -> None:
    rows = table(clerk, **{"from": "2025-04-01", "as_of": "2025-04-30"})

    assert rows[0][2] == "Opening"
    assert rows[2] == ["SuppliersGBP", "GBP", "100.00Cr", "30.00", "0.00", "", "70.00"]
    assert rows[3] == ["TotalGBP", "GBP", "0.00", "30.00", "30.00", "70.00", "70.00"]


def test_what_was_recorded_later_is_left_out(clerk: Client, books: Ledger) -> None:
    response = clerk.get(URL, {"as_of": "2025-04-30", "known_at": "2025-05-31"})

    assert "No entries by then" in text_of(response)
    assert "as recorded by 31 May 2025, 23:59" in text_of(response)


def test_figures_lead_to_their_lines_and_are_compared_there(clerk: Client, books: Ledger) -> None:
    query = {"from": "2025-04-01", "as_of": "2025-04-30"}
    drill = next(link for link in links_of(clerk.get(URL, query)) if books.key in link)

    response = clerk.get(drill)

    assert drill.endswith("from=2025-04-01&as_of=2025-04-30&expect=7000,3000,0")
    assert rows_of(response)[1] == ["NorthgateGBP", "GBP", "100.00Cr", "30.00", "0.00", "", "70.00"]
    assert "These lines add up to the figure that you followed." in text_of(response)
    balance = Balance.objects.get(identity__name="Northgate")
    days = "from=2025-04-01&to=2025-04-30&as_of=2025-04-30"
    line = f"{balance.get_absolute_url()}statement/?{days}&expect="
    assert f"{line}7000,3000,0" in links_of(response)
    assert "You followed" not in text_of(clerk.get(f"{line}7000,3000,0"))
    differing = (
        ("7001,3000,0", "70.01, and what stands here adds up to 70.00 (credits less debits)"),
        ("7000,3001,0", "30.01, and what stands here adds up to 30.00 (debits)"),
        ("7000,3000,1", "0.01, and what stands here adds up to 0.00 (credits)"),
    )
    for expected, told in differing:
        assert f"You followed a figure of {told}" in text_of(clerk.get(f"{line}{expected}"))
        differs = clerk.get(drill.replace("7000,3000,0", expected))
        assert f"You followed a figure of {told}" in text_of(differs)
        assert "add up to the figure" not in text_of(differs)


def test_totals_lead_to_the_lines_of_their_currency(clerk: Client, books: Ledger) -> None:
    query = "currency=GBP&from=2025-04-01&as_of=2025-04-30&expect="

    for ledger, expected in (("", "0,3000,3000"), (f"ledger={books.key}&", "7000,3000,0")):
        scope = {"from": "2025-04-01", "as_of": "2025-04-30"}
        if ledger:
            scope["ledger"] = books.key
        url = f"{URL}?{ledger}{query}"
        assert links_of(clerk.get(URL, scope)).count(f"{url}{expected}") == 6

        response = clerk.get(f"{url}{expected}")

        assert "These lines add up to the figure that you followed." in text_of(response)
        assert not [link for link in links_of(response) if link.startswith(url)]
        assert "You followed a figure of 1.00" in text_of(clerk.get(f"{url}100,3000,3000"))


def test_period_that_no_statement_has_is_compared_by_its_end(clerk: Client, books: Ledger) -> None:
    query = {"ledger": books.key, "from": "2025-04-01T08:00", "as_of": "2025-04-30"}

    (line,) = {link for link in links_of(clerk.get(URL, query)) if "/balances/bln_" in link}

    assert line.endswith("/?as_of=2025-04-30&expect=7000")
    assert "You followed" not in text_of(clerk.get(line))


def test_lines_without_a_first_day_lead_to_the_balance_at_that_moment(
    clerk: Client, books: Ledger
) -> None:
    balance = Balance.objects.get(identity__name="Northgate")

    links = links_of(clerk.get(URL, {"ledger": books.key, "as_of": "2025-03-31"}))

    line = f"{balance.get_absolute_url()}?as_of=2025-03-31&expect="
    assert f"{line}10000,0,10000" in links
    assert "You followed" not in text_of(clerk.get(f"{line}10000,0,10000"))
    assert "adds up to 100.00" in text_of(clerk.get(f"{line}10001,0,10000"))
    assert "adds up to 0.00 (debits)" in text_of(clerk.get(f"{line}10000,1,10000"))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"as_of": "2025-02-30"}, "“2025-02-30” is not a date such as 2025-03-31."),
        ({"as_of": "9999-12-31"}, "is in the future. This page shows now."),
        ({"known_at": "yesterday"}, "This page shows now."),
        ({"from": "x"}, "This page begins with the first entry."),
        ({"from": "2025-04-01", "as_of": "2025-03-01"}, "The first day is after the last."),
        ({"ledger": "ldg_00000000-0000-0000-0000-000000000000"}, "There is no such ledger."),
    ],
)
def test_what_is_not_understood_is_told(
    clerk: Client, books: Ledger, query: dict[str, str], told: str
) -> None:
    response = clerk.get(URL, query)

    assert response.status_code == 200
    assert told in text_of(response)


@pytest.mark.parametrize("ending", ["/", ".csv"])
def test_anonymous_is_sent_to_login(client: Client, ending: str) -> None:
    response = client.get(f"/trial-balance{ending}")

    assert response.headers["Location"].startswith("/login/")


def test_names_are_shown_as_text(clerk: Client) -> None:
    balance = make_balance(ledger=make_ledger(name=SCRIPT), identity=make_identity(name=SCRIPT))
    post_transfer(source=make_balance(floor_minor=None), destination=balance)

    for query in ({}, {"ledger": balance.ledger.key}):
        assert SCRIPT not in clerk.get(URL, query).content.decode()


def test_query_count_is_constant(clerk: Client, books: Ledger) -> None:
    urls = [URL, f"{URL}?ledger={books.key}&from=2025-01-01&as_of=2025-04-30"]
    few = [count_queries(clerk, url) for url in urls]
    for _ in range(5):
        post_transfer(source=make_balance(floor_minor=None), destination=make_balance(ledger=books))

    assert [count_queries(clerk, url) for url in urls] == few
    assert max(few) <= 8  # with the savepoint that a test's snapshot is


def test_pages_of_balances_keep_the_moment(clerk: Client, books: Ledger) -> None:
    source = make_balance(floor_minor=None)
    for _ in range(101):
        post_transfer(source=source, destination=make_balance(ledger=books))

    first = clerk.get(URL, {"ledger": books.key, "as_of": "2025-12-31"})
    following = next(link for link in links_of(first) if "cursor=" in link)
    second = clerk.get(following)

    assert "as_of=2025-12-31" in following
    # With the head, the totals and the net.
    assert len(rows_of(first)) == 103
    assert len(rows_of(second)) == 5
    assert rows_of(first)[-2:] == rows_of(second)[-2:]  # which are of all lines


def test_files_hold_every_line_exactly(clerk: Client, books: Ledger) -> None:
    query = {"from": "2025-04-01", "as_of": "2025-04-30"}

    response = clerk.get("/trial-balance.csv", query)

    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["Ledger"] for line in lines] == ["General Ledger", "Suppliers"]
    assert lines[1]["Ledger id"] == books.key
    amounts = ("Opening credit", "Debits", "Credits", "Closing debit", "Closing credit")
    assert [lines[1][name] for name in amounts] == ["100.00", "30.00", "0.00", "0.00", "70.00"]
    for name, other in (("Debits", "Credits"), ("Closing debit", "Closing credit")):
        assert sum(Decimal(line[name]) - Decimal(line[other]) for line in lines) == 0
    for kind in ("xlsx", "pdf"):
        file = clerk.get(f"/trial-balance.{kind}", {**query, "ledger": books.key})
        assert file.status_code == 200
        assert (
            "trial-balance-Suppliers-from-2025-04-01-as-of-2025-04-30."
            in file.headers["Content-Disposition"]
        )


def test_lines_of_a_file_tell_their_period_and_their_clock(clerk: Client, books: Ledger) -> None:
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
    clerk: Client, books: Ledger, query: dict[str, str], told: str
) -> None:
    assert told in text_of(clerk.get(URL, query))
    for kind in ("csv", "xlsx", "pdf"):
        response = clerk.get(f"/trial-balance.{kind}", query)

        assert response.status_code == 400
        assert f"No file was made {told}" in text_of(response)


def test_files_beside_the_page_are_of_what_it_shows(clerk: Client, books: Ledger) -> None:
    wrong = {"ledger": books.key, "from": "2025-02-30", "as_of": "2999-01-01"}
    right = {"ledger": books.key, "from": "2025-04-01", "as_of": "2025-04-30"}

    for query, kept in ((wrong, {"ledger": books.key}), (right, right)):
        links = [link for link in links_of(clerk.get(URL, query)) if "trial-balance." in link]

        assert len(links) == 3
        assert {link.partition("?")[2] for link in links} == {urlencode(kept)}


def test_a_pdf_of_too_many_lines_is_refused_with_the_kinds_that_hold_them(
    clerk: Client, books: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROWS_MAX, "pdf", 1)
    query = f"ledger={books.key}&as_of=2025-04-30"

    response = clerk.get(f"/trial-balance.pdf?{query}", follow=True)

    assert "A PDF file holds at most 1 lines. The same with all lines: CSV / XLSX." in text_of(
        response
    )
    for kind in ("csv", "xlsx"):
        assert links_of(response).count(f"/trial-balance.{kind}?{query}") == 2


def test_it_ties_at_a_thousand_random_moments_and_prove_sees_to_the_day_totals(
    own_database: OwnDatabase,
) -> None:
    fill(Books(own_database.cluster, own_database.name), TINY)
    random = Random(11)
    roll_up_days()

    for number in range(1_000):
        scope = random_scope(random)
        assert all(total.is_tied for total in total_lines(scope))
        if number % 16 == 0:
            assert_lines_tie(scope)

    assert run_proof(actor=None).is_ok
    for model, column in (
        (DayTotal, "entry_count"),
        (LedgerDayTotal, "entry_count"),
        (LedgerDayTotal, "net_credit_minor"),
        (CurrencyDayTotal, "entry_count"),
        (CurrencyDayTotal, "debit_minor"),
        (CurrencyDayTotal, "net_credit_minor"),
    ):
        row: Any = model.objects.order_by("pk").first()
        model.objects.filter(pk=row.pk).update(**{column: getattr(row, column) + 1})
        assert not run_proof(actor=None).is_ok
        model.objects.filter(pk=row.pk).update(**{column: getattr(row, column)})
    CurrencyDayTotal.objects.filter(pk=row.pk).delete()
    assert not run_proof(actor=None).is_ok
    row.save(force_insert=True)
    assert run_proof(actor=None).is_ok


def test_every_line_of_random_books_is_found_where_it_leads(own_database: OwnDatabase) -> None:
    fill(Books(own_database.cluster, own_database.name), TINY)
    roll_up_days()
    clerk, random = make_client(), Random(13)
    now = datetime.now(UTC)
    for _ in range(4):
        back = sorted(timedelta(days=random.randint(1, 365)) for _ in range(2))
        start, end = ((now - days).date().isoformat() for days in reversed(back))
        for query in ({"as_of": end}, {"from": start, "as_of": end}, {"from": start}):
            lines = followed(clerk, f"{URL}?{urlencode(query)}")
            assert lines
            followed(clerk, random.choice([line for line in lines if "ledger=" in line]))


def followed(clerk: Client, url: str) -> set[str]:
    """The figures of a page; each must lead to a page that adds up to the same."""
    links = {link for link in links_of(clerk.get(url)) if "expect=" in link}
    for link in links:
        response = clerk.get(link)
        assert response.status_code == 200
        assert "You followed" not in text_of(response)
    return links


def random_scope(random: Random) -> Scope:
    """A moment of the year that the books tell of, with a start and a recorded time or without."""
    year = datetime.now(UTC) - timedelta(days=366)
    start, end = sorted(year + timedelta(days=random.uniform(0, 365)) for _ in range(2))
    known_at = year + timedelta(days=random.uniform(0, 365)) if random.random() < 0.3 else None
    moment = Moment(effective_before=end, known_at=known_at)
    return Scope(moment, start=start if random.random() < 0.5 else None)


def assert_lines_tie(scope: Scope) -> None:
    """Each ledger's line is the sum of its balances."""
    for line in ledger_lines(scope, ledgers_of(scope).read(LEDGER_ORDER, None, 1_000)):
        ledger = Ledger.objects.get(pk=line.ledger["id"])
        inside = replace(scope, ledger=ledger, currency=line.currency)
        total = next(each for each in total_lines(inside) if each.currency == line.currency)
        assert total.net_minor == line.figures.closing.net_minor
        assert total.debit_minor == line.figures.debit_minor
        balances = balances_of(inside).read(BALANCE_ORDER, None, 1_000)
        nets = [each.figures.closing.net_minor for each in balance_lines(inside, balances)]
        assert sum(nets) == total.net_minor


def test_ledger_without_entries_has_an_empty_trial_balance(clerk: Client) -> None:
    assert "No entries by then" in text_of(clerk.get(URL, {"ledger": general_ledger().key}))
