-- Rows of an append-only table are written once. Also used by the tables of transactions.
CREATE FUNCTION audit_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: what is written there stays', tg_op, tg_table_name
        USING ERRCODE = 'restrict_violation', CONSTRAINT = tg_table_name || '_append_only';
END;
$$;

CREATE TRIGGER audit_auditevent_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- Extra information may change, but never without a trace, whoever changes it. The application
-- names the person in the setting `daybook.actor`; arguments: key prefix, action.
CREATE FUNCTION audit_keep_metadata() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_actor bigint := nullif(current_setting('daybook.actor', true), '')::bigint;
BEGIN
    INSERT INTO audit_auditevent (actor_id, actor_name, action, subject, before, after)
    VALUES (
        v_actor,
        coalesce((SELECT username FROM users_user WHERE id = v_actor), session_user),
        tg_argv[1],
        tg_argv[0] || new.public_id,
        old.metadata,
        new.metadata
    );
    RETURN NULL;
END;
$$;
