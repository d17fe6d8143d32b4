from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread

from django.db import connection
from django.utils import timezone

from reports.periods import Period
from reports.rolling import roll_up_days
from reports.statement import read_page
from reports.statement_files import tabulate
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from web.as_of import NOW
from web.snapshots import snapshot

START = datetime(2025, 3, 28, tzinfo=UTC)
MARCH = Period(date(2025, 3, 1), date(2025, 3, 31), UTC)


def test_posting_meanwhile_breaks_no_statement(own_database: OwnDatabase) -> None:
    balance, other = make_balance(floor_minor=None), make_balance(floor_minor=None)
    done = Event()

    def post_on() -> None:
        number = 0
        while not done.is_set():
            number += 1
            moment = START + timedelta(minutes=number % 50)
            post_transfer(source=other, destination=balance, effective_at=moment)
        connection.close()

    poster = Thread(target=post_on)
    poster.start()
    counts = set()
    try:
        for number in range(40):
            if number == 20:
                assert roll_up_days().entry_count
            with snapshot():
                statement = read_page(balance, MARCH).statement
                rows = list(tabulate(statement, NOW, kind="csv", now=timezone.now()).rows)
            assert len(rows) == statement.closing.entry_count + 1
            counts.add(len(rows))
    finally:
        done.set()
        poster.join()
    assert len(counts) > 3
