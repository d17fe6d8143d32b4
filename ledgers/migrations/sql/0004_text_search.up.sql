-- Any part of a name, in any case, also mistyped: what `icontains` asks for, too.
-- Without a list of what is not sorted in yet, which every search would have to go through.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX ledger_text ON ledgers_ledger USING gin (upper(name::text) gin_trgm_ops)
    WITH (fastupdate = off);
-- Any value in the extra information, however deep.
CREATE INDEX ledger_metadata ON ledgers_ledger USING gin (metadata)
    WITH (fastupdate = off) WHERE metadata <> '{}';
