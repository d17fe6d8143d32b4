-- The General Ledger is made once and stays what it is; no ledger disappears.
CREATE FUNCTION ledgers_check_general() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'which ledger is the General Ledger never changes, nor does an id'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_general_fixed';
END;
$$;

CREATE TRIGGER ledgers_ledger_general
    BEFORE UPDATE OF id, public_id, is_general, created_at ON ledgers_ledger
    FOR EACH ROW
    WHEN ((old.id, old.public_id, old.is_general, old.created_at)
          IS DISTINCT FROM (new.id, new.public_id, new.is_general, new.created_at))
    EXECUTE FUNCTION ledgers_check_general();

CREATE TRIGGER ledgers_ledger_stays
    BEFORE DELETE OR TRUNCATE ON ledgers_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE TRIGGER ledgers_ledger_metadata
    AFTER UPDATE OF metadata ON ledgers_ledger
    FOR EACH ROW WHEN (old.metadata IS DISTINCT FROM new.metadata)
    EXECUTE FUNCTION audit_keep_metadata('ldg_', 'ledger.metadata_changed');
