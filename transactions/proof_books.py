"""What `proof` compares in the books themselves: totals, running figures, counts, entries.

Each check is one query that returns what does not match; its companion counts
what was compared.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class Check:
    """`checked` counts what is compared; `mismatches` gives one text for each that differs."""

    name: str
    checked: str
    mismatches: str


BALANCES = "SELECT count(*) FROM balances_balance"
ENTRIES = "SELECT count(*) FROM transactions_entry"
TRANSACTIONS = "SELECT count(*) FROM transactions_transaction"

# Which transactions touch which balance: by an entry, or by a reservation without one.
TOUCHES = """
    SELECT balance_id, ledger_id, transaction_id FROM transactions_entry
    UNION
    SELECT balance_id, ledger_id, transaction_id FROM transactions_reservation
"""

CHECKS = [
    Check(
        gettext_noop("running totals equal their entries"),
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
        gettext_noop("running figures follow entry by entry"),
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
        gettext_noop("positions run from one without gaps"),
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
        gettext_noop("positions follow the recorded time"),
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
        gettext_noop("counts and last activity of balances"),
        BALANCES,
        f"""
        SELECT format('bln_%s: %s entries, %s transactions, %s followers, last %s;'
                      ' its entries and reservations say %s, %s, %s, %s',
                      b.public_id, b.entry_count, b.transaction_count, b.follower_count,
                      b.last_entry_at, coalesce(e.entries, 0), coalesce(c.transactions, 0),
                      coalesce(c.followers, 0), e.last_at)
        FROM balances_balance AS b
        LEFT JOIN (
            SELECT e.balance_id, count(*) AS entries, max(t.created_at) AS last_at
            FROM transactions_entry AS e
            JOIN transactions_transaction AS t ON t.id = e.transaction_id
            GROUP BY e.balance_id
        ) AS e ON e.balance_id = b.id
        LEFT JOIN (
            SELECT c.balance_id, count(*) AS transactions,
                   count(coalesce(t.parent_id, t.reverses_id)) AS followers
            FROM ({TOUCHES}) AS c
            JOIN transactions_transaction AS t ON t.id = c.transaction_id
            GROUP BY c.balance_id
        ) AS c ON c.balance_id = b.id
        WHERE b.entry_count <> coalesce(e.entries, 0)
           OR b.transaction_count <> coalesce(c.transactions, 0)
           OR b.follower_count <> coalesce(c.followers, 0)
           OR b.last_entry_at IS DISTINCT FROM e.last_at
        """,  # noqa: S608 -- a constant
    ),
    Check(
        gettext_noop("counts of transactions per ledger"),
        "SELECT count(*) FROM ledgers_ledger",
        f"""
        SELECT format('ldg_%s: %s transactions, %s followers;'
                      ' its entries and reservations say %s, %s',
                      l.public_id, coalesce(b.transactions, 0), coalesce(b.followers, 0),
                      coalesce(c.transactions, 0), coalesce(c.followers, 0))
        FROM ledgers_ledger AS l
        LEFT JOIN (
            SELECT ledger_id, sum(ledger_transaction_count) AS transactions,
                   sum(ledger_follower_count) AS followers
            FROM balances_balance GROUP BY ledger_id
        ) AS b ON b.ledger_id = l.id
        LEFT JOIN (
            SELECT c.ledger_id, count(*) AS transactions,
                   count(coalesce(t.parent_id, t.reverses_id)) AS followers
            FROM (SELECT DISTINCT ledger_id, transaction_id FROM ({TOUCHES}) AS c) AS c
            JOIN transactions_transaction AS t ON t.id = c.transaction_id
            GROUP BY c.ledger_id
        ) AS c ON c.ledger_id = l.id
        WHERE coalesce(b.transactions, 0) <> coalesce(c.transactions, 0)
           OR coalesce(b.followers, 0) <> coalesce(c.followers, 0)
        """,  # noqa: S608 -- a constant
    ),
    Check(
        gettext_noop("transactions balance in each currency"),
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
        gettext_noop("currencies sum to zero over all balances"),
        "SELECT count(DISTINCT currency) FROM balances_balance",
        """
        SELECT format('%s: credits less debits are %s', currency, sum(credit_minor - debit_minor))
        FROM balances_balance
        GROUP BY currency HAVING sum(credit_minor - debit_minor) <> 0
        """,
    ),
    Check(
        gettext_noop("transactions have all of their entries"),
        TRANSACTIONS,
        """
        SELECT format('transaction %s (%s): %s entries, expected %s',
                      t.id, t.reference, coalesce(e.entries, 0), t.entry_count)
        FROM transactions_transaction AS t
        LEFT JOIN (
            SELECT transaction_id, count(*) AS entries
            FROM transactions_entry GROUP BY transaction_id
        ) AS e ON e.transaction_id = t.id
        WHERE coalesce(e.entries, 0)
           <> CASE WHEN t.kind IN ('HOLD', 'VOID', 'EXPIRY') THEN 0 ELSE t.entry_count END
        """,
    ),
    Check(
        gettext_noop("entries belong to a transaction, a balance and its ledger"),
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
        gettext_noop("transactions point at records that exist"),
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
        gettext_noop("balances stay above their floors"),
        BALANCES,
        """
        SELECT format('bln_%s: below its floor of %s, which no transaction permitted',
                      b.public_id, b.floor_minor)
        FROM balances_balance AS b
        WHERE b.floor_minor > CASE b.normal_side
            WHEN 'CREDIT' THEN b.credit_minor - b.debit_minor - b.inflight_debit_minor
            ELSE b.debit_minor - b.credit_minor - b.inflight_credit_minor END
          AND NOT EXISTS (
              SELECT FROM (
                  SELECT e.transaction_id FROM transactions_entry AS e WHERE e.balance_id = b.id
                  UNION ALL
                  SELECT r.transaction_id FROM transactions_reservation AS r
                  WHERE r.balance_id = b.id AND r.kind <> 'COMMIT'
              ) AS l
              JOIN transactions_transaction AS t ON t.id = l.transaction_id
              WHERE t.overdraft_minor > 0
          )
        """,
    ),
    Check(
        gettext_noop("one General Ledger, and indicators in it alone"),
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
