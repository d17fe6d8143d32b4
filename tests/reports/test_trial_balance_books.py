"""Trial balances of random books, at random moments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

from django.test import Client

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
    make_client,
)
from tests.pages import links_of, text_of
from transactions.proof import run_proof
from web.as_of import Moment

URL = "/trial-balance/"
TINY = replace(QUICK, balances=40, ledgers=4, big_ledger=20, transactions=600)


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
