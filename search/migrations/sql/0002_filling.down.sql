DROP TRIGGER IF EXISTS search_metadata ON transactions_transaction;
DROP FUNCTION IF EXISTS search_copy_metadata();
DROP VIEW IF EXISTS search_line;
DROP VIEW IF EXISTS search_found;
DROP FUNCTION IF EXISTS search_tail();
DROP FUNCTION IF EXISTS search_missing(bigint, bigint);
DELETE FROM search_mark;
