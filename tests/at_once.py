"""Acts beside each other, each in a thread with its own connection, committing for real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db import transaction as db_transaction

from transactions.errors import PostingError


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """The outcome or the refusal of each, in order."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            with connection.cursor() as cursor:
                # What a busy machine takes is no matter here; deadlocks show all the same.
                cursor.execute("SET lock_timeout = '60s'")
            start.wait(60)
            return act()
        except PostingError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@contextmanager
def under_way(
    slow: Callable[[], Any], quick: Callable[[], Any], *, is_first: bool
) -> Iterator[None]:
    """Within, `slow` is done and not yet committed, and `quick`, done after it, is committed.

    The database transaction of `slow` began before that of `quick` (`is_first`), or after it.
    """
    may_begin, is_done, may_end = (threading.Event() for _ in range(3))

    def run_slowly() -> None:
        may_begin.wait(60)
        with db_transaction.atomic():
            slow()
            is_done.set()
            may_end.wait(60)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_slowly)
        with db_transaction.atomic(), connection.cursor() as cursor:
            if not is_first:
                cursor.execute("SELECT pg_current_xact_id()")
            may_begin.set()
            is_done.wait(60)
            quick()
        try:
            yield
        finally:
            may_end.set()
        running.result()
