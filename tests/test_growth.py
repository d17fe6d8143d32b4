"""Pages read no more rows in books with a long history than in those with a short one.

The server counts the rows, under both kinds of plans that it may keep for a statement: no clock,
so that it holds on any machine. Filters are left out: they count what passes, up to 10,000.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import psycopg
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from benchmarks.cluster import Books
from benchmarks.data import QUICK, fill
from benchmarks.pages import page_paths
from config.embedded import Cluster
from reports.rolling import roll_up_days
from search.indexing import index_documents
from tests.conftest import cloned, pointed_at
from tests.factories import make_client

# So many balances that an ordinary one has few entries, which is what a kept plan counts on.
BOOKS = replace(QUICK, balances=50_000)
SHORT, LONG = 10_000, 50_000
# Pages of a table differ a little in what their rows refer to.
SLACK = 500
PLANS = ("force_generic_plan", "force_custom_plan")
ROWS_READ = """
SELECT relname, seq_tup_read FROM pg_stat_user_tables
UNION ALL
SELECT indexrelname, idx_tup_read FROM pg_stat_user_indexes
"""
FLUSH = "SELECT pg_stat_force_next_flush()"


def test_pages_read_no_more_rows_of_a_longer_history(
    cluster: Cluster, template_database: str, django_db_blocker: DjangoDbBlocker
) -> None:
    read: dict[int, dict[str, Counter[str]]] = {}
    for size in (SHORT, LONG):
        with (
            cloned(cluster, template_database) as name,
            django_db_blocker.unblock(),
            pointed_at(name),
        ):
            read[size] = rows_of_pages(Books(cluster, name), size)

    more = {page: rows - read[SHORT][page] for page, rows in read[LONG].items()}
    assert len(more) > 60
    assert all(read[SHORT][page].total() for page in more)
    assert not {page: rows for page, rows in more.items() if rows.total() > SLACK}


def rows_of_pages(books: Books, transactions: int) -> dict[str, Counter[str]]:
    """How many rows of each table and index the pages read, by page and kind of plan."""
    fill(books, BOOKS, transactions=transactions)
    roll_up_days()
    index_documents()
    client = make_client()
    found = {}
    with books.connect() as watcher:
        watcher.execute("VACUUM (ANALYZE)")
        watcher.execute(FLUSH)
        for plans in PLANS:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('plan_cache_mode', %s, false)", [plans])
            for page, path in page_paths(books).items():
                if page.startswith("filter-"):
                    continue
                client.get(path)  # what is read once for each process
                before = rows_read(watcher)
                assert client.get(path).status_code == 200, path
                found[f"{page}, {plans}"] = rows_read(watcher) - before
    return found


def rows_read(watcher: psycopg.Connection[tuple[str, int]]) -> Counter[str]:
    """What the server has counted so far, with all that Django's connection has read."""
    with connection.cursor() as cursor:
        cursor.execute(FLUSH)
    return Counter({name: rows or 0 for name, rows in watcher.execute(ROWS_READ)})
