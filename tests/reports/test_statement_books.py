"""Statements of random books, against a plain recount of their entries."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from balances.models import Balance
from reports.periods import Period
from reports.places import NEWEST_FIRST, entries_of
from reports.register import EFFECTIVE, read_register
from reports.rolling import roll_up_days
from reports.statement import Statement, StatementPage, read_lines, read_page
from reports.statement_files import tabulate
from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_client, post_transfer
from tests.pages import text_of
from web.as_of import Moment
from web.pagination import paginate

# Days are rolled up only where postings are committed.
pytestmark = pytest.mark.usefixtures("own_database")

START = datetime(2025, 3, 28, tzinfo=UTC)
RECOUNT = """
SELECT coalesce(sum(e.direction * e.amount_minor), 0), count(*)
FROM transactions_entry AS e JOIN transactions_transaction AS t ON t.id = e.transaction_id
WHERE e.balance_id = %s AND e.effective_at < %s AND t.created_at <= %s
"""
# The figure after each entry, as the database adds it up.
RUNNING = """
SELECT e.id, sum(e.direction * e.amount_minor) OVER (ORDER BY e.effective_at, e.id)
FROM transactions_entry AS e JOIN transactions_transaction AS t ON t.id = e.transaction_id
WHERE e.balance_id = %s AND t.created_at <= %s ORDER BY e.effective_at, e.id
"""


@pytest.fixture(params=[1, 2, 3])
def dice(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.param)


@pytest.fixture
def books(own_database: OwnDatabase, dice: random.Random) -> list[Balance]:
    """Two balances with entries dated to and fro, many of them to the same instant."""
    balances = [make_balance(floor_minor=None) for _ in range(2)]
    for number in range(60):
        source, destination = dice.sample(balances, 2)
        # A few hours apart around the change of the clocks, some on the very midnights.
        moment = START + timedelta(hours=dice.randrange(0, 24 * 4, 2) - dice.choice((0, 1, 2)))
        post_transfer(
            source=source,
            destination=destination,
            amount_minor=dice.randint(1, 10**6),
            effective_at=moment,
        )
        if number == 40:
            assert roll_up_days().entry_count
    return balances


def recount(balance: Balance, before: datetime, known_at: datetime) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT, [balance.pk, before, known_at])
        net_minor, count = cursor.fetchone()
    return int(net_minor), count


def running(balance: Balance, known_at: datetime) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(RUNNING, [balance.pk, known_at])
        return {entry_id: int(minor) for entry_id, minor in cursor.fetchall()}


def pages_of(statement: Statement, size: int) -> list[StatementPage]:
    pages, cursor = [], None
    while True:
        found = read_page(
            statement.balance, statement.period, cursor, known_at=statement.known_at, size=size
        )
        assert found.statement == statement
        pages.append(found)
        cursor = pages[-1].page.next_cursor
        if cursor is None:
            return pages


def some_period(dice: random.Random) -> Period:
    first = date(2025, 3, 27) + timedelta(days=dice.randrange(6))
    zone = ZoneInfo(dice.choice(["UTC", "Europe/Oslo", "Pacific/Auckland", "America/Havana"]))
    return Period(first, first + timedelta(days=dice.randrange(4)), zone)


def some_moment(dice: random.Random, balance: Balance) -> datetime | None:
    """Now, or when one of the entries was recorded."""
    position = dice.randint(1, 2 * balance.entries.count())
    entry = balance.entries.filter(position=position).select_related("transaction").first()
    return entry.transaction.created_at if entry else None


def test_statements_tie_with_a_recount_page_by_page_and_as_files(
    books: list[Balance], dice: random.Random
) -> None:
    for _ in range(15):
        balance, period = dice.choice(books), some_period(dice)
        known_at = some_moment(dice, balance)
        last_known = known_at or timezone.now()

        statement = Statement.read(balance, period, known_at=known_at)
        pages = pages_of(statement, size=dice.choice([1, 3, 7, 100]))
        table = tabulate(statement, Moment(known_at=known_at), kind="csv", now=timezone.now())
        rows = list(table.rows)

        for moment, totals in ((period.start, statement.opening), (period.end, statement.closing)):
            assert (totals.net_minor, totals.entry_count) == recount(balance, moment, last_known)
        assert [page.carried for page in pages[:-1]] == [page.brought for page in pages[1:]]
        assert (pages[0].brought, pages[-1].carried) == (statement.opening, statement.closing)
        assert [entry["id"] for page in pages for entry in page.page.rows] == [
            entry["id"] for entries in read_lines(statement) for entry in entries
        ]
        figures = running(balance, last_known)
        ids = [entry["id"] for page in pages for entry in page.page.rows]
        assert [to_minor(row[6]) for row in rows[1:]] == [figures[entry_id] for entry_id in ids]
        assert to_minor(rows[0][6]) == statement.opening.net_minor
        assert to_minor(next(iter(table.totals))[6]) == statement.closing.net_minor


def test_register_runs_right_in_effective_order_on_every_page(
    books: list[Balance], dice: random.Random
) -> None:
    balance = books[0]
    for known_at in (None, some_moment(dice, balance)):
        figures = running(balance, known_at or timezone.now())
        entries: list[dict[str, Any]] = []
        cursor = None
        while True:
            rows = entries_of(balance, known_at=known_at)
            page = paginate(rows, order=NEWEST_FIRST, cursor=cursor, size=7)
            entries += read_register(balance, page.rows, order=EFFECTIVE, known_at=known_at)
            cursor = page.next_cursor
            if cursor is None:
                break

        assert [entry["id"] for entry in entries] == list(reversed(figures))
        assert {entry["id"]: entry["running_minor"] for entry in entries} == figures


def to_minor(text: str) -> int:
    return int(text.replace(".", ""))


def test_a_statement_that_does_not_tie_is_never_sent() -> None:
    balance = make_balance(floor_minor=None)
    post_transfer(source=balance, destination=make_balance(), amount_minor=80_00)
    assert roll_up_days().entry_count
    with connection.cursor() as cursor:
        cursor.execute("UPDATE reports_daytotal SET debit_minor = debit_minor + 1")
    clerk = make_client()

    for ending in ("/", ".csv", ".xlsx", ".pdf"):
        url = f"{balance.get_absolute_url()}statement{ending}?from=2025-01-01&to=2025-01-31"
        response = clerk.get(url)

        assert response.status_code == 500
        assert "The statement does not tie" in text_of(response)
        assert "80.00" not in text_of(response)
    assert not AuditEvent.objects.filter(action="statement.exported").exists()
