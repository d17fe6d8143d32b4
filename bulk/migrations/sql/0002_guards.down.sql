DROP FUNCTION bulk_remove_plan();
DROP TRIGGER bulk_item_stays ON bulk_item;
DROP TRIGGER bulk_run_stays ON bulk_run;
DROP TRIGGER bulk_item_that_began_stays ON bulk_item;
DROP FUNCTION bulk_check_removed_items();
DROP TRIGGER bulk_item_decided_once ON bulk_item;
DROP TRIGGER bulk_run_that_began_stays ON bulk_run;
DROP TRIGGER bulk_run_begins_and_ends_once ON bulk_run;
DROP FUNCTION bulk_refuse();
