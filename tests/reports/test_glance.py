from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tests.factories import make_balance, make_identity, make_ledger, post_transfer
from tests.pages import SCRIPT, SLIDE_OVER, count_queries, is_whole_page, links_of, rows_of, text_of

pytestmark = pytest.mark.django_db


def test_the_last_seven_days_and_five_entries(clerk: Client) -> None:
    balance = make_balance(floor_minor=None)
    other = make_balance(floor_minor=None, identity=make_identity(name=SCRIPT))
    now = datetime.now(UTC)
    for days, minor in ((0, 5_00), (0, 1_00), (6, 40_00), (7, 300_00), (30, 7_00), (31, 8_00)):
        at = now - timedelta(days=days)
        post_transfer(source=other, destination=balance, amount_minor=minor, effective_at=at)
    post_transfer(source=balance, destination=other, amount_minor=2_50, effective_at=now)

    response = clerk.get(f"{balance.get_absolute_url()}quick/")

    rows = rows_of(response)
    assert rows[1] == [f"{now:%a} {now.day} {now:%b}", "2.50", "6.00"]
    assert [row[1:] for row in rows[2:9]] == [["", ""]] * 5 + [["", "40.00"], ["2.50", "46.00"]]
    assert [row[2] for row in rows[10:]] == ["2.50Dr", "8.00Cr", "7.00Cr", "300.00Cr", "40.00Cr"]
    assert SCRIPT not in response.content.decode()


def test_it_opens_beside_the_tables_and_is_a_page(clerk: Client) -> None:
    ledger = make_ledger()
    owner = make_identity(name="Northgate")
    balance = make_balance(ledger=ledger, identity=owner)
    url = f"{balance.get_absolute_url()}quick/"

    for table in ("/balances/", ledger.get_absolute_url(), owner.get_absolute_url()):
        page = clerk.get(table)
        assert f'<a href="{url}" data-slide-over>Glance' in page.content.decode()
    past = clerk.get("/balances/?as_of=2026-01-01")
    beside = clerk.get(url, headers=SLIDE_OVER)

    assert url not in links_of(past)
    assert (is_whole_page(beside), is_whole_page(clerk.get(url))) == (False, True)
    assert 'id="slide-over-heading"' in beside.content.decode()
    assert "No entries yet." in text_of(beside)


def test_its_cost_does_not_grow_with_the_entries(clerk: Client) -> None:
    balance = make_balance(opening_minor=9_00)
    url = f"{balance.get_absolute_url()}quick/"
    before = count_queries(clerk, url)

    for _ in range(8):
        post_transfer(source=balance, destination=make_balance())

    assert count_queries(clerk, url) == before
