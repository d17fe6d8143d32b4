-- Any part of a name or an address, in any case, also mistyped: what `icontains` asks for, too.
-- Without a list of what is not sorted in yet, which every search would have to go through.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX identity_text ON identities_identity
    USING gin (upper(name::text) gin_trgm_ops, upper(email::text) gin_trgm_ops)
    WITH (fastupdate = off);
-- Any value in the extra information, however deep; most identities may have none.
CREATE INDEX identity_metadata ON identities_identity USING gin (metadata)
    WITH (fastupdate = off) WHERE metadata <> '{}';
