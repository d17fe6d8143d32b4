-- Fills migrated, empty books with bench.ledgers ledgers, bench.balances balances and
-- bench.transactions two-entry transactions, as posting would have left them. It runs with
-- triggers off, so everything here has to be right by itself: `prove` must find no fault.
SET session_replication_role = replica;
SET work_mem = '256MB';
SET synchronous_commit = off;
SELECT setseed(0.25);

INSERT INTO ledgers_ledger (id, public_id, name, is_general, metadata, created_at)
SELECT g.id + n, uuidv7(), 'Ledger ' || n, false,
       jsonb_build_object('region', (ARRAY['north', 'south', 'west'])[1 + n % 3]),
       now() - interval '2 years' + n * interval '1 hour'
FROM ledgers_ledger AS g, generate_series(1, current_setting('bench.ledgers')::int - 1) AS n
WHERE g.is_general;

INSERT INTO identities_identity (id, public_id, kind, name, email, metadata, created_at)
SELECT n, uuidv7(), CASE WHEN n % 4 = 0 THEN 'ORGANIZATION' ELSE 'PERSON' END,
       (ARRAY['Ada', 'Bao', 'Chidi', 'Dana', 'Emil'])[1 + n % 5] || ' Example ' || n,
       'person' || n || '@example.org', '{}', now() - interval '2 years' + n * interval '1 minute'
FROM generate_series(1, current_setting('bench.balances')::int / 5) AS n;

-- Balance n lies in the big ledger or in one of the others in turn; the last one is @Treasury.
CREATE TEMP TABLE planned_balance AS
SELECT n AS id,
       g.id + CASE
           WHEN n > current_setting('bench.balances')::int THEN 0
           WHEN n <= current_setting('bench.big_ledger')::int THEN 1
           ELSE 2 + n % (current_setting('bench.ledgers')::int - 2)
       END AS ledger_id,
       CASE n % 10 WHEN 3 THEN 'EUR' WHEN 7 THEN 'GBP' ELSE 'USD' END AS currency
FROM ledgers_ledger AS g, generate_series(1, current_setting('bench.balances')::int + 1) AS n
WHERE g.is_general;

-- The distance between source and destination is a multiple of ten: one currency.
-- One transaction in twenty is paid from @Treasury. Some take effect before they are recorded.
CREATE TEMP TABLE planned_transaction AS
SELECT p.id,
       CASE WHEN p.id % 20 = 0 THEN p.balances + 1 ELSE p.source_id END AS source_id,
       CASE
           WHEN p.id % 20 = 0 THEN 10 * (1 + p.source_id / 11)  -- USD, as @Treasury is
           ELSE 1 + (p.source_id - 1 + 10 * p.distance) % p.balances
       END AS destination_id,
       p.amount, p.created_at,
       p.created_at - CASE WHEN p.id % 10 = 1 THEN p.amount * interval '1 minute'
                           ELSE interval '0' END AS effective_at
FROM (
    SELECT n AS id,
           b.balances,
           1 + floor(random() * b.balances)::int AS source_id,
           1 + floor(random() * (b.balances / 10 - 1))::int AS distance,
           (1 + floor(random() * 50000))::int AS amount,
           now() - interval '1 year' + n * (interval '360 days' / b.transactions) AS created_at
    FROM (
        SELECT current_setting('bench.balances')::int AS balances,
               current_setting('bench.transactions')::int AS transactions
    ) AS b, LATERAL generate_series(1, b.transactions) AS n
    OFFSET 0
) AS p;

INSERT INTO transactions_transaction (
    id, public_id, reference, kind, status, description, entry_count, effective_at, created_at,
    metadata
)
SELECT p.id, uuidv7(), 'PAY-' || upper(left(md5(p.id::text), 14)), 'POST', 'POSTED',
       (ARRAY['Card payment', 'Invoice settled', 'Payout', 'Subscription', 'Top-up'])[1 + p.id % 5]
       || ' ' || p.id,
       2, p.effective_at, p.created_at,
       jsonb_build_object('channel', (ARRAY['web', 'app', 'branch'])[1 + p.id % 3], 'order', p.id)
FROM planned_transaction AS p
ORDER BY p.id;

INSERT INTO transactions_entry (
    transaction_id, balance_id, ledger_id, position, effective_at, direction, amount_minor,
    running_minor
)
SELECT l.transaction_id, l.balance_id, b.ledger_id,
       row_number() OVER register, l.effective_at, l.direction, l.amount,
       sum(l.direction * l.amount) OVER register
FROM (
    SELECT id AS transaction_id, source_id AS balance_id, -1 AS direction, amount, effective_at
    FROM planned_transaction
    UNION ALL
    SELECT id, destination_id, 1, amount, effective_at FROM planned_transaction
) AS l
JOIN planned_balance AS b ON b.id = l.balance_id
WINDOW register AS (PARTITION BY l.balance_id ORDER BY l.transaction_id)
ORDER BY l.transaction_id, l.direction;

-- A transaction that touches two balances of one ledger counts there once, on the lower id.
INSERT INTO balances_balance (
    id, public_id, ledger_id, currency, identity_id, indicator, normal_side, floor_minor,
    metadata, credit_minor, debit_minor, inflight_credit_minor, inflight_debit_minor,
    entry_count, transaction_count, ledger_transaction_count, last_entry_at, created_at
)
SELECT b.id, uuidv7(), b.ledger_id, b.currency,
       CASE WHEN b.id <= current_setting('bench.balances')::int AND b.id % 2 = 0
            THEN 1 + b.id % (current_setting('bench.balances')::int / 5) END,
       CASE WHEN b.id > current_setting('bench.balances')::int THEN '@Treasury' ELSE '' END,
       'CREDIT',
       CASE WHEN b.id <= current_setting('bench.balances')::int THEN -1000000000000 END,
       '{}', coalesce(e.credit, 0), coalesce(e.debit, 0), 0, 0, coalesce(e.entries, 0),
       coalesce(e.entries, 0), coalesce(e.first_in_ledger, 0), e.last_entry_at,
       now() - interval '2 years' + b.id * interval '1 minute'
FROM planned_balance AS b
LEFT JOIN (
    SELECT e.balance_id,
           count(*) AS entries,
           sum(e.amount_minor) FILTER (WHERE e.direction = 1) AS credit,
           sum(e.amount_minor) FILTER (WHERE e.direction = -1) AS debit,
           count(*) FILTER (
               WHERE s.ledger_id <> d.ledger_id
                  OR e.balance_id = least(t.source_id, t.destination_id)
           ) AS first_in_ledger,
           max(t.created_at) AS last_entry_at
    FROM transactions_entry AS e
    JOIN planned_transaction AS t ON t.id = e.transaction_id
    JOIN planned_balance AS s ON s.id = t.source_id
    JOIN planned_balance AS d ON d.id = t.destination_id
    GROUP BY e.balance_id
) AS e ON e.balance_id = b.id
ORDER BY b.id;

SELECT setval(pg_get_serial_sequence(t.name, 'id'), t.last)
FROM (
    SELECT 'ledgers_ledger' AS name, max(id) AS last FROM ledgers_ledger
    UNION ALL SELECT 'identities_identity', max(id) FROM identities_identity
    UNION ALL SELECT 'balances_balance', max(id) FROM balances_balance
    UNION ALL SELECT 'transactions_transaction', max(id) FROM transactions_transaction
) AS t;
DROP TABLE planned_balance, planned_transaction;
RESET session_replication_role;
RESET work_mem;
RESET synchronous_commit;
