DROP FUNCTION reports_position_by(bigint, timestamptz);
DELETE FROM reports_rollmark;
