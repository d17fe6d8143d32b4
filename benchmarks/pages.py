"""The speed of the pages: signed in, by number of transactions, and under load."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from urllib.parse import quote, urlencode

from django.utils import timezone

from balances.models import Balance
from benchmarks.bounds import GROWTH, THROUGHPUT, TIME
from benchmarks.client import Visitor, get_seconds, requests_done
from benchmarks.cluster import Books, migrated_books, scratch_cluster, use, warm
from benchmarks.data import Size, fill
from benchmarks.exports import export_results
from benchmarks.measuring import Work, compare
from benchmarks.report import Result, ratio_result
from benchmarks.server import served
from identities.models import Identity
from ledgers.models import Ledger
from reports.rolling import roll_up_days
from search.indexing import index_documents
from transactions.models import Transaction

CLIENTS = 8
WARM_UPS = 20
FEW = "few_books"
OK = "/ok/"
# As of a day in the middle of the history.
PAST = timedelta(days=180)
# So late that most of the history lies before, with a full page of lines in small books too.
LATE = timedelta(days=100)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Site:
    """A server over some books, and where its pages are: each path by the page's name."""

    books: Books
    visitor: Visitor
    paths: dict[str, str]

    def request(self, page: str) -> bytes:
        return self.visitor.request(self.paths[page])


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that a page took, by rounds, in full books and in those with few transactions."""

    full: list[list[float]] = field(default_factory=list)
    few: list[list[float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """What the works below share."""

    full: Site
    few: Site
    size: Size
    say: Say


def run(size: Size, names: set[str], say: Say) -> Iterator[Result]:
    """The results of the works named, as they come."""
    with _prepared(size, say) as bench:
        for name, work in WORKS.items():
            if name in names:
                yield from work(bench)


@contextmanager
def _prepared(size: Size, say: Say) -> Iterator[Bench]:
    with scratch_cluster() as cluster, ExitStack() as stack:
        full, few = migrated_books(cluster), migrated_books(cluster, FEW)
        say("making the books")
        fill(full, size)
        fill(few, size, transactions=size.few_transactions)
        say("rolling the days up, and indexing what is searched")
        for books in (full, few):
            with use(books):
                roll_up_days()
                index_documents()
            with books.connect() as connection:
                connection.execute("VACUUM (ANALYZE)")
        say("starting the servers")
        sites = [
            Site(books, stack.enter_context(served(books)), page_paths(books))
            for books in (full, few)
        ]
        warm(cluster, [full.name, few.name])
        yield Bench(sites[0], sites[1], size, say)


def page_paths(books: Books) -> dict[str, str]:
    """Each list and details page, of something ordinary and of the largest there is."""
    day = timezone.localdate() - PAST
    late = timezone.localdate() - LATE
    with use(books):
        general = Ledger.objects.get(is_general=True)
        big, ordinary = Ledger.objects.filter(is_general=False).order_by("pk")[:2]
        treasury = Balance.objects.get(indicator="@Treasury")
        balance = Balance.objects.filter(ledger=ordinary).order_by("pk")[0]
        transaction = Transaction.objects.order_by("-pk")[5]
        identity = Identity.objects.order_by("-pk")[5]
        return {
            "ledgers": "/ledgers/",
            "ledger": ordinary.get_absolute_url(),
            "ledger-big": big.get_absolute_url(),
            "ledger-general": general.get_absolute_url(),
            "balances": "/balances/",
            "balances-internal": "/balances/?tab=internal",
            "balances-of-ledger": f"/balances/?ledger={big.key}",
            "balance": balance.get_absolute_url(),
            "balance-busy": treasury.get_absolute_url(),
            "transactions": "/transactions/",
            "transactions-of-ledger": f"/transactions/?ledger={big.key}",
            "transactions-of-balance": f"/transactions/?balance={treasury.key}",
            "transaction": transaction.get_absolute_url(),
            "transactions-deep": f"/transactions/?jump={day}",
            **_filtered(day, transaction),
            "entries": "/entries/",
            "home": "/",
            "search-name": "/search/?q=ada+example+77",
            "search-text": "/search/?q=invoice",
            "search-rare": f"/search/?q={quote(transaction.description)}",
            "search-slip": "/search/?q=subscripton",
            "search-amount": "/search/?q=250.00",
            "ledger-as-of": f"{big.get_absolute_url()}?as_of={day}",
            "balances-as-of": f"/balances/?ledger={big.key}&as_of={day}",
            "register-effective": f"{treasury.get_absolute_url()}?order=effective",
            "statement": f"{treasury.get_absolute_url()}statement/?from=2000-01-01",
            "statement-late": f"{treasury.get_absolute_url()}statement/?from={late}",
            "balance-as-of": f"{treasury.get_absolute_url()}?as_of={day}",
            "trial-balance": "/trial-balance/",
            "trial-balance-as-of": f"/trial-balance/?as_of={day}",
            "trial-balance-of-ledger": f"/trial-balance/?ledger={big.key}&as_of={day}",
            "identities": "/identities/",
            "identity": identity.get_absolute_url(),
        }


def _filtered(day: date, transaction: Transaction) -> dict[str, str]:
    """The transactions table under conditions, of which many pass, some, and one."""
    week = f"{day - timedelta(days=6)},{day}"
    conditions = {
        "status": ["status:is:posted"],
        "currency-week": ["currency:is:GBP", f"effective:between:{week}"],
        "amount": ["amount:between:490,500"],
        "metadata": ["metadata.channel:is:branch"],
        "metadata-rare": [f"metadata.order:is:{transaction.pk}"],
        "text": ["text:contains:invoice"],
        "text-rare": [f"text:contains:{transaction.description}"],
        "amount-old": ["amount:at-least:499", f"effective:less:{day}"],
    }
    return {
        f"filter-{name}": f"/transactions/?{urlencode({'where': groups}, doseq=True)}"
        for name, groups in conditions.items()
    }


def _times(bench: Bench) -> Iterator[Result]:
    """Each page for one client: its times in full books, and what they cost beside few."""
    for page in bench.full.paths:
        bench.say(f"{page}: one client")
        times = _time(bench, page)
        yield _time_result(page, times)
        yield _growth_result(page, times)


def _time(bench: Bench, page: str) -> Times:
    times = Times()
    with (
        bench.full.visitor.connect() as full_connection,
        bench.few.visitor.connect() as few_connection,
    ):
        full = partial(get_seconds, full_connection, bench.full.request(page))
        few = partial(get_seconds, few_connection, bench.few.request(page))
        for _ in range(WARM_UPS):
            full()
            few()
        for _ in range(bench.size.rounds):
            # In windows: asked in turn, each server would wake up to caches that the other filled.
            times.full.append([full() for _ in range(bench.size.requests)])
            times.few.append([few() for _ in range(bench.size.requests)])
    return times


def _time_result(page: str, times: Times) -> Result:
    seconds = sorted(second for round_ in times.full for second in round_)
    figures = {
        "p50_ms": statistics.median(seconds) * 1000,
        "p99_ms": seconds[int(0.99 * (len(seconds) - 1))] * 1000,
    }
    return Result(f"{page}-time", figures, TIME, (f"{len(seconds):,} requests",))


def _growth_result(page: str, times: Times) -> Result:
    ratios = [
        statistics.median(full) / statistics.median(few)
        for full, few in zip(times.full, times.few, strict=True)
    ]
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    return Result(f"{page}-growth", {"ratio": statistics.median(ratios)}, GROWTH, (spread,))


def _throughput(bench: Bench, page: str) -> Iterator[Result]:
    """Requests a second of many clients, beside those of a view that says "ok"."""

    def asking(path: str) -> Work:
        seconds = bench.size.window_seconds
        return partial(requests_done, bench.full.visitor, path, clients=CLIENTS, seconds=seconds)

    name = f"{page}-throughput"

    def on_round(number: int) -> None:
        bench.say(f"{name}: round {number} of {bench.size.rounds}")

    path = bench.full.paths[page]
    comparison = compare(
        asking(path),
        asking(OK),
        rounds=bench.size.rounds,
        on_round=on_round,
        warms_up=bench.size.warms_up,
    )
    yield ratio_result(name, comparison, THROUGHPUT)


def _exports(bench: Bench) -> Iterator[Result]:
    """Whole tables as files."""
    counts = {
        "transactions": bench.size.transactions,
        "entries": 2 * bench.size.transactions,
        "balances": bench.size.balances,
    }
    yield from export_results(bench.full.visitor, counts, bench.say)


WORKS: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "times": _times,
    "exports": _exports,
    "ledgers-throughput": partial(_throughput, page="ledgers"),
    "transactions-throughput": partial(_throughput, page="transactions"),
}
