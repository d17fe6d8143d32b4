-- Without the actor for the audit event.
DROP FUNCTION IF EXISTS balances_open_indicator(text, text);
