from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from config.embedded import Cluster
from tests.conftest import OwnDatabase
from tests.setup.conftest import FirstRun, Start, ended_afterwards
from tests.setup.running import Up, environment, run, wait_for


@pytest.fixture(scope="module")
def running(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """An `up` to look at, with port 8000 busy and a temporary folder too deep for sockets."""
    data = shutil.copytree(first_run.data, tmp_path_factory.mktemp("running") / "data")
    deep = data / ("deep" * 20) / ("deeper" * 20)
    deep.mkdir(parents=True)
    with ended_afterwards() as start, ExitStack() as held:
        running = None
        # Somebody else may have it, which is as good as long as they do.
        while running is None or running.address.endswith(":8000/"):
            if running:
                running.end()
            with suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", 8000)))
            running = start(data, TMPDIR=str(deep))
        yield running


def sign_in(running: Up, *, username: str, password: str) -> bool:
    """Whether the login form lets a person in."""
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    with browser.open(f"{running.address}login/", timeout=20) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": username, "password": password}
    form["next"] = "/healthz"
    with browser.open(f"{running.address}login/", urlencode(form).encode(), 20) as page:
        page.read()
    return any(cookie.name == "sessionid" for cookie in jar)


def postmaster(running: Up) -> int:
    return int((running.data / "pgdata" / "postmaster.pid").read_text().split()[0])


def test_up_serves_a_fresh_machine_and_shows_the_password_once(
    first_run: FirstRun, running: Up
) -> None:
    assert f"Sign in as admin with the password {first_run.password}" in first_run.said
    assert "shown this once" not in running.said
    assert running.health() == (200, {"status": "ok", "database": "ok"})
    assert running.get("/login/")[0] == 200
    assert sign_in(running, username="admin", password=first_run.password)
    assert not sign_in(running, username="admin", password="wrong")


def test_up_takes_the_next_free_port_and_says_so(running: Up) -> None:
    port = int(running.address.rstrip("/").rpartition(":")[2])

    assert 8000 < port <= 8099
    assert f"Port 8000 is busy; using port {port}." in running.said


def test_up_serves_modules_that_import_each_other_by_hashed_names(running: Up) -> None:
    names = json.loads((running.data / "static" / "staticfiles.json").read_text())["paths"]

    status, module = running.get(f"/static/{names['js/app.js']}")

    assert status == 200
    imports = re.findall(r'from "\./(.+?)"', module)
    assert imports
    assert all(re.fullmatch(r"[\w-]+\.\w{12}\.js", name) for name in imports)


def test_second_up_says_where_the_first_is(running: Up) -> None:
    second = run("up", env=environment(running.data))

    assert second.returncode == 1
    assert f"in use by `up` at {running.address}" in second.stderr
    assert running.health()[0] == 200


def test_database_has_no_tcp_port_and_asks_for_passwords(running: Up) -> None:
    cluster = Cluster(running.data)

    with cluster.connect() as connection:
        listens = connection.execute("SHOW listen_addresses").fetchone()
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()

    assert listens == ("",)
    assert rules == [("scram-sha-256",)]
    assert cluster.socket.stat().st_mode & 0o777 == 0o700
    for name in ("passwords.json", "secret_key", "postgres.log"):
        assert (running.data / name).stat().st_mode & 0o777 == 0o600


def test_health_is_503_while_the_database_does_not_answer(running: Up) -> None:
    os.kill(postmaster(running), signal.SIGSTOP)
    try:
        stopped = running.health()
    finally:
        os.kill(postmaster(running), signal.SIGCONT)

    assert stopped == (503, {"status": "unavailable", "database": "no answer"})
    wait_for(lambda: running.health()[0] == 200)


def test_postgres_killed_is_started_again(running: Up, first_run: FirstRun) -> None:
    killed = postmaster(running)

    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: running.health()[0] == 200 and postmaster(running) != killed)

    assert sign_in(running, username="admin", password=first_run.password)


def test_up_serves_the_port_database_and_first_user_of_the_environment(
    up: Start, tmp_path: Path, own_database: OwnDatabase
) -> None:
    password, port = "open sesame 1001", _free_port()
    running = up(
        tmp_path,
        PORT=port,
        DATABASE_URL=own_database.url,
        DATABASE_OWNER_URL=own_database.owner_url,
        DAYBOOK_ADMIN_USERNAME="ada",
        DAYBOOK_ADMIN_PASSWORD=password,
    )

    assert running.address == f"http://127.0.0.1:{port}/"
    assert running.health()[0] == 200
    assert password not in running.said
    assert sign_in(running, username="ada", password=password)
    with own_database.app() as connection:
        assert connection.execute("SELECT username FROM users_user").fetchall() == [("ada",)]
    assert not (tmp_path / "pgdata").exists()

    own_database.cluster.drop_database(own_database.name)
    assert running.health()[0] == 503


def _free_port() -> str:
    """None of those that the system gives to whoever connects before it is used."""
    for port in range(20_000 + os.getpid() % 9_000, 30_000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return str(port)
    raise AssertionError("no port is free")


def test_up_refuses_a_busy_port_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        result = run("up", env=environment(tmp_path / "data", PORT=port))

    assert result.returncode == 1
    assert f"port {port} on 127.0.0.1 is busy" in result.stderr
    assert not (tmp_path / "data" / "pgdata").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_up_refuses_what_is_no_port(port: str, tmp_path: Path) -> None:
    result = run("up", env=environment(tmp_path / "data", PORT=port))

    assert result.returncode == 1
    assert "PORT must be a number from 1 to 65535" in result.stderr


def test_up_says_which_data_folder_it_cannot_make() -> None:
    result = run("up", env=environment(Path("/proc/daybook")))

    assert result.returncode == 1
    assert "/proc/daybook cannot be made" in result.stderr
    assert "DAYBOOK_DATA" in result.stderr


def test_up_says_that_the_database_of_the_environment_does_not_answer(tmp_path: Path) -> None:
    url = f"postgresql://nobody@/nothing?host={tmp_path}"
    result = run("up", env=environment(tmp_path, DATABASE_URL=url))

    assert result.returncode == 1
    assert "the database does not answer" in result.stderr
    assert "Traceback" not in result.stderr
