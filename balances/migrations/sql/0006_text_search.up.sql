-- Any part of an indicator, in any case, also mistyped: what `icontains` asks for, too.
-- Without a list of what is not sorted in yet, which every search would have to go through.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX balance_text ON balances_balance USING gin (upper(indicator::text) gin_trgm_ops)
    WITH (fastupdate = off) WHERE indicator <> '';
-- Any value in the extra information, however deep; most balances have none.
CREATE INDEX balance_metadata ON balances_balance USING gin (metadata)
    WITH (fastupdate = off) WHERE metadata <> '{}';
