-- The extension stays: other tables may use it.
DROP INDEX identity_metadata, identity_text;
