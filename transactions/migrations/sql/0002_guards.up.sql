-- How balances move, and what the database refuses by itself, whoever asks. Posting writes a
-- transaction and its entries in one statement, so the triggers of both see both; each runs once a
-- statement. They name tables with their schema instead of setting a search path, and hold what
-- CHECKs would say about single columns as well: both cost more on each posting than the checks.
--
-- What is written at a depth above zero comes from the triggers of the straight paths
-- (transactions_straight_post), which lock, decide, write and move the balances in one piece, and is
-- not looked at again.
--
-- Plans live as long as the session, so one made for a few rows must serve ten thousand and the
-- other way round: LATERAL or EXISTS with OFFSET 0 stays a look-up by index.

-- A transaction is well formed, has entries, and points at records that exist. One cheap question
-- first, to which sound postings give no row; only for what it finds do longer queries name the
-- problem, or find that there is none after all.
CREATE OR REPLACE FUNCTION transactions_check_transactions() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_row record;
    v_id bigint;
    v_problem text;
BEGIN
    PERFORM FROM new_transactions AS t
    WHERE (t.reference <> ''
           AND t.kind = 'POST'
           AND t.status = 'POSTED'
           AND t.entry_count BETWEEN 2 AND 1000
           AND t.effective_at BETWEEN '0001-01-02 00:00+00' AND t.created_at
           AND EXISTS (
               SELECT FROM public.transactions_entry AS e WHERE e.transaction_id = t.id OFFSET 0
           )
           AND t.parent_id IS NULL AND t.reverses_id IS NULL AND t.actor_id IS NULL
           AND t.overdraft_minor IS NULL AND t.exchange_rate IS NULL
          ) IS NOT TRUE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    SELECT g.id, g.problem INTO v_id, v_problem
    FROM (
        SELECT t.id,
               CASE
                   WHEN t.reference = '' THEN 'transaction_reference_present'
                   WHEN t.entry_count NOT BETWEEN 2 AND 1000 THEN 'transaction_entry_count_range'
                   WHEN t.effective_at > t.created_at THEN 'transaction_not_in_future'
                   -- What a time zone could not show, no page could: as transactions/checks.py.
                   WHEN t.effective_at < '0001-01-02 00:00+00' THEN 'transaction_in_calendar'
                   -- Not less than, which a NaN would pass.
                   WHEN NOT t.overdraft_minor BETWEEN 0 AND 1e38 THEN 'transaction_overdraft_positive'
                   WHEN NOT (t.exchange_rate > 0 AND t.exchange_rate < 1e20)
                       THEN 'transaction_rate_positive'
                   WHEN t.actor_id IS NOT NULL AND NOT EXISTS (
                       SELECT FROM public.users_user AS u WHERE u.id = t.actor_id OFFSET 0
                   ) THEN 'transaction_actor_exists'
                   WHEN t.kind = 'POST' AND NOT EXISTS (
                       SELECT FROM public.transactions_entry AS e
                       WHERE e.transaction_id = t.id OFFSET 0
                   ) THEN 'transaction_with_its_entries'
               END AS problem
        FROM new_transactions AS t
    ) AS g
    WHERE g.problem IS NOT NULL
    LIMIT 1;
    IF v_id IS NULL THEN
        FOR v_row IN
            SELECT t.id, t.kind, t.status, t.entry_count, t.parent_id, t.reverses_id
            FROM new_transactions AS t
            WHERE t.kind <> 'POST' OR t.status <> 'POSTED'
               OR t.parent_id IS NOT NULL OR t.reverses_id IS NOT NULL
        LOOP
            v_problem := public.transactions_problem_of_life(
                v_row.id, v_row.kind, v_row.status, v_row.entry_count, v_row.parent_id,
                v_row.reverses_id
            );
            IF v_problem IS NOT NULL THEN
                v_id := v_row.id;
                EXIT;
            END IF;
        END LOOP;
    END IF;
    IF v_id IS NOT NULL THEN
        RAISE EXCEPTION 'transaction % is refused: %', v_id, v_problem
            USING ERRCODE = 'check_violation', CONSTRAINT = v_problem;
    END IF;
    RETURN NULL;
END;
$$;

-- What is wrong with the place of a transaction in the life of another one; NULL when nothing is.
-- Locks the other one, so that two that follow it at once see each other.
CREATE OR REPLACE FUNCTION transactions_problem_of_life(
    p_id bigint, p_kind text, p_status text, p_count int, p_parent bigint, p_reverses bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_kind text;
    v_entries int;
    v_reservations int;
BEGIN
    IF p_parent IS NOT NULL OR p_reverses IS NOT NULL THEN
        SELECT t.kind INTO v_kind FROM public.transactions_transaction AS t
        WHERE t.id = coalesce(p_parent, p_reverses)
        FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN CASE WHEN p_parent IS NULL THEN 'transaction_reversed_exists'
                        ELSE 'transaction_parent_exists' END;
        END IF;
    END IF;
    IF p_kind NOT IN ('POST', 'HOLD', 'COMMIT', 'VOID', 'EXPIRY', 'REVERSAL', 'REFUND') THEN
        RETURN 'transaction_kind_known';
    ELSIF p_status IS DISTINCT FROM (
        CASE p_kind WHEN 'HOLD' THEN 'INFLIGHT' WHEN 'VOID' THEN 'VOIDED'
                    WHEN 'EXPIRY' THEN 'EXPIRED' ELSE 'POSTED' END
    ) THEN
        RETURN 'transaction_status_known';
    ELSIF (p_parent IS NOT NULL) <> (p_kind IN ('COMMIT', 'VOID', 'EXPIRY', 'REFUND'))
          OR (p_reverses IS NOT NULL) <> (p_kind = 'REVERSAL')
          OR p_kind IN ('COMMIT', 'VOID', 'EXPIRY') AND v_kind <> 'HOLD'
          OR p_kind = 'REFUND' AND v_kind NOT IN ('POST', 'COMMIT')
          OR p_kind = 'REVERSAL' AND v_kind NOT IN ('POST', 'COMMIT', 'REFUND')
    THEN
        RETURN 'transaction_follows_its_kind';
    END IF;

    SELECT count(*) INTO v_entries
    FROM public.transactions_entry AS e WHERE e.transaction_id = p_id;
    SELECT count(*) INTO v_reservations
    FROM public.transactions_reservation AS r WHERE r.transaction_id = p_id;
    IF p_kind IN ('POST', 'COMMIT', 'REVERSAL', 'REFUND') AND v_entries <> p_count THEN
        RETURN 'transaction_with_its_entries';
    ELSIF p_kind IN ('HOLD', 'COMMIT', 'VOID', 'EXPIRY') AND v_reservations <> p_count THEN
        RETURN 'transaction_with_its_reservations';
    ELSIF p_kind IN ('HOLD', 'VOID', 'EXPIRY') AND v_entries > 0 THEN
        RETURN 'hold_without_entries';
    END IF;

    IF p_kind = 'HOLD' THEN
        IF NOT EXISTS (
            SELECT FROM public.transactions_hold AS h WHERE h.transaction_id = p_id
        ) THEN
            RETURN 'hold_with_its_remainder';
        END IF;
    ELSIF p_kind = 'COMMIT' THEN
        IF EXISTS (
            -- As many as there are reservations, so one way is enough.
            SELECT e.balance_id, e.direction, e.amount_minor
            FROM public.transactions_entry AS e WHERE e.transaction_id = p_id
            EXCEPT ALL
            SELECT r.balance_id, r.direction, r.amount_minor
            FROM public.transactions_reservation AS r WHERE r.transaction_id = p_id
        ) THEN
            RETURN 'commit_of_what_was_held';
        END IF;
    ELSIF p_kind = 'REVERSAL' THEN
        IF public.transactions_has_refunds(p_reverses) OR v_entries <> (
            SELECT count(*) FROM public.transactions_entry AS e WHERE e.transaction_id = p_reverses
        ) OR EXISTS (
            SELECT e.balance_id, e.direction * e.amount_minor
            FROM public.transactions_entry AS e WHERE e.transaction_id = p_id
            EXCEPT ALL
            SELECT e.balance_id, -e.direction * e.amount_minor
            FROM public.transactions_entry AS e WHERE e.transaction_id = p_reverses
        ) THEN
            RETURN 'reversal_mirrors';
        END IF;
    ELSIF p_kind = 'REFUND' THEN
        IF EXISTS (
            SELECT FROM public.transactions_transaction AS t WHERE t.reverses_id = p_parent
        ) THEN
            RETURN 'refund_of_what_stands';
        ELSIF EXISTS (
            SELECT FROM public.transactions_refundable(p_parent) AS r WHERE r.amount < 0
        ) THEN
            RETURN 'refunds_within_original';
        END IF;
    END IF;
    RETURN NULL;
END;
$$;

-- Whether a transaction has refunds that stand, not reversed themselves.
CREATE OR REPLACE FUNCTION transactions_has_refunds(p_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM public.transactions_transaction AS t
        WHERE t.parent_id = p_id AND t.kind = 'REFUND' AND NOT EXISTS (
            SELECT FROM public.transactions_transaction AS r WHERE r.reverses_id = t.id
        )
    );
END;
$$;

-- How much of each balance and side of a transaction is not refunded, in the order of its entries.
CREATE OR REPLACE FUNCTION transactions_refundable(p_id bigint)
RETURNS TABLE (balance_id bigint, direction int, amount numeric)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
        SELECT l.balance_id, l.direction::int, sum(l.amount_minor)
        FROM (
            SELECT e.balance_id, e.direction, e.amount_minor, e.id
            FROM public.transactions_entry AS e WHERE e.transaction_id = p_id
            UNION ALL
            SELECT e.balance_id, -e.direction, -e.amount_minor, NULL
            FROM public.transactions_transaction AS t
            JOIN public.transactions_entry AS e ON e.transaction_id = t.id
            WHERE t.parent_id = p_id AND t.kind = 'REFUND' AND NOT EXISTS (
                SELECT FROM public.transactions_transaction AS r WHERE r.reverses_id = t.id
            )
        ) AS l
        GROUP BY l.balance_id, l.direction
        ORDER BY min(l.id);
END;
$$;

CREATE OR REPLACE TRIGGER transactions_transaction_complete
    AFTER INSERT ON transactions_transaction
    REFERENCING NEW TABLE AS new_transactions
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION transactions_check_transactions();

-- Balances move by their entries, and by nothing else: this adds new entries to the totals and
-- counts of their balances. The entries of a transaction arrive in one statement and balance in each
-- currency; on each balance they go on where the one before ended, and leave it above its floor.
CREATE OR REPLACE FUNCTION transactions_apply_entries() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
    v_problem text;
    is_applied boolean;
BEGIN
    WITH line AS (
        SELECT e.balance_id, e.transaction_id, e.position, e.direction, e.amount_minor,
               e.ledger_id, t.created_at, t.entry_count,
               -- What follows a hold is counted by its reservations.
               t.kind IN ('REVERSAL', 'REFUND') AS is_follower,
               -- The hold of a commit reserved what it takes.
               CASE t.kind WHEN 'COMMIT' THEN 1e38 ELSE t.overdraft_minor END AS overdraft_minor,
               (e.amount_minor > 0 AND e.direction IN (-1, 1)
                   AND e.effective_at = t.effective_at
                   AND t.kind NOT IN ('HOLD', 'VOID', 'EXPIRY')) IS TRUE AS is_sound,
               e.running_minor - sum(e.direction * e.amount_minor)
                   OVER (PARTITION BY e.balance_id ORDER BY e.position) AS start_minor,
               -- A transaction counts once for a ledger: on the lowest of its balances there.
               e.balance_id = min(e.balance_id)
                   OVER (PARTITION BY e.transaction_id, e.ledger_id) AS is_lowest
        FROM new_entries AS e
        LEFT JOIN LATERAL (
            SELECT t.created_at, t.effective_at, t.entry_count, t.kind, t.overdraft_minor
            FROM public.transactions_transaction AS t WHERE t.id = e.transaction_id OFFSET 0
        ) AS t ON true
    ), move AS (
        SELECT l.balance_id,
               coalesce(sum(l.amount_minor) FILTER (WHERE l.direction = 1), 0) AS credit_minor,
               coalesce(sum(l.amount_minor) FILTER (WHERE l.direction = -1), 0) AS debit_minor,
               count(*) AS entries,
               count(DISTINCT l.transaction_id) AS transactions,
               count(DISTINCT l.transaction_id) FILTER (WHERE l.is_lowest)
                   AS ledger_transactions,
               count(DISTINCT l.transaction_id) FILTER (WHERE l.is_follower) AS followers,
               count(DISTINCT l.transaction_id) FILTER (WHERE l.is_follower AND l.is_lowest)
                   AS ledger_followers,
               coalesce(max(l.overdraft_minor), 0) AS overdraft_minor,
               min(l.position) AS first_position,
               max(l.position) AS last_position,
               min(l.created_at) AS first_at,
               max(l.created_at) AS last_at,
               min(l.start_minor) AS start_minor,
               min(l.ledger_id) AS ledger_id,
               bool_and(l.is_sound) AND min(l.start_minor) = max(l.start_minor)
                   AND min(l.ledger_id) = max(l.ledger_id) AS is_sound
        FROM line AS l
        GROUP BY l.balance_id
    ), moved AS (
        UPDATE public.balances_balance AS b
        SET credit_minor = b.credit_minor + m.credit_minor,
            debit_minor = b.debit_minor + m.debit_minor,
            entry_count = m.last_position,
            transaction_count = b.transaction_count + m.transactions,
            ledger_transaction_count = b.ledger_transaction_count + m.ledger_transactions,
            follower_count = b.follower_count + m.followers,
            ledger_follower_count = b.ledger_follower_count + m.ledger_followers,
            last_entry_at = m.last_at
        FROM move AS m
        WHERE b.id = m.balance_id
          AND m.is_sound
          AND b.ledger_id = m.ledger_id
          AND b.closed_at IS NULL
          AND b.entry_count = m.first_position - 1
          AND m.entries = m.last_position - b.entry_count
          AND b.credit_minor - b.debit_minor = m.start_minor
          AND (b.last_entry_at > m.first_at) IS NOT TRUE
        -- What raises a balance is welcome, also where it stays below its floor.
        RETURNING b.id, b.currency, (b.floor_minor > m.overdraft_minor + CASE
            WHEN b.normal_side = 'CREDIT' AND m.credit_minor < m.debit_minor
            THEN b.credit_minor - b.debit_minor - b.inflight_debit_minor
            WHEN b.normal_side = 'DEBIT' AND m.credit_minor > m.debit_minor
            THEN b.debit_minor - b.credit_minor - b.inflight_credit_minor
        END) IS NOT TRUE AS is_above_floor
    )
    SELECT (SELECT count(*) FROM move) = (SELECT count(*) FROM moved WHERE is_above_floor)
           AND NOT EXISTS (
               SELECT FROM line AS l
               JOIN moved AS d ON d.id = l.balance_id
               GROUP BY l.transaction_id, d.currency
               HAVING sum(l.direction * l.amount_minor) <> 0 OR max(l.entry_count) IS DISTINCT FROM (
                   SELECT count(*) FROM public.transactions_entry AS x
                   WHERE x.transaction_id = l.transaction_id
               )
           )
    INTO is_applied;
    IF is_applied THEN
        RETURN NULL;
    END IF;

    -- Something is wrong; say what.
    SELECT g.transaction_id, g.problem INTO v_id, v_problem
    FROM (
        SELECT e.transaction_id,
               CASE
                   WHEN bool_or(t.kind IN ('HOLD', 'VOID', 'EXPIRY')) THEN 'hold_without_entries'
                   WHEN bool_or(e.amount_minor <= 0) THEN 'entry_amount_positive'
                   WHEN bool_or(e.direction NOT IN (-1, 1)) THEN 'entry_direction_known'
                   WHEN bool_or(e.ledger_id IS DISTINCT FROM b.ledger_id)
                       THEN 'entry_on_its_balance'
                   WHEN bool_or(b.closed_at IS NOT NULL) THEN 'entry_on_open_balance'
                   WHEN sum(e.direction * e.amount_minor) <> 0 THEN 'entries_balanced'
                   WHEN bool_or(e.effective_at IS DISTINCT FROM t.effective_at)
                     OR max(t.entry_count) <> (
                        SELECT count(*) FROM public.transactions_entry AS x
                        WHERE x.transaction_id = e.transaction_id
                     ) THEN 'entries_of_one_statement'
               END AS problem
        FROM new_entries AS e
        LEFT JOIN public.balances_balance AS b ON b.id = e.balance_id
        LEFT JOIN public.transactions_transaction AS t ON t.id = e.transaction_id
        GROUP BY e.transaction_id, b.currency
        UNION ALL
        SELECT e.transaction_id, 'balance_above_floor'
        FROM (
            SELECT max(e.transaction_id) AS transaction_id, e.balance_id,
                   sum(e.direction * e.amount_minor) AS moved_minor,
                   coalesce(max(CASE t.kind WHEN 'COMMIT' THEN 1e38 ELSE t.overdraft_minor END), 0)
                       AS overdraft_minor,
                   (array_agg(e.running_minor ORDER BY e.position DESC))[1] AS running_minor
            FROM new_entries AS e
            LEFT JOIN public.transactions_transaction AS t ON t.id = e.transaction_id
            GROUP BY e.balance_id
        ) AS e
        JOIN public.balances_balance AS b ON b.id = e.balance_id
        WHERE b.floor_minor > e.overdraft_minor + CASE
                  WHEN b.normal_side = 'CREDIT' AND e.moved_minor < 0
                  THEN e.running_minor - b.inflight_debit_minor
                  WHEN b.normal_side = 'DEBIT' AND e.moved_minor > 0
                  THEN -e.running_minor - b.inflight_credit_minor
              END
        UNION ALL
        SELECT e.transaction_id, 'entry_continues_its_balance' FROM new_entries AS e
    ) AS g
    WHERE g.problem IS NOT NULL
    LIMIT 1;
    RAISE EXCEPTION 'the entries of transaction % are refused: %', v_id, v_problem
        USING ERRCODE = 'check_violation', CONSTRAINT = v_problem;
END;
$$;

CREATE OR REPLACE TRIGGER transactions_entry_applied
    AFTER INSERT ON transactions_entry
    REFERENCING NEW TABLE AS new_entries
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION transactions_apply_entries();

-- Any other change of totals and counts is refused: only within a trigger is the depth above zero.
CREATE OR REPLACE FUNCTION transactions_refuse_totals() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF (new.credit_minor, new.debit_minor, new.inflight_credit_minor, new.inflight_debit_minor,
        new.entry_count, new.transaction_count, new.ledger_transaction_count, new.last_entry_at,
        new.follower_count, new.ledger_follower_count)
       IS DISTINCT FROM
       (old.credit_minor, old.debit_minor, old.inflight_credit_minor, old.inflight_debit_minor,
        old.entry_count, old.transaction_count, old.ledger_transaction_count, old.last_entry_at,
        old.follower_count, old.ledger_follower_count)
    THEN
        RAISE EXCEPTION 'balance % moves by its entries alone', old.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_moves_by_its_entries';
    END IF;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER balances_balance_totals
    AFTER UPDATE OF credit_minor, debit_minor, inflight_credit_minor, inflight_debit_minor,
                    entry_count, transaction_count, ledger_transaction_count, last_entry_at
    ON balances_balance
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION transactions_refuse_totals();

-- History is appended.
CREATE OR REPLACE TRIGGER transactions_entry_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE OR REPLACE TRIGGER transactions_transaction_append_only
    BEFORE DELETE OR TRUNCATE
    OR UPDATE OF id, public_id, reference, kind, status, description, entry_count, effective_at,
                 created_at, parent_id, reverses_id, batch_id, actor_id
    ON transactions_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE OR REPLACE TRIGGER transactions_transaction_metadata
    AFTER UPDATE OF metadata ON transactions_transaction
    FOR EACH ROW WHEN (old.metadata IS DISTINCT FROM new.metadata)
    EXECUTE FUNCTION audit_keep_metadata('txn_', 'transaction.metadata_changed');

CREATE OR REPLACE TRIGGER transactions_proofrun_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions_proofrun
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- People who log in are switched off, never deleted: history names them.
CREATE OR REPLACE TRIGGER users_user_stays
    BEFORE DELETE OR TRUNCATE ON users_user
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
