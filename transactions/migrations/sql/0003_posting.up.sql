-- Posting: the only writer of money. Its functions run with their owner's rights, lock the
-- balances in id order, decide, and write transaction and entries in one statement; the entries move
-- the balances (transactions_apply_entries). Two legs take a straight path of their own.
-- A leg's amount is signed here: credit above zero, debit below.

-- The legs of a stored transaction as text: what it reserves, if it is a hold, or else its entries.
CREATE OR REPLACE FUNCTION transactions_legs(p_id bigint, p_kind text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    IF p_kind = 'HOLD' THEN
        RETURN (SELECT array_agg((r.balance_id, r.direction * r.amount_minor)
                                 ORDER BY r.balance_id, r.direction * r.amount_minor)
                FROM transactions_reservation AS r WHERE r.transaction_id = p_id);
    END IF;
    RETURN (SELECT array_agg((e.balance_id, e.direction * e.amount_minor)
                             ORDER BY e.balance_id, e.direction * e.amount_minor)
            FROM transactions_entry AS e WHERE e.transaction_id = p_id);
END;
$$;

-- What a trigger writes is not looked at again (0002_guards), so none may come here: whoever can make
-- temporary tables can hang a trigger on one.
CREATE OR REPLACE FUNCTION transactions_refuse_trigger() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() > 0 THEN
        RAISE EXCEPTION 'a trigger does not post' USING ERRCODE = 'triggered_action_exception';
    END IF;
END;
$$;

-- Whether a stored transaction is what a request with its reference asks for.
CREATE OR REPLACE FUNCTION transactions_same_content(
    p_id bigint, p_kind text, p_description text, p_effective_at timestamptz,
    p_balances bigint[], p_amounts numeric[]
) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        t.kind = p_kind
        AND t.description = p_description
        AND (p_effective_at IS NULL OR t.effective_at = p_effective_at)
        AND transactions_legs(t.id, t.kind) = (
            SELECT array_agg((l.balance_id, l.amount) ORDER BY l.balance_id, l.amount)::text
            FROM unnest(p_balances, p_amounts) AS l (balance_id, amount)
        ),
        false
    )
    FROM transactions_transaction AS t WHERE t.id = p_id
$$;

-- Post one transaction of any number of legs, or reserve what it would move (HOLD). Outcomes:
-- posted, present (same reference, same content), or a refusal: reference_used, closed_balance,
-- unknown_balance, same_balance, unbalanced, too_large, insufficient_funds, in_future, and for holds
-- several_currencies and hold_expired; with the balance at fault where there is one.
CREATE OR REPLACE FUNCTION transactions_post_legs(
    p_public_id uuid, p_reference text, p_description text, p_effective_at timestamptz,
    p_metadata jsonb, p_balances bigint[], p_amounts numeric[], p_actor bigint,
    p_overdraft numeric, p_rate numeric, p_kind text, p_of bigint, p_expires_at timestamptz,
    OUT outcome text, OUT posted_id bigint, OUT culprit_id bigint
)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    c_largest CONSTANT numeric := 1e38::numeric - 1;
    v_row record;
    v_at int;
    v_to int;
    v_now timestamptz;
    v_latest timestamptz;
    v_effective timestamptz;
    -- one element for each balance touched, in id order
    v_ids bigint[] := '{}';
    v_ledgers bigint[] := '{}';
    v_currencies text[] := '{}';
    v_raw numeric[] := '{}';
    v_fall numeric[] := '{}';
    v_rise numeric[] := '{}';
    v_count bigint[] := '{}';
    v_moved numeric[] := '{}';
    v_credit numeric[] := '{}';
    v_debit numeric[] := '{}';
    -- one element for each currency
    v_codes text[] := '{}';
    v_sums numeric[] := '{}';
    -- one element for each leg
    v_leg_ledger bigint[] := '{}';
    v_position bigint[] := '{}';
    v_running numeric[] := '{}';
BEGIN
    PERFORM transactions_refuse_trigger();
    FOR v_row IN
        SELECT b.id, b.ledger_id, b.currency, b.normal_side, b.floor_minor, b.closed_at,
               CASE p_kind WHEN 'HOLD' THEN b.inflight_credit_minor ELSE b.credit_minor END
                   AS credit,
               CASE p_kind WHEN 'HOLD' THEN b.inflight_debit_minor ELSE b.debit_minor END AS debit,
               b.credit_minor - b.debit_minor AS raw, b.inflight_credit_minor AS held_credit,
               b.inflight_debit_minor AS held_debit, b.entry_count, b.last_entry_at
        FROM balances_balance AS b
        WHERE b.id = ANY (p_balances)
        ORDER BY b.id
        FOR NO KEY UPDATE
    LOOP
        IF v_row.closed_at IS NOT NULL THEN
            culprit_id := v_row.id;
        END IF;
        v_ids := v_ids || v_row.id;
        v_ledgers := v_ledgers || v_row.ledger_id;
        v_currencies := v_currencies || v_row.currency::text;
        v_raw := v_raw || v_row.raw;
        v_fall := v_fall || CASE WHEN v_row.normal_side = 'CREDIT'
                                 THEN v_row.raw - v_row.held_debit - v_row.floor_minor END;
        v_rise := v_rise || CASE WHEN v_row.normal_side = 'DEBIT'
                                 THEN -v_row.raw - v_row.held_credit - v_row.floor_minor END;
        v_count := v_count || v_row.entry_count;
        v_moved := v_moved || 0::numeric;
        v_credit := v_credit || v_row.credit;
        v_debit := v_debit || v_row.debit;
        v_latest := greatest(v_latest, v_row.last_entry_at);
    END LOOP;

    SELECT t.id INTO posted_id FROM transactions_transaction AS t WHERE t.reference = p_reference;
    IF FOUND THEN
        culprit_id := NULL;
        outcome := CASE
            WHEN transactions_same_content(
                posted_id, p_kind, p_description, p_effective_at, p_balances, p_amounts
            ) THEN 'present' ELSE 'reference_used'
        END;
        RETURN;
    END IF;
    IF culprit_id IS NOT NULL THEN
        outcome := 'closed_balance';
        RETURN;
    END IF;

    FOR i IN 1 .. cardinality(p_balances) LOOP
        v_at := array_position(v_ids, p_balances[i]);
        IF v_at IS NULL THEN
            outcome := 'unknown_balance';
            culprit_id := p_balances[i];
            RETURN;
        END IF;
        IF p_kind = 'HOLD' AND v_moved[v_at] <> 0 THEN
            outcome := 'same_balance';
            culprit_id := p_balances[i];
            RETURN;
        END IF;
        v_raw[v_at] := v_raw[v_at] + p_amounts[i];
        v_fall[v_at] := v_fall[v_at] + p_amounts[i];
        v_rise[v_at] := v_rise[v_at] - p_amounts[i];
        v_moved[v_at] := v_moved[v_at] + p_amounts[i];
        v_count[v_at] := v_count[v_at] + 1;
        IF p_amounts[i] > 0 THEN
            v_credit[v_at] := v_credit[v_at] + p_amounts[i];
        ELSE
            v_debit[v_at] := v_debit[v_at] - p_amounts[i];
        END IF;
        v_leg_ledger[i] := v_ledgers[v_at];
        v_position[i] := v_count[v_at];
        v_running[i] := v_raw[v_at];
        v_to := array_position(v_codes, v_currencies[v_at]);
        IF v_to IS NULL THEN
            v_codes := v_codes || v_currencies[v_at];
            v_sums := v_sums || p_amounts[i];
        ELSE
            v_sums[v_to] := v_sums[v_to] + p_amounts[i];
        END IF;
    END LOOP;
    IF cardinality(v_ids) < 2 THEN
        outcome := 'same_balance';
        culprit_id := v_ids[1];
        RETURN;
    END IF;
    IF 0 <> ANY (v_sums) THEN
        outcome := 'unbalanced';
        RETURN;
    END IF;
    IF p_kind = 'HOLD' AND cardinality(v_codes) > 1 THEN
        outcome := 'several_currencies';
        RETURN;
    END IF;
    FOR i IN 1 .. cardinality(v_ids) LOOP
        IF v_credit[i] > c_largest OR v_debit[i] > c_largest THEN
            outcome := 'too_large';
            culprit_id := v_ids[i];
            RETURN;
        END IF;
        -- What raises a balance is welcome, also where it stays below its floor.
        IF v_fall[i] + coalesce(p_overdraft, 0) < 0 AND v_moved[i] < 0
           OR v_rise[i] + coalesce(p_overdraft, 0) < 0 AND v_moved[i] > 0
        THEN
            outcome := 'insufficient_funds';
            culprit_id := v_ids[i];
            RETURN;
        END IF;
    END LOOP;
    -- Taken with the locks held, so that time and position agree on every balance.
    v_now := greatest(clock_timestamp(), v_latest);
    v_effective := coalesce(p_effective_at, v_now);
    IF v_effective > v_now THEN
        outcome := 'in_future';
        RETURN;
    END IF;

    IF p_expires_at <= v_now THEN
        outcome := 'hold_expired';
        RETURN;
    END IF;

    posted_id := nextval('transactions_transaction_id_seq');
    outcome := 'posted';
    IF p_kind = 'HOLD' THEN
        WITH written AS (
            INSERT INTO transactions_transaction (
                id, public_id, reference, kind, status, description, entry_count, effective_at,
                created_at, actor_id, overdraft_minor, metadata
            )
            VALUES (
                posted_id, coalesce(p_public_id, gen_random_uuid()), p_reference, 'HOLD', 'INFLIGHT',
                p_description, cardinality(p_balances), v_effective, v_now, p_actor, p_overdraft,
                p_metadata
            )
        ), remainder AS (
            INSERT INTO transactions_hold (
                transaction_id, effective_at, expires_at, total_minor, committed_minor,
                released_minor, ended_as
            )
            SELECT posted_id, v_effective, p_expires_at, sum(l.amount), 0, 0, ''
            FROM unnest(p_amounts) AS l (amount) WHERE l.amount > 0
        )
        INSERT INTO transactions_reservation (
            transaction_id, hold_id, balance_id, ledger_id, kind, effective_at, direction,
            amount_minor
        )
        SELECT posted_id, posted_id, l.balance_id, l.ledger_id, 'HOLD', v_effective, sign(l.amount),
               abs(l.amount)
        FROM unnest(p_balances, v_leg_ledger, p_amounts) AS l (balance_id, ledger_id, amount);
        RETURN;
    END IF;
    WITH written AS (
        INSERT INTO transactions_transaction (
            id, public_id, reference, kind, status, description, entry_count, effective_at,
            created_at, parent_id, reverses_id, actor_id, overdraft_minor, exchange_rate, metadata
        )
        VALUES (
            posted_id, coalesce(p_public_id, gen_random_uuid()), p_reference, p_kind, 'POSTED',
            p_description, cardinality(p_balances), v_effective, v_now,
            CASE p_kind WHEN 'REFUND' THEN p_of END, CASE p_kind WHEN 'REVERSAL' THEN p_of END,
            p_actor, p_overdraft, p_rate, p_metadata
        )
    )
    INSERT INTO transactions_entry (
        transaction_id, balance_id, ledger_id, position, effective_at, direction, amount_minor,
        running_minor
    )
    SELECT posted_id, l.balance_id, l.ledger_id, l.position, v_effective, sign(l.amount),
           abs(l.amount), l.running
    FROM unnest(p_balances, v_leg_ledger, v_position, p_amounts, v_running)
         AS l (balance_id, ledger_id, position, amount, running);
END;
$$;

-- The straight path of a transaction of two legs: to insert a row here is to post it if nothing
-- stands in its way, and to write nothing otherwise. Locks, decision, entries and the move of both
-- balances are one piece, made from one amount, so that no trigger needs to look at them again.
-- `amount` goes onto the first balance. A used reference is left to transaction_reference_unique,
-- twice the same balance to entry_position_unique. The web may insert here, all but the id.
CREATE OR REPLACE VIEW transactions_straight_post AS
SELECT NULL::bigint AS id, NULL::uuid AS public_id, NULL::text AS reference,
       NULL::text AS description, NULL::timestamptz AS effective_at, NULL::jsonb AS metadata,
       NULL::bigint AS actor_id, NULL::bigint AS first_id, NULL::bigint AS second_id,
       NULL::numeric AS amount
WHERE false;

CREATE OR REPLACE FUNCTION transactions_post_straight() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    is_low_first boolean := new.first_id < new.second_id;
    v_low bigint := CASE WHEN is_low_first THEN new.first_id ELSE new.second_id END;
    v_high bigint := CASE WHEN is_low_first THEN new.second_id ELSE new.first_id END;
    v_amount numeric := CASE WHEN is_low_first THEN new.amount ELSE -new.amount END;  -- onto v_low
    v_size numeric := abs(v_amount);
    v_direction smallint := sign(v_amount);
    v_pair record;
    v_now timestamptz;
BEGIN
    -- Locked in the order of the FROM list, which is the order of ids.
    SELECT a.ledger_id AS low_ledger, a.entry_count + 1 AS low_position,
           a.credit_minor - a.debit_minor + v_amount AS low_running,
           b.ledger_id AS high_ledger, b.entry_count + 1 AS high_position,
           b.credit_minor - b.debit_minor - v_amount AS high_running,
           greatest(a.last_entry_at, b.last_entry_at) AS latest,
           v_size >= 1 AND v_size = trunc(v_size)
           AND a.currency = b.currency
           AND a.closed_at IS NULL AND b.closed_at IS NULL
           AND greatest(a.credit_minor, a.debit_minor, b.credit_minor, b.debit_minor) + v_size < 1e38
           AND (a.floor_minor > CASE a.normal_side
               WHEN 'CREDIT' THEN a.credit_minor - a.debit_minor - a.inflight_debit_minor + v_amount
               ELSE a.debit_minor - a.credit_minor - a.inflight_credit_minor - v_amount
           END) IS NOT TRUE
           AND (b.floor_minor > CASE b.normal_side
               WHEN 'CREDIT' THEN b.credit_minor - b.debit_minor - b.inflight_debit_minor - v_amount
               ELSE b.debit_minor - b.credit_minor - b.inflight_credit_minor + v_amount
           END) IS NOT TRUE AS is_allowed
    INTO v_pair
    FROM balances_balance AS a, balances_balance AS b
    WHERE a.id = v_low AND b.id = v_high
    FOR NO KEY UPDATE;
    -- Taken with the locks held, so that time and position agree on every balance.
    v_now := greatest(clock_timestamp(), v_pair.latest);
    IF (v_pair.is_allowed AND new.reference <> ''
        AND (new.effective_at BETWEEN '0001-01-02 00:00+00' AND v_now) IS NOT FALSE) IS NOT TRUE
    THEN
        RETURN NULL;
    END IF;
    -- By itself, since a question costs its preparation even where it is not asked.
    IF new.actor_id IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM users_user AS u WHERE u.id = new.actor_id) THEN
            RETURN NULL;
        END IF;
    END IF;
    new.id := nextval('transactions_transaction_id_seq');
    new.effective_at := coalesce(new.effective_at, v_now);
    WITH written AS (
        INSERT INTO transactions_transaction (
            id, public_id, reference, kind, status, description, entry_count, effective_at,
            created_at, actor_id, metadata
        )
        VALUES (
            new.id, coalesce(new.public_id, gen_random_uuid()), new.reference, 'POST', 'POSTED',
            new.description, 2, new.effective_at, v_now, new.actor_id, new.metadata
        )
    )
    INSERT INTO transactions_entry (
        transaction_id, balance_id, ledger_id, position, effective_at, direction, amount_minor,
        running_minor
    )
    SELECT new.id, e.balance_id, e.ledger_id, e.position, new.effective_at, e.direction, v_size,
           e.running
    -- In the order of the legs.
    FROM (VALUES
        (new.first_id, CASE WHEN is_low_first THEN v_direction ELSE -v_direction END,
         CASE WHEN is_low_first THEN v_pair.low_ledger ELSE v_pair.high_ledger END,
         CASE WHEN is_low_first THEN v_pair.low_position ELSE v_pair.high_position END,
         CASE WHEN is_low_first THEN v_pair.low_running ELSE v_pair.high_running END),
        (new.second_id, CASE WHEN is_low_first THEN -v_direction ELSE v_direction END,
         CASE WHEN is_low_first THEN v_pair.high_ledger ELSE v_pair.low_ledger END,
         CASE WHEN is_low_first THEN v_pair.high_position ELSE v_pair.low_position END,
         CASE WHEN is_low_first THEN v_pair.high_running ELSE v_pair.low_running END)
    ) AS e (balance_id, direction, ledger_id, position, running);
    UPDATE balances_balance AS b
    SET credit_minor = b.credit_minor
            + CASE WHEN (b.id = v_low) = (v_amount > 0) THEN v_size ELSE 0 END,
        debit_minor = b.debit_minor
            + CASE WHEN (b.id = v_low) = (v_amount > 0) THEN 0 ELSE v_size END,
        entry_count = b.entry_count + 1,
        transaction_count = b.transaction_count + 1,
        -- A transaction counts once for a ledger: on the lowest of its balances there.
        ledger_transaction_count = b.ledger_transaction_count
            + CASE WHEN b.id = v_high AND v_pair.low_ledger = v_pair.high_ledger THEN 0 ELSE 1 END,
        last_entry_at = v_now
    WHERE b.id IN (v_low, v_high);
    IF new.actor_id IS NOT NULL THEN
        PERFORM transactions_tell(new.actor_id, 'transaction.posted', new.id);
    END IF;
    RETURN new;
END;
$$;

-- With the owner's rights, so nobody may hang it on a table of their own.
REVOKE ALL ON FUNCTION transactions_post_straight() FROM PUBLIC;

CREATE OR REPLACE TRIGGER transactions_straight_post_made
    INSTEAD OF INSERT ON transactions_straight_post
    FOR EACH ROW EXECUTE FUNCTION transactions_post_straight();

-- Post one transaction; outcomes as above. Two legs, which most transactions have, take the straight
-- path as long as nothing stands in their way: it costs a third of what arrays and the triggers of
-- entries do. Everything else, each refusal included, is for transactions_post_legs to decide.
--
-- An array as parameter makes a plan for this one call look cheaper than it is, so that without the
-- setting every call would plan anew.
CREATE OR REPLACE FUNCTION transactions_post(
    p_public_id uuid, p_reference text, p_description text, p_effective_at timestamptz,
    p_metadata jsonb, p_balances bigint[], p_amounts numeric[], p_actor bigint,
    p_overdraft numeric DEFAULT NULL, p_rate numeric DEFAULT NULL,
    OUT outcome text, OUT posted_id bigint, OUT culprit_id bigint
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF cardinality(p_balances) = 2 AND p_balances[1] <> p_balances[2]
       AND p_amounts[1] + p_amounts[2] = 0 AND p_overdraft IS NULL AND p_rate IS NULL
       AND NOT EXISTS (SELECT FROM transactions_transaction AS t WHERE t.reference = p_reference)
    THEN
        INSERT INTO transactions_straight_post (
            public_id, reference, description, effective_at, metadata, actor_id, first_id,
            second_id, amount
        )
        VALUES (
            p_public_id, p_reference, p_description, p_effective_at, p_metadata, p_actor,
            p_balances[1], p_balances[2], p_amounts[1]
        )
        RETURNING id INTO posted_id;
    END IF;
    IF posted_id IS NOT NULL THEN
        outcome := 'posted';
        RETURN;
    END IF;

    SELECT l.outcome, l.posted_id, l.culprit_id INTO outcome, posted_id, culprit_id
    FROM transactions_post_legs(
        p_public_id, p_reference, p_description, p_effective_at, p_metadata, p_balances,
        p_amounts, p_actor, p_overdraft, p_rate, 'POST', NULL, NULL
    ) AS l;
    IF p_actor IS NOT NULL AND outcome = 'posted' THEN
        PERFORM transactions_tell(p_actor, 'transaction.posted', posted_id);
    END IF;
END;
$$;

-- The staging table of a batch: made by, and belonging to, the owner of the posting functions,
-- so that the caller can add rows to it and nothing else. `legs` are places in the sorted list
-- of balances that transactions_post_staged is given.
CREATE OR REPLACE FUNCTION transactions_stage() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF to_regclass('pg_temp.posting_request') IS NULL THEN
        CREATE TEMP TABLE posting_request (
            ord int, public_id uuid, reference text, description text, effective_at timestamptz,
            metadata jsonb, legs int[], amounts numeric[], overdraft numeric, rate numeric
        ) ON COMMIT DELETE ROWS;
        EXECUTE format('GRANT INSERT ON pg_temp.posting_request TO %I', session_user);
    END IF;
END;
$$;

-- Decide the staged requests in order, each on what the ones before it left, and write those that are
-- posted. With p_moves, where each has two legs, the balances are moved as well.
CREATE OR REPLACE FUNCTION transactions_decide_staged(
    p_balances bigint[], p_atomic boolean, p_batch uuid, p_actor bigint, p_moves boolean,
    OUT outcomes text[], OUT posted_ids bigint[], OUT culprit_ids bigint[]
)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c_limit CONSTANT numeric := 1e38;
    v_row record;
    v_n int;
    v_at int;
    v_to int;
    v_legs int;
    v_leg int := 0;
    v_closed_id bigint;
    v_failed text;
    v_refused int := 0;
    v_moved numeric;
    v_largest numeric;
    v_now timestamptz;
    -- whether no total can come near its limit, whatever is posted: then none is watched
    is_small boolean;
    -- one element for each request
    v_outcome text[];
    v_posted bigint[];
    v_culprit bigint[];
    -- one element for each balance, in id order; NULL for one that does not exist
    v_ledger bigint[];
    v_currency int[];
    v_closed boolean[];
    v_sign int[];       -- 1 where a credit adds to the room above the floor, -1 where a debit does
    v_room numeric[];   -- NULL without a floor
    v_raw numeric[];
    v_count bigint[];
    v_credit numeric[];
    v_debit numeric[];  -- not kept by the straight path, which no total can stop
    v_shared bigint[];  -- transactions of two legs that count for the ledger on the other balance
    -- one element for each currency met
    v_sum numeric[];
    -- one element for each entry to write
    v_position bigint[];
    v_running numeric[];
BEGIN
    IF NOT p_moves THEN
        PERFORM transactions_refuse_trigger();
    END IF;
    -- Counted from one, as the places are, whatever the caller counts from.
    p_balances := ARRAY(SELECT unnest(p_balances));
    SELECT count(DISTINCT s.ord), count(*), sum(abs(a.amount)) INTO v_n, v_legs, v_moved
    FROM pg_temp.posting_request AS s, unnest(s.amounts) AS a (amount);
    v_outcome := array_fill(NULL::text, ARRAY[v_n]);
    v_posted := array_fill(NULL::bigint, ARRAY[v_n]);
    v_culprit := v_posted;
    v_position := array_fill(0::bigint, ARRAY[v_legs]);
    v_running := v_position::numeric[];

    WITH locked AS (
        SELECT b.id, b.ledger_id, b.currency, b.normal_side, b.floor_minor, b.closed_at,
               b.credit_minor, b.debit_minor, b.inflight_credit_minor, b.inflight_debit_minor,
               b.entry_count, b.last_entry_at
        FROM balances_balance AS b
        WHERE b.id = ANY (p_balances)
        ORDER BY b.id
        FOR NO KEY UPDATE
    )
    SELECT array_agg(b.ledger_id), array_agg(b.currency_number), array_agg(b.is_closed),
           array_agg(b.sign), array_agg(b.sign * b.raw - b.held - b.floor_minor),
           array_agg(b.raw), array_agg(b.entry_count), array_agg(b.credit_minor),
           array_agg(b.debit_minor), array_fill(0::numeric, ARRAY[max(b.currency_number)]),
           greatest(clock_timestamp(), max(b.last_entry_at)),
           max(greatest(b.credit_minor, b.debit_minor)), array_fill(0::bigint, ARRAY[count(*)::int])
    INTO v_ledger, v_currency, v_closed, v_sign, v_room, v_raw, v_count, v_credit, v_debit, v_sum,
         v_now, v_largest, v_shared
    FROM (
        SELECT l.*,
               dense_rank() OVER (ORDER BY l.currency)::int AS currency_number,
               CASE WHEN l.id IS NOT NULL THEN l.closed_at IS NOT NULL END AS is_closed,
               CASE l.normal_side WHEN 'CREDIT' THEN 1 ELSE -1 END AS sign,
               l.credit_minor - l.debit_minor AS raw,
               CASE l.normal_side WHEN 'CREDIT' THEN l.inflight_debit_minor
                    ELSE l.inflight_credit_minor END AS held
        FROM unnest(p_balances) WITH ORDINALITY AS p (id, place)
        LEFT JOIN locked AS l ON l.id = p.id
        ORDER BY p.place
    ) AS b;
    is_small := coalesce(v_largest, 0) + v_moved < c_limit;

    FOR v_row IN
        SELECT s.ord, t.id,
               transactions_same_content(
                   t.id, 'POST', s.description, s.effective_at,
                   (SELECT array_agg(p_balances[l.at] ORDER BY l.line)
                    FROM unnest(s.legs) WITH ORDINALITY AS l (at, line)),
                   s.amounts
               ) AS same
        FROM pg_temp.posting_request AS s
        CROSS JOIN LATERAL (
            -- OFFSET 0 keeps it a look-up by index, however long the history is.
            SELECT t.id FROM transactions_transaction AS t
            WHERE t.reference = s.reference OFFSET 0
        ) AS t
    LOOP
        v_posted[v_row.ord] := v_row.id;
        v_outcome[v_row.ord] := CASE WHEN v_row.same THEN 'present' ELSE 'reference_used' END;
        v_refused := v_refused + (NOT v_row.same)::int;
    END LOOP;

    FOR v_row IN
        SELECT s.ord, s.effective_at, s.legs, s.amounts, s.legs[1] AS one, s.legs[2] AS two,
               CASE WHEN p_balances[s.legs[1]] > p_balances[s.legs[2]] THEN s.legs[1]
                    ELSE s.legs[2] END AS high,
               s.amounts[1] AS amount, coalesce(s.overdraft, 0) AS overdraft,
               cardinality(s.legs) = 2 AND s.legs[1] <> s.legs[2]
               AND s.amounts[1] + s.amounts[2] = 0 AS is_pair
        FROM pg_temp.posting_request AS s
        ORDER BY s.ord
    LOOP
        CONTINUE WHEN v_outcome[v_row.ord] IS NOT NULL;

        -- Two legs that nothing stands in the way of take a straight path; all else, refusals
        -- included, is for the loops below.
        IF v_row.is_pair AND is_small
           AND NOT v_closed[v_row.one] AND NOT v_closed[v_row.two]
           AND v_currency[v_row.one] = v_currency[v_row.two]
           AND (v_room[v_row.one] + v_sign[v_row.one] * v_row.amount < 0) IS NOT TRUE
           AND (v_room[v_row.two] - v_sign[v_row.two] * v_row.amount < 0) IS NOT TRUE
           AND (v_row.effective_at > v_now) IS NOT TRUE
        THEN
            v_outcome[v_row.ord] := 'posted';
            v_posted[v_row.ord] := nextval('transactions_transaction_id_seq');
            v_room[v_row.one] := v_room[v_row.one] + v_sign[v_row.one] * v_row.amount;
            v_room[v_row.two] := v_room[v_row.two] - v_sign[v_row.two] * v_row.amount;
            v_raw[v_row.one] := v_raw[v_row.one] + v_row.amount;
            v_raw[v_row.two] := v_raw[v_row.two] - v_row.amount;
            v_at := CASE WHEN v_row.amount > 0 THEN v_row.one ELSE v_row.two END;
            v_credit[v_at] := v_credit[v_at] + abs(v_row.amount);
            v_count[v_row.one] := v_count[v_row.one] + 1;
            v_count[v_row.two] := v_count[v_row.two] + 1;
            IF v_ledger[v_row.one] = v_ledger[v_row.two] THEN
                v_shared[v_row.high] := v_shared[v_row.high] + 1;
            END IF;
            v_leg := v_leg + 2;
            v_position[v_leg - 1] := v_count[v_row.one];
            v_position[v_leg] := v_count[v_row.two];
            v_running[v_leg - 1] := v_raw[v_row.one];
            v_running[v_leg] := v_raw[v_row.two];
            CONTINUE;
        END IF;

        v_outcome[v_row.ord] := 'same_balance';
        FOR i IN 1 .. cardinality(v_row.legs) LOOP
            v_at := v_row.legs[i];
            IF v_closed[v_at] THEN
                v_outcome[v_row.ord] := 'closed_balance';
                v_culprit[v_row.ord] := greatest(v_closed_id, p_balances[v_at]);
                v_closed_id := v_culprit[v_row.ord];
            ELSIF v_outcome[v_row.ord] IN ('same_balance', 'posted') THEN
                IF v_closed[v_at] IS NULL THEN
                    v_outcome[v_row.ord] := 'unknown_balance';
                    v_culprit[v_row.ord] := p_balances[v_at];
                ELSIF v_at <> v_row.legs[1] THEN
                    v_outcome[v_row.ord] := 'posted';
                END IF;
            END IF;
        END LOOP;
        v_closed_id := NULL;
        IF v_outcome[v_row.ord] <> 'posted' THEN
            IF v_outcome[v_row.ord] = 'same_balance' THEN
                v_culprit[v_row.ord] := p_balances[v_row.legs[1]];
            END IF;
            v_refused := v_refused + 1;
            CONTINUE;
        END IF;

        FOR i IN 1 .. cardinality(v_row.legs) LOOP
            v_to := v_currency[v_row.legs[i]];
            v_sum[v_to] := v_sum[v_to] + v_row.amounts[i];
        END LOOP;
        IF 0 <> ANY (v_sum) THEN
            v_outcome[v_row.ord] := 'unbalanced';
            v_sum := array_fill(0::numeric, ARRAY[cardinality(v_sum)]);
            v_refused := v_refused + 1;
            CONTINUE;
        END IF;

        FOR i IN 1 .. cardinality(v_row.legs) LOOP
            v_at := v_row.legs[i];
            v_room[v_at] := v_room[v_at] + v_sign[v_at] * v_row.amounts[i];
            IF v_row.amounts[i] > 0 THEN
                v_credit[v_at] := v_credit[v_at] + v_row.amounts[i];
            ELSE
                v_debit[v_at] := v_debit[v_at] - v_row.amounts[i];
            END IF;
        END LOOP;
        FOR i IN 1 .. cardinality(v_row.legs) LOOP
            v_at := v_row.legs[i];
            IF v_credit[v_at] >= c_limit OR v_debit[v_at] >= c_limit THEN
                v_failed := 'too_large';
            -- What raises a balance is welcome, also where it stays below its floor.
            ELSIF v_room[v_at] + v_row.overdraft < 0 AND v_sign[v_at] * (
                SELECT sum(l.amount) FROM unnest(v_row.legs, v_row.amounts) AS l (at, amount)
                WHERE l.at = v_at
            ) < 0 THEN
                v_failed := 'insufficient_funds';
            ELSE
                CONTINUE;
            END IF;
            -- The lowest id is the one that a single posting names.
            IF v_culprit[v_row.ord] IS NULL OR p_balances[v_at] < v_culprit[v_row.ord] THEN
                v_outcome[v_row.ord] := v_failed;
                v_culprit[v_row.ord] := p_balances[v_at];
            END IF;
        END LOOP;
        IF v_outcome[v_row.ord] = 'posted' AND v_row.effective_at > v_now THEN
            v_outcome[v_row.ord] := 'in_future';
        END IF;
        IF v_outcome[v_row.ord] <> 'posted' THEN
            v_refused := v_refused + 1;
            FOR i IN 1 .. cardinality(v_row.legs) LOOP
                v_at := v_row.legs[i];
                v_room[v_at] := v_room[v_at] - v_sign[v_at] * v_row.amounts[i];
                IF v_row.amounts[i] > 0 THEN
                    v_credit[v_at] := v_credit[v_at] - v_row.amounts[i];
                ELSE
                    v_debit[v_at] := v_debit[v_at] + v_row.amounts[i];
                END IF;
            END LOOP;
            CONTINUE;
        END IF;

        v_posted[v_row.ord] := nextval('transactions_transaction_id_seq');
        IF v_ledger[v_row.one] = v_ledger[v_row.two] THEN
            v_shared[v_row.high] := v_shared[v_row.high] + 1;
        END IF;
        FOR i IN 1 .. cardinality(v_row.legs) LOOP
            v_at := v_row.legs[i];
            v_raw[v_at] := v_raw[v_at] + v_row.amounts[i];
            v_count[v_at] := v_count[v_at] + 1;
            v_leg := v_leg + 1;
            v_position[v_leg] := v_count[v_at];
            v_running[v_leg] := v_raw[v_at];
        END LOOP;
    END LOOP;

    IF p_atomic AND v_refused > 0 THEN
        FOR i IN 1 .. v_n LOOP
            IF v_outcome[i] = 'posted' THEN
                v_outcome[i] := 'not_posted';
                v_posted[i] := NULL;
            END IF;
        END LOOP;
    ELSIF v_leg > 0 THEN
        WITH accepted AS (
            SELECT r.id, s.public_id, s.reference, s.description, s.metadata, s.legs, s.amounts,
                   s.overdraft, s.rate,
                   coalesce(s.effective_at, v_now) AS effective_at
            FROM unnest(v_outcome, v_posted) WITH ORDINALITY AS r (outcome, id, ord)
            JOIN pg_temp.posting_request AS s ON s.ord = r.ord
            WHERE r.outcome = 'posted'
        ), written AS (
            INSERT INTO transactions_transaction (
                id, public_id, reference, kind, status, description, entry_count, effective_at,
                created_at, batch_id, actor_id, metadata, overdraft_minor, exchange_rate
            )
            SELECT a.id, coalesce(a.public_id, gen_random_uuid()), a.reference, 'POST', 'POSTED',
                   a.description, cardinality(a.legs), a.effective_at, v_now, p_batch, p_actor,
                   a.metadata, a.overdraft, a.rate
            FROM accepted AS a
            ORDER BY a.id
        )
        INSERT INTO transactions_entry (
            id, transaction_id, balance_id, ledger_id, position, effective_at, direction,
            amount_minor, running_minor
        )
        SELECT e.id, e.transaction_id, e.balance_id, v_ledger[e.at], e.position, e.effective_at,
               sign(e.amount), abs(e.amount), e.running
        FROM (
            SELECT nextval('transactions_entry_id_seq') AS id, l.transaction_id, l.at,
                   p_balances[l.at] AS balance_id, w.position, l.effective_at, l.amount, w.running
            FROM (
                SELECT a.id AS transaction_id, a.effective_at, l.at, l.amount,
                       row_number() OVER (ORDER BY a.id, l.line) AS number
                FROM accepted AS a
                CROSS JOIN LATERAL unnest(a.legs, a.amounts) WITH ORDINALITY AS l (at, amount, line)
            ) AS l
            -- Not by subscripts: numbers differ in length, so each would walk through those before it.
            JOIN unnest(v_position, v_running) WITH ORDINALITY AS w (position, running, number)
              ON w.number = l.number
            ORDER BY l.number
            OFFSET 0
        ) AS e
        -- Numbered in the order of the legs, written balance after balance: then neighbours in the
        -- indexes follow each other.
        ORDER BY e.balance_id, e.id;
        IF p_moves THEN
            UPDATE balances_balance AS b
            SET credit_minor = m.credit_minor,
                debit_minor = m.credit_minor - m.raw_minor,
                entry_count = m.entry_count,
                transaction_count = b.transaction_count + m.entry_count - b.entry_count,
                ledger_transaction_count = b.ledger_transaction_count
                    + m.entry_count - b.entry_count - m.shared,
                last_entry_at = v_now
            -- Joined with nothing else: a plan for a small batch must serve a large one.
            FROM unnest(p_balances, v_credit, v_raw, v_count, v_shared)
                 AS m (id, credit_minor, raw_minor, entry_count, shared)
            WHERE b.id = m.id AND m.entry_count > b.entry_count;
        END IF;
        IF p_actor IS NOT NULL THEN
            INSERT INTO audit_auditevent (actor_id, actor_name, action, subject, after)
            SELECT p_actor, u.username, 'transaction.posted', 'txn_' || t.public_id,
                   jsonb_build_object('reference', t.reference, 'description', t.description)
            FROM unnest(v_outcome, v_posted) AS r (outcome, id)
            JOIN transactions_transaction AS t ON t.id = r.id
            JOIN users_user AS u ON u.id = p_actor
            WHERE r.outcome = 'posted';
        END IF;
    END IF;
    outcomes := v_outcome;
    posted_ids := v_posted;
    culprit_ids := v_culprit;
END;
$$;

-- The straight path of a batch in which each transaction has two legs: to insert a row is to post what
-- is staged, and to write nothing where there is more to it. As transactions_straight_post, of many.
CREATE OR REPLACE VIEW transactions_straight_batch AS
SELECT NULL::bigint[] AS balances, NULL::boolean AS is_atomic, NULL::uuid AS batch_id,
       NULL::bigint AS actor_id, NULL::text[] AS outcomes, NULL::bigint[] AS posted_ids,
       NULL::bigint[] AS culprit_ids
WHERE false;

CREATE OR REPLACE FUNCTION transactions_post_batch_straight() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM pg_temp.posting_request AS s
    -- Numbers without a gap, so that what is decided for one is not written for another.
    HAVING (min(s.ord) = 1 AND max(s.ord) = count(*) AND count(DISTINCT s.ord) = count(*)
            AND bool_and((
                cardinality(s.legs) = 2 AND cardinality(s.amounts) = 2 AND s.legs[1] <> s.legs[2]
                AND s.amounts[1] + s.amounts[2] = 0 AND abs(s.amounts[1]) >= 1
                AND s.amounts[1] = trunc(s.amounts[1])
                AND s.overdraft IS NULL AND s.rate IS NULL AND s.reference <> ''
                AND (s.effective_at < '0001-01-02 00:00+00') IS NOT TRUE
            ) IS TRUE)) IS NOT TRUE;
    IF FOUND OR new.actor_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.users_user AS u WHERE u.id = new.actor_id
    ) THEN
        RETURN NULL;
    END IF;
    SELECT d.outcomes, d.posted_ids, d.culprit_ids
    INTO new.outcomes, new.posted_ids, new.culprit_ids
    FROM public.transactions_decide_staged(
        new.balances, new.is_atomic, new.batch_id, new.actor_id, true
    ) AS d;
    RETURN new;
END;
$$;

CREATE OR REPLACE TRIGGER transactions_straight_batch_made
    INSTEAD OF INSERT ON transactions_straight_batch
    FOR EACH ROW EXECUTE FUNCTION transactions_post_batch_straight();

-- Post the staged requests in order, each decided on what the ones before it left, exactly as
-- if they came one by one. References are distinct within a batch (the caller splits).
-- With p_atomic, one refusal refuses all: nothing is written and the rest come back not_posted.
CREATE OR REPLACE FUNCTION transactions_post_staged(p_balances bigint[], p_atomic boolean, p_batch uuid, p_actor bigint)
RETURNS TABLE (ord int, outcome text, posted_id bigint, culprit_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_outcomes text[];
    v_posted bigint[];
    v_culprits bigint[];
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_class
        WHERE oid = to_regclass('pg_temp.posting_request') AND relkind = 'r'
          AND relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    ) THEN
        RAISE EXCEPTION 'call transactions_stage() first'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO transactions_straight_batch (balances, is_atomic, batch_id, actor_id)
    VALUES (p_balances, p_atomic, p_batch, p_actor)
    RETURNING outcomes, posted_ids, culprit_ids INTO v_outcomes, v_posted, v_culprits;
    IF NOT FOUND THEN
        SELECT d.outcomes, d.posted_ids, d.culprit_ids INTO v_outcomes, v_posted, v_culprits
        FROM transactions_decide_staged(p_balances, p_atomic, p_batch, p_actor, false) AS d;
    END IF;
    DELETE FROM pg_temp.posting_request;
    RETURN QUERY
        SELECT r.ord::int, r.outcome, r.posted, r.culprit
        FROM unnest(v_outcomes, v_posted, v_culprits)
             WITH ORDINALITY AS r (outcome, posted, culprit, ord);
END;
$$;

-- The functions are not for everyone who can connect.
REVOKE ALL ON FUNCTION transactions_post(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint, numeric, numeric) FROM PUBLIC;
REVOKE ALL ON FUNCTION transactions_post_legs(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint, numeric, numeric, text, bigint, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION transactions_stage() FROM PUBLIC;
REVOKE ALL ON FUNCTION transactions_post_staged(bigint[], boolean, uuid, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION transactions_decide_staged(bigint[], boolean, uuid, bigint, boolean) FROM PUBLIC;
