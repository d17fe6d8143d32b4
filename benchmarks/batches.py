"""Batches through the engine, and the raw COPY of the same rows that they are measured by."""

from __future__ import annotations

from typing import Any

import psycopg

from benchmarks.cluster import Books
from benchmarks.measuring import Done, Stopwatch
from transactions.posting import post_many
from transactions.requests import PostingRequest

TABLES = ("transactions_transaction", "transactions_entry")
# What must differ for a row to go in once more; new ids follow the old ones, as posting's do.
NEW_VALUES = {
    "transactions_transaction": {
        "id": "id + {copy} * 1000000000::bigint",
        "public_id": "uuidv7()",
        "reference": "'PAY-' || upper(left(md5(reference || {copy}), 14))",
        "metadata": "metadata::text",
    },
    "transactions_entry": {
        "id": "id + {copy} * 1000000000::bigint",
        "transaction_id": "transaction_id + {copy} * 1000000000::bigint",
        "position": "position + {copy} * 1000000::bigint",
    },
}
COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
TABLE_BYTES = """
    SELECT sum(pg_total_relation_size(c.oid))::bigint
    FROM pg_class AS c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
"""


def post_batch(requests: list[PostingRequest]) -> Done:
    """Post the batch; refused requests count as done."""
    with Stopwatch() as watch:
        post_many(requests)
    return Done(len(requests), watch.seconds)


def table_bytes(books: Books) -> int:
    """Bytes of all tables and indexes on disk."""
    with books.connect() as connection:
        return int(_one(connection, TABLE_BYTES))


class Twins:
    """Tables with the same columns, checks, indexes and rows, without triggers and foreign keys."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._copies = 0

    def __enter__(self) -> Twins:
        with self._books.connect() as connection:
            for table in TABLES:
                connection.execute(
                    f"CREATE TABLE twin_{table} (LIKE {table} INCLUDING DEFAULTS"
                    " INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE)"
                )
                connection.execute(
                    f"INSERT INTO twin_{table} SELECT * FROM {table} ORDER BY id"  # noqa: S608
                )
            connection.execute("VACUUM (ANALYZE)")
        return self

    def __exit__(self, *_error: object) -> None:
        with self._books.connect() as connection:
            for table in TABLES:
                connection.execute(f"DROP TABLE twin_{table}")

    def copy(self, count: int) -> Done:
        """Copy the `count` transactions posted last, under keys that the tables do not have.

        It starts from Python's values, as the engine does.
        """
        self._copies += 1
        with self._books.connect() as connection:
            rows = {table: self._rows(connection, table, count) for table in TABLES}
            with Stopwatch() as watch, connection.transaction():
                for table in TABLES:
                    with connection.cursor().copy(f"COPY twin_{table} FROM STDIN") as copy:
                        for row in rows[table]:
                            copy.write_row(row)
        return Done(count, watch.seconds)

    def _rows(
        self, connection: psycopg.Connection[Any], table: str, count: int
    ) -> list[tuple[Any, ...]]:
        columns = {name: name for (name,) in connection.execute(COLUMNS, [table])}
        columns |= NEW_VALUES[table]
        listed = ", ".join(columns.values()).format(copy=self._copies)
        newest = f"(SELECT max(id) - {count} FROM {TABLES[0]})"  # noqa: S608 names of our own
        column = "id" if table == TABLES[0] else "transaction_id"
        query = f"SELECT {listed} FROM {table} WHERE {column} > {newest} ORDER BY id"  # noqa: S608
        return connection.execute(query).fetchall()


def _one(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row
    return row[0]
