DROP TRIGGER schedules_currency_exponent ON ledgers_currency;
DROP FUNCTION schedules_check_exponent();
DROP TRIGGER schedules_schedule_row ON schedules_schedule;
DROP TRIGGER schedules_schedule_stays ON schedules_schedule;
DROP FUNCTION schedules_check_row();
