"""Clients that post without pause through kills and restarts, as processes of their own.

    python -m tests.attacks.clients engine|web NAME THREADS FOLDER

Each acknowledged reference is one line of FOLDER/NAME.acknowledged; what no client may ever
see goes to FOLDER/NAME.errors; they end when FOLDER/stop is there.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import django

RETRY_SECONDS = 0.05
TIMEOUT_SECONDS = 20
Post = Callable[[str], None]


class NotYetError(Exception):
    """The service is away for a moment; the same posting is tried again."""


def run(folder: Path, name: str, post_of: Callable[[int], Post], threads: int) -> None:
    lines = os.open(folder / f"{name}.acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def work(thread: int) -> None:
        post = post_of(thread)
        number = 0
        while not (folder / "stop").exists():
            reference = f"{name}-{thread}-{number}"
            try:
                post(reference)
            except NotYetError:
                time.sleep(RETRY_SECONDS)
            except BaseException:  # noqa: BLE001 whatever it is, the test shows it
                (folder / f"{name}.errors").open("a").write(traceback.format_exc())
                return
            else:
                os.write(lines, f"{reference}\n".encode())
                number += 1

    workers = [threading.Thread(target=work, args=(thread,)) for thread in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def engine_post(_thread: int) -> Post:
    """Transfers between a few balances, each thread with a connection of its own."""
    # Not before Django stands.
    from django.db import InterfaceError, OperationalError, connection  # noqa: PLC0415

    from balances.models import Balance  # noqa: PLC0415
    from transactions.errors import BusyError  # noqa: PLC0415
    from transactions.posting import post  # noqa: PLC0415
    from transactions.requests import PostingRequest, transfer  # noqa: PLC0415

    pks: list[int] = []

    def act(reference: str) -> None:
        chance = random.Random(reference)
        try:
            pks.extend([] if pks else Balance.objects.order_by("pk").values_list("pk", flat=True))
            source, target = chance.sample(pks, 2)
            legs = transfer(source=source, destination=target, amount_minor=chance.randint(1, 99))
            post(PostingRequest(reference, legs))
        except (OperationalError, InterfaceError, BusyError) as error:
            connection.close()
            raise NotYetError from error

    return act


class Browser:
    """A signed-in session."""

    def __init__(self, address: str, username: str, password: str) -> None:
        self.address = address
        self.cookies: dict[str, str] = {}
        while True:
            try:
                token = self.hidden(self.send("GET", "/login/")[1], "csrfmiddlewaretoken")
                form = {"username": username, "password": password, "csrfmiddlewaretoken": token}
                status, _page = self.send("POST", "/login/", form)
            except NotYetError:
                time.sleep(RETRY_SECONDS)
                continue
            assert status == 302, status
            return

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_SECONDS)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, urlencode(form) if form is not None else None, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise NotYetError from error
        finally:
            connection.close()
        if answer.status >= 500:
            raise NotYetError
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _equals, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, page

    @staticmethod
    def hidden(page: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]+)"', page)
        assert found, page
        return found[1]


_signing_in = threading.Lock()


@cache
def signed_in() -> Browser:
    """The session of this process: a password takes the server longer than a posting."""
    return Browser(
        os.environ["ADDRESS"], os.environ["ADMIN_USERNAME"], os.environ["ADMIN_PASSWORD"]
    )


def web_post(thread: int) -> Post:
    """Review and post as a person does; the sealed review is sent again until it is answered."""
    with _signing_in:
        browser = signed_in()
    name = os.environ["CLIENT_NAME"]
    sealed: dict[str, dict[str, str]] = {}

    def act(reference: str) -> None:
        if reference not in sealed:
            page = browser.send("GET", "/transactions/new/")[1]
            form = {
                "csrfmiddlewaretoken": browser.hidden(page, "csrfmiddlewaretoken"),
                "source": f"@From {name} {thread}",
                "destination": f"@To {name} {thread}",
                "amount": "1.25",
                "currency": "GBP",
                "reference": reference,
            }
            page = browser.send("POST", "/transactions/review/", form)[1]
            sealed[reference] = {
                field: browser.hidden(page, field) for field in ("csrfmiddlewaretoken", "token")
            }
        status, page = browser.send("POST", "/transactions/new/", sealed[reference])
        assert status in (302, 303), page

    return act


def main(kind: str, name: str, threads: str, folder: str) -> None:
    os.environ["CLIENT_NAME"] = name
    if kind == "engine":
        django.setup()
        run(Path(folder), name, engine_post, int(threads))
    else:
        run(Path(folder), name, web_post, int(threads))


if __name__ == "__main__":
    main(*sys.argv[1:])
