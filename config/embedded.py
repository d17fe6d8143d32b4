"""A private PostgreSQL for a checkout without DATABASE_URL, run as a child of its supervisor.

It is reached by a socket in a closed folder and by no TCP port, with a password per role.
However the supervisor ends, kill -9 included, the server ends with it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.binaries import EmbeddedPostgresError, Runner, runner
from config.sharing import SharedFolder, write_secret

ADMIN_ROLE = "postgres"
OWNER_ROLE = "daybook_owner"
APP_ROLE = "daybook_app"
SOCKET_PREFIX = "daybook-"
# A socket's path, name included, must fit in 104 bytes on some systems.
LONGEST_SOCKET_FOLDER = 80
START_SECONDS = 60
STOP_SECONDS = 20

MEASURED = {
    "jit": "off",
    "max_connections": "100",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def shared_buffers() -> str:
    """A quarter of the memory, between 64 and 512 MB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{max(64, min(512, memory // 4 // 1024**2))}MB"


def watch(pid: int, stop_signal: str) -> subprocess.Popen[bytes]:
    """A shell that signals `pid` once this process is gone: its standard input is our pipe."""
    return subprocess.Popen(
        ["/bin/sh", "-c", f'read _; kill -{stop_signal} "$0" 2>/dev/null', str(pid)],
        stdin=subprocess.PIPE,
        start_new_session=True,
        cwd="/",
    )


def end_watch(watcher: subprocess.Popen[bytes]) -> None:
    watcher.kill()
    if watcher.stdin:
        watcher.stdin.close()
    watcher.wait()


class Cluster:
    """One database cluster in the folder `base`, started and stopped by this process.

    `durable=False` trades safety against a crash for speed, for throw-away clusters.
    `options` are settings of the server that go before the ones chosen here.
    """

    def __init__(
        self, base: Path, *, durable: bool = True, options: Mapping[str, str] | None = None
    ) -> None:
        self.base = base.absolute()
        self.folder = SharedFolder(self.base)
        self.durable = durable
        self.options = dict(options or {})
        self.process: subprocess.Popen[bytes] | None = None
        self._runner: Runner | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Cluster:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def runner(self) -> Runner:
        if self._runner is None:
            self._runner = runner(self.base)
        return self._runner

    @property
    def log(self) -> Path:
        return self.base / "postgres.log"

    @property
    def socket(self) -> Path:
        """The folder of the socket that the running server listens on.

        Raises:
            EmbeddedPostgresError: no server has been started here.
        """
        try:
            return Path((self.base / "socket").read_text())
        except FileNotFoundError:
            raise EmbeddedPostgresError(f"no database has been started in {self.base}") from None

    def url(self, database: str = "daybook", role: str = APP_ROLE) -> str:
        password = quote(self._passwords()[role], safe="")
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self.socket), safe='')}"

    def connect(self, database: str = ADMIN_ROLE) -> psycopg.Connection[Any]:
        """An administrator's connection, committing each statement."""
        return psycopg.connect(self.url(database, ADMIN_ROLE), autocommit=True, connect_timeout=10)

    def start(self, purpose: str = "command") -> Cluster:
        """Make the cluster if it is new, and return once it answers.

        Raises:
            InUseError: another process runs it; the message names its `purpose`.
            EmbeddedPostgresError: it cannot be made or started.
        """
        if not self.folder.is_reserved:
            self.folder.reserve(purpose)
        try:
            self._stop_leftover()
            self._make_data()
            self._make_socket_folder()
            self._launch()
            self._make_roles()
        except BaseException:
            self.stop()
            raise
        return self

    def join(self) -> bool:
        """Wait until another process has prepared this cluster; say whether it runs."""
        self.folder.wait_until_prepared()
        return self._answers()

    def ended(self) -> bool:
        """Whether the server that we started is gone."""
        return self.process is None or self.process.poll() is not None

    def restart(self) -> None:
        """Start the server again after it ended by itself, at the same socket.

        Raises:
            EmbeddedPostgresError: it cannot be started.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._end_process()
            for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
                (self.socket / name).unlink(missing_ok=True)
            try:
                return self._launch()
            except EmbeddedPostgresError:
                # What the dead server's children still do keeps a new one out for a moment.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def stop(self) -> None:
        self._end_process()
        if self.folder.is_reserved:
            self._remove_socket_folder()
            self.folder.release()

    def create_database(self, name: str = "daybook", *, template: str | None = None) -> None:
        """A database of `daybook_owner`, where `daybook_app` may connect and owns nothing."""
        with self.connect() as connection:
            create_database(connection, name, template=template)

    def drop_database(self, name: str) -> None:
        with self.connect() as connection:
            drop_database(connection, name)

    def has_database(self, name: str) -> bool:
        with self.connect() as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url(ADMIN_ROLE, ADMIN_ROLE), connect_timeout=5):
                return True
        except (psycopg.Error, EmbeddedPostgresError, OSError):
            return False

    def _passwords(self) -> dict[str, str]:
        try:
            passwords: dict[str, str] = json.loads((self.base / "passwords.json").read_text())
        except FileNotFoundError:
            raise EmbeddedPostgresError(f"no database has been made in {self.base}") from None
        return passwords

    def _make_data(self) -> None:
        data = self.runner.data
        if (data / "PG_VERSION").exists():
            self.runner.check_data_version()
            self._check_passwords()
            return
        if data.exists():
            raise EmbeddedPostgresError(f"{data} is no database: move it away")
        path = self.base / "passwords.json"
        if not path.exists():
            roles = (ADMIN_ROLE, OWNER_ROLE, APP_ROLE)
            write_secret(path, json.dumps({role: secrets.token_urlsafe(24) for role in roles}))
            self.folder.give_to_owner(path)
        # Under its own name only once it is whole, so that a killed run leaves no half of one.
        unfinished = data.with_name("pgdata.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.runner.give(unfinished)
        self._initdb(unfinished)
        unfinished.rename(data)

    def _check_passwords(self) -> None:
        if not (self.base / "passwords.json").exists():
            raise EmbeddedPostgresError(
                f"{self.base / 'passwords.json'} is missing, and without it the data in "
                f"{self.runner.data} cannot be opened: bring it back, or move the data away"
            )

    def _initdb(self, folder: Path) -> None:
        # A pipe would do, but another account may not open /dev/fd/N.
        handle, name = tempfile.mkstemp(prefix=SOCKET_PREFIX)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(f"{self._passwords()[ADMIN_ROLE]}\n")
            self.runner.give(Path(name))
            arguments = ["-D", str(folder), "-U", ADMIN_ROLE, "--auth=scram-sha-256"]
            arguments += [f"--pwfile={name}", "--encoding=UTF8", "--no-instructions"]
            arguments += self.runner.locale_arguments()
            if not self.durable:
                arguments.append("--no-sync")
            result = self.runner.run("initdb", *arguments)
        finally:
            os.unlink(name)
        if result.returncode:
            raise EmbeddedPostgresError(
                f"the database could not be made:\n{result.stdout}{result.stderr}"
            )

    def _make_socket_folder(self) -> None:
        self._remove_socket_folder()
        parents = [tempfile.gettempdir(), "/tmp", "/var/tmp"]  # noqa: S108 a closed folder inside
        parent = next(p for p in [*parents, ""] if len(p) < LONGEST_SOCKET_FOLDER - 20)
        folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=parent or None))
        self.runner.give(folder)
        path = self.base / "socket"
        path.write_text(str(folder))
        self.folder.give_to_owner(path)

    def _remove_socket_folder(self) -> None:
        try:
            folder = self.socket
        except EmbeddedPostgresError:
            return
        if folder.name.startswith(SOCKET_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
        (self.base / "socket").unlink(missing_ok=True)

    def _settings(self) -> dict[str, str]:
        return {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": shared_buffers(),
            **MEASURED,
            **({} if self.durable else NOT_DURABLE),
            **self.options,
        }

    def _launch(self) -> None:
        arguments = ["-D", str(self.runner.data)]
        for name, value in self._settings().items():
            arguments += ["-c", f"{name}={value}"]
        self.log.touch(0o600)
        self.folder.give_to_owner(self.log)
        with self.log.open("ab") as log:
            # Its own session: a terminal's Ctrl-C reaches us, and we decide what stops when.
            self.process = self.runner.start("postgres", *arguments, output=log)
        self._watcher = watch(self.process.pid, "INT")
        deadline = time.monotonic() + START_SECONDS
        while self.runner.run("pg_isready", "-q", "-h", str(self.socket)).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-1500:]
                raise EmbeddedPostgresError(f"the database did not start; {self.log} ends:\n{tail}")
            time.sleep(0.03)

    def _make_roles(self) -> None:
        with self.connect() as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role in {OWNER_ROLE, APP_ROLE} - known:
                password = sql.Literal(self._passwords()[role])
                statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(role), password))

    def _stop_leftover(self) -> None:
        """Wait for a server whose supervisor was killed a moment ago, or stop it."""
        try:
            pid = int((self.runner.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        if not _runs_on(pid, self.runner.data):
            return
        self.runner.run(
            "pg_ctl",
            "-D",
            str(self.runner.data),
            "-m",
            "fast",
            "-w",
            "-t",
            str(STOP_SECONDS),
            "stop",
        )

    def _end_process(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
        self.process = None
        if self._watcher is not None:
            end_watch(self._watcher)
            self._watcher = None


def create_database(
    connection: psycopg.Connection[Any], name: str, *, template: str | None = None
) -> None:
    """As `Cluster.create_database`, on an administrator's connection."""
    names = {
        "database": sql.Identifier(name),
        "template": sql.Identifier(template or "template1"),
        "owner": sql.Identifier(OWNER_ROLE),
        "application": sql.Identifier(APP_ROLE),
    }
    for statement in (
        sql.SQL("CREATE DATABASE {database} OWNER {owner} TEMPLATE {template}"),
        sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {application}"),
    ):
        connection.execute(statement.format(**names))


def drop_database(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


def _runs_on(pid: int, data: Path) -> bool:
    """Whether process `pid` is a server of this data, and not a later owner of the number."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return str(data) in Path(f"/proc/{pid}/cmdline").read_text()
        return False
    command = ["ps", "-p", str(pid), "-o", "args="]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return str(data) in shown
