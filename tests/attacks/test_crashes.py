"""Nothing that was acknowledged is lost or doubled, whatever is killed while clients post."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from config.embedded import APP_ROLE, OWNER_ROLE, Cluster
from tests.books import mismatches
from tests.setup.running import ROOT, Up, descendants, environment, start_up, wait_for

PASSWORD = "correct horse battery"
SECONDS = 90


@dataclass(frozen=True, slots=True)
class Clients:
    """Processes full of threads that post, and what they wrote down."""

    folder: Path
    processes: list[subprocess.Popen[bytes]]

    def acknowledged(self) -> list[str]:
        files = self.folder.glob("*.acknowledged")
        return [line for path in files for line in path.read_text().splitlines()]

    def post_more(self, count: int) -> None:
        """Return once so many more postings were acknowledged."""
        enough = len(self.acknowledged()) + count
        wait_for(lambda: len(self.acknowledged()) >= enough, seconds=SECONDS)

    def stop(self) -> list[str]:
        (self.folder / "stop").touch()
        for process in self.processes:
            process.wait(SECONDS)
        errors = [path.read_text() for path in self.folder.glob("*.errors")]
        assert errors == []
        return self.acknowledged()


@contextmanager
def _clients(
    kind: str, folder: Path, *, processes: int, threads: int, env: dict[str, str]
) -> Generator[Clients, None, None]:
    folder.mkdir()
    names = [f"client{number}" for number in range(processes)]
    module = [sys.executable, "-m", "tests.attacks.clients", kind]
    running = [
        subprocess.Popen([*module, name, str(threads), str(folder)], cwd=ROOT, env=env)
        for name in names
    ]
    try:
        yield Clients(folder, running)
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.fixture
def durable(tmp_path: Path) -> Generator[tuple[Cluster, dict[str, str]], None, None]:
    """A server of its own, on disk as in production, with the tables and ten balances."""
    with Cluster(tmp_path / "data", options={"max_connections": "260"}) as cluster:
        cluster.create_database()
        env = {
            **os.environ,
            "DATABASE_URL": cluster.url("daybook", APP_ROLE),
            "DATABASE_OWNER_URL": cluster.url("daybook", OWNER_ROLE),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True
        )
        with psycopg.connect(cluster.url("daybook", APP_ROLE)) as app:
            app.execute(
                "SELECT balances_open_indicator('@' || n, 'GBP') FROM generate_series(1, 10) AS n"
            )
        yield cluster, env


def _check(connection: psycopg.Connection[tuple[object, ...]], acknowledged: list[str]) -> None:
    """Each acknowledged posting is there exactly once, and every figure fits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reference FROM transactions_transaction")
        written = [row[0] for row in cursor.fetchall()]
        assert len(written) == len(set(written))
        assert set(acknowledged) - set(written) == set()
        assert len(acknowledged) == len(set(acknowledged))
        assert mismatches(cursor) == {}


def test_postgresql_killed_under_two_hundred_clients_loses_no_acknowledged_posting(
    durable: tuple[Cluster, dict[str, str]], tmp_path: Path
) -> None:
    cluster, env = durable
    with _clients("engine", tmp_path / "log", processes=4, threads=50, env=env) as clients:
        clients.post_more(300)
        _kill_one_backend(cluster)
        clients.post_more(300)
        _kill_server(cluster)
        cluster.restart()
        clients.post_more(300)
        acknowledged = clients.stop()

    with psycopg.connect(cluster.url("daybook", APP_ROLE)) as app:
        _check(app, acknowledged)
    _prove(env)


def _kill_one_backend(cluster: Cluster) -> None:
    active = "SELECT pid FROM pg_stat_activity WHERE usename = %s AND state = 'active' LIMIT 1"
    found: list[int] = []

    def find() -> bool:
        found.extend(pid for (pid,) in admin.execute(active, [APP_ROLE]))
        return bool(found)

    with cluster.connect() as admin:
        wait_for(find)
    os.kill(found[0], signal.SIGKILL)


def _kill_server(cluster: Cluster) -> None:
    """All of its processes at once: no chance to write anything more."""
    assert cluster.process
    family = [cluster.process.pid, *descendants(cluster.process.pid)]
    for pid in family:
        _kill(pid)
    cluster.process.wait(SECONDS)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _prove(env: dict[str, str]) -> None:
    proof = subprocess.run(
        [sys.executable, "manage.py", "prove", "--json"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert proof.returncode == 0, proof.stdout + proof.stderr


def _kill_workers(up: Up) -> None:
    for pid in _processes(up, "gunicorn")[1:]:  # the first one is their parent
        _kill(pid)


def _kill_database(up: Up) -> None:
    for pid in _processes(up, "postgres"):
        _kill(pid)


def _processes(up: Up, word: str) -> list[int]:
    found = []
    for pid in sorted(descendants(up.process.pid)):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        found += [pid] if word.encode() in command else []
    return found


def test_killed_workers_and_database_lose_no_posting_that_a_browser_was_told(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    up = start_up(environment(data, DAYBOOK_ADMIN_PASSWORD=PASSWORD))
    try:
        env = {
            "PATH": os.environ["PATH"],
            "ADDRESS": up.address.removeprefix("http://").rstrip("/"),
            "ADMIN_USERNAME": "admin",
            "ADMIN_PASSWORD": PASSWORD,
        }
        with _clients("web", tmp_path / "log", processes=2, threads=20, env=env) as clients:
            kills: list[Callable[[Up], None]] = [_kill_workers, _kill_workers, _kill_database]
            for kill in kills:
                clients.post_more(25)
                kill(up)
            clients.post_more(25)
            acknowledged = clients.stop()
        cluster = Cluster(data)
        with psycopg.connect(cluster.url("daybook", APP_ROLE)) as app:
            _check(app, acknowledged)
    finally:
        up.process.send_signal(signal.SIGTERM)
        up.process.wait(SECONDS)
