"""Runs a management command where the operator is: beside a running `up`, or alone."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from config.binaries import EmbeddedPostgresError
from config.embedded import APP_ROLE, OWNER_ROLE, Cluster
from config.sharing import InUseError

ROOT = Path(__file__).resolve().parent.parent
# These read no data, or bring their own.
NO_DATABASE = frozenset(
    {
        "bench",
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "version",
        "--version",
    }
)
# These look at the migrations themselves, or must work before there are any.
NOT_MIGRATED_FIRST = frozenset(
    {"dbshell", "makemigrations", "migrate", "showmigrations", "sqlmigrate", "squashmigrations"}
)
HELP = frozenset({"-h", "--help"})
DATABASE = "daybook"
JOIN_SECONDS = 60


def run_command(arguments: list[str]) -> int:
    """Run one of Django's or the project's commands; the answer is the exit status."""
    command = arguments[1] if len(arguments) > 1 else "help"
    os.environ.setdefault("DAYBOOK_PROCESS", command)
    set_secret_key()
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    from config.postgresql.errors import is_database_lost

    if command in NO_DATABASE or not HELP.isdisjoint(arguments):
        os.environ.setdefault("DATABASE_URL", "postgresql:///daybook")
        execute_from_command_line(arguments)
        return 0
    try:
        with database(command):
            execute_from_command_line(arguments)
    except EmbeddedPostgresError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 1
    except DatabaseError as error:
        if not is_database_lost(error):
            raise
        print(f"{command}: the database does not answer: {str(error).strip()}", file=sys.stderr)
        return 1
    return 0


def data_folder() -> Path:
    return Path(os.environ.get("DAYBOOK_DATA") or ROOT / ".data").absolute()


def set_secret_key() -> None:
    """The key that `up` keeps with the data, else one for this process alone."""
    if "SECRET_KEY" in os.environ or "SECRET_KEY_FILE" in os.environ:
        return
    try:
        os.environ["SECRET_KEY"] = (data_folder() / "secret_key").read_text()
    except OSError:
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)


@contextmanager
def database(command: str) -> Iterator[None]:
    """Let DATABASE_URL lead to a database while the command runs.

    That is the one given; else the one that a running `up` or another command of this
    checkout serves; else our own for as long as we run.

    Raises:
        EmbeddedPostgresError: it cannot be started.
    """
    if os.environ.get("DATABASE_URL"):
        yield
        return
    _end_tidily_on_signals()
    cluster = Cluster(data_folder())
    users, ours = _reserve_or_join(cluster, command)
    if ours:
        _start(cluster, command)
    try:
        point_at(cluster)
        yield
    finally:
        if ours:
            _stop_after_others(cluster, users)
        users.close()


def prepare(cluster: Cluster) -> None:
    """Make the database of the books, if it is not there."""
    if not cluster.has_database(DATABASE):
        cluster.create_database(DATABASE)


def point_at(cluster: Cluster) -> None:
    """Set DATABASE_URL and DATABASE_OWNER_URL to the books of a running cluster."""
    os.environ["DATABASE_URL"] = cluster.url(DATABASE, APP_ROLE)
    os.environ["DATABASE_OWNER_URL"] = cluster.url(DATABASE, OWNER_ROLE)


def migrate_if_needed() -> None:
    import django
    from django.core.management import call_command
    from django.db import ProgrammingError, connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    try:
        executor = MigrationExecutor(connection)
        is_needed = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except ProgrammingError:  # the first one was interrupted before it gave us any rights
        is_needed = True
    if is_needed:
        call_command("migrate", verbosity=0)


def _reserve_or_join(cluster: Cluster, command: str) -> tuple[IO[str], bool]:
    """What says that we use the cluster, and whether it is ours to start and stop."""
    deadline = time.monotonic() + JOIN_SECONDS
    while True:
        cluster.folder.open()
        users = cluster.folder.use()
        try:
            cluster.folder.reserve(command)
        except InUseError:
            if cluster.join():
                return users, False
            users.close()  # it is stopping
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return users, True


def _start(cluster: Cluster, command: str) -> None:
    try:
        cluster.start()
        prepare(cluster)
        point_at(cluster)
        if command not in NOT_MIGRATED_FIRST:
            migrate_if_needed()
        cluster.folder.end_preparation()
    except BaseException:
        cluster.stop()
        raise


def _stop_after_others(cluster: Cluster, users: IO[str]) -> None:
    """Stop the cluster once no other command uses it."""
    from django.db import connections

    connections.close_all()
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if sys.stderr.isatty():
            print("Another command still uses the database; waiting for it.", file=sys.stderr)
        with suppress(KeyboardInterrupt, SystemExit):
            fcntl.flock(users, fcntl.LOCK_EX)
    cluster.stop()


def _end_tidily_on_signals() -> None:
    def end(number: int, _frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)
