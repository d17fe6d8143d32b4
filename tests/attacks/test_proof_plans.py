"""The proof takes its time, but never the square of it, whatever the server believes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction as db_transaction

from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from tests.schedules.building import make_schedule
from tests.transactions.living import commit, place_hold, refund, reverse
from transactions import proof
from transactions.proof_books import Check


def test_tables_that_are_taken_for_empty_are_not_read_once_for_each_row(
    own_database: OwnDatabase,
) -> None:
    source, destination = make_balance(floor_minor=None), make_balance()
    with db_transaction.atomic():
        hold = place_hold(source=source, destination=destination, amount_minor=10)
        commit(hold, 5)
        reverse(post_transfer(source=source, destination=destination))
        refund(post_transfer(source=source, destination=destination), 1)
        make_schedule(source=source, destination=destination)
        with own_database.cluster.connect(own_database.name) as others:
            others.execute("ANALYZE")  # which sees nothing of this
        with proof._snapshot() as cursor:
            read_again = {check.name: read_for_each_row(cursor, check) for check in proof.CHECKS}

    assert len(read_again) > 25
    assert {name: tables for name, tables in read_again.items() if tables} == {}


def read_for_each_row(cursor: Any, check: Check) -> list[str]:
    """The tables that are read whole for each row of something else."""
    cursor.execute(f"EXPLAIN (FORMAT JSON) {check.mismatches}")
    nodes = _nodes(cursor.fetchone()[0][0]["Plan"])
    inner = [node["Plans"][1] for node in nodes if node["Node Type"] == "Nested Loop"]
    return [node["Relation Name"] for each in inner for node in _nodes(each) if _is_scan(node)]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _is_scan(node: dict[str, Any]) -> bool:
    return bool(node["Node Type"] == "Seq Scan")
