"""Keep the documents filled, for as long as the worker runs."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import Error, OperationalError, connection

from search.indexing import Horizon, Indexed, index_documents

# While there is nothing to do, and while there is.
IDLE_SECONDS, BUSY_SECONDS = 1.0, 0.2
# What is still under way then is looked at again in the next turn.
PATIENCE_SECONDS = 0.05

log = logging.getLogger(__name__)


async def keep_indexed() -> None:
    """Fill whenever there is something, until cancelled.

    No job of the queue: it would never be done, and hold a place that others wait for.
    """
    loop = asyncio.get_running_loop()
    pending: Horizon | None = None
    thread = ThreadPoolExecutor(1, "search")
    try:
        while True:
            indexed = await loop.run_in_executor(thread, _take_turn, pending)
            pending = indexed.pending
            await asyncio.sleep(BUSY_SECONDS if indexed.count else IDLE_SECONDS)
    finally:
        # A turn that was begun is ended: half a second for each of its steps.
        thread.submit(connection.close)
        thread.shutdown(wait=False)


def _take_turn(pending: Horizon | None) -> Indexed:
    try:
        return index_documents(pending=pending, patience_seconds=PATIENCE_SECONDS)
    except OperationalError:  # the worker tells, and connects again
        connection.close()
    except Error:
        log.exception("Transactions could not be indexed; trying again.")
        connection.close()
    return Indexed(0, is_complete=False)
