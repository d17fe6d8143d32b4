-- What a schedule asks for never changes, and its state moves once, whoever asks.
CREATE OR REPLACE FUNCTION schedules_check_row() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_problem text;
BEGIN
    IF tg_op = 'INSERT' THEN
        new.created_at := now();
        v_problem := CASE
            WHEN new.reference = '' THEN 'schedule_reference_present'
            WHEN new.due_at <= new.created_at THEN 'schedule_in_future'
            WHEN (new.state, new.reason_code, new.reason) <> ('SCHEDULED', '', '')
              OR num_nonnulls(new.decided_at, new.transaction_id, new.seen_at, new.seen_by_id) > 0
                THEN 'schedule_starts_undecided'
            WHEN jsonb_typeof(new.request -> 'legs') IS DISTINCT FROM 'array'
                THEN 'schedule_request_readable'
            WHEN jsonb_array_length(new.request -> 'legs') NOT BETWEEN 2 AND 1000
                THEN 'schedule_request_readable'
            WHEN EXISTS (
                SELECT FROM transactions_transaction AS t WHERE t.reference = new.reference
            ) THEN 'schedule_reference_free'
        END;
    ELSIF (new.id, new.public_id, new.reference, new.description, new.due_at, new.request,
           new.actor_id, new.created_at)
          IS DISTINCT FROM
          (old.id, old.public_id, old.reference, old.description, old.due_at, old.request,
           old.actor_id, old.created_at)
    THEN
        v_problem := 'schedule_keeps_what_it_is';
    ELSIF old.state <> 'SCHEDULED' THEN
        v_problem := CASE
            WHEN (new.state, new.decided_at, new.reason_code, new.reason, new.transaction_id)
                 IS DISTINCT FROM
                 (old.state, old.decided_at, old.reason_code, old.reason, old.transaction_id)
                THEN 'schedule_decided_once'
            WHEN old.state <> 'REJECTED' OR old.seen_at IS NOT NULL OR new.seen_at IS NULL
                THEN 'schedule_seen_once'
        END;
        new.seen_at := clock_timestamp();
    ELSE
        new.decided_at := clock_timestamp();
        v_problem := CASE
            WHEN num_nonnulls(new.seen_at, new.seen_by_id) > 0 THEN 'schedule_seen_once'
            WHEN new.state NOT IN ('POSTED', 'CANCELLED', 'REJECTED') THEN 'schedule_state_known'
            WHEN (new.state = 'REJECTED') <> (new.reason_code <> '' AND new.reason <> '')
                THEN 'schedule_reason_of_rejection'
            WHEN (new.state = 'POSTED') <> (new.transaction_id IS NOT NULL)
              OR new.state = 'POSTED' AND NOT EXISTS (
                  SELECT FROM transactions_transaction AS t
                  WHERE t.id = new.transaction_id
                    AND t.reference = new.reference AND t.effective_at <= new.due_at
                    AND t.kind = new.request ->> 'kind'
              ) THEN 'schedule_posted_as_its_transaction'
        END;
    END IF;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION 'schedule % is refused: %', new.reference, v_problem
            USING ERRCODE = 'check_violation', CONSTRAINT = v_problem;
    END IF;
    RETURN new;
END;
$$;

CREATE OR REPLACE TRIGGER schedules_schedule_row
    BEFORE INSERT OR UPDATE ON schedules_schedule
    FOR EACH ROW EXECUTE FUNCTION schedules_check_row();

CREATE OR REPLACE TRIGGER schedules_schedule_stays
    BEFORE DELETE OR TRUNCATE ON schedules_schedule
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- As balances_check_exponent: what a schedule asks for, or asked for, is so many minor units.
CREATE OR REPLACE FUNCTION schedules_check_exponent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE schedules_schedule IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (
        SELECT FROM schedules_schedule AS s, jsonb_array_elements(s.request -> 'legs') AS leg
        WHERE leg ->> 'currency' = old.code OR leg ->> 'balance' IN (
            SELECT b.id::text FROM balances_balance AS b WHERE b.currency = old.code
        )
    ) THEN
        RAISE EXCEPTION 'the decimals of % cannot change: schedules have amounts in it', old.code
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'currency_exponent_fixed';
    END IF;
    RETURN new;
END;
$$;

REVOKE ALL ON FUNCTION schedules_check_exponent() FROM PUBLIC;

CREATE OR REPLACE TRIGGER schedules_currency_exponent
    BEFORE UPDATE OF exponent ON ledgers_currency
    FOR EACH ROW WHEN (old.exponent <> new.exponent)
    EXECUTE FUNCTION schedules_check_exponent();
