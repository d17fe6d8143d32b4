-- Of books that are large already, the newest part is looked through.
INSERT INTO reports_lookalikemark (id, entry_id)
SELECT 1, greatest(0, coalesce(max(id), 0) - 100000) FROM transactions_entry;

CREATE OR REPLACE FUNCTION reports_check_lookalike() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF (new.transaction_id, new.earlier_id, new.found_at)
       IS DISTINCT FROM (old.transaction_id, old.earlier_id, old.found_at)
       OR old.dismissed_at IS NOT NULL OR new.dismissed_at IS NULL
    THEN
        RAISE EXCEPTION 'lookalike % is refused: it is dismissed once', old.transaction_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lookalike_dismissed_once';
    END IF;
    new.dismissed_at := clock_timestamp();
    RETURN new;
END;
$$;

CREATE OR REPLACE TRIGGER reports_lookalike_row
    BEFORE UPDATE ON reports_lookalike
    FOR EACH ROW EXECUTE FUNCTION reports_check_lookalike();

CREATE OR REPLACE TRIGGER reports_lookalike_stays
    BEFORE DELETE OR TRUNCATE ON reports_lookalike
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
