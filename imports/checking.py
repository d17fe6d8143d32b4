"""What an import comes to: tried out and taken back, or kept if it is what was reviewed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Max

from balances.models import Balance
from imports.models import Import
from ledgers.models import Currency
from ledgers.money import format_amount
from transactions.changes import describe_changes
from transactions.importing.loading import parse_mapping
from transactions.importing.reading import SourceError
from transactions.importing.report import Report
from transactions.importing.running import import_whole
from transactions.requests import BalanceChange
from transactions.review import Change, ReviewedSide, keep_sides, read_sides
from web.formatting import format_numbers, formats

SIDES_SHOWN = 20
# What a batch that was just written did to its balances, those with the most entries first: before
# and after, whether it was opened for it, how many balances there are and how many are new, and
# what tells those that were there from others.
MOVED = """
SELECT b.id, b.credit_minor - b.debit_minor - m.moved, b.credit_minor - b.debit_minor,
       b.inflight_credit_minor - b.inflight_debit_minor,
       b.id > %(newest)s AND b.entry_count = m.entries,
       count(*) OVER (),
       count(*) FILTER (WHERE b.id > %(newest)s AND b.entry_count = m.entries) OVER (),
       sum(hashint8extended(b.id, 0)) FILTER (
           WHERE NOT (b.id > %(newest)s AND b.entry_count = m.entries)
       ) OVER ()
FROM (
    SELECT e.balance_id, sum(e.direction * e.amount_minor) AS moved, count(*) AS entries
    FROM transactions_transaction AS t
    JOIN transactions_entry AS e ON e.transaction_id = t.id
    WHERE t.batch_id = %(batch)s GROUP BY e.balance_id
) AS m
JOIN balances_balance AS b ON b.id = m.balance_id
ORDER BY m.entries DESC, b.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check or a posting came to, counted in rows of the file.

    `net` are the sums of what is posted or already there, one text for each currency, `unused`
    the headers that nothing is made of. `opened` balances are new; `more` balances move beside
    those of `sides`. Two runs have the same `outcome` only if the same becomes of every row, on
    the same balances.
    """

    read: int
    posted: int
    present: int
    refused: int
    transactions: int
    opened: int
    net: tuple[str, ...]
    unused: tuple[str, ...]
    sides: tuple[ReviewedSide, ...]
    more: int
    outcome: str

    @classmethod
    def of(cls, import_: Import) -> Checked | None:
        """As the import keeps it; None where it has not been checked."""
        kept = import_.report
        if not kept:
            return None
        sides = tuple(map(_for_reader, read_sides(kept["sides"])))
        if not import_.is_posted:
            # A balance that is yet to be opened has no page.
            sides = tuple(replace(side, url="") if side.is_new else side for side in sides)
        net, unused = tuple(map(format_numbers, kept["net"])), tuple(kept["unused"])
        return cls(**{**kept, "net": net, "unused": unused, "sides": sides})


def _for_reader(side: ReviewedSide) -> ReviewedSide:
    """With its numbers as whoever asks writes them, who need not be the one that checked."""
    return replace(
        side,
        moves=tuple(map(format_numbers, side.moves)),
        balance=side.balance and _change_for_reader(side.balance),
        available=side.available and _change_for_reader(side.available),
        inflight=side.inflight and _change_for_reader(side.inflight),
        limits=tuple(map(format_numbers, side.limits)),
    )


def _change_for_reader(change: Change) -> Change:
    before, after = format_numbers(change.before), format_numbers(change.after)
    return replace(change, before=before, after=after)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `run` did: its report as an import keeps it, and the refused rows as a file."""

    report: dict[str, Any]
    refused_file: bytes
    is_kept: bool


def run(import_: Import, *, reviewed: str = "") -> Outcome:
    """Import the file, and keep that if its outcome is the one that was `reviewed`.

    Otherwise, and without one, all of it is taken back.

    Raises:
        SourceError: the file cannot be read or lacks a column.
        MappingError: the mapping cannot be read, or does not fit these books.
        BusyError: other postings held one of the balances time and again.
    """
    mapping = parse_mapping(import_.mapping, name=import_.name or import_.file_name)
    newest = Balance.objects.aggregate(pk=Max("pk"))["pk"] or 0
    told: dict[str, Any] = {}

    def keep(report: Report) -> bool:
        told.update(_tell(report, import_, newest))
        return bool(reviewed) and told["outcome"] == reviewed

    with _written(import_) as path:
        refused_path = path.parent.parent / "refused.csv"
        try:
            import_whole(
                path,
                mapping=mapping,
                batch_id=import_.public_id,
                refused_path=refused_path,
                keep=keep,
                actor=import_.user,
            )
        except SourceError as error:
            raise SourceError(str(error).replace(str(path), import_.file_name)) from error
        refused_file = refused_path.read_bytes() if refused_path.exists() else b""
    return Outcome(told, refused_file, bool(reviewed) and told["outcome"] == reviewed)


@contextmanager
def _written(import_: Import) -> Iterator[Path]:
    """The file on disk, alone in its folder under its own name, for as long as it is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file" / import_.file_name
        path.parent.mkdir()
        path.write_bytes(import_.content)
        yield path


@formats()
def _tell(report: Report, import_: Import, newest: int) -> dict[str, Any]:
    """What was done, told within the database transaction that did it, its numbers plain."""
    (file,) = report.files
    exponents = dict(Currency.objects.values_list("code", "exponent"))
    sides, moved, opened, known = _describe_moved(import_, newest)
    decided = file.decided.copy()
    decided.update(known.encode())
    return {
        **report.counts(),
        "transactions": report.transactions_posted,
        "opened": opened,
        "net": [
            f"{format_amount(minor, exponents[code])} {code}"
            for code, minor in sorted(report.net_minor.items())
        ],
        "unused": list(file.source.unused),
        "sides": keep_sides(sides),
        "more": moved - len(sides),
        "outcome": decided.hexdigest(),
    }


def _describe_moved(import_: Import, newest: int) -> tuple[list[ReviewedSide], int, int, str]:
    """The balances that moved the most; how many moved, how many are new, and which are not."""
    asked: dict[str, Any] = {"newest": newest, "batch": import_.public_id, "limit": SIDES_SHOWN}
    with connection.cursor() as cursor:
        cursor.execute(MOVED, asked)
        rows = cursor.fetchall()
    changes = [
        BalanceChange(pk, int(before), int(after), int(inflight), int(inflight))
        for pk, before, after, inflight, *_counts in rows
    ]
    sides = [
        replace(side, is_new=row[4])
        for side, row in zip(describe_changes(changes, are_written=True), rows, strict=True)
    ]
    moved, opened, known = rows[0][5:] if rows else (0, 0, None)
    return sides, moved, opened, str(known)
