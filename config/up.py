"""`manage.py up`: the database, the migrations, the first user, the web server and the worker."""

from __future__ import annotations

import argparse
import errno
import os
import secrets
import signal
import socket
import sys
import time
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from config.binaries import EmbeddedPostgresError
from config.children import Child, Restarts, Worker
from config.embedded import Cluster
from config.env import env_bool
from config.local import data_folder, point_at, prepare
from config.sharing import InUseError, write_secret

FIRST_PORT = 8000
LAST_PORT = 8099
READY_SECONDS = 60
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class UpError(Exception):
    """Daybook cannot be started or cannot go on; the message says why."""


def main(arguments: list[str]) -> int:
    demo = _parser().parse_args(arguments).demo
    _stop_on_signals()
    try:
        with ExitStack() as stack:
            _serve(stack, demo=demo)
    except (UpError, EmbeddedPostgresError) as error:
        print(f"Daybook cannot run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal may be gone, and then nothing may stay unsaid
            os.write(sys.stdout.fileno(), b"Stopped.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="manage.py up",
        description="Start Daybook with its own database, and say where it is.",
        epilog="The environment may set PORT, HOST, DAYBOOK_DATA, DAYBOOK_ADMIN_USERNAME, "
        "DAYBOOK_ADMIN_PASSWORD, DAYBOOK_WORKER and DATABASE_URL; .env.example tells what "
        "they mean.",
    )
    parser.add_argument("--demo", action="store_true", help="also load demonstration books")
    return parser


def _serve(stack: ExitStack, *, demo: bool) -> None:
    """Start everything, then watch over it until a signal comes."""
    data = data_folder()
    has_worker = _wants_worker()
    cluster = _reserve_cluster(stack, data)
    listener = stack.enter_context(reserve_port())
    if cluster:
        _say("Starting the database ...")
        cluster.start()
        prepare(cluster)
        point_at(cluster)
    _set_environment(data)
    try:
        _bring_up_to_date(demo=demo)
    except UpError as error:
        if cluster and cluster.ended():
            raise UpError(f"the database ended; {cluster.log} says why") from error
        raise
    if cluster:
        cluster.folder.end_preparation()
        for path in (data / "secret_key", data / "static", *(data / "static").rglob("*")):
            cluster.folder.give_to_owner(path)
    web = _start_web(stack, listener)
    _wait_until_ready(web, listener)
    worker = Worker() if has_worker else None
    if worker:
        stack.callback(worker.stop)
        worker.start_again()
    address = _address(listener)
    if cluster:
        cluster.folder.announce(f"`up` at {address} (process {os.getpid()})")
    _say(f"Daybook is at {address} (Ctrl-C stops it)")
    _watch_over(web, worker, cluster)


def _wants_worker() -> bool:
    try:
        return env_bool("DAYBOOK_WORKER", default=True)
    except ImproperlyConfigured as error:
        raise UpError(str(error)) from None


def _reserve_cluster(stack: ExitStack, data: Path) -> Cluster | None:
    if os.environ.get("DATABASE_URL"):
        data.mkdir(parents=True, exist_ok=True)
        return None
    cluster = Cluster(data)
    stack.callback(cluster.stop)
    try:
        cluster.folder.reserve("up")
    except InUseError as error:
        raise UpError(f"{error}; stop that first, or set DAYBOOK_DATA to another folder") from None
    return cluster


def reserve_port() -> socket.socket:
    """Listen on PORT, or without one on the next free port from 8000.

    Raises:
        UpError: PORT is no port, is busy or is not allowed; HOST is not of this machine.
    """
    host, wanted = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT")
    if not wanted:
        for port in range(FIRST_PORT, LAST_PORT + 1):
            with suppress(_PortBusyError):
                listener = _listen(host, port)
                if port != FIRST_PORT:
                    _say(f"Port {FIRST_PORT} is busy; using port {port}.")
                return listener
        raise UpError(f"ports {FIRST_PORT} to {LAST_PORT} are all busy: set PORT to a free one")
    if not wanted.isdecimal() or not 0 < int(wanted) < 2**16:
        raise UpError(f"PORT must be a number from 1 to 65535, not {wanted!r}")
    try:
        return _listen(host, int(wanted))
    except _PortBusyError:
        raise UpError(
            f"port {wanted} on {host} is busy: set PORT to another one, or unset it "
            "for the next free one"
        ) from None


class _PortBusyError(Exception):
    pass


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise _PortBusyError from None
        raise UpError(f"port {port} on {host} cannot be used: {error.strerror}") from None


def _set_environment(data: Path) -> None:
    """What a person on their own machine needs not set."""
    key = data / "secret_key"
    if not key.exists():
        write_secret(key, secrets.token_urlsafe(50))
    names = ["localhost", "127.0.0.1", "[::1]", os.environ.get("HOST") or "localhost"]
    for name, value in {
        "SECRET_KEY": key.read_text(),
        "ALLOWED_HOSTS": ",".join(names),
        "DAYBOOK_HTTPS": "false",
        "DAYBOOK_PROCESS": "up",
        "STATIC_ROOT": str(data / "static"),
    }.items():
        os.environ.setdefault(name, value)


def _bring_up_to_date(*, demo: bool) -> None:
    """Bring the database and the static files up to date, and say how to sign in."""
    import django
    from django.core.management import call_command
    from django.core.management.base import CommandError
    from django.db import OperationalError, connections

    _say("Preparing ...")
    django.setup()
    from config.static import collect_static

    try:
        call_command("migrate", verbosity=0)
        collect_static()
        if demo:
            call_command("load_demo")
        _say(_make_first_user())
    except OperationalError as error:
        raise UpError(f"the database does not answer: {str(error).strip()}") from None
    except CommandError as error:
        raise UpError(str(error)) from None
    connections.close_all()


def _make_first_user() -> str:
    from django.contrib.auth import get_user_model
    from django.core.exceptions import ValidationError

    users = get_user_model()
    if users.objects.exists():
        return "Sign in with your user name and password."
    name = os.environ.get("DAYBOOK_ADMIN_USERNAME") or "admin"
    given = os.environ.get("DAYBOOK_ADMIN_PASSWORD")
    password = given or secrets.token_urlsafe(12)
    try:
        users(username=name, password=password).clean_fields()
    except ValidationError as error:
        raise UpError(f"DAYBOOK_ADMIN_USERNAME: {' '.join(error.messages)}") from None
    users.objects.create_superuser(name, password=password)
    if given:
        return f"Sign in as {name} with the password of DAYBOOK_ADMIN_PASSWORD."
    return f"Sign in as {name} with the password {password} (shown this once)."


def web_command(listener: socket.socket) -> list[str]:
    """The command of a web server that answers at `listener`, which it has to inherit."""
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--no-control-socket"]
    command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning"]
    command += ["--workers", "2", "--worker-class", "gthread", "--threads", "4"]
    command += ["--preload", "--graceful-timeout", "10"]
    # The state of a table is its address: with many ids in a filter, a long one.
    command += ["--limit-request-line", "8190"]
    if os.access("/dev/shm", os.W_OK):  # noqa: S108 gunicorn's heartbeat, best not on a disk
        command += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return command


def _start_web(stack: ExitStack, listener: socket.socket) -> Child:
    web = Child(web_command(listener), process="web", pass_fds=[listener.fileno()])
    stack.callback(web.stop)
    return web


def _wait_until_ready(web: Child, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 compared only
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if web.status is not None:
            raise UpError(f"the web server ended with status {web.status}")
        client = HTTPConnection(here, port, timeout=1)
        with suppress(OSError, HTTPException):
            client.request("GET", "/healthz")
            client.getresponse()
            return
        client.close()
        time.sleep(0.05)
    raise UpError("the web server does not answer")


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 compared only
        host = "localhost"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _watch_over(web: Child, worker: Worker | None, cluster: Cluster | None) -> None:
    """Start database and worker again when they die, and give up when the web server does."""
    restarts = Restarts()
    while True:
        if web.status is not None:
            raise UpError(f"the web server ended with status {web.status}")
        if cluster and cluster.ended():
            if not restarts.is_allowed():
                raise UpError(f"the database ends again and again; see {cluster.log}")
            _say("The database ended; starting it again ...")
            cluster.restart()
        if worker and worker.ended() and worker.start_again():
            _say("The worker ended; starting it again ...")
        time.sleep(0.2)


def _stop_on_signals() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in SIGNALS:
        # `nohup` ignores SIGHUP on purpose. A shell's `&` ignores SIGINT too, but not for us.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def _say(text: str) -> None:
    print(text, flush=True)
