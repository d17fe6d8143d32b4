"""The web server as `up` runs it, on the books of a benchmark, and somebody signed in."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.middleware.csrf import CSRF_SECRET_LENGTH
from django.utils.crypto import get_random_string

from benchmarks.client import Visitor
from benchmarks.cluster import Books, ProgramError, run, use
from config.local import ROOT
from config.up import web_command
from users.sessions import SessionStore

READY_SECONDS = 30
# Longer, so that a slow moment of the machine does not end the visitor's connection.
KEEP_ALIVE = ["--keep-alive", "30"]


@contextmanager
def served(books: Books) -> Iterator[Visitor]:
    """The pages of the books, for a visitor who has signed in."""
    with tempfile.TemporaryDirectory() as static, socket.create_server(("127.0.0.1", 0)) as port:
        environment = books.environment() | {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "DAYBOOK_PROCESS": "web",
            "STATIC_ROOT": static,
        }
        run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], environment)
        command = [*web_command(port), *KEEP_ALIVE]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, pass_fds=[port.fileno()]
        ) as server:
            try:
                number = port.getsockname()[1]
                _wait_until_ready(server, number)
                yield Visitor(number, _sign_in(books))
            finally:
                server.terminate()


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        client = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", "/ok/", headers={"Host": "localhost"})
            if client.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            client.close()
    raise ProgramError("the web server does not answer")


def _sign_in(books: Books) -> str:
    """The cookies that a browser keeps after signing in: of the session, and against forgeries."""
    with use(books):
        user = get_user_model().objects.create_superuser("bench", password=None)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
    secret = get_random_string(CSRF_SECRET_LENGTH)
    return (
        f"{settings.SESSION_COOKIE_NAME}={session.session_key};"
        f" {settings.CSRF_COOKIE_NAME}={secret}"
    )
