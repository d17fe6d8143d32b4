"""Figures at random moments against a plain recount of the entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from balances.models import Balance
from benchmarks.cluster import Books
from benchmarks.data import QUICK, fill
from ledgers.models import Ledger
from reports.ledger_moments import ledgers_before, sums_of_ledger_before, sums_of_ledgers_before
from reports.models import CurrencyDayTotal, DayTotal, LedgerCurrency, LedgerDayTotal
from reports.moments import CurrencySum, Totals, sums_before, totals_at, totals_before
from reports.rolling import forget_days, roll_up_days
from tests.conftest import OwnDatabase
from tests.factories import NOON, make_balance, post_transfer
from transactions.models import Entry
from transactions.proof import run_proof

TINY = replace(QUICK, balances=40, ledgers=4, big_ledger=20, transactions=800)
FAR = datetime(9000, 1, 1, tzinfo=UTC)
RECOUNT = """
SELECT {by}, sum(amount_minor) FILTER (WHERE direction = 1),
       sum(amount_minor) FILTER (WHERE direction = -1), count(*)
FROM transactions_entry AS e
JOIN transactions_transaction AS t ON t.id = e.transaction_id
JOIN balances_balance AS b ON b.id = e.balance_id
WHERE e.effective_at < %s AND t.created_at <= %s GROUP BY {by}
"""


def recount(by: str, moment: datetime, known_at: datetime | None) -> dict[Any, Totals]:
    """The figures by balance or by ledger and currency, from the entries alone."""
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT.format(by=by), [moment, known_at or FAR])
        return {
            tuple(key) if len(key) > 1 else key[0]: Totals(int(credit or 0), int(debit or 0), count)
            for *key, credit, debit, count in cursor.fetchall()
        }


def random_points(random: Random, count: int) -> list[tuple[datetime, datetime | None]]:
    """Moments of the year that the books tell of, at midnight or within the day."""
    year = datetime.now(UTC) - timedelta(days=366)
    points: list[tuple[datetime, datetime | None]] = []
    for _ in range(count):
        moment = year + timedelta(days=random.uniform(-5, 370))
        if random.random() < 0.4:
            moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        known_at = year + timedelta(days=random.uniform(-5, 370))
        points.append((moment, known_at if random.random() < 0.5 else None))
    return points


def assert_figures(random: Random, points: list[tuple[datetime, datetime | None]]) -> None:
    """At each point some balances, all ledgers or what those come to, by turns."""
    every = list(Balance.objects.values_list("pk", flat=True))
    ledger_ids = list(Ledger.objects.values_list("pk", flat=True))
    for number, (moment, known_at) in enumerate(points):
        if number % 3 == 0:
            ids = random.sample(every, 10)
            balances = recount("e.balance_id", moment, known_at)
            found = totals_before(ids, moment, known_at=known_at)
            assert found == {pk: balances.get(pk, Totals()) for pk in ids}
        elif number % 3 == 1:
            ledgers = recount("e.ledger_id, b.currency", moment, known_at)
            figures = ledgers_before(ledger_ids, moment, known_at=known_at)
            assert {(each.ledger_id, each.currency): each.totals for each in figures} == ledgers
        else:
            assert_sums(random.choice(ledger_ids), moment, known_at)


def assert_sums(ledger_id: int, moment: datetime, known_at: datetime | None) -> None:
    """What all ledgers come to, and what the balances of one do, each in the column of its net."""
    ledgers = recount("e.ledger_id, b.currency", moment, known_at)
    of_all = [(currency, totals) for (_pk, currency), totals in ledgers.items()]
    assert sums_of_ledgers_before(moment, known_at=known_at) == sum_up(of_all)
    balances = recount("e.ledger_id, b.currency, e.balance_id", moment, known_at)
    of_one = [
        (currency, totals) for (pk, currency, _id), totals in balances.items() if pk == ledger_id
    ]
    assert sums_of_ledger_before(ledger_id, moment, known_at=known_at) == sum_up(of_one)


def sum_up(figures: list[tuple[str, Totals]]) -> list[CurrencySum]:
    sums = []
    for currency in sorted({currency for currency, _totals in figures}):
        each = [totals for name, totals in figures if name == currency]
        sums.append(
            CurrencySum(
                currency,
                2,
                sum(totals.credit_minor for totals in each),
                sum(totals.debit_minor for totals in each),
                sum(totals.entry_count for totals in each),
                sum(max(totals.net_minor, 0) for totals in each),
                sum(max(-totals.net_minor, 0) for totals in each),
            )
        )
    return sums


def test_figures_at_a_thousand_moments_equal_a_recount(own_database: OwnDatabase) -> None:
    books = Books(own_database.cluster, own_database.name)
    fill(books, TINY)
    random = Random(7)

    assert_figures(random, random_points(random, 100))
    assert roll_up_days(chunk=700).entry_count == 1_600
    assert_figures(random, random_points(random, 400))
    post_into_the_past(random, 60)
    assert_figures(random, random_points(random, 200))
    assert roll_up_days(chunk=50).entry_count == 120
    assert_figures(random, random_points(random, 300))

    assert run_proof(actor=None).is_ok


def post_into_the_past(random: Random, count: int) -> None:
    """Transactions of today that took effect on days of the year before, some long rolled up."""
    balances = list(Balance.objects.filter(currency="USD").order_by("pk"))
    now = datetime.now(UTC)
    for _ in range(count):
        source, destination = random.sample(balances, 2)
        back = timedelta(days=random.choice([0, 1, 30, random.uniform(0, 500)]))
        post_transfer(
            source=source,
            destination=destination,
            amount_minor=random.randint(1, 999),
            effective_at=now - back,
        )


@pytest.mark.django_db
def test_a_moment_is_not_before_itself() -> None:
    balance = make_balance()
    post_transfer(source=make_balance(floor_minor=None), destination=balance, effective_at=NOON)
    just_after = NOON + timedelta(microseconds=1)

    totals = totals_at(balance.pk, [NOON, just_after])

    assert [each.entry_count for each in totals] == [0, 1]
    assert totals_before([balance.pk], just_after)[balance.pk] == totals[1]
    assert totals_before([], NOON) == {}
    assert sums_before([], NOON) == []


def test_rolling_again_changes_nothing_and_anew_gives_the_same(own_database: OwnDatabase) -> None:
    fill(Books(own_database.cluster, own_database.name), TINY)
    roll_up_days()
    rolled = day_totals()

    assert roll_up_days().entry_count == 0
    assert day_totals() == rolled
    forget_days()
    assert not any(day_totals())
    assert roll_up_days(chunk=99).entry_count == Entry.objects.count()
    assert day_totals() == rolled


def day_totals() -> list[list[Any]]:
    """Every row of balances, of ledgers and of currencies."""
    models: tuple[Any, ...] = (DayTotal, LedgerDayTotal, CurrencyDayTotal, LedgerCurrency)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_books_rolled_up_by_an_earlier_version_are_filled_in(own_database: OwnDatabase) -> None:
    """It had no totals of currencies, and no nets within ledgers; half of it is rolled up."""
    fill(Books(own_database.cluster, own_database.name), TINY)
    roll_up_days()
    random = Random(3)
    post_into_the_past(random, 20)
    rolled = day_totals()
    call_command("migrate", "reports", "0003", verbosity=0)

    call_command("migrate", verbosity=0)

    assert day_totals() == rolled
    assert run_proof(actor=None).is_ok
    assert_figures(random, random_points(random, 15))
    assert roll_up_days().entry_count == 40
    assert_figures(random, random_points(random, 15))
    assert run_proof(actor=None).is_ok
