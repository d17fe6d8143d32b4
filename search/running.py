"""Keep the documents filled, for as long as the worker runs."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import Error, OperationalError, connection

from search.indexing import Horizon, Indexed, index_documents

EACH_SECONDS = 1.0
# What is still under way then is looked at again in the next turn.
PATIENCE_SECONDS = 0.05

log = logging.getLogger(__name__)


async def keep_indexed() -> None:
    """Fill each second, until cancelled. No job of the queue, which would be never done."""
    loop, pending = asyncio.get_running_loop(), None
    thread = ThreadPoolExecutor(1, "search")
    try:
        while True:
            pending = (await loop.run_in_executor(thread, _take_turn, pending)).pending
            await asyncio.sleep(EACH_SECONDS)
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
