from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection

from config.embedded import APP_ROLE, OWNER_ROLE, Cluster

POST = (
    "SELECT * FROM transactions_post(NULL, %s, '', NULL, '{}', %s::bigint[], %s::numeric[], NULL)"
)


@dataclass(frozen=True, slots=True)
class Attacker:
    """Somebody with a raw connection to books that hold two postings; all is taken back after."""

    role: str
    connection: psycopg.Connection[Any]
    ledger: int
    source: int
    target: int
    posted: int

    def run(self, query: str, *parameters: Any) -> list[Any]:
        cursor = self.connection.execute(query, parameters or None)
        return cursor.fetchall() if cursor.description else []

    def refused(self, query: str, *parameters: Any) -> psycopg.Error:
        """The error that a statement ends with; the books are as before."""
        before = self.books()
        try:
            with self.connection.transaction():
                self.run(query, *parameters)
        except psycopg.Error as error:
            assert self.books() == before
            return error
        raise AssertionError(f"{self.role} was let through: {query}")

    def books(self) -> list[Any]:
        queries = (
            "SELECT * FROM balances_balance ORDER BY id",
            "SELECT * FROM transactions_transaction ORDER BY id",
            "SELECT * FROM transactions_entry ORDER BY id",
            "SELECT * FROM transactions_reservation ORDER BY id",
            "SELECT * FROM transactions_hold ORDER BY transaction_id",
            "SELECT * FROM ledgers_ledger ORDER BY id",
            "SELECT * FROM audit_auditevent ORDER BY id",
            "SELECT code, exponent FROM ledgers_currency ORDER BY code",
        )
        return [self.run(query) for query in queries]

    def figures(self) -> list[Any]:
        """What has been posted comes to, whichever way it went."""
        return self.run(
            "SELECT id, credit_minor, debit_minor, entry_count, transaction_count,"
            " ledger_transaction_count FROM balances_balance ORDER BY id"
        ) + self.run(
            "SELECT balance_id, ledger_id, position, direction, amount_minor, running_minor"
            " FROM transactions_entry ORDER BY id"
        )


@pytest.fixture
def app(db: None, cluster: Cluster) -> Generator[Attacker, None, None]:
    """The role of the web, with whatever SQL an injection could run."""
    yield from _attacker(cluster, APP_ROLE)


@pytest.fixture
def owner(db: None, cluster: Cluster) -> Generator[Attacker, None, None]:
    """The role that owns the tables, whom only triggers and constraints stop."""
    yield from _attacker(cluster, OWNER_ROLE)


def _attacker(cluster: Cluster, role: str) -> Generator[Attacker, None, None]:
    url = cluster.url(connection.settings_dict["NAME"], role)
    with suppress(_TakeBackError), psycopg.connect(url) as raw:
        yield _prepare(role, raw)
        raise _TakeBackError


class _TakeBackError(Exception):
    """Leaves the `with` of a connection so that it rolls back."""


def _prepare(role: str, raw: psycopg.Connection[Any]) -> Attacker:
    def one(query: str, *parameters: Any) -> Any:
        row = raw.execute(query, parameters).fetchone()
        assert row
        return row[0]

    ledger = one(
        "INSERT INTO ledgers_ledger (public_id, name, is_general, metadata)"
        " VALUES (gen_random_uuid(), 'Shop', false, '{}') RETURNING id"
    )
    source, target = (
        one(
            "INSERT INTO balances_balance (public_id, ledger_id, currency, indicator, normal_side,"
            " floor_minor, metadata, credit_minor, debit_minor, inflight_credit_minor,"
            " inflight_debit_minor, entry_count, transaction_count, ledger_transaction_count)"
            " VALUES (gen_random_uuid(), %s, 'GBP', '', 'CREDIT', %s, '{}', 0,0,0,0,0,0,0)"
            " RETURNING id",
            ledger,
            floor_minor,
        )
        for floor_minor in (None, 0)
    )
    for reference in ("first", "second"):
        assert one(POST, reference, [source, target], [-500, 500]) == "posted"
    posted = one("SELECT id FROM transactions_transaction WHERE reference = 'second'")
    # What waits for the end of the transaction is checked at once from here.
    raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return Attacker(role, raw, ledger, source, target, posted)
