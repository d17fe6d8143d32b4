from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from ledgers.models import Ledger
from tests.factories import (
    general_ledger,
    make_balance,
    make_identity,
    make_ledger,
    post_transfer,
)
from tests.pages import SCRIPT, count_queries, links_of, rows_of, text_of
from web.formatting import format_date

URL = "/trial-balance/"


def table(client: Client, **query: str) -> list[list[str]]:
    return rows_of(client.get(URL, query))


def test_the_page_says_of_which_time_it_is(clerk: Client, suppliers: Ledger) -> None:
    today = format_date(timezone.now())
    april = {"from": "2025-04-01"}

    assert f"As of {today}" in text_of(clerk.get(URL))
    assert f"From 1 Apr 2025, 00:00 · As of {today}" in text_of(clerk.get(URL, april))
    past = text_of(clerk.get(URL, {**april, "as_of": "2025-04-30"}))
    assert "From 1 Apr 2025, 00:00 UTC" in past
    assert f"As of {today}" not in past


def test_all_ledgers_stand_on_the_side_of_their_net_and_tie(
    clerk: Client, suppliers: Ledger
) -> None:
    response = clerk.get(URL)

    assert rows_of(response)[1:] == [
        ["General LedgerGBP", "GBP", "100.00", "30.00", "70.00", ""],
        ["SuppliersGBP", "GBP", "30.00", "100.00", "", "70.00"],
        ["TotalGBP", "GBP", "130.00", "130.00", "70.00", "70.00"],
    ]
    assert "Debits equal credits in every currency." in text_of(response)


def test_as_of_leaves_out_what_came_later(clerk: Client, suppliers: Ledger) -> None:
    response = clerk.get(URL, {"as_of": "2025-03-31"})

    assert rows_of(response)[2] == ["SuppliersGBP", "GBP", "0.00", "100.00", "", "100.00"]
    assert "As of 31 Mar 2025, 23:59" in text_of(response)
    assert "No entries by then" in text_of(clerk.get(URL, {"as_of": "2025-03-01"}))


def test_a_period_opens_with_what_came_before(clerk: Client, suppliers: Ledger) -> None:
    rows = table(clerk, **{"from": "2025-04-01", "as_of": "2025-04-30"})

    assert rows[0][2] == "Opening"
    assert rows[2] == ["SuppliersGBP", "GBP", "100.00Cr", "30.00", "0.00", "", "70.00"]
    assert rows[3] == ["TotalGBP", "GBP", "0.00", "30.00", "30.00", "70.00", "70.00"]


def test_what_was_recorded_later_is_left_out(clerk: Client, suppliers: Ledger) -> None:
    response = clerk.get(URL, {"as_of": "2025-04-30", "known_at": "2025-05-31"})

    assert "No entries by then" in text_of(response)
    assert "as recorded by 31 May 2025, 23:59" in text_of(response)


def test_figures_lead_to_their_lines_and_are_compared_there(
    clerk: Client, suppliers: Ledger
) -> None:
    query = {"from": "2025-04-01", "as_of": "2025-04-30"}
    drill = next(link for link in links_of(clerk.get(URL, query)) if suppliers.key in link)

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


def test_totals_lead_to_the_lines_of_their_currency(clerk: Client, suppliers: Ledger) -> None:
    query = "currency=GBP&from=2025-04-01&as_of=2025-04-30&expect="

    for ledger, expected in (("", "0,3000,3000"), (f"ledger={suppliers.key}&", "7000,3000,0")):
        scope = {"from": "2025-04-01", "as_of": "2025-04-30"}
        if ledger:
            scope["ledger"] = suppliers.key
        url = f"{URL}?{ledger}{query}"
        assert links_of(clerk.get(URL, scope)).count(f"{url}{expected}") == 6

        response = clerk.get(f"{url}{expected}")

        assert "These lines add up to the figure that you followed." in text_of(response)
        assert not [link for link in links_of(response) if link.startswith(url)]
        assert "You followed a figure of 1.00" in text_of(clerk.get(f"{url}100,3000,3000"))


def test_period_that_no_statement_has_is_compared_by_its_end(
    clerk: Client, suppliers: Ledger
) -> None:
    query = {"ledger": suppliers.key, "from": "2025-04-01T08:00", "as_of": "2025-04-30"}

    (line,) = {link for link in links_of(clerk.get(URL, query)) if "/balances/bln_" in link}

    assert line.endswith("/?as_of=2025-04-30&expect=7000")
    assert "You followed" not in text_of(clerk.get(line))


def test_lines_without_a_first_day_lead_to_the_balance_at_that_moment(
    clerk: Client, suppliers: Ledger
) -> None:
    balance = Balance.objects.get(identity__name="Northgate")

    links = links_of(clerk.get(URL, {"ledger": suppliers.key, "as_of": "2025-03-31"}))

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
    clerk: Client, suppliers: Ledger, query: dict[str, str], told: str
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


def test_query_count_is_constant(clerk: Client, suppliers: Ledger) -> None:
    urls = [URL, f"{URL}?ledger={suppliers.key}&from=2025-01-01&as_of=2025-04-30"]
    few = [count_queries(clerk, url) for url in urls]
    for _ in range(5):
        post_transfer(
            source=make_balance(floor_minor=None), destination=make_balance(ledger=suppliers)
        )

    assert [count_queries(clerk, url) for url in urls] == few
    assert max(few) <= 8  # with the savepoint that a test's snapshot is


def test_pages_of_balances_keep_the_moment(clerk: Client, suppliers: Ledger) -> None:
    source = make_balance(floor_minor=None)
    for _ in range(101):
        post_transfer(source=source, destination=make_balance(ledger=suppliers))

    first = clerk.get(URL, {"ledger": suppliers.key, "as_of": "2025-12-31"})
    following = next(link for link in links_of(first) if "cursor=" in link)
    second = clerk.get(following)

    assert "as_of=2025-12-31" in following
    # With the head, the totals and the net.
    assert len(rows_of(first)) == 103
    assert len(rows_of(second)) == 5
    assert rows_of(first)[-2:] == rows_of(second)[-2:]  # which are of all lines


def test_ledger_without_entries_has_an_empty_trial_balance(clerk: Client) -> None:
    assert "No entries by then" in text_of(clerk.get(URL, {"ledger": general_ledger().key}))
