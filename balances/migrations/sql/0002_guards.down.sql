DROP FUNCTION balances_indicator(text, text);
DROP TRIGGER ledgers_currency_exponent ON ledgers_currency;
DROP FUNCTION balances_check_exponent();
DROP TRIGGER balances_balance_metadata ON balances_balance;
DROP TRIGGER balances_balance_stays ON balances_balance;
DROP TRIGGER balances_balance_keeps ON balances_balance;
DROP TRIGGER balances_balance_starts ON balances_balance;
DROP FUNCTION balances_check_row();
ALTER TABLE balances_balance RESET (fillfactor);
