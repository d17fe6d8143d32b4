-- What the application may do, and nothing more: `{role}` is the role of DATABASE_URL.
-- Money is written by the posting functions and the trigger of a view, with their owner's rights.
GRANT USAGE ON SCHEMA public TO {role};
-- Before PostgreSQL 15 everybody could make functions there, also ones that ours would call.
REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};

GRANT INSERT ON audit_auditevent, ledgers_ledger, ledgers_currency, identities_identity,
    balances_balance, transactions_proofrun, schedules_schedule TO {role};
GRANT UPDATE (name, metadata) ON ledgers_ledger TO {role};
GRANT UPDATE (name, exponent, symbol, kind) ON ledgers_currency TO {role};
GRANT UPDATE (name, kind, email, metadata) ON identities_identity TO {role};
GRANT UPDATE (identity_id, floor_minor, closed_at, metadata) ON balances_balance TO {role};
GRANT UPDATE (metadata) ON transactions_transaction TO {role};
GRANT UPDATE (state, decided_at, reason_code, reason, transaction_id, seen_at, seen_by_id)
    ON schedules_schedule TO {role};
GRANT INSERT ON exports_export TO {role};
GRANT UPDATE (row_count, expected_count, state, is_cancel_asked, heard_at, ended_at)
ON exports_export TO {role};
-- A cache of day totals, which entries explain and `prove` compares with them.
GRANT INSERT, UPDATE, DELETE ON reports_daytotal, reports_ledgerdaytotal, reports_currencydaytotal,
    reports_ledgercurrency, reports_recordedday TO {role};
GRANT UPDATE (entry_id) ON reports_rollmark TO {role};
-- A copy of what is searched, which `prove` compares with what it is made from.
GRANT INSERT, DELETE ON search_document TO {role};
GRANT UPDATE (metadata) ON search_document TO {role};
GRANT INSERT, DELETE ON search_word TO {role};
GRANT INSERT ON search_metadatachange TO {role};
GRANT UPDATE (transaction_id) ON search_mark TO {role};
-- To insert a row here is to post it, if the trigger allows it.
GRANT INSERT (public_id, reference, description, effective_at, metadata, actor_id, first_id, second_id, amount)
    ON transactions_straight_post TO {role};
GRANT EXECUTE ON FUNCTION
    transactions_post(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint, numeric, numeric),
    transactions_hold(uuid, text, text, timestamptz, jsonb, bigint[], numeric[], bigint, numeric, timestamptz),
    transactions_settle(text, bigint, uuid, text, text, timestamptz, jsonb, numeric, bigint),
    transactions_undo(text, bigint, uuid, text, text, timestamptz, jsonb, numeric, bigint, numeric),
    transactions_lock(bigint[], bigint[]),
    transactions_stage(),
    transactions_post_staged(bigint[], boolean, uuid, bigint)
TO {role};

GRANT INSERT, UPDATE ON users_user TO {role};
GRANT INSERT, UPDATE, DELETE ON users_user_groups, users_user_user_permissions, auth_group,
    auth_group_permissions, users_session TO {role};
GRANT INSERT, UPDATE, DELETE ON users_savedview TO {role};
GRANT INSERT ON django_admin_log TO {role};

-- What looks like a duplicate, and that a person says it is none.
GRANT INSERT ON reports_lookalike TO {role};
GRANT UPDATE (dismissed_at, dismissed_by_id) ON reports_lookalike TO {role};
GRANT UPDATE (entry_id) ON reports_lookalikemark TO {role};

-- Bulk actions: what was reviewed stays as it is, only what came of it is added.
GRANT INSERT ON bulk_run, bulk_item TO {role};
GRANT UPDATE (foreseen, done_count, refused_count, started_at, ended_at) ON bulk_run TO {role};
GRANT UPDATE (state, reason, result) ON bulk_item TO {role};
-- It takes no rows away itself: this removes a plan that nobody started within a day.
GRANT EXECUTE ON FUNCTION bulk_remove_plan() TO {role};

-- Files that are imported: a file stays as it came.
GRANT INSERT, DELETE ON imports_import TO {role};
GRANT UPDATE (name, mapping, choices, state, problem, report, refused_file, posted_at)
    ON imports_import TO {role};

-- The queue of background work.
GRANT INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_workers,
    procrastinate_periodic_defers TO {role};
GRANT INSERT ON procrastinate_events TO {role};
