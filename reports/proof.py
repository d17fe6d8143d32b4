"""Checks of the day totals, which `prove` runs with those of the books."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from transactions.proof_books import Check

ENTRIES_OF_DAY = """
    SELECT {columns}, (e.effective_at AT TIME ZONE 'UTC')::date AS day,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0) AS credit,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0) AS debit,
           count(*) AS entries
    FROM {source}
    WHERE e.id <= (SELECT entry_id FROM reports_rollmark)
    GROUP BY {columns}, day
"""
DIFFERENCES = """
SELECT format('{label} on %s: credits %s, debits %s, %s entries; its entries say %s, %s, %s',
              {label_values}, day, kept.credit_minor, kept.debit_minor, kept.entry_count,
              said.credit, said.debit, said.entries)
FROM (
    SELECT {names}, day, sum(credit) OVER so_far AS credit, sum(debit) OVER so_far AS debit,
           sum(entries) OVER so_far AS entries
    FROM ({entries}) AS e
    WINDOW so_far AS (PARTITION BY {names} ORDER BY day)
) AS said
FULL JOIN {table} AS kept USING ({names}, day)
WHERE (kept.credit_minor, kept.debit_minor, kept.entry_count)
      IS DISTINCT FROM (said.credit, said.debit, said.entries)
"""
# What each row of a finer table adds to its day: totals stand for all later days too.
ADDED = "t.{0} - coalesce(lag(t.{0}) OVER days, 0) AS {0}_added"
ADDED_OF_DAY = """
    SELECT t.*, {added}
    FROM (SELECT *, greatest(credit_minor - debit_minor, 0) AS net_minor FROM {finer}) AS t
    WINDOW days AS (PARTITION BY {names} ORDER BY day)
"""
NETS_OF_LEDGERS = """
SELECT format('ledger %s in %s on %s: balances with more credits come to %s; their days say %s',
              ledger_id, currency, day, kept.net_credit_minor, said.net_credit_minor)
FROM (
    SELECT b.ledger_id, b.currency, t.day, sum(sum(t.net_minor_added)) OVER so_far
           AS net_credit_minor
    FROM ({added_of_day}) AS t
    JOIN balances_balance AS b ON b.id = t.balance_id
    GROUP BY b.ledger_id, b.currency, t.day
    WINDOW so_far AS (PARTITION BY b.ledger_id, b.currency ORDER BY t.day)
) AS said
FULL JOIN reports_ledgerdaytotal AS kept USING (ledger_id, currency, day)
WHERE kept.net_credit_minor IS DISTINCT FROM said.net_credit_minor
"""
OF_CURRENCIES = """
SELECT format('%s on %s: credits %s, debits %s, on the credit side %s, %s entries;'
              ' its ledgers say %s, %s, %s, %s', currency, day,
              kept.credit_minor, kept.debit_minor, kept.net_credit_minor, kept.entry_count,
              said.credit_minor, said.debit_minor, said.net_credit_minor, said.entry_count)
FROM (
    SELECT currency, day, sum(sum(credit_minor_added)) OVER so_far AS credit_minor,
           sum(sum(debit_minor_added)) OVER so_far AS debit_minor,
           sum(sum(net_minor_added)) OVER so_far AS net_credit_minor,
           sum(sum(entry_count_added)) OVER so_far AS entry_count
    FROM ({added_of_day}) AS t
    GROUP BY currency, day
    WINDOW so_far AS (PARTITION BY currency ORDER BY day)
) AS said
FULL JOIN reports_currencydaytotal AS kept USING (currency, day)
WHERE (kept.credit_minor, kept.debit_minor, kept.net_credit_minor, kept.entry_count)
      IS DISTINCT FROM
      (said.credit_minor, said.debit_minor, said.net_credit_minor, said.entry_count)
"""


def _added_of_day(finer: str, names: str, *columns: str) -> str:
    added = ", ".join(ADDED.format(column) for column in columns)
    return ADDED_OF_DAY.format(added=added, finer=finer, names=names)


CHECKS = [
    Check(
        gettext_noop("day totals of balances equal their entries"),
        "SELECT count(*) FROM reports_daytotal",
        DIFFERENCES.format(
            label="balance %s",
            label_values="balance_id",
            names="balance_id",
            table="reports_daytotal",
            entries=ENTRIES_OF_DAY.format(columns="e.balance_id", source="transactions_entry AS e"),
        ),
    ),
    Check(
        gettext_noop("day totals of ledgers equal their entries"),
        "SELECT count(*) FROM reports_ledgerdaytotal",
        DIFFERENCES.format(
            label="ledger %s in %s",
            label_values="ledger_id, currency",
            names="ledger_id, currency",
            table="reports_ledgerdaytotal",
            entries=ENTRIES_OF_DAY.format(
                columns="e.ledger_id, b.currency",
                source="transactions_entry AS e JOIN balances_balance AS b ON b.id = e.balance_id",
            ),
        ),
    ),
    Check(
        gettext_noop("nets within ledgers are those of their balances' day totals"),
        "SELECT count(*) FROM reports_ledgerdaytotal",
        NETS_OF_LEDGERS.format(
            added_of_day=_added_of_day("reports_daytotal", "balance_id", "net_minor")
        ),
    ),
    Check(
        gettext_noop("day totals of currencies equal those of their ledgers"),
        "SELECT count(*) FROM reports_currencydaytotal",
        OF_CURRENCIES.format(
            added_of_day=_added_of_day(
                "reports_ledgerdaytotal",
                "ledger_id, currency",
                "credit_minor",
                "debit_minor",
                "net_minor",
                "entry_count",
            )
        ),
    ),
    Check(
        gettext_noop("currencies of ledgers are those of their day totals"),
        "SELECT count(*) FROM reports_ledgercurrency",
        """
        SELECT format('ledger %s in %s: since %s; its days say %s', ledger_id, currency,
                      kept.first_day, said.first_day)
        FROM reports_ledgercurrency AS kept
        FULL JOIN (
            SELECT ledger_id, currency, min(day) AS first_day FROM reports_ledgerdaytotal
            GROUP BY ledger_id, currency
        ) AS said USING (ledger_id, currency)
        WHERE kept.first_day IS DISTINCT FROM said.first_day
        """,
    ),
    Check(
        gettext_noop("recorded days begin at or before their entries"),
        "SELECT count(*) FROM reports_recordedday",
        """
        SELECT format('%s: begins at entry %s, and entry %s was recorded then',
                      said.day, kept.first_entry_id, said.first_entry_id)
        FROM (
            SELECT (t.created_at AT TIME ZONE 'UTC')::date AS day, min(e.id) AS first_entry_id
            FROM transactions_entry AS e JOIN transactions_transaction AS t
              ON t.id = e.transaction_id
            WHERE e.id <= (SELECT entry_id FROM reports_rollmark)
            GROUP BY 1
        ) AS said
        LEFT JOIN reports_recordedday AS kept USING (day)
        WHERE kept.first_entry_id IS NULL OR kept.first_entry_id > said.first_entry_id
        """,
    ),
]
