-- What the database refuses by itself, whoever asks. Posting writes balances, transaction and
-- entries in one statement, so each of these checks sees all three; each runs once a statement.

-- A transaction comes with all of its entries, and what it points at exists.
CREATE FUNCTION transactions_check_transactions() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_id bigint;
BEGIN
    SELECT t.id INTO v_id
    FROM new_transactions AS t
    WHERE t.entry_count <> (
        SELECT count(*) FROM transactions_entry AS e WHERE e.transaction_id = t.id
    )
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % does not come with all of its entries', v_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transaction_with_its_entries';
    END IF;
    SELECT t.id INTO v_id
    FROM new_transactions AS t
    WHERE coalesce(t.parent_id, t.reverses_id, t.actor_id) IS NOT NULL
      AND NOT (
        (t.parent_id IS NULL OR EXISTS (SELECT FROM transactions_transaction AS p WHERE p.id = t.parent_id))
        AND (t.reverses_id IS NULL OR EXISTS (SELECT FROM transactions_transaction AS p WHERE p.id = t.reverses_id))
        AND (t.actor_id IS NULL OR EXISTS (SELECT FROM users_user AS u WHERE u.id = t.actor_id))
      )
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % points at a record that does not exist', v_id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'transaction_points_at_records';
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
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_id bigint;
    v_problem text;
BEGIN
    SELECT g.transaction_id, g.problem INTO v_id, v_problem
    FROM (
        SELECT e.transaction_id,
               CASE
                   WHEN bool_or(b.id IS NULL OR b.ledger_id <> e.ledger_id) THEN 'entry_on_its_balance'
                   WHEN bool_or(e.position > b.entry_count) THEN 'entry_moves_its_balance'
                   WHEN sum(e.direction * e.amount_minor) <> 0 THEN 'entries_balanced'
                   WHEN bool_or(t.id IS NULL OR t.effective_at <> e.effective_at)
                     OR max(t.entry_count) <> (
                        SELECT count(*) FROM transactions_entry AS x
                        WHERE x.transaction_id = e.transaction_id
                     ) THEN 'entries_of_one_statement'
               END AS problem
        FROM new_entries AS e
        LEFT JOIN balances_balance AS b ON b.id = e.balance_id
        LEFT JOIN transactions_transaction AS t ON t.id = e.transaction_id
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

-- Totals and counts move only as far as new entries explain.
CREATE FUNCTION transactions_check_totals() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_id bigint;
BEGIN
    -- Old and new rows are summed, not joined: a cached plan serves one row and ten thousand.
    SELECT min(n.id) INTO v_id
    FROM (
        SELECT id,
               sum(credit_minor) AS credit,
               sum(debit_minor) AS debit,
               sum(entry_count)::bigint AS entries,
               sum(transaction_count) AS transactions,
               sum(ledger_transaction_count) AS ledger_transactions,
               max(entry_count) AS entry_count,
               sum(running_minor) AS running_minor,
               sum(inflight_credit_minor) <> 0 OR sum(inflight_debit_minor) <> 0 AS holds_moved,
               min(last_entry_at) <> max(last_entry_at) OR count(last_entry_at) = 1
                   AS activity_moved
        FROM (
            SELECT id, credit_minor, debit_minor, entry_count, transaction_count,
                   ledger_transaction_count, credit_minor - debit_minor AS running_minor,
                   inflight_credit_minor, inflight_debit_minor, last_entry_at
            FROM new_balances
            UNION ALL
            SELECT id, -credit_minor, -debit_minor, -entry_count, -transaction_count,
                   -ledger_transaction_count, 0, -inflight_credit_minor, -inflight_debit_minor,
                   last_entry_at
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
        FROM transactions_entry AS e
        WHERE e.balance_id = n.id
          AND e.position > n.entry_count - n.entries
          AND e.position <= n.entry_count
    ) AS e
    WHERE n.entries <> e.entries OR n.credit <> e.credit OR n.debit <> e.debit
       OR (e.entries > 0 AND NOT e.ends_right)
       OR (e.entries = 0 AND n.activity_moved)
       OR n.transactions NOT BETWEEN sign(e.entries) AND e.entries
       OR n.ledger_transactions NOT BETWEEN 0 AND n.transactions
       OR n.holds_moved;
    IF v_id IS NOT NULL THEN
        RAISE EXCEPTION 'the totals of balance % may change only together with its entries', v_id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'balance_totals_follow_entries';
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
