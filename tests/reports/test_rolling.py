"""Rolling up while others post: by real threads, each with its own connection."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from balances.models import Balance
from reports.ledger_moments import sums_of_ledgers_before
from reports.models import DayTotal, LedgerCurrency
from reports.moments import totals_before
from reports.rolling import Rolled, roll_up_days
from reports.trial_balance import LEDGER_ORDER, Scope, ledgers_of
from tests.at_once import under_way
from tests.books import assert_sound
from tests.conftest import OwnDatabase
from tests.factories import NOON, make_balance, post_transfer
from transactions.models import Entry
from transactions.proof import run_proof
from web.as_of import Moment

POSTERS, ROLLERS, POSTINGS = 4, 3, 25


def test_rolling_keeps_up_with_postings_and_proves(own_database: OwnDatabase) -> None:
    balances = [make_balance(floor_minor=None) for _ in range(8)]
    done = threading.Event()
    seen: list[bool] = []

    def post(seed: int) -> None:
        random = Random(seed)
        for number in range(POSTINGS):
            source, destination = random.sample(balances, 2)
            back = timedelta(days=random.choice([0, 0, 1, 400]), hours=random.uniform(0, 30))
            post_transfer(
                source=source,
                destination=destination,
                amount_minor=random.randint(1, 99),
                reference=f"{seed}-{number}",
                effective_at=timezone.now() - back,
            )
        connection.close()

    def roll(chunk: int) -> None:
        while not done.is_set():
            roll_up_days(chunk=chunk)
            sums = sums_of_ledgers_before(timezone.now())
            seen.extend(each.credit_minor == each.debit_minor for each in sums)
        connection.close()

    with ThreadPoolExecutor(POSTERS + ROLLERS) as pool:
        rollers = [pool.submit(roll, chunk) for chunk in (3, 20, 1000)]
        for poster in [pool.submit(post, seed) for seed in range(POSTERS)]:
            poster.result()
        done.set()
        for roller in rollers:
            roller.result()

    assert all(seen)
    assert roll_up_days().is_complete
    assert newest_counts() == {each.pk: each.entry_count for each in Balance.objects.all()}
    assert_sound()
    assert run_proof(actor=None).is_ok


def newest_counts() -> dict[int, int]:
    """How many entries of each balance are rolled up."""
    rows = DayTotal.objects.order_by("balance_id", "day").values_list("balance_id", "entry_count")
    return dict(rows)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_posting_under_way_is_waited_for_and_left_to_the_next_run(
    own_database: OwnDatabase, *, is_first: bool
) -> None:
    """It drew its entries' numbers before a posting that has ended since.

    Its transaction began before that one (`is_first`), or after it.
    """
    first, second, third, fourth = (make_balance(floor_minor=None) for _ in range(4))

    with under_way(
        partial(post_transfer, source=first, destination=second),
        partial(post_transfer, source=third, destination=fourth),
        is_first=is_first,
    ):
        rolled = roll_up_days(patience_seconds=0.05)

    assert (rolled.entry_count, rolled.is_complete) == (0, False)
    assert totals_before([fourth.pk], timezone.now())[fourth.pk].entry_count == 1
    assert roll_up_days().entry_count == 4
    assert run_proof(actor=None).is_ok


@pytest.mark.django_db
def test_within_a_transaction_nothing_is_rolled_up_and_nobody_waits() -> None:
    balance = make_balance()
    post_transfer(source=make_balance(floor_minor=None), destination=balance, effective_at=NOON)

    assert roll_up_days() == Rolled(0, is_complete=False)
    assert not DayTotal.objects.exists()


def test_command_rolls_up_and_can_begin_anew(own_database: OwnDatabase) -> None:
    balance = make_balance(floor_minor=None)
    for days in (400, 2, 0):
        effective_at = timezone.now() - timedelta(days=days)
        post_transfer(
            source=make_balance(floor_minor=None), destination=balance, effective_at=effective_at
        )
    DayTotal.objects.create(
        balance=balance, day="2001-01-01", credit_minor=1, debit_minor=0, entry_count=1
    )
    assert not run_proof(actor=None).is_ok
    told = StringIO()

    call_command("roll_up", anew=True, stdout=told)

    assert told.getvalue() == f"{Entry.objects.count()} entries rolled up.\n"
    assert DayTotal.objects.filter(balance=balance).count() == 3
    assert run_proof(actor=None).is_ok


def test_a_ledger_is_listed_from_its_first_entry_on_wherever_rolling_stands(
    own_database: OwnDatabase,
) -> None:
    balance, source = make_balance(), make_balance(floor_minor=None)

    def listed(moment: datetime) -> bool:
        ledgers = ledgers_of(Scope(Moment(effective_before=moment))).read(LEDGER_ORDER, None, 9)
        return balance.ledger_id in {ledger["id"] for ledger in ledgers}

    for first in (NOON, NOON - timedelta(days=40)):
        post_transfer(source=source, destination=balance, effective_at=first)
        for _rolled in range(2):
            assert [listed(first), listed(first + timedelta(seconds=1))] == [False, True]
            assert [listed(first - timedelta(days=1)), listed(NOON + timedelta(1))] == [False, True]
            roll_up_days()

    assert run_proof(actor=None).is_ok
    LedgerCurrency.objects.filter(ledger=balance.ledger).update(first_day=NOON.date())
    assert not run_proof(actor=None).is_ok
