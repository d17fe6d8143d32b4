"""Proof: every figure that is kept, recomputed from the entries and compared.

What is compared is listed in proof_books.py and proof_lifecycle.py. All checks run
on one snapshot, so postings may go on meanwhile.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db import transaction as db_transaction

from transactions.models import ProofRun
from transactions.proof_books import CHECKS as BOOKS
from transactions.proof_books import Check
from transactions.proof_lifecycle import CHECKS as LIFECYCLE

if TYPE_CHECKING:
    from users.models import User

# More would not help a person who looks for the cause.
MISMATCHES_SHOWN_MAX = 100


CHECKS = [*BOOKS, *LIFECYCLE]


def register_checks(*checks: Check) -> None:
    """Let every proof run these too: for apps above, from their `AppConfig.ready`."""
    CHECKS.extend(check for check in checks if check not in CHECKS)


def run_proof(*, actor: User | None, progress: Callable[[str], None] | None = None) -> ProofRun:
    """Recompute every kept figure from the entries, and store what was found.

    `progress` is told the name of each check before it runs. The cost grows
    with the history: about a minute for a million transactions.
    """
    started = time.monotonic()
    checks = []
    with _snapshot() as cursor:
        for check in CHECKS:
            if progress:
                progress(check.name)
            checks.append(_run(cursor, check))
    return ProofRun.objects.create(
        actor=actor,
        is_ok=not any(check["mismatches"] for check in checks),
        duration_seconds=round(time.monotonic() - started, 3),
        checks=checks,
    )


@contextlib.contextmanager
def _snapshot() -> Iterator[Any]:
    """A cursor for which the books stand still; within a transaction, that one's own."""
    is_outermost = not connection.in_atomic_block
    with db_transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL work_mem = '256MB'")
        # All of both sides is read. Just after an import the server still takes tables for empty,
        # and looking in one for each row of another would go on for hours.
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield cursor


def _run(cursor: Any, check: Check) -> dict[str, Any]:
    cursor.execute(check.checked)
    checked = cursor.fetchone()[0]
    cursor.execute(check.mismatches)
    mismatches = [row[0] for row in cursor.fetchmany(MISMATCHES_SHOWN_MAX)]
    if cursor.rowcount > MISMATCHES_SHOWN_MAX:
        mismatches.append(f"… and {cursor.rowcount - MISMATCHES_SHOWN_MAX} more")
    return {"name": check.name, "checked": checked, "mismatches": mismatches}
