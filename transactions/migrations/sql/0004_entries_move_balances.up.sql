-- They compared totals with entries after the fact; now entries move the totals.
DROP TRIGGER IF EXISTS transactions_entry_sound ON transactions_entry;
DROP FUNCTION IF EXISTS transactions_check_entries();
DROP TRIGGER IF EXISTS balances_balance_totals ON balances_balance;
DROP FUNCTION IF EXISTS transactions_check_totals();
