-- Room on each page for the new versions of rows that posting updates without end.
ALTER TABLE balances_balance SET (fillfactor = 70);

-- A balance starts at zero, keeps what it is, and only the General Ledger has indicators. Said in
-- a trigger and not in CHECKs, which PostgreSQL reads anew for each statement: on a table that
-- posting updates, three of them cost a quarter of a posting.
CREATE OR REPLACE FUNCTION balances_check_row() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF tg_op = 'INSERT' THEN
        IF (new.credit_minor, new.debit_minor, new.inflight_credit_minor, new.inflight_debit_minor,
            new.entry_count, new.transaction_count, new.ledger_transaction_count,
            new.follower_count, new.ledger_follower_count)
           IS DISTINCT FROM (0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::bigint, 0::bigint,
                             0::bigint, 0::bigint, 0::bigint)
           OR new.last_entry_at IS NOT NULL
        THEN
            RAISE EXCEPTION 'a new balance has no entries, so its totals are zero'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_starts_at_zero';
        END IF;
        IF new.floor_minor > 0 THEN
            RAISE EXCEPTION 'a new balance is at zero, below its floor of %', new.floor_minor
                USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_above_floor';
        END IF;
        IF new.normal_side NOT IN ('CREDIT', 'DEBIT') THEN
            RAISE EXCEPTION 'the normal side is CREDIT or DEBIT'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_side_known';
        END IF;
        IF new.indicator <> '' AND new.indicator !~ '^@[^\s@][^@]*$' THEN
            RAISE EXCEPTION 'an indicator is an @ and a name'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_indicator_form';
        END IF;
        IF new.indicator <> ''
           AND NOT (SELECT is_general FROM ledgers_ledger WHERE id = new.ledger_id)
        THEN
            RAISE EXCEPTION 'indicators live in the General Ledger only'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_indicator_general';
        END IF;
    ELSIF (new.id, new.public_id, new.ledger_id, new.currency, new.indicator, new.normal_side,
           new.created_at)
          IS DISTINCT FROM (old.id, old.public_id, old.ledger_id, old.currency, old.indicator,
                            old.normal_side, old.created_at)
    THEN
        RAISE EXCEPTION 'ledger, currency, indicator and normal side of a balance never change'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'balance_keeps_what_it_is';
    ELSIF (new.floor_minor IS DISTINCT FROM old.floor_minor AND new.floor_minor > CASE new.normal_side
               WHEN 'CREDIT' THEN new.credit_minor - new.debit_minor - new.inflight_debit_minor
               ELSE new.debit_minor - new.credit_minor - new.inflight_credit_minor END)
    THEN
        RAISE EXCEPTION 'balance % is below a floor of %', new.id, new.floor_minor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_above_floor';
    ELSIF new.closed_at IS NOT NULL AND new.closed_at IS DISTINCT FROM old.closed_at
          AND (new.credit_minor <> new.debit_minor OR new.inflight_credit_minor <> 0
               OR new.inflight_debit_minor <> 0)
    THEN
        RAISE EXCEPTION 'balance % is closed at zero, with nothing inflight', new.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_closes_empty';
    END IF;
    RETURN new;
END;
$$;

CREATE OR REPLACE TRIGGER balances_balance_starts
    BEFORE INSERT ON balances_balance
    FOR EACH ROW EXECUTE FUNCTION balances_check_row();

-- Not on the columns that posting writes, and not BEFORE, which would lock each row once more.
CREATE OR REPLACE TRIGGER balances_balance_keeps
    AFTER UPDATE OF id, public_id, ledger_id, currency, indicator, normal_side, created_at,
                    floor_minor, closed_at
    ON balances_balance
    FOR EACH ROW EXECUTE FUNCTION balances_check_row();

CREATE OR REPLACE TRIGGER balances_balance_stays
    BEFORE DELETE OR TRUNCATE ON balances_balance
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE OR REPLACE TRIGGER balances_balance_metadata
    AFTER UPDATE OF metadata ON balances_balance
    FOR EACH ROW WHEN (old.metadata IS DISTINCT FROM new.metadata)
    EXECUTE FUNCTION audit_keep_metadata('bln_', 'balance.metadata_changed');

-- An exponent says what every stored amount means.
CREATE OR REPLACE FUNCTION balances_check_exponent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Wait for the postings under way, and let none begin before this commits.
    LOCK TABLE balances_balance IN SHARE ROW EXCLUSIVE MODE;
    -- Holds count, which have no entries, and floors are amounts as well.
    IF EXISTS (
        SELECT FROM balances_balance
        WHERE currency = old.code AND (transaction_count > 0 OR floor_minor <> 0)
    ) THEN
        RAISE EXCEPTION 'the decimals of % cannot change: balances in it have amounts', old.code
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'currency_exponent_fixed';
    END IF;
    RETURN new;
END;
$$;

-- Nobody may hang it on a table of their own, to lock the balances with the owner's rights.
REVOKE ALL ON FUNCTION balances_check_exponent() FROM PUBLIC;

CREATE OR REPLACE TRIGGER ledgers_currency_exponent
    BEFORE UPDATE OF exponent ON ledgers_currency
    FOR EACH ROW WHEN (old.exponent <> new.exponent)
    EXECUTE FUNCTION balances_check_exponent();

-- The balance that `p_indicator` names, opened if it is not there: in the General Ledger, with
-- no floor, and with an audit event where a person opens it. NULL for a currency that does not
-- exist.
CREATE OR REPLACE FUNCTION balances_open_indicator(
    p_indicator text, p_currency text, p_actor bigint DEFAULT NULL
)
RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_id bigint;
BEGIN
    WITH opened AS (
        INSERT INTO balances_balance (
            public_id, ledger_id, currency, indicator, normal_side, floor_minor, metadata,
            credit_minor, debit_minor, inflight_credit_minor, inflight_debit_minor,
            entry_count, transaction_count, ledger_transaction_count
        )
        SELECT gen_random_uuid(), l.id, c.code, p_indicator, 'CREDIT', NULL, '{}',
               0, 0, 0, 0, 0, 0, 0
        FROM ledgers_ledger AS l, ledgers_currency AS c
        WHERE l.is_general AND c.code = p_currency
        ON CONFLICT (indicator, currency) WHERE indicator <> '' DO NOTHING
        RETURNING id, public_id, ledger_id
    ), told AS (
        -- As balances/operations.py tells it of a balance opened by hand.
        INSERT INTO audit_auditevent (actor_id, actor_name, action, subject, after)
        SELECT u.id, u.username, 'balance.opened', 'bln_' || o.public_id,
               jsonb_build_object(
                   'ledger', 'ldg_' || l.public_id, 'currency', p_currency, 'identity', NULL,
                   'indicator', p_indicator, 'normal_side', 'CREDIT', 'floor_minor', NULL
               )
        FROM opened AS o
        JOIN ledgers_ledger AS l ON l.id = o.ledger_id
        JOIN users_user AS u ON u.id = p_actor
    )
    SELECT id INTO v_id FROM opened;
    IF v_id IS NULL THEN
        v_id := balances_indicator(p_indicator, p_currency);
    END IF;
    RETURN v_id;
END;
$$;

CREATE OR REPLACE FUNCTION balances_indicator(p_indicator text, p_currency text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT id FROM balances_balance
    WHERE indicator = p_indicator AND currency = p_currency AND indicator <> ''
$$;
