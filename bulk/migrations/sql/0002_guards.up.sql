-- What was started stays, and what was decided is decided once, whoever asks.
CREATE OR REPLACE FUNCTION bulk_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a bulk action that was started stays as it is'
        USING ERRCODE = 'check_violation', CONSTRAINT = tg_argv[0];
END;
$$;

CREATE OR REPLACE TRIGGER bulk_run_begins_and_ends_once
    BEFORE UPDATE ON bulk_run FOR EACH ROW
    WHEN (old.ended_at IS NOT NULL OR old.started_at IS DISTINCT FROM new.started_at
          AND old.started_at IS NOT NULL)
    EXECUTE FUNCTION bulk_refuse('bulk_run_begins_and_ends_once');

CREATE OR REPLACE TRIGGER bulk_run_that_began_stays
    BEFORE DELETE ON bulk_run FOR EACH ROW
    WHEN (old.started_at IS NOT NULL)
    EXECUTE FUNCTION bulk_refuse('bulk_run_that_began_stays');

CREATE OR REPLACE TRIGGER bulk_item_decided_once
    BEFORE UPDATE ON bulk_item FOR EACH ROW
    WHEN (old.state <> 'WAITING')
    EXECUTE FUNCTION bulk_refuse('bulk_item_decided_once');

-- Its run may be gone by the end of the statement, so that this looks for one that was started.
CREATE OR REPLACE FUNCTION bulk_check_removed_items() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM bulk_run AS r
        WHERE r.started_at IS NOT NULL AND r.id IN (SELECT g.run_id FROM gone AS g)
    ) THEN
        RAISE EXCEPTION 'a bulk action that was started stays as it is'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bulk_item_that_began_stays';
    END IF;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER bulk_item_that_began_stays
    AFTER DELETE ON bulk_item REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION bulk_check_removed_items();

CREATE OR REPLACE TRIGGER bulk_run_stays
    BEFORE TRUNCATE ON bulk_run FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE OR REPLACE TRIGGER bulk_item_stays
    BEFORE TRUNCATE ON bulk_item FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- The oldest plan that nobody started within a day; false if there is none. The application may
-- remove plans by this alone. One that is being started is locked, and passed over.
CREATE OR REPLACE FUNCTION bulk_remove_plan() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_run bigint;
BEGIN
    SELECT r.id INTO v_run FROM bulk_run AS r
    WHERE r.started_at IS NULL AND r.created_at < now() - interval '1 day'
    ORDER BY r.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF v_run IS NULL THEN
        RETURN false;
    END IF;
    DELETE FROM bulk_item WHERE run_id = v_run;
    DELETE FROM bulk_run WHERE id = v_run;
    RETURN true;
END;
$$;
REVOKE ALL ON FUNCTION bulk_remove_plan() FROM PUBLIC;
