DROP FUNCTION transactions_post_staged(bigint[], boolean, uuid, bigint);
DROP FUNCTION transactions_stage();
DROP FUNCTION transactions_post(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint);
DROP FUNCTION transactions_post_legs(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint);
DROP FUNCTION transactions_same_content(bigint, text, timestamptz, bigint[], numeric[]);
