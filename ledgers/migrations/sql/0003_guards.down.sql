DROP TRIGGER ledgers_ledger_metadata ON ledgers_ledger;
DROP TRIGGER ledgers_ledger_stays ON ledgers_ledger;
DROP TRIGGER ledgers_ledger_general ON ledgers_ledger;
DROP FUNCTION ledgers_check_general();
