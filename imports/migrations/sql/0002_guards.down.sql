DROP TRIGGER imports_import_stays ON imports_import;
DROP TRIGGER imports_import_that_is_posted_stays ON imports_import;
DROP TRIGGER imports_import_is_posted_once ON imports_import;
DROP TRIGGER imports_import_keeps_its_file ON imports_import;
DROP FUNCTION imports_refuse();
