"""What figures cost: rows that statements read do not grow with ledgers, balances or history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from benchmarks.cluster import Books
from benchmarks.data import QUICK, fill
from dashboard.movement import find_movement
from ledgers.models import Currency, Ledger
from reports.rolling import roll_up_days
from reports.trial_balance import LEDGER_ORDER, Scope, ledger_lines, ledgers_of, total_lines
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from web.as_of import Moment

BOOKS = replace(QUICK, balances=400, ledgers=40, big_ledger=100, transactions=4_000)
PAIRS = 3  # of currencies, in a ledger of these books


@pytest.fixture
def books(own_database: OwnDatabase) -> None:
    fill(Books(own_database.cluster, own_database.name), BOOKS)
    roll_up_days()
    with own_database.owner() as owner:
        owner.execute("ANALYZE")


def plans_of(read: Callable[[], Any]) -> list[dict[str, Any]]:
    """The plans of the statements of `read`, with what they came to."""
    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        read()
    plans = []
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            plans.append(cursor.fetchone()[0][0]["Plan"])
    return plans


def rows_read(read: Callable[[], Any]) -> Counter[str]:
    """How many rows of each table the statements of `read` look at."""
    rows: Counter[str] = Counter()
    for plan in plans_of(read):
        add_rows(plan, rows)
    return rows


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from nodes_of(inner)


def add_rows(node: dict[str, Any], rows: Counter[str]) -> None:
    looked_at = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    if "Relation Name" in node:
        rows[node["Relation Name"]] += round(looked_at * node["Actual Loops"])
    for inner in node.get("Plans", ()):
        add_rows(inner, rows)


def scopes() -> list[Scope]:
    """Now, as of a midnight, as of it with a start, as of an hour, and from a day on."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    past, start = midnight - timedelta(days=90), midnight - timedelta(days=200)
    return [
        Scope(Moment()),
        Scope(Moment(effective_before=past)),
        Scope(Moment(effective_before=past), start=start),
        Scope(Moment(), start=start),
    ]


@pytest.mark.usefixtures("books")
def test_totals_of_all_ledgers_look_up_each_currency_alone() -> None:
    currencies = Currency.objects.count()

    for scope in scopes():
        rows = rows_read(partial(total_lines, scope))
        look_ups = 1 if scope.start is None else 2
        assert 3 * look_ups == rows["reports_currencydaytotal"]
        assert not rows["reports_ledgerdaytotal"] + rows["reports_ledgercurrency"]
        assert not rows["reports_daytotal"] + rows["balances_balance"]
        assert rows["transactions_entry"] <= look_ups  # the newest
        assert rows["ledgers_currency"] <= 2 * look_ups * currencies


@pytest.mark.usefixtures("books")
def test_totals_of_a_ledger_do_not_look_up_its_balances() -> None:
    ledger = Ledger.objects.filter(is_general=False).order_by("pk")[0]

    for scope in scopes()[1:]:
        rows = rows_read(partial(total_lines, replace(scope, ledger=ledger)))
        look_ups = 1 if scope.start is None else 2
        assert rows["reports_ledgerdaytotal"] == look_ups * PAIRS
        assert not rows["reports_daytotal"] + rows["balances_balance"]


@pytest.mark.usefixtures("books")
def test_lines_look_up_the_ledgers_of_their_page_alone() -> None:
    for scope in scopes():
        ledgers = ledgers_of(scope).read(LEDGER_ORDER, None, 5)
        rows = rows_read(partial(ledger_lines, scope, ledgers))
        look_ups = 1 if scope.start is None else 2
        assert rows["reports_ledgerdaytotal"] <= look_ups * PAIRS * len(ledgers)


@pytest.mark.usefixtures("books")
def test_what_is_not_rolled_up_is_found_by_its_number_alone() -> None:
    """By both, all entries of a ledger would be gone through: a tenth of a second for a million."""
    conditions = []
    for scope in scopes():
        ledgers = ledgers_of(scope).read(LEDGER_ORDER, None, 5)
        for plan in plans_of(partial(ledger_lines, scope, ledgers)):
            conditions += [
                " ".join(node.get(name, "") for name in ("Index Cond", "Recheck Cond", "Filter"))
                for node in nodes_of(plan)
                if node.get("Relation Name") == "transactions_entry"
            ]
    by_number = [each for each in conditions if "(id > " in each]

    assert by_number
    assert not [each for each in by_number if "ledger_id" in each]


@pytest.mark.usefixtures("books")
def test_movement_looks_up_each_currency_alone() -> None:
    rows = rows_read(find_movement)

    assert rows["reports_currencydaytotal"] == 2 * 3
    assert not rows["reports_ledgerdaytotal"] + rows["reports_ledgercurrency"]
    assert rows["transactions_entry"] <= 1


@pytest.mark.usefixtures("books")
def test_what_is_not_rolled_up_looks_up_what_it_touches() -> None:
    source = make_balance(floor_minor=None)
    post_transfer(source=source, destination=make_balance())

    rows = rows_read(partial(total_lines, scopes()[0]))

    assert rows["reports_ledgerdaytotal"] <= 2
    assert rows["transactions_entry"] <= 3
