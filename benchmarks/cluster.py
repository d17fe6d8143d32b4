"""A PostgreSQL of the benchmarks' own: durable, filled, warm, and gone afterwards."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import psycopg
from django.conf import settings
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from benchmarks.measuring import Done
from config.databases import database
from config.embedded import ADMIN_ROLE, APP_ROLE, OWNER_ROLE, Cluster
from config.local import ROOT, data_folder

BOOKS = "books"
YARDSTICK = "yardstick"
OPTIONS = {"max_wal_size": "16GB", "max_connections": "60"}
SHARED_BUFFERS_MAX_MB = 2048
PGBENCH_TRIES = 5


class ProgramError(Exception):
    """A program that the benchmark runs failed; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Books:
    """A database of the scratch cluster, and how to reach it."""

    cluster: Cluster
    name: str = BOOKS

    def url(self, role: str = APP_ROLE) -> str:
        return self.cluster.url(self.name, role)

    def connect(self) -> psycopg.Connection[Any]:
        """An administrator's connection, committing each statement."""
        return self.cluster.connect(self.name)

    def environment(self) -> dict[str, str]:
        """What a process of the project needs to work on these books."""
        return {
            **os.environ,
            "DATABASE_URL": self.url(),
            "DATABASE_OWNER_URL": self.url(OWNER_ROLE),
            "SECRET_KEY": settings.SECRET_KEY,
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "DAYBOOK_HTTPS": "false",
            "DAYBOOK_PROCESS": "bench",
        }


@contextmanager
def scratch_cluster() -> Iterator[Cluster]:
    """A running cluster with fsync on, where the real data would lie; removed at the end.

    Raises:
        InUseError: another benchmark runs; they would measure each other.
    """
    base = data_folder() / "bench"
    cluster = Cluster(base, options=OPTIONS | {"shared_buffers": _shared_buffers()})
    cluster.folder.reserve("bench")
    _end_tidily_on_signals()
    try:
        # Left by a run that was killed.
        shutil.rmtree(cluster.runner.data, ignore_errors=True)
        yield cluster.start("bench")
    finally:
        cluster.stop()
        shutil.rmtree(cluster.runner.data, ignore_errors=True)
        shutil.rmtree(base, ignore_errors=True)


def _end_tidily_on_signals() -> None:
    def end(number: int, _frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def migrated_books(cluster: Cluster, name: str = BOOKS) -> Books:
    """New books, migrated by the owner as `migrate` does it."""
    cluster.create_database(name)
    books = Books(cluster, name)
    run([sys.executable, "manage.py", "migrate", "-v0"], books.environment())
    return books


@contextmanager
def use(books: Books) -> Iterator[None]:
    """Let Django's connection in this process lead to the books, as the application's role."""
    connection = connections["default"]
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        database(books.url(), name="daybook bench", statement_timeout="0")
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def warm(cluster: Cluster, databases: list[str]) -> None:
    """Read all tables and indexes into memory, and write out what is dirty."""
    for name in databases:
        with cluster.connect(name) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
            connection.execute(
                "SELECT pg_prewarm(c.oid) FROM pg_class AS c"
                " JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'"
                " WHERE c.relkind IN ('r', 'i')"
            )
            connection.execute("CHECKPOINT")


def make_yardstick(cluster: Cluster, scale: int) -> None:
    """The tables of pgbench in a database of their own."""
    cluster.create_database(YARDSTICK)
    pgbench(cluster, YARDSTICK, ADMIN_ROLE, ["-i", "-q", "-I", "dtgvp", "-s", str(scale)])


def tpcb(cluster: Cluster, *, clients: int, seconds: float) -> Done:
    """What pgbench's tpcb-like script does in `seconds`."""
    arguments = ["-c", str(clients), "-j", str(min(clients, 2))]
    return pgbench_done(cluster, YARDSTICK, ADMIN_ROLE, arguments, seconds=seconds)


def pgbench_done(
    cluster: Cluster, database: str, role: str, arguments: list[str], *, seconds: float
) -> Done:
    """The transactions that pgbench reports; its time to connect does not count.

    It takes whole seconds, and at least one.

    Raises:
        ProgramError: some failed, or time and again none was done.
    """
    arguments = [*arguments, "-T", str(max(1, round(seconds)))]
    for _ in range(PGBENCH_TRIES):
        output = pgbench(cluster, database, role, arguments)
        if "number of failed transactions: 0 " not in output:
            break
        rate = re.search(r"tps = ([\d.]+)", output)
        count = re.search(r"actually processed: (\d+)", output)
        # On a busy machine connecting alone may take longer than a short window.
        if rate and count and int(count[1]):
            return Done(int(count[1]), int(count[1]) / float(rate[1]))
    raise ProgramError(output)


def pgbench(cluster: Cluster, database: str, role: str, arguments: list[str]) -> str:
    environment = {
        **os.environ,
        "PGHOST": str(cluster.socket),
        "PGDATABASE": database,
        "PGUSER": role,
        "PGPASSWORD": str(conninfo_to_dict(cluster.url(database, role))["password"]),
    }
    mode = [] if "-i" in arguments else ["-n", "-M", "prepared"]
    return run([str(cluster.runner.folder / "pgbench"), *mode, *arguments], environment)


def run(command: list[str], environment: dict[str, str], *, cwd: Path = ROOT) -> str:
    """What a program prints.

    Raises:
        ProgramError: it failed; the message holds what it said.
    """
    done = subprocess.run(
        command, env=environment, cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ProgramError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _shared_buffers() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{max(64, min(SHARED_BUFFERS_MAX_MB, memory // 8 // 1024**2))}MB"
