-- Changes are no longer kept.
CREATE OR REPLACE FUNCTION search_copy_metadata() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM search_mark FOR SHARE;
    UPDATE search_document SET metadata = NEW.metadata WHERE transaction_id = NEW.id;
    RETURN NULL;
END;
$$;
