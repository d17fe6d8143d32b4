"""Books of the sizes that the speed goals name, filled in seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.cluster import Books

FILL = Path(__file__).parent / "sql" / "books.sql"


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in the books, and how long the measuring takes.

    `batch` transactions are posted at a time; `requests` is for how often a page is asked for in
    a round.
    """

    balances: int
    ledgers: int
    big_ledger: int
    transactions: int
    few_transactions: int
    pgbench_scale: int
    rounds: int
    window_seconds: float
    batch: int
    requests: int
    warms_up: bool


FULL = Size(
    balances=100_000,
    ledgers=1_000,
    big_ledger=10_000,
    transactions=1_000_000,
    few_transactions=10_000,
    pgbench_scale=100,
    rounds=7,
    window_seconds=3,
    batch=10_000,
    requests=100,
    warms_up=True,
)
HUGE = replace(FULL, transactions=10_000_000, rounds=3, requests=50)
QUICK = Size(
    balances=10_000,
    ledgers=100,
    big_ledger=1_000,
    transactions=50_000,
    few_transactions=5_000,
    pgbench_scale=10,
    rounds=3,
    window_seconds=0.5,
    batch=2_500,
    requests=30,
    warms_up=False,
)


def fill(books: Books, size: Size, *, transactions: int | None = None) -> None:
    """Write the ledgers, balances and history; the books must be migrated and empty."""
    settings = {
        "balances": size.balances,
        "ledgers": size.ledgers,
        "big_ledger": size.big_ledger,
        "transactions": transactions or size.transactions,
    }
    with books.connect() as connection:
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", [f"bench.{name}", str(value)])
        connection.execute(FILL.read_text())
        connection.execute("VACUUM (ANALYZE)")
