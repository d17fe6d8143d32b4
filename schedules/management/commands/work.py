from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app, connector_params
from procrastinate.exceptions import ConnectorException
from psycopg import OperationalError

from search.running import keep_indexed

POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0
CONNECTIONS_MAX = 4
# How long it waits for a connection: not much longer, when told to end without a database.
CONNECTION_SECONDS = 2.0
# So that nothing that is due waits behind a long job.
JOBS_AT_ONCE = 3


class Command(BaseCommand):
    help = "Do what is to be done in the background, until it is interrupted."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(self._work_until_stopped())

    async def _work_until_stopped(self) -> None:
        loop, ours = asyncio.get_running_loop(), asyncio.current_task()
        assert ours is not None
        is_stopping = False

        def stop() -> None:
            nonlocal is_stopping
            is_stopping = True
            ours.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        with suppress(asyncio.CancelledError):
            await self._work()
            # A database that is gone swallows the request to stop.
            while not is_stopping:
                self.stderr.write("The database does not answer; trying again ...")
                await asyncio.sleep(RETRY_SECONDS)
                await self._work()

    async def _work(self) -> None:
        """Work until the database goes away; when cancelled, end what is being done first."""
        connector = PsycopgConnector(
            kwargs=connector_params(),
            min_size=1,
            max_size=CONNECTIONS_MAX,
            timeout=CONNECTION_SECONDS,
        )
        indexing = asyncio.create_task(keep_indexed())
        try:
            with app.replace_connector(connector):
                async with app.open_async():
                    await app.run_worker_async(
                        concurrency=JOBS_AT_ONCE,
                        delete_jobs="always",
                        fetch_job_polling_interval=POLL_SECONDS,
                        install_signal_handlers=False,
                        # It would need a connection that PgBouncer does not share out.
                        listen_notify=False,
                    )
        except (ConnectorException, OperationalError):
            return
        finally:
            indexing.cancel()
