from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from search import running
from search.models import Document
from search.running import keep_indexed
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer


def test_what_is_posted_is_filled_until_the_worker_ends(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    monkeypatch.setattr(running, "IDLE_SECONDS", 0.05)

    def count_after(number: int) -> int:
        post_transfer(source=source, destination=target)
        for _ in range(200):
            if (count := Document.objects.count()) == number:
                break
            asyncio.run(asyncio.sleep(0.05))
        connection.close()
        return count

    async def work() -> list[int]:
        loop, filling = asyncio.get_running_loop(), asyncio.create_task(keep_indexed())
        counts = [await loop.run_in_executor(None, count_after, number) for number in (1, 2)]
        with own_database.cluster.connect(own_database.name) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> pg_backend_pid()",
                [own_database.name],
            )
        counts.append(await loop.run_in_executor(None, count_after, 3))
        filling.cancel()
        return counts

    # The tests with a browser leave an event loop in this thread.
    with ThreadPoolExecutor(1) as other_thread:
        counts = other_thread.submit(lambda: asyncio.run(work())).result(60)

    assert counts == [1, 2, 3]
