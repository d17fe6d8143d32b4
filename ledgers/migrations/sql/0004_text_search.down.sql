-- The extension stays: other tables may use it.
DROP INDEX ledger_metadata, ledger_text;
