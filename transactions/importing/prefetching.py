"""Preparing the next piece of work while the database has the current one."""

from __future__ import annotations

import contextvars
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Generator[Item, None, None]) -> Iterator[Item]:
    """The same items, each made in a thread while the caller uses the one before.

    The generator runs and ends in that thread, in the caller's context (its
    language, for one), and must not use the database: connections are the
    caller's own.
    """
    context = contextvars.copy_context()

    def following() -> Item | None:
        return context.run(lambda: next(items, None))

    with ThreadPoolExecutor(max_workers=1) as thread:
        try:
            coming = thread.submit(following)
            while (item := coming.result()) is not None:
                coming = thread.submit(following)
                yield item
        finally:
            thread.submit(items.close)
