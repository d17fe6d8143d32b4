"""Books of the sizes that the speed goals name, filled in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster import Books

FILL = Path(__file__).parent / "sql" / "books.sql"


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in the books, and how long the measuring takes."""

    balances: int
    ledgers: int
    big_ledger: int
    transactions: int
    few_transactions: int
    pgbench_scale: int
    rounds: int
    window_seconds: int
    batch: int
    requests: int


FULL = Size(100_000, 1_000, 10_000, 1_000_000, 10_000, 100, 7, 2, 10_000, 100)
QUICK = Size(10_000, 100, 1_000, 50_000, 5_000, 10, 3, 1, 5_000, 30)


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
