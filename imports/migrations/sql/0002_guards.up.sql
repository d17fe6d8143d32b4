-- A file stays as it came, and what was imported stays: whoever asks.
CREATE OR REPLACE FUNCTION imports_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a file that is imported stays as it came'
        USING ERRCODE = 'check_violation', CONSTRAINT = tg_argv[0];
END;
$$;

CREATE OR REPLACE TRIGGER imports_import_keeps_its_file
    BEFORE UPDATE OF id, public_id, user_id, file_name, content, digest, byte_count, created_at
    ON imports_import FOR EACH STATEMENT
    EXECUTE FUNCTION imports_refuse('import_keeps_its_file');

CREATE OR REPLACE TRIGGER imports_import_is_posted_once
    BEFORE UPDATE ON imports_import FOR EACH ROW WHEN (old.state = 'POSTED')
    EXECUTE FUNCTION imports_refuse('import_is_posted_once');

-- One that is being worked on may have been posted in the same breath.
CREATE OR REPLACE TRIGGER imports_import_that_is_posted_stays
    BEFORE DELETE ON imports_import FOR EACH ROW WHEN (old.state IN ('POSTED', 'POSTING'))
    EXECUTE FUNCTION imports_refuse('import_that_is_posted_stays');

CREATE OR REPLACE TRIGGER imports_import_stays
    BEFORE TRUNCATE ON imports_import FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
