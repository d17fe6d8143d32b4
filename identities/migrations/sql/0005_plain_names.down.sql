DROP FUNCTION plain_name(text);
