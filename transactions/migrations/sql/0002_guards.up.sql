-- What the database refuses by itself, whoever asks. Posting writes balances, transactions and
-- entries in one statement, so each of these checks sees all three; each runs once a statement.
-- They name tables with their schema instead of setting a search path, and hold what CHECKs would
-- say about single columns as well: both cost more on each posting than the checks themselves.
--
-- Each first asks one cheap question, to which a sound statement gives no row; only when there is
-- one does a longer query name the problem, or find that there is none after all. Plans live as
-- long as the session, so one made for two rows must serve ten thousand and the other way round:
-- a FULL JOIN is never a nested loop, and LATERAL or EXISTS with OFFSET 0 stays a look-up by index.

-- A transaction is well formed, has entries, and points at records that exist.
CREATE FUNCTION transactions_check_transactions() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
    v_problem text;
BEGIN
    SELECT t.id INTO v_id
    FROM new_transactions AS t
    WHERE (t.reference <> ''
           AND t.kind = ANY ('{POST,HOLD,COMMIT,VOID,REVERSAL,REFUND}')
           AND t.status = ANY ('{POSTED,INFLIGHT,VOIDED}')
           AND t.entry_count BETWEEN 2 AND 1000
           AND t.effective_at <= t.created_at
           AND EXISTS (
               SELECT FROM public.transactions_entry AS e WHERE e.transaction_id = t.id OFFSET 0
           )
           AND t.parent_id IS NULL AND t.reverses_id IS NULL AND t.actor_id IS NULL
          ) IS NOT TRUE
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT g.id, g.problem INTO v_id, v_problem
    FROM (
        SELECT t.id,
               CASE
                   WHEN t.reference = '' THEN 'transaction_reference_present'
                   WHEN t.kind NOT IN ('POST', 'HOLD', 'COMMIT', 'VOID', 'REVERSAL', 'REFUND')
                       THEN 'transaction_kind_known'
                   WHEN t.status NOT IN ('POSTED', 'INFLIGHT', 'VOIDED')
                       THEN 'transaction_status_known'
                   WHEN t.entry_count NOT BETWEEN 2 AND 1000 THEN 'transaction_entry_count_range'
                   WHEN t.effective_at > t.created_at THEN 'transaction_not_in_future'
                   WHEN NOT EXISTS (
                       SELECT FROM public.transactions_entry AS e
                       WHERE e.transaction_id = t.id OFFSET 0
                   ) THEN 'transaction_with_its_entries'
                   WHEN t.actor_id IS NOT NULL AND NOT EXISTS (
                       SELECT FROM public.users_user AS u WHERE u.id = t.actor_id OFFSET 0
                   ) THEN 'transaction_actor_exists'
                   WHEN t.parent_id IS NOT NULL AND NOT EXISTS (
                       SELECT FROM public.transactions_transaction AS p
                       WHERE p.id = t.parent_id OFFSET 0
                   ) THEN 'transaction_parent_exists'
                   WHEN t.reverses_id IS NOT NULL AND NOT EXISTS (
                       SELECT FROM public.transactions_transaction AS p
                       WHERE p.id = t.reverses_id OFFSET 0
                   ) THEN 'transaction_reversed_exists'
               END AS problem
        FROM new_transactions AS t
    ) AS g
    WHERE g.problem IS NOT NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % is refused: %', v_id, v_problem
            USING ERRCODE = 'check_violation', CONSTRAINT = v_problem;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER transactions_transaction_complete
    AFTER INSERT ON transactions_transaction
    REFERENCING NEW TABLE AS new_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION transactions_check_transactions();

-- Entries balance per currency, belong to their transaction and balance, and none is added later.
CREATE FUNCTION transactions_check_entries() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
    v_problem text;
BEGIN
    SELECT e.transaction_id INTO v_id
    FROM new_entries AS e
    LEFT JOIN LATERAL (
        SELECT b.currency, b.ledger_id, b.entry_count
        FROM public.balances_balance AS b WHERE b.id = e.balance_id OFFSET 0
    ) AS b ON true
    LEFT JOIN LATERAL (
        SELECT t.effective_at, t.entry_count
        FROM public.transactions_transaction AS t WHERE t.id = e.transaction_id OFFSET 0
    ) AS t ON true
    GROUP BY e.transaction_id, b.currency
    HAVING sum(e.direction * e.amount_minor) <> 0
       OR bool_and(b.ledger_id = e.ledger_id AND e.position <= b.entry_count
                   AND t.effective_at = e.effective_at
                   AND e.amount_minor > 0 AND e.direction IN (-1, 1)) IS NOT TRUE
       OR max(t.entry_count) <> (
           SELECT count(*) FROM public.transactions_entry AS x
           WHERE x.transaction_id = e.transaction_id
       )
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT g.transaction_id, g.problem INTO v_id, v_problem
    FROM (
        SELECT e.transaction_id,
               CASE
                   WHEN bool_or(e.amount_minor <= 0) THEN 'entry_amount_positive'
                   WHEN bool_or(e.direction NOT IN (-1, 1)) THEN 'entry_direction_known'
                   WHEN bool_or(b.id IS NULL OR b.ledger_id <> e.ledger_id) THEN 'entry_on_its_balance'
                   WHEN bool_or(e.position > b.entry_count) THEN 'entry_moves_its_balance'
                   WHEN sum(e.direction * e.amount_minor) <> 0 THEN 'entries_balanced'
                   WHEN bool_or(t.id IS NULL OR t.effective_at <> e.effective_at)
                     OR max(t.entry_count) <> (
                        SELECT count(*) FROM public.transactions_entry AS x
                        WHERE x.transaction_id = e.transaction_id
                     ) THEN 'entries_of_one_statement'
               END AS problem
        FROM new_entries AS e
        LEFT JOIN public.balances_balance AS b ON b.id = e.balance_id
        LEFT JOIN public.transactions_transaction AS t ON t.id = e.transaction_id
        GROUP BY e.transaction_id, b.currency
    ) AS g
    WHERE g.problem IS NOT NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the entries of transaction % are refused: %', v_id, v_problem
            USING ERRCODE = 'check_violation', CONSTRAINT = v_problem;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER transactions_entry_sound
    AFTER INSERT ON transactions_entry
    REFERENCING NEW TABLE AS new_entries
    FOR EACH STATEMENT EXECUTE FUNCTION transactions_check_entries();

-- Totals and counts move only as far as new entries explain, and never below the floor.
CREATE FUNCTION transactions_check_totals() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
    v_problem text;
BEGIN
    -- The usual posting: each balance moved by exactly one entry.
    SELECT n.id INTO v_id
    FROM new_balances AS n
    FULL JOIN old_balances AS o ON o.id = n.id
    LEFT JOIN LATERAL (
        SELECT e.direction, e.amount_minor, e.running_minor
        FROM public.transactions_entry AS e
        WHERE e.balance_id = n.id AND e.position = n.entry_count OFFSET 0
    ) AS e ON true
    WHERE (n.entry_count = o.entry_count + 1
           AND n.transaction_count = o.transaction_count + 1
           AND n.ledger_transaction_count - o.ledger_transaction_count IN (0, 1)
           AND n.credit_minor
               = o.credit_minor + CASE e.direction WHEN 1 THEN e.amount_minor ELSE 0 END
           AND n.debit_minor
               = o.debit_minor + CASE e.direction WHEN 1 THEN 0 ELSE e.amount_minor END
           AND e.running_minor = n.credit_minor - n.debit_minor
           AND n.inflight_credit_minor = o.inflight_credit_minor
           AND n.inflight_debit_minor = o.inflight_debit_minor
           AND (n.floor_minor IS NULL OR n.floor_minor <= CASE n.normal_side
                    WHEN 'CREDIT' THEN e.running_minor - n.inflight_debit_minor
                    ELSE -e.running_minor - n.inflight_credit_minor END)
          ) IS NOT TRUE
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- Old and new rows are summed, not joined: a cached plan serves one row and ten thousand.
    SELECT g.id, g.problem INTO v_id, v_problem
    FROM (
        SELECT n.id,
               CASE
                   WHEN n.above_floor < 0 OR n.above_floor = 'NaN' THEN 'balance_above_floor'
                   WHEN n.entries <> e.entries OR n.credit <> e.credit OR n.debit <> e.debit
                     OR (e.entries > 0 AND NOT e.ends_right)
                     OR (e.entries = 0 AND n.activity_moved)
                     OR n.transactions NOT BETWEEN sign(e.entries) AND e.entries
                     OR n.ledger_transactions NOT BETWEEN 0 AND n.transactions
                     OR n.holds_moved THEN 'balance_totals_follow_entries'
               END AS problem
        FROM (
            SELECT id,
                   sum(credit_minor) AS credit,
                   sum(debit_minor) AS debit,
                   sum(entry_count)::bigint AS entries,
                   sum(transaction_count) AS transactions,
                   sum(ledger_transaction_count) AS ledger_transactions,
                   max(entry_count) AS entry_count,
                   sum(running_minor) AS running_minor,
                   min(above_floor) AS above_floor,
                   sum(inflight_credit_minor) <> 0 OR sum(inflight_debit_minor) <> 0
                       AS holds_moved,
                   min(last_entry_at) <> max(last_entry_at) OR count(last_entry_at) = 1
                       AS activity_moved
            FROM (
                SELECT id, credit_minor, debit_minor, entry_count, transaction_count,
                       ledger_transaction_count, credit_minor - debit_minor AS running_minor,
                       CASE normal_side
                           WHEN 'CREDIT' THEN credit_minor - debit_minor - inflight_debit_minor
                           ELSE debit_minor - credit_minor - inflight_credit_minor
                       END - floor_minor AS above_floor,
                       inflight_credit_minor, inflight_debit_minor, last_entry_at
                FROM new_balances
                UNION ALL
                SELECT id, -credit_minor, -debit_minor, -entry_count, -transaction_count,
                       -ledger_transaction_count, 0, NULL, -inflight_credit_minor,
                       -inflight_debit_minor, last_entry_at
                FROM old_balances
            ) AS both_sides
            GROUP BY id
        ) AS n
        CROSS JOIN LATERAL (
            SELECT count(*) AS entries,
                   coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0) AS credit,
                   coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0) AS debit,
                   bool_or(e.position = n.entry_count AND e.running_minor = n.running_minor)
                       AS ends_right
            FROM public.transactions_entry AS e
            WHERE e.balance_id = n.id
              AND e.position > n.entry_count - n.entries
              AND e.position <= n.entry_count
        ) AS e
    ) AS g
    WHERE g.problem IS NOT NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the change of balance % is refused: %', v_id, v_problem
            USING ERRCODE = 'check_violation', CONSTRAINT = v_problem;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER balances_balance_totals
    AFTER UPDATE ON balances_balance
    REFERENCING OLD TABLE AS old_balances NEW TABLE AS new_balances
    FOR EACH STATEMENT EXECUTE FUNCTION transactions_check_totals();

-- History is appended.
CREATE TRIGGER transactions_entry_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE TRIGGER transactions_transaction_append_only
    BEFORE DELETE OR TRUNCATE
    OR UPDATE OF id, public_id, reference, kind, status, description, entry_count, effective_at,
                 created_at, parent_id, reverses_id, batch_id, actor_id
    ON transactions_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE TRIGGER transactions_transaction_metadata
    AFTER UPDATE OF metadata ON transactions_transaction
    FOR EACH ROW WHEN (old.metadata IS DISTINCT FROM new.metadata)
    EXECUTE FUNCTION audit_keep_metadata('txn_', 'transaction.metadata_changed');

CREATE TRIGGER transactions_proofrun_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions_proofrun
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- People who log in are switched off, never deleted: history names them.
CREATE TRIGGER users_user_stays
    BEFORE DELETE OR TRUNCATE ON users_user
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
