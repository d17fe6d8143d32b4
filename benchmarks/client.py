"""A small HTTP client with connections kept open, so that it costs little beside the server."""

from __future__ import annotations

import re
import selectors
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

from benchmarks.measuring import Done

TIMEOUT_SECONDS = 30
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class UnexpectedAnswerError(Exception):
    """The server answered with something else than a page; the message shows it."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the port of the server and the cookies, empty for a stranger."""

    port: int
    cookie: str = ""

    def request(self, path: str) -> bytes:
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n".encode()

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def get_seconds(connection: socket.socket, request: bytes) -> float:
    """How long the server took to answer the request with a whole page.

    Raises:
        UnexpectedAnswerError: it is not a page (another status than 200).
    """
    start = time.perf_counter()
    connection.sendall(request)
    _read_page(connection)
    return time.perf_counter() - start


def requests_done(visitor: Visitor, path: str, *, clients: int, seconds: float) -> Done:
    """Pages answered within `seconds` to clients that each ask again and again."""
    if shutil.which("wrk"):
        return _wrk(visitor, path, clients=clients, seconds=seconds)
    request, count = visitor.request(path), 0
    with selectors.DefaultSelector() as selector:
        connections = [visitor.connect() for _ in range(clients)]
        try:
            for connection in connections:
                selector.register(connection, selectors.EVENT_READ)
            start = time.perf_counter()
            for connection in connections:
                connection.sendall(request)
            while (spent := time.perf_counter() - start) < seconds:
                for key, _events in selector.select(timeout=1):
                    assert isinstance(key.fileobj, socket.socket)
                    _read_page(key.fileobj)
                    key.fileobj.sendall(request)
                    count += 1
        finally:
            for connection in connections:
                connection.close()
    return Done(max(count, 1), spent)


def _wrk(visitor: Visitor, path: str, *, clients: int, seconds: float) -> Done:
    command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s"]
    command += ["-H", f"Cookie: {visitor.cookie}", f"http://127.0.0.1:{visitor.port}{path}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if not count or "Non-2xx" in output:
        raise UnexpectedAnswerError(output)
    return Done(int(count[1]), float(count[2]))


def _read_page(connection: socket.socket) -> None:
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _receive(connection)
    length = _LENGTH.search(data, 0, end + 2)
    if not data.startswith(b"HTTP/1.1 200") or not length:
        raise UnexpectedAnswerError(data[:1000].decode(errors="replace"))
    left = int(length[1]) - (len(data) - end - 4)
    while left > 0:
        left -= len(_receive(connection))


def _receive(connection: socket.socket) -> bytes:
    if not (data := connection.recv(262_144)):
        raise UnexpectedAnswerError("the server closed the connection")
    return data
