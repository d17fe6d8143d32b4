-- The signatures that overdrafts, exchange rates and holds have widened.
DROP FUNCTION IF EXISTS transactions_post(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint);
DROP FUNCTION IF EXISTS transactions_post_legs(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint);
DROP FUNCTION IF EXISTS transactions_same_content(bigint, text, timestamptz, bigint[], numeric[]);

-- One row of numbers for both: entries and reservations of a balance have one order.
ALTER TABLE transactions_reservation ALTER COLUMN id DROP IDENTITY IF EXISTS;
ALTER TABLE transactions_reservation
    ALTER COLUMN id SET DEFAULT nextval('transactions_entry_id_seq');

-- Inflight figures move by reservations, and by nothing else: this adds new ones to the balances
-- and to what is left of their holds. It counts all that follows a hold; what a commit moves is for
-- the trigger of its entries, which holds no commit to the floor, so that either may run first.
CREATE OR REPLACE FUNCTION transactions_apply_reservations() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
    v_problem text;
BEGIN
    UPDATE public.transactions_hold AS h
    SET committed_minor = h.committed_minor + m.committed,
        released_minor = h.released_minor + m.released,
        ended_as = coalesce(m.ended_as, h.ended_as)
    FROM (
        SELECT r.hold_id,
               coalesce(sum(r.amount_minor) FILTER (WHERE r.kind = 'COMMIT'), 0) AS committed,
               coalesce(sum(r.amount_minor) FILTER (WHERE r.kind IN ('VOID', 'EXPIRY')), 0) AS released,
               max(r.kind) FILTER (WHERE r.kind IN ('VOID', 'EXPIRY')) AS ended_as
        FROM new_reservations AS r
        WHERE r.direction = -1 AND r.kind <> 'HOLD'
        GROUP BY r.hold_id
    ) AS m
    WHERE h.transaction_id = m.hold_id;

    UPDATE public.balances_balance AS b
    SET inflight_credit_minor = b.inflight_credit_minor + m.credit_minor,
        inflight_debit_minor = b.inflight_debit_minor + m.debit_minor,
        transaction_count = b.transaction_count + m.transactions,
        ledger_transaction_count = b.ledger_transaction_count + m.ledger_transactions,
        follower_count = b.follower_count + m.followers,
        ledger_follower_count = b.ledger_follower_count + m.ledger_followers
    FROM (
        SELECT r.balance_id,
               coalesce(sum(r.moved_minor) FILTER (WHERE r.direction = 1), 0) AS credit_minor,
               coalesce(sum(r.moved_minor) FILTER (WHERE r.direction = -1), 0) AS debit_minor,
               -- A commit is counted by its entries.
               count(DISTINCT r.transaction_id) FILTER (WHERE r.kind <> 'COMMIT') AS transactions,
               count(DISTINCT r.transaction_id) FILTER (WHERE r.kind <> 'COMMIT' AND r.is_lowest)
                   AS ledger_transactions,
               count(DISTINCT r.transaction_id) FILTER (WHERE r.kind <> 'HOLD') AS followers,
               count(DISTINCT r.transaction_id)
                   FILTER (WHERE r.kind <> 'HOLD' AND r.is_lowest) AS ledger_followers
        FROM (
            SELECT r.*,
                   CASE r.kind WHEN 'HOLD' THEN r.amount_minor ELSE -r.amount_minor END
                       AS moved_minor,
                   r.balance_id = min(r.balance_id)
                       OVER (PARTITION BY r.transaction_id, r.ledger_id) AS is_lowest
            FROM new_reservations AS r
        ) AS r
        GROUP BY r.balance_id
    ) AS m
    WHERE b.id = m.balance_id;

    SELECT p.id, p.problem INTO v_id, v_problem
    FROM (
        SELECT r.transaction_id AS id,
               CASE
                   WHEN bool_or(r.amount_minor <= 0) THEN 'reservation_amount_positive'
                   WHEN bool_or(r.direction NOT IN (-1, 1)) THEN 'reservation_direction_known'
                   WHEN bool_or(r.ledger_id IS DISTINCT FROM b.ledger_id)
                       THEN 'reservation_on_its_balance'
                   WHEN min(b.currency) <> max(b.currency) THEN 'hold_of_one_currency'
                   WHEN sum(r.direction * r.amount_minor) <> 0 THEN 'reservations_balanced'
                   WHEN bool_or(r.kind IS DISTINCT FROM t.kind
                                OR r.effective_at IS DISTINCT FROM t.effective_at
                                OR r.hold_id IS DISTINCT FROM coalesce(t.parent_id, t.id))
                     OR max(t.entry_count) <> (
                        SELECT count(*) FROM public.transactions_reservation AS x
                        WHERE x.transaction_id = r.transaction_id
                     ) THEN 'reservations_of_one_statement'
                   WHEN max(r.kind) = 'HOLD' AND count(DISTINCT r.balance_id) <> count(*)
                       THEN 'hold_each_balance_once'
                   WHEN max(r.kind) = 'HOLD' AND bool_or(b.closed_at IS NOT NULL)
                       THEN 'reservation_on_open_balance'
                   WHEN max(r.kind) = 'HOLD' AND bool_or(b.floor_minor > coalesce(t.overdraft_minor, 0) + CASE
                            WHEN b.normal_side = 'CREDIT' AND r.direction = -1
                            THEN b.credit_minor - b.debit_minor - b.inflight_debit_minor
                            WHEN b.normal_side = 'DEBIT' AND r.direction = 1
                            THEN b.debit_minor - b.credit_minor - b.inflight_credit_minor
                        END) THEN 'balance_above_floor'
               END AS problem
        FROM new_reservations AS r
        LEFT JOIN public.balances_balance AS b ON b.id = r.balance_id
        LEFT JOIN public.transactions_transaction AS t ON t.id = r.transaction_id
        GROUP BY r.transaction_id
        UNION ALL
        SELECT r.hold_id, CASE
                   WHEN h.transaction_id IS NULL THEN 'hold_with_its_remainder'
                   WHEN h.total_minor <> r.held OR h.effective_at <> r.effective_at
                       THEN 'hold_with_its_remainder'
                   WHEN r.lowest < 0 THEN 'hold_not_exceeded'
                   WHEN h.ended_as <> '' AND r.highest > 0 THEN 'void_of_all_that_is_left'
               END
        FROM (
            SELECT l.hold_id, sum(l.held) FILTER (WHERE l.direction = -1) AS held,
                   max(l.effective_at) AS effective_at,
                   min(l.left_minor) AS lowest, max(l.left_minor) AS highest
            FROM (
                SELECT r.hold_id, r.balance_id, r.direction,
                       coalesce(sum(r.amount_minor) FILTER (WHERE r.kind = 'HOLD'), 0) AS held,
                       max(r.effective_at) FILTER (WHERE r.kind = 'HOLD') AS effective_at,
                       sum(CASE r.kind WHEN 'HOLD' THEN r.amount_minor ELSE -r.amount_minor END)
                           AS left_minor
                FROM public.transactions_reservation AS r
                WHERE r.hold_id IN (SELECT n.hold_id FROM new_reservations AS n)
                GROUP BY r.hold_id, r.balance_id, r.direction
            ) AS l
            GROUP BY l.hold_id
        ) AS r
        LEFT JOIN public.transactions_hold AS h ON h.transaction_id = r.hold_id
    ) AS p
    WHERE p.problem IS NOT NULL
    LIMIT 1;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION 'the reservations of transaction % are refused: %', v_id, v_problem
            USING ERRCODE = 'check_violation', CONSTRAINT = v_problem;
    END IF;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER transactions_reservation_applied
    AFTER INSERT ON transactions_reservation
    REFERENCING NEW TABLE AS new_reservations
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION transactions_apply_reservations();

CREATE OR REPLACE TRIGGER transactions_reservation_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions_reservation
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- What is left of a hold begins with all of it, and moves within that trigger only.
CREATE OR REPLACE FUNCTION transactions_check_hold() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF tg_op = 'UPDATE' THEN
        RAISE EXCEPTION 'hold % moves by its reservations alone', old.transaction_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_moves_by_its_reservations';
    ELSIF new.committed_minor <> 0 OR new.released_minor <> 0 OR new.ended_as <> ''
          OR new.expires_at <= new.effective_at OR new.expires_at >= '9999-12-31 00:00+00'
          OR NOT EXISTS (
        SELECT FROM public.transactions_transaction AS t
        WHERE t.id = new.transaction_id AND t.kind = 'HOLD'
    ) THEN
        RAISE EXCEPTION 'hold % does not begin with all of a hold', new.transaction_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_begins_whole';
    END IF;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER transactions_hold_begins
    AFTER INSERT ON transactions_hold
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION transactions_check_hold();

CREATE OR REPLACE TRIGGER transactions_hold_moves
    AFTER UPDATE ON transactions_hold
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION transactions_check_hold();

CREATE OR REPLACE TRIGGER transactions_hold_stays
    BEFORE DELETE OR TRUNCATE ON transactions_hold
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- The counts of followers came after transactions_balance_totals, which cannot name them.
CREATE OR REPLACE TRIGGER balances_balance_followers
    AFTER UPDATE OF follower_count, ledger_follower_count ON balances_balance
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION transactions_refuse_totals();

-- Neither does transactions_transaction_append_only know the columns that came after it.
CREATE OR REPLACE TRIGGER transactions_transaction_append_only_later
    BEFORE UPDATE OF overdraft_minor, exchange_rate ON transactions_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- Tell in the audit trail what a person did with a transaction; nothing without a person.
CREATE OR REPLACE FUNCTION transactions_tell(p_actor bigint, p_action text, p_id bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF p_actor IS NOT NULL THEN
        INSERT INTO audit_auditevent (actor_id, actor_name, action, subject, after)
        SELECT p_actor, u.username, p_action, 'txn_' || t.public_id,
               jsonb_build_object('reference', t.reference, 'description', t.description)
               || CASE WHEN o.id IS NULL THEN '{}' ELSE jsonb_build_object('of', 'txn_' || o.public_id) END
        FROM transactions_transaction AS t
        JOIN users_user AS u ON u.id = p_actor
        LEFT JOIN transactions_transaction AS o ON o.id = coalesce(t.parent_id, t.reverses_id)
        WHERE t.id = p_id;
    END IF;
END;
$$;

-- The straight path of a hold of two legs, as transactions_straight_post is that of a posting.
CREATE OR REPLACE VIEW transactions_straight_hold AS
SELECT NULL::bigint AS id, NULL::uuid AS public_id, NULL::text AS reference,
       NULL::text AS description, NULL::timestamptz AS effective_at, NULL::jsonb AS metadata,
       NULL::bigint AS actor_id, NULL::bigint AS first_id, NULL::bigint AS second_id,
       NULL::numeric AS amount, NULL::timestamptz AS expires_at
WHERE false;

CREATE OR REPLACE FUNCTION transactions_hold_straight() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    is_low_first boolean := new.first_id < new.second_id;
    v_low bigint := CASE WHEN is_low_first THEN new.first_id ELSE new.second_id END;
    v_high bigint := CASE WHEN is_low_first THEN new.second_id ELSE new.first_id END;
    v_amount numeric := CASE WHEN is_low_first THEN new.amount ELSE -new.amount END;  -- onto v_low
    v_size numeric := abs(v_amount);
    v_direction smallint := sign(new.amount);  -- of the first
    v_pair record;
    v_now timestamptz;
BEGIN
    -- Locked in the order of the FROM list, which is the order of ids.
    SELECT a.ledger_id AS low_ledger, b.ledger_id AS high_ledger,
           greatest(a.last_entry_at, b.last_entry_at) AS latest,
           v_size >= 1 AND v_size = trunc(v_size)
           AND a.id <> b.id AND a.currency = b.currency
           AND a.closed_at IS NULL AND b.closed_at IS NULL
           AND greatest(a.inflight_credit_minor, a.inflight_debit_minor,
                        b.inflight_credit_minor, b.inflight_debit_minor) + v_size < 1e38
           AND (a.floor_minor > CASE a.normal_side
               WHEN 'CREDIT' THEN a.credit_minor - a.debit_minor - a.inflight_debit_minor + v_amount
               ELSE a.debit_minor - a.credit_minor - a.inflight_credit_minor - v_amount
           END) IS NOT TRUE
           AND (b.floor_minor > CASE b.normal_side
               WHEN 'CREDIT' THEN b.credit_minor - b.debit_minor - b.inflight_debit_minor - v_amount
               ELSE b.debit_minor - b.credit_minor - b.inflight_credit_minor + v_amount
           END) IS NOT TRUE AS is_allowed
    INTO v_pair
    FROM public.balances_balance AS a, public.balances_balance AS b
    WHERE a.id = v_low AND b.id = v_high
    FOR NO KEY UPDATE;
    -- Taken with the locks held, so that time and position agree on every balance.
    v_now := greatest(clock_timestamp(), v_pair.latest);
    IF v_pair.is_allowed
       AND (new.effective_at BETWEEN '0001-01-02 00:00+00' AND v_now) IS NOT FALSE
       AND (new.expires_at > v_now AND new.expires_at < '9999-12-31 00:00+00') IS NOT FALSE
       AND new.reference <> ''
       AND NOT EXISTS (
        SELECT FROM public.transactions_transaction AS t WHERE t.reference = new.reference
    ) THEN
        new.id := nextval('public.transactions_transaction_id_seq');
        new.effective_at := coalesce(new.effective_at, v_now);
    END IF;
    IF new.id IS NULL OR new.actor_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.users_user AS u WHERE u.id = new.actor_id
    ) THEN
        RETURN NULL;
    END IF;
    WITH written AS (
        INSERT INTO public.transactions_transaction (
            id, public_id, reference, kind, status, description, entry_count, effective_at,
            created_at, actor_id, metadata
        )
        VALUES (
            new.id, coalesce(new.public_id, gen_random_uuid()), new.reference, 'HOLD', 'INFLIGHT',
            new.description, 2, new.effective_at, v_now, new.actor_id, new.metadata
        )
    ), remainder AS (
        INSERT INTO public.transactions_hold (
            transaction_id, effective_at, expires_at, total_minor, committed_minor, released_minor,
            ended_as
        )
        VALUES (new.id, new.effective_at, new.expires_at, v_size, 0, 0, '')
    )
    INSERT INTO public.transactions_reservation (
        transaction_id, hold_id, balance_id, ledger_id, kind, effective_at, direction, amount_minor
    )
    VALUES
        (new.id, new.id, new.first_id,
         CASE WHEN is_low_first THEN v_pair.low_ledger ELSE v_pair.high_ledger END, 'HOLD',
         new.effective_at, v_direction, v_size),
        (new.id, new.id, new.second_id,
         CASE WHEN is_low_first THEN v_pair.high_ledger ELSE v_pair.low_ledger END, 'HOLD',
         new.effective_at, -v_direction, v_size);
    UPDATE public.balances_balance AS b
    SET inflight_credit_minor = b.inflight_credit_minor
            + CASE WHEN (b.id = v_low) = (v_amount > 0) THEN v_size ELSE 0 END,
        inflight_debit_minor = b.inflight_debit_minor
            + CASE WHEN (b.id = v_low) = (v_amount > 0) THEN 0 ELSE v_size END,
        transaction_count = b.transaction_count + 1,
        ledger_transaction_count = b.ledger_transaction_count
            + CASE WHEN b.id = v_high AND v_pair.low_ledger = v_pair.high_ledger THEN 0 ELSE 1 END
    WHERE b.id IN (v_low, v_high);
    RETURN new;
END;
$$;

CREATE OR REPLACE TRIGGER transactions_straight_hold_made
    INSTEAD OF INSERT ON transactions_straight_hold
    FOR EACH ROW EXECUTE FUNCTION transactions_hold_straight();

-- Reserve what a transaction would move; outcomes as those of transactions_post.
CREATE OR REPLACE FUNCTION transactions_hold(
    p_public_id uuid, p_reference text, p_description text, p_effective_at timestamptz,
    p_metadata jsonb, p_balances bigint[], p_amounts numeric[], p_actor bigint,
    p_overdraft numeric, p_expires_at timestamptz,
    OUT outcome text, OUT posted_id bigint, OUT culprit_id bigint
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF cardinality(p_balances) = 2 AND p_balances[1] <> p_balances[2]
       AND p_amounts[1] + p_amounts[2] = 0 AND p_overdraft IS NULL
    THEN
        INSERT INTO transactions_straight_hold (
            public_id, reference, description, effective_at, metadata, actor_id, first_id,
            second_id, amount, expires_at
        )
        VALUES (
            p_public_id, p_reference, p_description, p_effective_at, p_metadata, p_actor,
            p_balances[1], p_balances[2], p_amounts[1], p_expires_at
        )
        RETURNING id INTO posted_id;
    END IF;
    IF posted_id IS NOT NULL THEN
        outcome := 'posted';
    ELSE
        SELECT l.outcome, l.posted_id, l.culprit_id INTO outcome, posted_id, culprit_id
        FROM transactions_post_legs(
            p_public_id, p_reference, p_description, p_effective_at, p_metadata, p_balances,
            p_amounts, p_actor, p_overdraft, NULL, 'HOLD', NULL, p_expires_at
        ) AS l;
    END IF;
    IF p_actor IS NOT NULL AND outcome = 'posted' THEN
        PERFORM transactions_tell(p_actor, 'transaction.held', posted_id);
    END IF;
END;
$$;

-- The part of each amount that belongs to `p_part` of their sum: in proportion, in order, rounded
-- so that the parts sum to `p_part` and none exceeds its amount.
CREATE OR REPLACE FUNCTION transactions_parts(p_amounts numeric[], p_part numeric) RETURNS numeric[]
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_sum numeric := (SELECT sum(a) FROM unnest(p_amounts) AS a);
    v_passed numeric := 0;
    v_given numeric := 0;
    v_parts numeric[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(p_amounts) LOOP
        v_passed := v_passed + p_amounts[i];
        v_parts := v_parts || (div(v_passed * p_part, v_sum) - v_given);
        v_given := div(v_passed * p_part, v_sum);
    END LOOP;
    RETURN v_parts;
END;
$$;

-- What of each line of a transaction to take: `p_part` of its debits and as much of its credits.
CREATE OR REPLACE FUNCTION transactions_take(
    p_directions int[], p_amounts numeric[], p_part numeric
) RETURNS numeric[]
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_parts numeric[] := array_fill(0::numeric, ARRAY[cardinality(p_amounts)]);
    v_direction int;
    v_places int[];
    v_side numeric[];
BEGIN
    FOREACH v_direction IN ARRAY ARRAY[-1, 1] LOOP
        SELECT array_agg(l.place ORDER BY l.place), array_agg(l.amount ORDER BY l.place)
        INTO v_places, v_side
        FROM unnest(p_directions, p_amounts) WITH ORDINALITY AS l (direction, amount, place)
        WHERE l.direction = v_direction;
        v_side := transactions_parts(v_side, p_part);
        FOR i IN 1 .. cardinality(v_places) LOOP
            v_parts[v_places[i]] := v_side[i];
        END LOOP;
    END LOOP;
    RETURN v_parts;
END;
$$;

-- Whether the transaction of a reference is what a request to follow another one asks for.
CREATE OR REPLACE FUNCTION transactions_same_following(
    p_id bigint, p_kind text, p_of bigint, p_description text, p_effective_at timestamptz, p_amount numeric
) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT t.kind = p_kind AND coalesce(t.parent_id, t.reverses_id) = p_of
           AND t.description = p_description
           AND (p_effective_at IS NULL OR t.effective_at = p_effective_at)
           AND (p_amount IS NULL OR p_amount = CASE WHEN p_kind IN ('VOID', 'EXPIRY') THEN (
                    SELECT sum(r.amount_minor) FROM transactions_reservation AS r
                    WHERE r.transaction_id = t.id AND r.direction = -1
                ) ELSE (
                    SELECT sum(e.amount_minor) FROM transactions_entry AS e
                    WHERE e.transaction_id = t.id AND e.direction = -1
                ) END)
        FROM transactions_transaction AS t WHERE t.id = p_id
    );
END;
$$;

-- The straight path of what ends a hold of two lines from which nothing was taken: all of it, by
-- COMMIT, VOID or EXPIRY. As transactions_straight_post is that of a posting.
CREATE OR REPLACE VIEW transactions_straight_end AS
SELECT NULL::bigint AS id, NULL::text AS kind, NULL::bigint AS hold_id, NULL::uuid AS public_id,
       NULL::text AS reference, NULL::text AS description, NULL::timestamptz AS effective_at,
       NULL::jsonb AS metadata, NULL::numeric AS amount, NULL::bigint AS actor_id
WHERE false;

CREATE OR REPLACE FUNCTION transactions_end_straight() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    is_commit boolean := new.kind = 'COMMIT';
    v_status text := CASE new.kind WHEN 'COMMIT' THEN 'POSTED' WHEN 'VOID' THEN 'VOIDED'
                                   WHEN 'EXPIRY' THEN 'EXPIRED' END;
    v_pair record;
    v_now timestamptz;
BEGIN
    -- The hold first, then its balances in id order: the order of all who lock both.
    SELECT h.expires_at, h.total_minor AS total, x.direction,
           x.balance_id AS first_id, x.ledger_id AS first_ledger,
           CASE a.id WHEN x.balance_id THEN a.entry_count ELSE b.entry_count END + 1 AS first_position,
           CASE a.id WHEN x.balance_id THEN a.credit_minor - a.debit_minor
                     ELSE b.credit_minor - b.debit_minor END
               + x.direction * h.total_minor AS first_running,
           y.balance_id AS second_id, y.ledger_id AS second_ledger,
           CASE a.id WHEN y.balance_id THEN a.entry_count ELSE b.entry_count END + 1 AS second_position,
           CASE a.id WHEN y.balance_id THEN a.credit_minor - a.debit_minor
                     ELSE b.credit_minor - b.debit_minor END
               - x.direction * h.total_minor AS second_running,
           b.id AS high_id,
           greatest(a.last_entry_at, b.last_entry_at, t.created_at) AS latest,
           a.closed_at IS NULL AND b.closed_at IS NULL
           AND greatest(a.credit_minor, a.debit_minor, b.credit_minor, b.debit_minor) + h.total_minor
               < 1e38 AS is_allowed
    INTO v_pair
    FROM public.transactions_hold AS h, public.transactions_transaction AS t,
         public.transactions_reservation AS x, public.transactions_reservation AS y,
         public.balances_balance AS a, public.balances_balance AS b
    WHERE h.transaction_id = new.hold_id AND t.id = new.hold_id
      -- Each of them the only line of its side.
      AND x.transaction_id = new.hold_id AND y.transaction_id = new.hold_id AND x.id < y.id
      AND x.amount_minor = h.total_minor AND y.amount_minor = h.total_minor
      AND a.id = least(x.balance_id, y.balance_id) AND b.id = greatest(x.balance_id, y.balance_id)
      AND h.committed_minor = 0 AND h.released_minor = 0
      AND (new.amount <> h.total_minor) IS NOT TRUE
    FOR NO KEY UPDATE OF h, a, b;
    -- Taken with the locks held, so that time and position agree on every balance.
    v_now := greatest(clock_timestamp(), v_pair.latest);
    IF v_pair.is_allowed
       AND (new.effective_at BETWEEN '0001-01-02 00:00+00' AND v_now) IS NOT FALSE
       AND (CASE new.kind WHEN 'COMMIT' THEN (v_pair.expires_at <= v_now) IS NOT TRUE
                          WHEN 'EXPIRY' THEN v_pair.expires_at <= clock_timestamp()
                          ELSE new.kind = 'VOID' END)
       AND new.reference <> '' AND NOT EXISTS (
        SELECT FROM public.transactions_transaction AS t WHERE t.reference = new.reference
    ) THEN
        new.id := nextval('public.transactions_transaction_id_seq');
        new.effective_at := coalesce(new.effective_at, v_now);
    END IF;
    IF new.id IS NULL OR new.actor_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.users_user AS u WHERE u.id = new.actor_id
    ) THEN
        RETURN NULL;
    END IF;
    WITH written AS (
        INSERT INTO public.transactions_transaction (
            id, public_id, reference, kind, status, description, entry_count, effective_at,
            created_at, parent_id, actor_id, metadata
        )
        VALUES (
            new.id, coalesce(new.public_id, gen_random_uuid()), new.reference, new.kind, v_status,
            new.description, 2, new.effective_at, v_now, new.hold_id, new.actor_id, new.metadata
        )
    ), ended AS (
        UPDATE public.transactions_hold AS h
        SET committed_minor = CASE WHEN is_commit THEN h.total_minor ELSE 0 END,
            released_minor = CASE WHEN is_commit THEN 0 ELSE h.total_minor END,
            ended_as = CASE WHEN is_commit THEN '' ELSE new.kind END
        WHERE h.transaction_id = new.hold_id
    )
    INSERT INTO public.transactions_reservation (
        transaction_id, hold_id, balance_id, ledger_id, kind, effective_at, direction, amount_minor
    )
    VALUES
        (new.id, new.hold_id, v_pair.first_id, v_pair.first_ledger, new.kind, new.effective_at,
         v_pair.direction, v_pair.total),
        (new.id, new.hold_id, v_pair.second_id, v_pair.second_ledger, new.kind, new.effective_at,
         -v_pair.direction, v_pair.total);
    IF is_commit THEN
        INSERT INTO public.transactions_entry (
            transaction_id, balance_id, ledger_id, position, effective_at, direction, amount_minor,
            running_minor
        )
        VALUES
            (new.id, v_pair.first_id, v_pair.first_ledger, v_pair.first_position, new.effective_at,
             v_pair.direction, v_pair.total, v_pair.first_running),
            (new.id, v_pair.second_id, v_pair.second_ledger, v_pair.second_position,
             new.effective_at, -v_pair.direction, v_pair.total, v_pair.second_running);
    END IF;
    UPDATE public.balances_balance AS b
    SET inflight_credit_minor = b.inflight_credit_minor - l.credit_minor,
        inflight_debit_minor = b.inflight_debit_minor - l.debit_minor,
        credit_minor = b.credit_minor + CASE WHEN is_commit THEN l.credit_minor ELSE 0 END,
        debit_minor = b.debit_minor + CASE WHEN is_commit THEN l.debit_minor ELSE 0 END,
        entry_count = b.entry_count + CASE WHEN is_commit THEN 1 ELSE 0 END,
        transaction_count = b.transaction_count + 1,
        ledger_transaction_count = b.ledger_transaction_count + l.counted,
        follower_count = b.follower_count + 1,
        ledger_follower_count = b.ledger_follower_count + l.counted,
        last_entry_at = CASE WHEN is_commit THEN v_now ELSE b.last_entry_at END
    FROM (VALUES
        (v_pair.first_id, CASE v_pair.direction WHEN 1 THEN v_pair.total ELSE 0 END,
         CASE v_pair.direction WHEN 1 THEN 0 ELSE v_pair.total END,
         CASE WHEN v_pair.first_ledger = v_pair.second_ledger AND v_pair.first_id = v_pair.high_id
              THEN 0 ELSE 1 END),
        (v_pair.second_id, CASE v_pair.direction WHEN 1 THEN 0 ELSE v_pair.total END,
         CASE v_pair.direction WHEN 1 THEN v_pair.total ELSE 0 END,
         CASE WHEN v_pair.first_ledger = v_pair.second_ledger AND v_pair.second_id = v_pair.high_id
              THEN 0 ELSE 1 END)
    ) AS l (balance_id, credit_minor, debit_minor, counted)
    WHERE b.id = l.balance_id;
    RETURN new;
END;
$$;

CREATE OR REPLACE TRIGGER transactions_straight_end_made
    INSTEAD OF INSERT ON transactions_straight_end
    FOR EACH ROW EXECUTE FUNCTION transactions_end_straight();

-- Commit `p_amount` of a hold (NULL: all that is left), or release its rest: VOID, or EXPIRY once
-- its time is over. Outcomes besides posted, present and reference_used: unknown_transaction,
-- not_a_hold, hold_ended, hold_expired, hold_not_expired, beyond_hold, closed_balance, too_large,
-- in_future; with the balance at fault where there is one.
CREATE OR REPLACE FUNCTION transactions_settle(
    p_kind text, p_hold bigint, p_public_id uuid, p_reference text, p_description text,
    p_effective_at timestamptz, p_metadata jsonb, p_amount numeric, p_actor bigint,
    OUT outcome text, OUT posted_id bigint, OUT culprit_id bigint
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    c_limit CONSTANT numeric := 1e38;
    v_hold record;
    v_line record;
    v_now timestamptz;
    v_latest timestamptz;
    v_effective timestamptz;
    -- one element for each line of the hold that has something left
    v_balances bigint[];
    v_ledgers bigint[];
    v_directions int[];
    v_amounts numeric[];
    -- the same, of each balance in id order: a hold has a balance once
    v_ids bigint[] := '{}';
    v_position bigint[] := '{}';
    v_raw numeric[] := '{}';
BEGIN
    IF p_kind NOT IN ('COMMIT', 'VOID', 'EXPIRY') THEN
        RAISE EXCEPTION 'a hold is committed, voided or expires' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO transactions_straight_end (
        kind, hold_id, public_id, reference, description, effective_at, metadata, amount, actor_id
    )
    VALUES (
        p_kind, p_hold, p_public_id, p_reference, p_description, p_effective_at, p_metadata,
        p_amount, p_actor
    )
    RETURNING id INTO posted_id;
    IF posted_id IS NOT NULL THEN
        outcome := 'posted';
        IF p_actor IS NOT NULL THEN
            PERFORM transactions_tell(
                p_actor,
                CASE p_kind WHEN 'COMMIT' THEN 'transaction.committed'
                            WHEN 'VOID' THEN 'transaction.voided'
                            ELSE 'transaction.expired' END,
                posted_id
            );
        END IF;
        RETURN;
    END IF;

    -- Partial ones, those of many lines, and each refusal.
    PERFORM transactions_refuse_trigger();
    SELECT h.expires_at, h.total_minor - h.committed_minor - h.released_minor AS remaining, t.created_at
    INTO v_hold
    FROM transactions_hold AS h JOIN transactions_transaction AS t ON t.id = h.transaction_id
    WHERE h.transaction_id = p_hold
    FOR NO KEY UPDATE OF h;

    SELECT t.id INTO posted_id FROM transactions_transaction AS t WHERE t.reference = p_reference;
    IF FOUND THEN
        outcome := CASE WHEN transactions_same_following(
            posted_id, p_kind, p_hold, p_description, p_effective_at, p_amount
        ) THEN 'present' ELSE 'reference_used' END;
        RETURN;
    END IF;
    v_now := clock_timestamp();
    outcome := CASE
        WHEN v_hold.remaining IS NULL THEN CASE
            WHEN EXISTS (SELECT FROM transactions_transaction AS t WHERE t.id = p_hold)
            THEN 'not_a_hold' ELSE 'unknown_transaction' END
        WHEN v_hold.remaining = 0 THEN 'hold_ended'
        WHEN p_kind = 'COMMIT' AND v_hold.expires_at <= v_now THEN 'hold_expired'
        WHEN p_kind = 'EXPIRY' AND (v_hold.expires_at <= v_now) IS NOT TRUE THEN 'hold_not_expired'
        WHEN p_amount > v_hold.remaining THEN 'beyond_hold'
        WHEN p_kind <> 'COMMIT' AND p_amount < v_hold.remaining THEN 'beyond_hold'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;

    SELECT array_agg(l.balance_id ORDER BY l.id), array_agg(l.ledger_id ORDER BY l.id),
           array_agg(l.direction ORDER BY l.id), array_agg(l.left_minor ORDER BY l.id)
    INTO v_balances, v_ledgers, v_directions, v_amounts
    FROM (
        SELECT min(r.id) AS id, r.balance_id, min(r.ledger_id) AS ledger_id, r.direction::int AS direction,
               sum(CASE r.kind WHEN 'HOLD' THEN r.amount_minor ELSE -r.amount_minor END) AS left_minor
        FROM transactions_reservation AS r
        WHERE r.hold_id = p_hold
        GROUP BY r.balance_id, r.direction
    ) AS l
    WHERE l.left_minor > 0;
    IF p_amount < v_hold.remaining THEN
        v_amounts := transactions_take(v_directions, v_amounts, p_amount);
    END IF;

    FOR v_line IN
        SELECT b.id, b.closed_at, b.last_entry_at, b.entry_count + 1 AS position,
               b.credit_minor - b.debit_minor + l.direction * l.amount AS running,
               greatest(b.credit_minor, b.debit_minor) + l.amount AS largest
        FROM balances_balance AS b
        JOIN unnest(v_balances, v_directions, v_amounts) AS l (balance_id, direction, amount)
          ON l.balance_id = b.id
        ORDER BY b.id
        FOR NO KEY UPDATE OF b
    LOOP
        v_ids := v_ids || v_line.id;
        v_position := v_position || v_line.position;
        v_raw := v_raw || v_line.running;
        v_latest := greatest(v_latest, v_line.last_entry_at);
        IF p_kind = 'COMMIT' AND culprit_id IS NULL THEN
            outcome := CASE WHEN v_line.closed_at IS NOT NULL THEN 'closed_balance'
                            WHEN v_line.largest >= c_limit THEN 'too_large' END;
            culprit_id := CASE WHEN outcome IS NOT NULL THEN v_line.id END;
        END IF;
    END LOOP;
    IF culprit_id IS NOT NULL THEN
        RETURN;
    END IF;
    -- Taken with the locks held, so that time and position agree on every balance.
    v_now := greatest(clock_timestamp(), v_latest, v_hold.created_at);
    v_effective := coalesce(p_effective_at, v_now);
    IF v_effective > v_now THEN
        outcome := 'in_future';
        RETURN;
    END IF;

    posted_id := nextval('transactions_transaction_id_seq');
    WITH written AS (
        INSERT INTO transactions_transaction (
            id, public_id, reference, kind, status, description, entry_count, effective_at,
            created_at, parent_id, actor_id, metadata
        )
        VALUES (
            posted_id, coalesce(p_public_id, gen_random_uuid()), p_reference, p_kind,
            CASE p_kind WHEN 'COMMIT' THEN 'POSTED' WHEN 'VOID' THEN 'VOIDED' ELSE 'EXPIRED' END,
            p_description, (SELECT count(*) FROM unnest(v_amounts) AS a WHERE a > 0), v_effective,
            v_now, p_hold, p_actor, p_metadata
        )
    ), released AS (
        INSERT INTO transactions_reservation (
            transaction_id, hold_id, balance_id, ledger_id, kind, effective_at, direction, amount_minor
        )
        SELECT posted_id, p_hold, l.balance_id, l.ledger_id, p_kind, v_effective, l.direction, l.amount
        FROM unnest(v_balances, v_ledgers, v_directions, v_amounts)
             WITH ORDINALITY AS l (balance_id, ledger_id, direction, amount, place)
        WHERE l.amount > 0
        ORDER BY l.place
        RETURNING id, balance_id, ledger_id, direction, amount_minor
    )
    -- Reading what was released makes its trigger the first to run.
    INSERT INTO transactions_entry (
        transaction_id, balance_id, ledger_id, position, effective_at, direction, amount_minor,
        running_minor
    )
    SELECT posted_id, r.balance_id, r.ledger_id, b.position, v_effective, r.direction,
           r.amount_minor, b.running
    FROM released AS r
    JOIN unnest(v_ids, v_position, v_raw) AS b (id, position, running) ON b.id = r.balance_id
    WHERE p_kind = 'COMMIT'
    ORDER BY r.id;

    outcome := 'posted';
    PERFORM transactions_tell(
        p_actor,
        CASE p_kind WHEN 'COMMIT' THEN 'transaction.committed' WHEN 'VOID' THEN 'transaction.voided'
                    ELSE 'transaction.expired' END,
        posted_id
    );
END;
$$;

-- Post a transaction the other way round: all of it, once (REVERSAL), or `p_amount` of what is not
-- refunded yet (REFUND; NULL: all of that). Outcomes besides those of transactions_post:
-- unknown_transaction, not_reversible, not_refundable, reversed, refunded, beyond_original.
CREATE OR REPLACE FUNCTION transactions_undo(
    p_kind text, p_of bigint, p_public_id uuid, p_reference text, p_description text,
    p_effective_at timestamptz, p_metadata jsonb, p_amount numeric, p_actor bigint, p_overdraft numeric,
    OUT outcome text, OUT posted_id bigint, OUT culprit_id bigint
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_kind text;
    v_currencies int;
    v_left numeric;
    v_balances bigint[];
    v_directions int[];
    v_amounts numeric[];
BEGIN
    IF p_kind NOT IN ('REVERSAL', 'REFUND') THEN
        RAISE EXCEPTION 'a transaction is reversed or refunded' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT t.kind INTO v_kind FROM transactions_transaction AS t WHERE t.id = p_of FOR NO KEY UPDATE;

    SELECT t.id INTO posted_id FROM transactions_transaction AS t WHERE t.reference = p_reference;
    IF FOUND THEN
        outcome := CASE WHEN transactions_same_following(
            posted_id, p_kind, p_of, p_description, p_effective_at, p_amount
        ) THEN 'present' ELSE 'reference_used' END;
        RETURN;
    END IF;
    outcome := CASE
        WHEN v_kind IS NULL THEN 'unknown_transaction'
        WHEN p_kind = 'REVERSAL' AND v_kind NOT IN ('POST', 'COMMIT', 'REFUND') THEN 'not_reversible'
        WHEN p_kind = 'REFUND' AND v_kind NOT IN ('POST', 'COMMIT') THEN 'not_refundable'
        WHEN EXISTS (SELECT FROM transactions_transaction AS t WHERE t.reverses_id = p_of)
            THEN 'reversed'
        WHEN p_kind = 'REVERSAL' AND transactions_has_refunds(p_of) THEN 'refunded'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;

    IF p_kind = 'REVERSAL' THEN
        SELECT array_agg(e.balance_id ORDER BY e.id), array_agg(-e.direction * e.amount_minor ORDER BY e.id)
        INTO v_balances, v_amounts
        FROM transactions_entry AS e WHERE e.transaction_id = p_of;
    ELSE
        SELECT array_agg(r.balance_id ORDER BY r.place), array_agg(r.direction ORDER BY r.place),
               array_agg(r.amount ORDER BY r.place), sum(r.amount) FILTER (WHERE r.direction = -1),
               count(DISTINCT b.currency)
        INTO v_balances, v_directions, v_amounts, v_left, v_currencies
        FROM transactions_refundable(p_of)
             WITH ORDINALITY AS r (balance_id, direction, amount, place)
        JOIN balances_balance AS b ON b.id = r.balance_id
        WHERE r.amount > 0;
        IF v_left IS NULL THEN
            outcome := 'refunded';
            RETURN;
        ELSIF p_amount > v_left OR v_currencies > 1 AND p_amount IS NOT NULL THEN
            outcome := 'beyond_original';
            RETURN;
        END IF;
        IF p_amount < v_left THEN
            v_amounts := transactions_take(v_directions, v_amounts, p_amount);
        END IF;
        SELECT array_agg(l.balance_id ORDER BY l.place), array_agg(-l.direction * l.amount ORDER BY l.place)
        INTO v_balances, v_amounts
        FROM unnest(v_balances, v_directions, v_amounts)
             WITH ORDINALITY AS l (balance_id, direction, amount, place)
        WHERE l.amount > 0;
    END IF;
    SELECT l.outcome, l.posted_id, l.culprit_id INTO outcome, posted_id, culprit_id
    FROM transactions_post_legs(
        p_public_id, p_reference, p_description, p_effective_at, p_metadata, v_balances, v_amounts,
        p_actor, p_overdraft, NULL, p_kind, p_of, NULL
    ) AS l;
    IF outcome = 'posted' THEN
        PERFORM transactions_tell(
            p_actor, 'transaction.' || CASE p_kind WHEN 'REFUND' THEN 'refunded' ELSE 'reversed' END, posted_id
        );
    END IF;
END;
$$;

-- Lock holds, transactions and balances in the order in which all lock them, before several
-- requests are decided one by one in one database transaction.
CREATE OR REPLACE FUNCTION transactions_lock(p_transactions bigint[], p_balances bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_balances bigint[] := p_balances || ARRAY(
        SELECT e.balance_id FROM transactions_entry AS e WHERE e.transaction_id = ANY (p_transactions)
        UNION
        SELECT r.balance_id FROM transactions_reservation AS r
        WHERE r.transaction_id = ANY (p_transactions)
    );
BEGIN
    PERFORM FROM transactions_hold AS h
    WHERE h.transaction_id = ANY (p_transactions) ORDER BY h.transaction_id FOR NO KEY UPDATE;
    PERFORM FROM transactions_transaction AS t
    WHERE t.id = ANY (p_transactions) ORDER BY t.id FOR NO KEY UPDATE;
    PERFORM FROM balances_balance AS b
    WHERE b.id = ANY (v_balances) ORDER BY b.id FOR NO KEY UPDATE;
END;
$$;

REVOKE ALL ON FUNCTION transactions_hold(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint, numeric, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION transactions_settle(text, bigint, uuid, text, text, timestamptz, jsonb, numeric, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION transactions_undo(text, bigint, uuid, text, text, timestamptz, jsonb, numeric, bigint, numeric) FROM PUBLIC;
REVOKE ALL ON FUNCTION transactions_lock(bigint[], bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION transactions_tell(bigint, text, bigint) FROM PUBLIC;
