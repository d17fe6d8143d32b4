INSERT INTO search_mark (id, transaction_id) VALUES (1, 0) ON CONFLICT DO NOTHING;

-- The documents that transactions with these numbers should have and do not: what they are made
-- of is said here and nowhere else. Each plan is made for the numbers at hand, which may be none
-- or the whole history.
CREATE OR REPLACE FUNCTION search_missing(p_after bigint, p_upto bigint)
RETURNS TABLE (
    transaction_id bigint, effective_at timestamptz, created_at timestamptz, actor_id bigint,
    line smallint, kind text, currency text, amount numeric, text text, metadata jsonb
)
LANGUAGE plpgsql STABLE ROWS 20
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY
        SELECT t.id, t.effective_at, t.created_at, t.actor_id, l.line,
               t.kind::text, l.currency, l.amount,
               lower(t.reference || E'\n' || t.description), t.metadata
        FROM transactions_transaction AS t
        CROSS JOIN LATERAL (
            SELECT c.code::text AS currency,
                   sum(e.amount_minor) * ('1e-' || c.exponent)::numeric AS amount,
                   row_number() OVER (ORDER BY c.code COLLATE "C")::smallint AS line
            FROM (
                SELECT x.balance_id, x.amount_minor FROM transactions_entry AS x
                WHERE x.transaction_id = t.id AND x.direction = -1
                UNION ALL
                -- Those of a commit say what its entries say.
                SELECT r.balance_id, r.amount_minor FROM transactions_reservation AS r
                WHERE r.transaction_id = t.id AND r.direction = -1
                  AND t.kind IN ('HOLD', 'VOID', 'EXPIRY')
            ) AS e
            JOIN balances_balance AS b ON b.id = e.balance_id
            JOIN ledgers_currency AS c ON c.code = b.currency
            GROUP BY c.code, c.exponent
        ) AS l
        WHERE t.id > p_after AND t.id <= p_upto AND NOT EXISTS (
            SELECT FROM search_document AS d WHERE d.transaction_id = t.id
        )
        ORDER BY t.id, l.line;
END;
$$;

-- What is not filled yet: a second's worth of postings while the worker runs.
CREATE OR REPLACE FUNCTION search_tail()
RETURNS TABLE (
    transaction_id bigint, effective_at timestamptz, created_at timestamptz, actor_id bigint,
    line smallint, kind text, currency text, amount numeric, text text, metadata jsonb
)
LANGUAGE plpgsql STABLE ROWS 20 SET search_path = public, pg_temp AS $$
DECLARE
    v_after bigint := (SELECT m.transaction_id FROM search_mark AS m);
    v_last bigint := (SELECT max(t.id) FROM transactions_transaction AS t);
BEGIN
    IF v_last > v_after THEN
        RETURN QUERY SELECT * FROM search_missing(v_after, v_last);
    END IF;
END;
$$;

-- OFFSET 0 makes a subquery of the tail, without which nothing that is joined could be looked up in
-- the documents by their index.
CREATE OR REPLACE VIEW search_found AS
SELECT transaction_id, effective_at, created_at, actor_id, line, kind, currency, amount, text,
       metadata
FROM search_document
UNION ALL
SELECT transaction_id, effective_at, created_at, actor_id, line, kind, currency, amount, text,
       metadata
FROM (SELECT * FROM search_tail() OFFSET 0) AS tail;

-- By a second name: a query may put a few rows in the place of the first.
CREATE OR REPLACE VIEW search_line AS SELECT * FROM search_found;

-- Extra information is the one thing of a transaction that changes. Whoever fills holds the mark
-- and has read it as it was before: waiting for the mark, we find the document that it leaves.
CREATE OR REPLACE FUNCTION search_copy_metadata() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM search_mark FOR SHARE;
    UPDATE search_document SET metadata = NEW.metadata WHERE transaction_id = NEW.id;
    INSERT INTO search_metadatachange (xact) VALUES (pg_current_xact_id()::text::bigint)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER search_metadata AFTER UPDATE OF metadata ON transactions_transaction
FOR EACH ROW WHEN (NEW.metadata IS DISTINCT FROM OLD.metadata)
EXECUTE FUNCTION search_copy_metadata();
