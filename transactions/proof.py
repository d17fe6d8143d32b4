"""Proof: every figure that is kept, recomputed from the entries and compared.

Each check is one query that returns what does not match; its companion counts
what was compared. All run on one snapshot, so postings may go on meanwhile.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db import transaction as db_transaction

from transactions.models import ProofRun

if TYPE_CHECKING:
    from users.models import User

# More would not help a person who looks for the cause.
MISMATCHES_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Check:
    """`checked` counts what is compared; `mismatches` gives one text for each that differs."""

    name: str
    checked: str
    mismatches: str


BALANCES = "SELECT count(*) FROM balances_balance"
ENTRIES = "SELECT count(*) FROM transactions_entry"
TRANSACTIONS = "SELECT count(*) FROM transactions_transaction"

CHECKS = [
    Check(
        "running totals equal their entries",
        BALANCES,
        """
        SELECT format('bln_%s: credits %s, debits %s; its entries say %s and %s',
                      b.public_id, b.credit_minor, b.debit_minor,
                      coalesce(e.credit, 0), coalesce(e.debit, 0))
        FROM balances_balance AS b
        LEFT JOIN (
            SELECT balance_id,
                   sum(amount_minor) FILTER (WHERE direction = 1) AS credit,
                   sum(amount_minor) FILTER (WHERE direction = -1) AS debit
            FROM transactions_entry GROUP BY balance_id
        ) AS e ON e.balance_id = b.id
        WHERE b.credit_minor <> coalesce(e.credit, 0) OR b.debit_minor <> coalesce(e.debit, 0)
        """,
    ),
    Check(
        "running figures follow entry by entry",
        ENTRIES,
        """
        SELECT format('entry %s (bln_%s, position %s): running %s, expected %s',
                      e.id, b.public_id, e.position, e.running_minor, e.expected)
        FROM (
            SELECT id, balance_id, position, running_minor,
                   coalesce(lag(running_minor) OVER w, 0) + direction * amount_minor AS expected
            FROM transactions_entry
            WINDOW w AS (PARTITION BY balance_id ORDER BY position)
        ) AS e
        LEFT JOIN balances_balance AS b ON b.id = e.balance_id
        WHERE e.running_minor <> e.expected
        """,
    ),
    Check(
        "positions run from one without gaps",
        BALANCES,
        """
        SELECT format('bln_%s: %s entries, positions from %s to %s',
                      b.public_id, e.entries, e.first, e.last)
        FROM (
            SELECT balance_id, count(*) AS entries, min(position) AS first, max(position) AS last
            FROM transactions_entry GROUP BY balance_id
        ) AS e
        LEFT JOIN balances_balance AS b ON b.id = e.balance_id
        WHERE e.first <> 1 OR e.last <> e.entries
        """,
    ),
    Check(
        "positions follow the recorded time",
        ENTRIES,
        """
        SELECT format('entry %s: recorded before the entry at the position before it', e.id)
        FROM (
            SELECT e.id, t.created_at, lag(t.created_at) OVER w AS before
            FROM transactions_entry AS e
            JOIN transactions_transaction AS t ON t.id = e.transaction_id
            WINDOW w AS (PARTITION BY e.balance_id ORDER BY e.position)
        ) AS e
        WHERE e.created_at < e.before
        """,
    ),
    Check(
        "counts and last activity of balances",
        BALANCES,
        """
        SELECT format('bln_%s: %s entries, %s transactions, last %s; its entries say %s, %s, %s',
                      b.public_id, b.entry_count, b.transaction_count, b.last_entry_at,
                      coalesce(e.entries, 0), coalesce(e.transactions, 0), e.last_at)
        FROM balances_balance AS b
        LEFT JOIN (
            SELECT e.balance_id, count(*) AS entries,
                   count(DISTINCT e.transaction_id) AS transactions, max(t.created_at) AS last_at
            FROM transactions_entry AS e
            JOIN transactions_transaction AS t ON t.id = e.transaction_id
            GROUP BY e.balance_id
        ) AS e ON e.balance_id = b.id
        WHERE b.entry_count <> coalesce(e.entries, 0)
           OR b.transaction_count <> coalesce(e.transactions, 0)
           OR b.last_entry_at IS DISTINCT FROM e.last_at
        """,
    ),
    Check(
        "counts of transactions per ledger",
        "SELECT count(*) FROM ledgers_ledger",
        """
        SELECT format('ldg_%s: %s transactions; its entries say %s',
                      l.public_id, coalesce(b.kept, 0), coalesce(e.counted, 0))
        FROM ledgers_ledger AS l
        LEFT JOIN (
            SELECT ledger_id, sum(ledger_transaction_count) AS kept
            FROM balances_balance GROUP BY ledger_id
        ) AS b ON b.ledger_id = l.id
        LEFT JOIN (
            SELECT ledger_id, count(DISTINCT transaction_id) AS counted
            FROM transactions_entry GROUP BY ledger_id
        ) AS e ON e.ledger_id = l.id
        WHERE coalesce(b.kept, 0) <> coalesce(e.counted, 0)
        """,
    ),
    Check(
        "transactions balance in each currency",
        TRANSACTIONS,
        """
        SELECT format('transaction %s: %s %s more credited than debited',
                      e.transaction_id, sum(e.direction * e.amount_minor), b.currency)
        FROM transactions_entry AS e
        JOIN balances_balance AS b ON b.id = e.balance_id
        GROUP BY e.transaction_id, b.currency
        HAVING sum(e.direction * e.amount_minor) <> 0
        """,
    ),
    Check(
        "currencies sum to zero over all balances",
        "SELECT count(DISTINCT currency) FROM balances_balance",
        """
        SELECT format('%s: credits less debits are %s', currency, sum(credit_minor - debit_minor))
        FROM balances_balance
        GROUP BY currency HAVING sum(credit_minor - debit_minor) <> 0
        """,
    ),
    Check(
        "transactions have all of their entries",
        TRANSACTIONS,
        """
        SELECT format('transaction %s (%s): %s entries, expected %s',
                      t.id, t.reference, coalesce(e.entries, 0), t.entry_count)
        FROM transactions_transaction AS t
        LEFT JOIN (
            SELECT transaction_id, count(*) AS entries
            FROM transactions_entry GROUP BY transaction_id
        ) AS e ON e.transaction_id = t.id
        WHERE t.entry_count <> coalesce(e.entries, 0)
        """,
    ),
    Check(
        "entries belong to a transaction, a balance and its ledger",
        ENTRIES,
        """
        SELECT format('entry %s: transaction %s, balance %s, ledger %s',
                      e.id, e.transaction_id, e.balance_id, e.ledger_id)
        FROM transactions_entry AS e
        LEFT JOIN transactions_transaction AS t ON t.id = e.transaction_id
        LEFT JOIN balances_balance AS b ON b.id = e.balance_id
        WHERE t.id IS NULL OR b.id IS NULL
           OR e.ledger_id <> b.ledger_id OR e.effective_at <> t.effective_at
        """,
    ),
    Check(
        "transactions point at records that exist",
        TRANSACTIONS,
        """
        SELECT format('transaction %s (%s)', t.id, t.reference)
        FROM transactions_transaction AS t
        LEFT JOIN transactions_transaction AS parent ON parent.id = t.parent_id
        LEFT JOIN transactions_transaction AS reversed ON reversed.id = t.reverses_id
        LEFT JOIN users_user AS u ON u.id = t.actor_id
        WHERE coalesce(t.parent_id, t.reverses_id, t.actor_id) IS NOT NULL
          AND ((t.parent_id IS NOT NULL AND parent.id IS NULL)
            OR (t.reverses_id IS NOT NULL AND reversed.id IS NULL)
            OR (t.actor_id IS NOT NULL AND u.id IS NULL))
        """,
    ),
    Check(
        "balances stay above their floors",
        BALANCES,
        """
        SELECT format('bln_%s: below its floor of %s', public_id, floor_minor)
        FROM balances_balance
        WHERE floor_minor > CASE normal_side
            WHEN 'CREDIT' THEN credit_minor - debit_minor - inflight_debit_minor
            ELSE debit_minor - credit_minor - inflight_credit_minor END
        """,
    ),
    Check(
        "one General Ledger, and indicators in it alone",
        "SELECT count(*) FROM ledgers_ledger",
        """
        SELECT format('%s General Ledgers', count(*)) FROM ledgers_ledger WHERE is_general
        HAVING count(*) <> 1
        UNION ALL
        SELECT format('bln_%s: %s outside the General Ledger', b.public_id, b.indicator)
        FROM balances_balance AS b JOIN ledgers_ledger AS l ON l.id = b.ledger_id
        WHERE b.indicator <> '' AND NOT l.is_general
        """,
    ),
]


def run_proof(*, actor: User | None, progress: Callable[[str], None] | None = None) -> ProofRun:
    """Recompute every kept figure from the entries, and store what was found.

    `progress` is told the name of each check before it runs. The cost grows
    with the history: some ten seconds for a million transactions.
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
        yield cursor


def _run(cursor: Any, check: Check) -> dict[str, Any]:
    cursor.execute(check.checked)
    checked = cursor.fetchone()[0]
    cursor.execute(check.mismatches)
    mismatches = [row[0] for row in cursor.fetchmany(MISMATCHES_SHOWN_MAX)]
    if cursor.rowcount > MISMATCHES_SHOWN_MAX:
        mismatches.append(f"… and {cursor.rowcount - MISMATCHES_SHOWN_MAX} more")
    return {"name": check.name, "checked": checked, "mismatches": mismatches}
