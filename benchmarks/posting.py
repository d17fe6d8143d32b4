"""The speed of posting: one by one, in batches, from CSV files, and what it costs on disk."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.batches import Twins, post_batch, table_bytes
from benchmarks.bounds import POSTING
from benchmarks.cluster import (
    YARDSTICK,
    Books,
    make_yardstick,
    migrated_books,
    pgbench_done,
    scratch_cluster,
    tpcb,
    use,
    warm,
)
from benchmarks.csv_import import CsvImport
from benchmarks.data import Size, fill
from benchmarks.differences import count_differences
from benchmarks.measuring import Comparison, Done, Work, compare, repeat
from benchmarks.report import Result, ratio_result
from benchmarks.requests import random_requests
from benchmarks.worker import Workers
from config.embedded import APP_ROLE

POST_SCRIPT = Path(__file__).parent / "sql" / "post.sql"
HOLD_SCRIPT = Path(__file__).parent / "sql" / "hold.sql"
# The script holds and commits.
HOLD_CALLS = 2
REFUSED_SHARE = 0.1
DISK_BATCHES = 5

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the works below share: the books, how large they are, who posts, whom to tell."""

    books: Books
    size: Size
    workers: Workers
    say: Say

    def compare(self, name: str, work: Work, yardstick: Work) -> Comparison:
        def on_round(number: int) -> None:
            self.say(f"{name}: round {number} of {self.size.rounds}")

        self.say(f"{name}: warming up")
        return compare(
            work,
            yardstick,
            rounds=self.size.rounds,
            on_round=on_round,
            warms_up=self.size.warms_up,
        )

    def ratio(self, name: str, work: Work, yardstick: Work) -> Result:
        return ratio_result(name, self.compare(name, work, yardstick), POSTING[name])

    def tpcb(self, clients: int) -> Work:
        return partial(tpcb, self.books.cluster, clients=clients, seconds=self.size.window_seconds)


def run(size: Size, names: set[str], say: Say) -> Iterator[Result]:
    """The results of the works named, as they come."""
    with _prepared(size, say) as bench:
        for name, work in WORKS.items():
            if name in names:
                warm(bench.books.cluster, [bench.books.name, YARDSTICK])
                yield work(bench, name)


@contextmanager
def _prepared(size: Size, say: Say) -> Iterator[Bench]:
    with scratch_cluster() as cluster, ThreadPoolExecutor(1) as beside:
        say("making the books and the tables of pgbench")
        yardstick = beside.submit(make_yardstick, cluster, size.pgbench_scale)
        books = migrated_books(cluster)
        fill(books, size)
        yardstick.result()
        with use(books), Workers(books) as workers:
            yield Bench(books, size, workers, say)


def _function(bench: Bench, name: str) -> Result:
    return bench.ratio(name, partial(_run_script, bench, POST_SCRIPT), bench.tpcb(8))


def _holds(bench: Bench, name: str) -> Result:
    """Holds and their commits; each counts as one."""

    def hold_and_commit() -> Done:
        done = _run_script(bench, HOLD_SCRIPT)
        return Done(done.count * HOLD_CALLS, done.seconds)

    return bench.ratio(name, hold_and_commit, bench.tpcb(8))


def _run_script(bench: Bench, script: Path) -> Done:
    books, seconds = bench.books, bench.size.window_seconds
    arguments = ["-c", "8", "-j", "2"]
    arguments += ["-D", f"tens={bench.size.balances // 10}", "-f", str(script)]
    return pgbench_done(books.cluster, books.name, APP_ROLE, arguments, seconds=seconds)


def _python(bench: Bench, name: str, *, processes: int) -> Result:
    return bench.ratio(name, _posting(bench, processes), bench.tpcb(processes))


def _hot_balance(bench: Bench, name: str) -> Result:
    return bench.ratio(name, _posting(bench, 8, hot=0.7), _posting(bench, 8))


def _posting(bench: Bench, processes: int, *, hot: float = 0.0) -> Work:
    return partial(
        bench.workers.post,
        processes=processes,
        seconds=bench.size.window_seconds,
        balances=bench.size.balances,
        hot=hot,
    )


def _batches(bench: Bench, name: str) -> Result:
    bench.say(f"{name}: copying the tables")
    with Twins(bench.books) as twins:
        warm(bench.books.cluster, [bench.books.name])
        copy = partial(twins.copy, bench.size.batch)
        copies = partial(repeat, copy, seconds=bench.size.window_seconds)
        return bench.ratio(name, _batch_window(bench), copies)


def _refusals(bench: Bench, name: str) -> Result:
    refused = _batch_window(bench, refused=REFUSED_SHARE)
    return bench.ratio(name, refused, _batch_window(bench))


def _batch_window(bench: Bench, *, refused: float = 0.0) -> Work:
    requests = random_requests(bench.size.balances, refused=refused)

    def post() -> Done:
        return post_batch(list(itertools.islice(requests, bench.size.batch)))

    return partial(repeat, post, seconds=bench.size.window_seconds)


def _differences(bench: Bench, name: str) -> Result:
    compared, differing = count_differences(bench.books, bench.size)
    return Result(name, {"differences": differing}, POSTING[name], (f"of {compared:,} requests",))


def _disk(bench: Bench, name: str) -> Result:
    post = _batch_window(bench)
    before, posted = table_bytes(bench.books), 0
    while posted < DISK_BATCHES * bench.size.batch:
        posted += post().count
    grown = table_bytes(bench.books) - before
    return Result(
        name, {"bytes": grown / posted}, POSTING[name], (f"over {posted:,} transactions",)
    )


def _import(bench: Bench, name: str) -> Result:
    with CsvImport() as csv:
        seconds = bench.size.window_seconds
        return bench.ratio(
            name,
            partial(repeat, csv.import_file, seconds=seconds),
            partial(repeat, csv.post_alone, seconds=seconds),
        )


WORKS: dict[str, Callable[[Bench, str], Result]] = {
    "function": _function,
    "holds": _holds,
    "python-1": partial(_python, processes=1),
    "python-8": partial(_python, processes=8),
    "hot-balance": _hot_balance,
    "batches": _batches,
    "refusals": _refusals,
    "differences": _differences,
    "disk": _disk,
    "import": _import,
}
