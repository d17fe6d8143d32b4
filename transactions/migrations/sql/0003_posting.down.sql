DROP FUNCTION transactions_post_staged(bigint[], boolean, uuid, bigint);
DROP FUNCTION transactions_stage();
DROP FUNCTION transactions_post(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint, numeric, numeric);
DROP VIEW transactions_straight_post;
DROP FUNCTION transactions_post_straight();
DROP FUNCTION transactions_post_legs(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint, numeric, numeric, text, bigint, timestamptz);
DROP FUNCTION transactions_same_content(bigint, text, text, timestamptz, bigint[], numeric[]);
DROP FUNCTION transactions_legs(bigint, text);
