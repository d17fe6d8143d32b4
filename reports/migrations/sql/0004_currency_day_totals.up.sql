-- What is rolled up by now, from the finer tables: each day adds what changed since the day
-- before that the balance, or the ledger, has.
UPDATE reports_ledgerdaytotal AS kept
SET net_credit_minor = said.net_credit_minor
FROM (
    SELECT b.ledger_id, b.currency, t.day,
           sum(sum(t.net_credit_added)) OVER so_far AS net_credit_minor
    FROM (
        SELECT balance_id, day, greatest(credit_minor - debit_minor, 0)
               - coalesce(lag(greatest(credit_minor - debit_minor, 0)) OVER days, 0)
               AS net_credit_added
        FROM reports_daytotal
        WINDOW days AS (PARTITION BY balance_id ORDER BY day)
    ) AS t
    JOIN balances_balance AS b ON b.id = t.balance_id
    GROUP BY b.ledger_id, b.currency, t.day
    WINDOW so_far AS (PARTITION BY b.ledger_id, b.currency ORDER BY t.day)
) AS said
WHERE (kept.ledger_id, kept.currency, kept.day) = (said.ledger_id, said.currency, said.day);

INSERT INTO reports_currencydaytotal
    (currency, day, credit_minor, debit_minor, net_credit_minor, entry_count)
SELECT currency, day,
       sum(sum(credit_added)) OVER so_far, sum(sum(debit_added)) OVER so_far,
       sum(sum(net_credit_added)) OVER so_far, sum(sum(entries_added)) OVER so_far
FROM (
    SELECT currency, day,
           credit_minor - coalesce(lag(credit_minor) OVER days, 0) AS credit_added,
           debit_minor - coalesce(lag(debit_minor) OVER days, 0) AS debit_added,
           greatest(credit_minor - debit_minor, 0)
           - coalesce(lag(greatest(credit_minor - debit_minor, 0)) OVER days, 0)
           AS net_credit_added,
           entry_count - coalesce(lag(entry_count) OVER days, 0) AS entries_added
    FROM reports_ledgerdaytotal
    WINDOW days AS (PARTITION BY ledger_id, currency ORDER BY day)
) AS t
GROUP BY currency, day
WINDOW so_far AS (PARTITION BY currency ORDER BY day);
