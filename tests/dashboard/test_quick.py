"""What opens beside the tables: facts, links and actions of one record."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_balance, make_identity, make_ledger, post_transfer
from tests.pages import SCRIPT, SLIDE_OVER, is_whole_page, links_of, text_of
from tests.schedules.building import make_schedule

pytestmark = pytest.mark.django_db


def test_a_ledger_with_its_figures_as_links(clerk: Client) -> None:
    ledger = make_ledger(name=SCRIPT)
    make_balance(ledger=ledger, opening_minor=12_34)
    url = f"{ledger.get_absolute_url()}quick/"

    beside, page = clerk.get(url, headers=SLIDE_OVER), clerk.get(url)

    assert (is_whole_page(beside), is_whole_page(page)) == (False, True)
    assert f'data-looked="{ledger.key}"' in beside.content.decode()
    assert SCRIPT not in beside.content.decode()
    assert f"/balances/?ledger={ledger.key}&currency=GBP" in links_of(beside)
    assert "12.34" in text_of(beside)
    assert ledger.key in text_of(beside)
    assert links_of(beside)[-1] == ledger.get_absolute_url()


def test_an_identity_with_its_balances(clerk: Client) -> None:
    owner = make_identity(name="Northgate")
    balance = make_balance(identity=owner, opening_minor=5_00)

    beside = clerk.get(f"{owner.get_absolute_url()}quick/", headers=SLIDE_OVER)

    assert balance.get_absolute_url() in links_of(beside)
    assert f"/balances/?identity={owner.key}" in links_of(beside)
    assert owner.key in text_of(beside)
    assert "5.00GBP" in text_of(beside)


def test_a_transaction_with_what_can_be_done(clerk: Client) -> None:
    source, destination = make_balance(opening_minor=9_00), make_balance()
    transaction = post_transfer(source=source, destination=destination, amount_minor=7_50)
    url = transaction.get_absolute_url()

    beside = clerk.get(f"{url}quick/", headers=SLIDE_OVER)

    for shown in ("7.50GBP", transaction.key, transaction.reference):
        assert shown in text_of(beside)
    assert [link for link in links_of(beside) if link.startswith(url)] == [
        f"{url}#entry-table",
        f"{url}refund/",
        f"{url}reverse/",
        url,
    ]
    assert {source.get_absolute_url(), destination.get_absolute_url()} <= set(links_of(beside))


def test_a_schedule_with_what_can_be_done(clerk: Client) -> None:
    source, destination = make_balance(), make_balance()
    waiting = make_schedule(source=source, destination=destination)
    url = waiting.get_absolute_url()

    beside = clerk.get(f"{url}quick/", headers=SLIDE_OVER)

    assert "1.00GBP" in text_of(beside)
    assert [link for link in links_of(beside) if link.startswith(url)] == [
        f"{url}#entries",
        f"{url}cancellation/",
        f"{url}posting/",
        url,
    ]
    assert f'data-quick="{url}quick/"' in clerk.get("/transactions/?tab=scheduled").content.decode()
