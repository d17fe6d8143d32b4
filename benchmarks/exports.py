"""Exports of whole tables: the time for each row, and the memory that the web server takes.

`export_results` belongs among the works of `benchmarks.pages`, which has the full books.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.bounds import EXPORT
from benchmarks.client import UnexpectedAnswerError, Visitor
from benchmarks.report import Result

PATHS = {
    "export-csv": "/transactions/export.csv",
    "export-xlsx": "/transactions/export.xlsx",
    "export-jsonl": "/transactions/export.jsonl",
    "export-entries": "/entries/export.csv",
    "export-sorted": "/balances/export.csv?sort=balance",
}
PIECE = 1024 * 1024
TIMEOUT_SECONDS = 600
# What tells that a file is whole: behind the rows of a CSV file stand the totals.
ENDS = {"csv": b"Total", "jsonl": b'{"end":', "xlsx": b"PK\x05\x06"}
RESET_PEAK = "5"


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken whole."""

    size: int
    first_ms: float
    seconds: float


def export_results(
    visitor: Visitor, row_counts: dict[str, int], say: Callable[[str], None]
) -> Iterator[Result]:
    """Each export once, after one of a few rows; `row_counts` are those of the tables by name."""
    for name, path in PATHS.items():
        say(name)
        _take(visitor, f"{path}{'&' if '?' in path else '?'}q=nothing-has-this")
        servers = _servers()
        before = _memory(servers, "VmRSS")
        for server in servers:
            (server / "clear_refs").write_text(RESET_PEAK)
        taken = _take(visitor, path)
        count = row_counts[path.split("/")[1]]
        figures = {
            "us/row": taken.seconds / count * 1e6,
            "mb": max(_memory(servers, "VmHWM")[each] - before[each] for each in servers),
        }
        notes = (
            f"{count:,} rows in {taken.seconds:.1f} s",
            f"first byte after {taken.first_ms:,.0f} ms",
            f"{taken.size / 1e6:,.0f} MB",
        )
        yield Result(name, figures, EXPORT, notes)


def _take(visitor: Visitor, path: str) -> Taken:
    connection = HTTPConnection("127.0.0.1", visitor.port, timeout=TIMEOUT_SECONDS)
    start = time.perf_counter()
    connection.request("GET", path, headers={"Host": "localhost", "Cookie": visitor.cookie})
    response = connection.getresponse()
    if response.status != 200:
        raise UnexpectedAnswerError(f"{path}: {response.status}")
    first_ms = (time.perf_counter() - start) * 1000
    size, last = 0, b""
    while piece := response.read(PIECE):
        size += len(piece)
        last = (last + piece)[-4096:]
    connection.close()
    kind = path.partition("?")[0].rpartition(".")[2]
    if ENDS[kind] not in last:
        raise UnexpectedAnswerError(f"{path}: not whole")
    return Taken(size, first_ms, time.perf_counter() - start)


def _servers() -> list[Path]:
    """The processes of this run's web server."""
    parents, servers = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        if "gunicorn" in command:
            servers.append(folder)
    return [folder for folder in servers if _is_below(int(folder.name), parents)]


def _is_below(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != os.getpid():
        pid = parents[pid]
    return pid == os.getpid()


def _memory(servers: list[Path], name: str) -> dict[Path, float]:
    """In megabytes, by process."""
    found = {}
    for server in servers:
        lines = dict(line.split(":", 1) for line in (server / "status").read_text().splitlines())
        found[server] = int(lines[name].split()[0]) / 1000
    return found
