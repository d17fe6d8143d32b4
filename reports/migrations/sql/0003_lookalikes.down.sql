DROP TRIGGER reports_lookalike_row ON reports_lookalike;
DROP TRIGGER reports_lookalike_stays ON reports_lookalike;
DROP FUNCTION reports_check_lookalike();
DELETE FROM reports_lookalikemark;
