-- The extension stays: other tables may use it.
DROP INDEX balance_metadata, balance_text;
