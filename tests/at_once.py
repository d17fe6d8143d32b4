"""Many acts in the same moment, each in a thread with its own connection, committing for real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

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
