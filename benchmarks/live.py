"""Two hundred people who look at a table while nobody, somebody and many post.

Their tabs ask the server as static/js/table-live.js does: how soon is each told of a posting, and
what does all of it cost?
"""

from __future__ import annotations

import heapq
import json
import math
import os
import random
import re
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from benchmarks.bounds import LIVE
from benchmarks.client import TIMEOUT_SECONDS, UnexpectedAnswerError, Visitor
from benchmarks.cluster import Books, migrated_books, scratch_cluster, use, warm
from benchmarks.data import Size, fill
from benchmarks.report import Result
from benchmarks.requests import random_requests
from benchmarks.server import served
from reports.rolling import roll_up_days
from transactions.posting import post
from transactions.requests import PostingRequest

TABS = 200
# As in the script: how often a tab asks, and how often once it has something to show.
EVERY_SECONDS = 1.5
ONCE_TOLD_SECONDS = 5.0
WINDOW_SECONDS = 20.0
START = re.compile(r'data-live="([^"]+)" data-ticket="([^"]+)" data-rows="([^"]*)"')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Say = Callable[[str], None]


@dataclass
class Tab:
    """A page with the table; `is_told` while it shows that something was added or changed."""

    visitor: Visitor
    table: str
    query: str = ""
    since: str = ""
    ticket: str = ""
    rows: str = ""
    is_told: bool = False
    asked_at: float = 0.0

    @cached_property
    def connection(self) -> socket.socket:
        """Opened with the first question: a thread of the server waits for who says nothing."""
        return self.visitor.connect()

    def ask(self) -> None:
        asked = {
            "table": self.table,
            "since": self.since,
            "rows": self.rows,
            "ticket": self.ticket,
        }
        self.asked_at = time.perf_counter()
        self.connection.sendall(self.visitor.request(f"/live/?{urlencode(asked)}&{self.query}"))

    def hear(self) -> None:
        status, body = _answer(self.connection)
        if status == 200:
            told = json.loads(body)
            self.ticket, self.is_told = told["ticket"], bool(told["words"])

    def show(self, start: tuple[str, str, str]) -> None:
        """Somebody has pressed "show": the table is there anew."""
        (self.since, self.ticket, self.rows), self.is_told = start, False


@dataclass(slots=True)
class Seen:
    """What was measured: seconds of each answer, and from each posting until each tab knew."""

    answers: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    posted: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Posting:
    """How often something is posted, and whether it is shown everywhere before the next is.

    `query` is what the address of each tab asks for, where `{number}` is that of the tab.
    """

    every_seconds: float = math.inf
    is_shown: bool = False
    table: str = "transactions"
    query: str = ""


WORKS = {
    "live-idle": Posting(),
    "live-posting": Posting(4.0, is_shown=True),
    "live-busy": Posting(0.05),
    "live-figures": Posting(0.05, table="balances"),
    # Nobody shares a filter with anybody.
    "live-filtered": Posting(
        0.05, table="balances", query="where=balance:greater:{number}&sort=-balance"
    ),
}


def run(size: Size, names: set[str], say: Say) -> Iterator[Result]:
    """The results of the works named, as they come."""
    with scratch_cluster() as cluster:
        books = migrated_books(cluster)
        say("making the books")
        fill(books, size)
        with use(books):
            roll_up_days()
        with served(books) as visitor, use(books):
            warm(cluster, [books.name])
            for name in (name for name in WORKS if name in names):
                say(f"{name}: {TABS} tabs")
                work = WORKS[name]
                tabs = [
                    Tab(visitor, work.table, work.query.format(number=number))
                    for number in range(TABS)
                ]
                yield _measure(name, books, Room(tabs, random_requests(size.balances)))


def _measure(name: str, books: Books, room: Room) -> Result:
    room.show()
    try:
        room.watch(3.0, Posting())
        before, web, database = _statements(books), _cpu("gunicorn"), _cpu("postgres")
        seen = room.watch(WINDOW_SECONDS, WORKS[name])
        web, database = _cpu("gunicorn") - web, _cpu("postgres") - database
        time.sleep(1.5)  # the server counts those of a connection a second later
        statements = _statements(books) - before
    finally:
        room.close()
    figures = {
        "cpu_percent": 100 * web / seen.seconds,
        "statements/s": statements / seen.seconds,
        "p99_ms": 1000 * _percentile(seen.answers, 99),
    }
    notes = [
        f"{len(seen.answers) / seen.seconds:,.0f} requests/s",
        f"database {100 * database / seen.seconds:.1f} % of a core",
        f"answered in {1000 * _percentile(seen.answers, 50):.1f} ms",
        f"{seen.posted / seen.seconds:.2f} postings/s",
    ]
    if WORKS[name].is_shown:
        figures["told_ms"] = 1000 * max(seen.delays)
        notes.append(f"told in {1000 * _percentile(seen.delays, 50):,.0f} ms")
    return Result(name, figures, LIVE[name], tuple(notes))


class Room:
    """People with a tab each, and somebody who posts."""

    def __init__(self, tabs: list[Tab], requests: Iterator[PostingRequest]) -> None:
        self._tabs = tabs
        self._requests = requests
        self._posted_at = 0.0
        # When each tab asks next, those aside that wait for an answer.
        self._due: list[tuple[float, int]] = []

    def show(self) -> None:
        by_query = {tab.query: tab for tab in self._tabs}
        starts = {query: _start(tab) for query, tab in by_query.items()}
        for tab in self._tabs:
            tab.show(starts[tab.query])

    def close(self) -> None:
        for tab in self._tabs:
            tab.connection.close()

    def watch(self, seconds: float, posting: Posting) -> Seen:
        """Let the tabs ask for so long, each at times of its own."""
        seen, began = Seen(), time.perf_counter()
        end = began + seconds
        self._due = self._spread(range(len(self._tabs)))
        next_post = began + posting.every_seconds / 2
        waiting = 0
        with selectors.DefaultSelector() as selector:
            while (now := time.perf_counter()) < end or waiting:
                if next_post <= now < end:
                    next_post += posting.every_seconds
                    self._post(seen, is_shown=posting.is_shown)
                while self._due and self._due[0][0] <= now < end:
                    number = heapq.heappop(self._due)[1]
                    self._tabs[number].ask()
                    if self._tabs[number].connection not in selector.get_map():
                        selector.register(
                            self._tabs[number].connection, selectors.EVENT_READ, number
                        )
                    waiting += 1
                for key, _events in selector.select(timeout=0.005):
                    heapq.heappush(self._due, (self._hear(self._tabs[key.data], seen), key.data))
                    waiting -= 1
        seen.seconds = time.perf_counter() - began
        return seen

    def _spread(self, numbers: Iterable[int]) -> list[tuple[float, int]]:
        now = time.perf_counter()
        due = [(now + random.uniform(0, EVERY_SECONDS), number) for number in numbers]  # noqa: S311
        heapq.heapify(due)
        return due

    def _post(self, seen: Seen, *, is_shown: bool) -> None:
        if is_shown:
            self.show()
            self._due = self._spread(number for _at, number in self._due)
        post(next(self._requests))
        self._posted_at = time.perf_counter()
        seen.posted += 1

    def _hear(self, tab: Tab, seen: Seen) -> float:
        """When the tab will ask again."""
        was_told = tab.is_told
        tab.hear()
        heard_at = time.perf_counter()
        seen.answers.append(heard_at - tab.asked_at)
        if tab.is_told and not was_told:
            seen.delays.append(heard_at - self._posted_at)
        return heard_at + (ONCE_TOLD_SECONDS if tab.is_told else _jitter(EVERY_SECONDS))


def _jitter(seconds: float) -> float:
    return seconds * random.uniform(0.95, 1.05)  # noqa: S311 not for secrets


def _start(tab: Tab) -> tuple[str, str, str]:
    """The marks, the ticket and the rows of the table's page."""
    with tab.visitor.connect() as connection:
        connection.sendall(tab.visitor.request(f"/{tab.table}/?{tab.query}"))
        _status, body = _answer(connection)
    match = START.search(body.decode())
    if match is None:
        raise UnexpectedAnswerError("the table is not watched")
    return match[1], match[2], match[3]


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    connection.settimeout(TIMEOUT_SECONDS)
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _received(connection)
    status, body = int(data[9:12]), data[end + 4 :]
    length = LENGTH.search(data, 0, end + 2)
    while length and len(body) < int(length[1]):
        body += _received(connection)
    if status not in (200, 204):
        raise UnexpectedAnswerError(data[:1000].decode(errors="replace"))
    return status, body


def _received(connection: socket.socket) -> bytes:
    if not (data := connection.recv(262_144)):
        raise UnexpectedAnswerError("the server closed the connection")
    return data


def _statements(books: Books) -> int:
    """How many statements the books have answered, each a transaction of its own."""
    with psycopg.connect(books.url()) as connection:
        row = connection.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None  # of the books
    return int(row[0])


def _cpu(program: str) -> float:
    """CPU seconds of the processes below this one that run the program."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        if program in command:
            spent[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return sum(seconds for pid, seconds in spent.items() if _is_below(pid, parents))


def _is_below(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != os.getpid():
        pid = parents[pid]
    return pid == os.getpid()


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]
