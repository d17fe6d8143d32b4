from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.test import Client

from tests.factories import (
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.pages import (
    HISTORY_RESTORE,
    HTMX,
    SCRIPT,
    SLIDE_OVER,
    count_queries,
    is_whole_page,
    links_of,
    rows_of,
    text_of,
)
from tests.transactions.living import exchange, reverse
from transactions.models import Entry, Transaction
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, PostingRequest

pytestmark = pytest.mark.django_db
TREASURY = Indicator("@Treasury", "GBP")


def post_legs(reference: str, legs: list[Leg]) -> Transaction:
    result = post(PostingRequest(reference, legs))
    assert result.transaction_id
    return Transaction.objects.get(pk=result.transaction_id)


def test_entries_are_debits_and_credits_with_equal_totals(clerk: Client) -> None:
    supplier = make_balance(
        ledger=make_ledger(name="Suppliers"), identity=make_identity(name="Northgate")
    )
    legs = [
        Leg(supplier.pk, CREDIT, 1_200_00),
        Leg(supplier.pk, DEBIT, 40_10),
        Leg(TREASURY, DEBIT, 1_159_90),
    ]
    transaction = post_legs("V-88120", legs)

    response = clerk.get(transaction.get_absolute_url())

    assert rows_of(response) == [
        ["Balance", "Ledger", "Debit", "Credit", "Balance after"],
        ["Northgate", "Suppliers", "", "1,200.00", "1,200.00"],
        ["Northgate", "Suppliers", "40.10", "", "1,159.90"],
        ["@Treasury", "General Ledger", "1,159.90", "", "−1,159.90"],
        ["Total, GBP", "", "1,200.00", "1,200.00", ""],
    ]


def test_each_currency_has_a_table_with_its_own_totals(clerk: Client) -> None:
    pounds, yen = make_balance(floor_minor=None), make_balance(currency="JPY", floor_minor=None)
    legs = [
        Leg(yen.pk, CREDIT, 9_000),
        Leg(pounds.pk, DEBIT, 50_00),
        Leg(Indicator("@Liquidity", "GBP"), CREDIT, 50_00),
        Leg(Indicator("@Liquidity", "JPY"), DEBIT, 9_000),
    ]
    transaction = post_legs("exchange", legs)

    rows = rows_of(clerk.get(transaction.get_absolute_url()))

    totals = [row for row in rows if row[0].startswith("Total")]
    assert totals == [
        ["Total, GBP", "", "50.00", "50.00", ""],
        ["Total, JPY", "", "9,000", "9,000", ""],
    ]


def test_timeline_says_both_amounts_of_an_exchange(clerk: Client) -> None:
    exchanged = exchange()
    reverse(exchanged)

    rows = rows_of(clerk.get(exchanged.get_absolute_url()))

    assert [row[-1].split(" GBP")[0] for row in rows[-2:]] == ["58.00 EUR, 50.00"] * 2


def test_facts_dates_status_and_who_posted(clerk: Client) -> None:
    user = make_user(username="olga")
    transaction = post_transfer(
        source=TREASURY, destination=make_balance(), description="Rent\nJanuary", actor=user
    )

    text = text_of(clerk.get(transaction.get_absolute_url()))

    for told in (transaction.key, "15 Jan 2025, 12:00 UTC", "Posted", "olga", "Rent", "January"):
        assert told in text


def test_links_to_each_balance_and_ledger(clerk: Client) -> None:
    balance = make_balance()
    transaction = post_transfer(source=TREASURY, destination=balance)

    links = links_of(clerk.get(transaction.get_absolute_url()))

    assert {balance.get_absolute_url(), balance.ledger.get_absolute_url()} <= set(links)


def test_many_entries_come_in_pages_under_the_totals_of_all(clerk: Client) -> None:
    payroll, balances = make_balance(floor_minor=None), [make_balance() for _ in range(4)]
    legs = [Leg(payroll.pk, DEBIT, 250_00)]
    legs += [Leg(balances[number % 4].pk, CREDIT, 1_00) for number in range(250)]
    transaction = post_legs("payroll", legs)

    first = clerk.get(transaction.get_absolute_url())
    count = count_queries(clerk, transaction.get_absolute_url())

    seen, url = 0, transaction.get_absolute_url()
    while url:
        response = clerk.get(url)
        seen += len(rows_of(response)) - 2
        following = re.search(r'rel="next" href="([^"]*)"', response.content.decode())
        url = following[1] if following else ""
    assert ["Total, GBP", "", "250.00", "250.00", ""] in rows_of(first)
    assert seen == 251
    assert count == 7  # transaction, totals, entries, standing, timeline, schedule, history


def test_page_of_entries_as_a_fragment(clerk: Client) -> None:
    transaction = post_transfer(source=TREASURY, destination=make_balance())

    response = clerk.get(transaction.get_absolute_url(), headers=HTMX)

    assert not is_whole_page(response)
    assert response.content.decode().strip().startswith('<div id="entry-table"')


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    transaction = post_transfer(source=TREASURY, destination=make_balance())

    assert is_whole_page(clerk.get(transaction.get_absolute_url(), headers=HISTORY_RESTORE))


def test_history_names_who_posted(clerk: Client) -> None:
    transaction = post_transfer(
        source=TREASURY, destination=make_balance(), actor=make_user(username="olga")
    )

    assert "Posted by olga" in text_of(clerk.get(transaction.get_absolute_url()))


def test_metadata_changes_and_nothing_else(clerk: Client) -> None:
    transaction = post_transfer(
        source=TREASURY, destination=make_balance(), metadata={"vendor": "7", "old": "x"}
    )
    entries = list(Entry.objects.values())

    response = clerk.post(
        f"{transaction.get_absolute_url()}metadata/",
        {
            "metadata_shown": ["vendor", "old"],
            "metadata_key": ["vendor"],
            "metadata_value": ["8"],
            "metadata_json": '{"lines": [1, 2]}',
        },
        follow=True,
    )

    transaction.refresh_from_db()
    assert transaction.metadata == {"vendor": "8", "lines": [1, 2]}
    assert "Extra information changed" in text_of(response)
    assert list(Entry.objects.values()) == entries


def test_bad_metadata_is_refused_and_nothing_written(clerk: Client) -> None:
    transaction = post_transfer(source=TREASURY, destination=make_balance(), metadata={"a": "1"})

    response = clerk.post(
        f"{transaction.get_absolute_url()}metadata/",
        {"metadata_key": ["a"], "metadata_value": ["\x00"]},
    )

    transaction.refresh_from_db()
    assert response.status_code == 422
    assert transaction.metadata == {"a": "1"}


def test_full_info_holds_everything_as_json(clerk: Client) -> None:
    transaction = post_transfer(source=TREASURY, destination=make_balance(), metadata={"a": 1})

    response = clerk.get(f"{transaction.get_absolute_url()}info/")

    found = re.search(r"<pre[^>]*>(.*?)</pre>", response.content.decode(), re.DOTALL)
    assert found
    record = json.loads(unescape(found[1]))
    assert (record["id"], record["reference"]) == (transaction.key, transaction.reference)
    assert (record["entries"], record["metadata"]) == (2, {"a": 1})
    slide_over = clerk.get(f"{transaction.get_absolute_url()}info/", headers=SLIDE_OVER)
    assert not is_whole_page(slide_over)


def test_texts_are_shown_as_text(clerk: Client) -> None:
    source = make_balance(
        ledger=make_ledger(name=SCRIPT), identity=make_identity(name=SCRIPT), floor_minor=None
    )
    transaction = post_transfer(
        source=source,
        destination=make_balance(identity=make_identity(name="شركة النور")),
        reference=SCRIPT,
        description=SCRIPT,
        metadata={SCRIPT: SCRIPT},
    )

    for part in ("", "info/", "metadata/"):
        html = clerk.get(transaction.get_absolute_url() + part).content.decode()
        assert SCRIPT not in html
    assert "<bdi>شركة النور</bdi>" in clerk.get(transaction.get_absolute_url()).content.decode()


@pytest.mark.parametrize("part", ["", "info/", "metadata/"])
def test_anonymous_is_sent_to_login_and_unknown_is_not_found(
    client: Client, clerk: Client, part: str
) -> None:
    url = f"/transactions/txn_00000000-0000-0000-0000-000000000000/{part}"

    assert client.get(url).headers["Location"] == f"/login/?next={url}"
    assert clerk.get(url).status_code == 404
