"""What an injection could try with the role of the web: nothing makes it the owner."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from config.embedded import APP_ROLE
from config.rights import RIGHTS
from tests.attacks.conftest import POST, Attacker
from tests.books import mismatches
from tests.conftest import OwnDatabase

STAGED = (
    "ord int, public_id uuid, reference text, description text, effective_at timestamptz,"
    " metadata jsonb, legs int[], amounts numeric[]"
)
POST_STAGED = "SELECT * FROM transactions_post_staged(%s::bigint[], false, NULL, NULL)"
# Says who runs it, and would use an owner's rights.
SPY = """
    CREATE FUNCTION pg_temp.{name}({arguments}) RETURNS {returns} LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'spy ran as %', current_user USING ERRCODE = 'ZZ001';
    END $$
"""


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize("scope", ["SESSION", "LOCAL"])
@pytest.mark.parametrize("value", ["replica", "local"])
def test_triggers_cannot_be_switched_off(
    request: pytest.FixtureRequest, role: str, scope: str, value: str
) -> None:
    attacker: Attacker = request.getfixturevalue(role)

    error = attacker.refused(f"SET {scope} session_replication_role = {value}")

    assert isinstance(error, errors.InsufficientPrivilege)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT set_config('session_replication_role', 'replica', true)",
        "ALTER TABLE transactions_entry DISABLE TRIGGER ALL",
        "ALTER TABLE transactions_entry DISABLE TRIGGER transactions_entry_append_only",
        "DROP TRIGGER transactions_entry_append_only ON transactions_entry",
        "DROP TABLE transactions_entry",
        "DROP FUNCTION audit_refuse_change() CASCADE",
        "CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "ALTER TABLE balances_balance DROP CONSTRAINT balance_above_floor",
        "ALTER TABLE transactions_entry OWNER TO daybook_app",
        "CREATE TABLE public.mine (id int)",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION dblink",
        "CREATE RULE mine AS ON INSERT TO transactions_entry DO INSTEAD NOTHING",
        "CREATE TRIGGER mine BEFORE INSERT ON transactions_entry"
        " EXECUTE FUNCTION audit_refuse_change()",
        "CREATE POLICY mine ON transactions_entry USING (false)",
        "CREATE TABLE pg_temp.child () INHERITS (transactions_entry)",
        "SET ROLE daybook_owner",
        "SET SESSION AUTHORIZATION daybook_owner",
        "GRANT daybook_owner TO daybook_app",
        "ALTER ROLE daybook_app SUPERUSER",
        "ALTER ROLE daybook_app SET session_replication_role = replica",
        "COPY users_user TO PROGRAM 'cat'",
        "COPY users_user TO '/tmp/users'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT setval('transactions_transaction_id_seq', 1)",
        "ALTER SEQUENCE transactions_transaction_id_seq RESTART",
        "DELETE FROM ledgers_currency",
        "DELETE FROM identities_identity",
        "DELETE FROM django_migrations",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
        "DELETE FROM django_admin_log",
        "UPDATE django_content_type SET model = 'x'",
        "UPDATE balances_balance SET credit_minor = 0",
        "INSERT INTO transactions_transaction SELECT * FROM transactions_transaction",
        "INSERT INTO transactions_entry SELECT * FROM transactions_entry",
        "LOCK TABLE transactions_entry IN ACCESS EXCLUSIVE MODE",
    ],
)
def test_web_role_has_no_such_right(app: Attacker, query: str) -> None:
    error = app.refused(query)

    assert isinstance(
        error,
        errors.InsufficientPrivilege
        | errors.UndefinedTable
        | errors.FeatureNotSupported
        | errors.UndefinedFile,
    ), error


def _spy(app: Attacker, name: str = "spy", arguments: str = "", returns: str = "trigger") -> None:
    app.run(SPY.format(name=name, arguments=arguments, returns=returns))


SPOOFS = {
    "table": [f"CREATE TEMP TABLE posting_request ({STAGED})"],
    "table with a trigger": [
        f"CREATE TEMP TABLE posting_request ({STAGED})",
        "CREATE TRIGGER spy BEFORE DELETE ON pg_temp.posting_request"
        " FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.spy()",
    ],
    "table with a policy": [
        f"CREATE TEMP TABLE posting_request ({STAGED})",
        "ALTER TABLE pg_temp.posting_request ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "CREATE POLICY spy ON pg_temp.posting_request USING (pg_temp.spies())",
    ],
    "view": [
        "CREATE TEMP VIEW posting_request AS SELECT 1 AS ord, NULL::uuid AS public_id,"
        " 'x' AS reference, '' AS description, NULL::timestamptz AS effective_at,"
        " '{}'::jsonb AS metadata, ARRAY[1, 2] AS legs,"
        " CASE WHEN pg_temp.spies() THEN ARRAY[-1, 1]::numeric[] END AS amounts",
    ],
    "view after staging": [
        "SELECT transactions_stage()",
        "DISCARD TEMP",
        "CREATE TEMP VIEW posting_request AS SELECT 1 AS ord, NULL::uuid AS public_id,"
        " 'x' AS reference, '' AS description, NULL::timestamptz AS effective_at,"
        " '{}'::jsonb AS metadata, ARRAY[1, 2] AS legs,"
        " CASE WHEN pg_temp.spies() THEN ARRAY[-1, 1]::numeric[] END AS amounts",
    ],
    "sequence": ["CREATE TEMP SEQUENCE posting_request"],
}


@pytest.mark.parametrize("statements", SPOOFS.values(), ids=SPOOFS.keys())
def test_spoofed_staging_table_is_not_read_with_the_owners_rights(
    app: Attacker, statements: list[str]
) -> None:
    if "DISCARD TEMP" in statements:
        app.connection.rollback()
        app.connection.autocommit = True
    _spy(app)
    _spy(app, "spies", returns="boolean")
    for statement in statements:
        if statement == "DISCARD TEMP":
            _discard(app)
        else:
            app.run(statement)

    with pytest.raises(errors.ObjectNotInPrerequisiteState):
        app.run(POST_STAGED, [app.source, app.target])


def _discard(app: Attacker) -> None:
    app.run("DISCARD TEMP")
    _spy(app)
    _spy(app, "spies", returns="boolean")


def test_staging_again_over_a_spoof_leaves_it_refused(app: Attacker) -> None:
    app.run(SPOOFS["table"][0])

    app.run("SELECT transactions_stage()")

    with pytest.raises(errors.ObjectNotInPrerequisiteState):
        app.run(POST_STAGED, [app.source, app.target])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM pg_temp.posting_request",
        "UPDATE pg_temp.posting_request SET reference = 'x'",
        "DELETE FROM pg_temp.posting_request",
        "DROP TABLE pg_temp.posting_request",
        "ALTER TABLE pg_temp.posting_request ADD COLUMN spy int",
        "CREATE TRIGGER spy AFTER INSERT ON pg_temp.posting_request EXECUTE FUNCTION pg_temp.spy()",
        "CREATE INDEX ON pg_temp.posting_request ((pg_temp.spies()))",
        "CREATE RULE spy AS ON DELETE TO pg_temp.posting_request DO ALSO SELECT pg_temp.spies()",
    ],
)
def test_staging_table_belongs_to_the_owner(app: Attacker, query: str) -> None:
    _spy(app)
    _spy(app, "spies", returns="boolean")
    app.run("SELECT transactions_stage()")

    assert isinstance(app.refused(query), errors.InsufficientPrivilege)


SHADOWS = {
    "tables": [
        f"CREATE TEMP TABLE {table} AS SELECT * FROM public.{table} WHERE false"
        for table in (
            "balances_balance",
            "transactions_transaction",
            "transactions_entry",
            "audit_auditevent",
            "users_user",
            "ledgers_ledger",
            "ledgers_currency",
        )
    ],
    "functions": [
        SPY.format(name="gen_random_uuid", arguments="", returns="uuid"),
        SPY.format(name="clock_timestamp", arguments="", returns="timestamptz"),
        SPY.format(name="nextval", arguments="regclass", returns="bigint"),
        SPY.format(name="cardinality", arguments="anyarray", returns="int"),
        SPY.format(
            name="array_position", arguments="anycompatiblearray, anycompatible", returns="int"
        ),
        SPY.format(
            name="transactions_same_content",
            arguments="bigint, text, timestamptz, bigint[], numeric[]",
            returns="boolean",
        ),
    ],
    "operators": [
        SPY.format(name="spies", arguments="numeric, numeric", returns="boolean"),
        "CREATE OPERATOR pg_temp.<"
        " (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = pg_temp.spies)",
        "CREATE OPERATOR pg_temp.<>"
        " (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = pg_temp.spies)",
    ],
    "types": [
        "CREATE DOMAIN pg_temp.numeric AS pg_catalog.text",
        "CREATE DOMAIN pg_temp.bigint AS pg_catalog.text",
        "CREATE TYPE pg_temp.record AS (a int)",
    ],
}


@pytest.mark.parametrize("shadows", SHADOWS.values(), ids=SHADOWS.keys())
@pytest.mark.parametrize("path", ["pg_temp, pg_catalog, public", "public", ""])
def test_names_of_the_session_do_not_stand_in_for_those_of_the_books(
    app: Attacker, shadows: list[str], path: str
) -> None:
    for statement in shadows:
        app.run(statement)
    app.run("SELECT set_config('search_path', %s, true)", path)

    outcome = app.run(
        "SELECT outcome FROM public.transactions_post(NULL, 'shadowed', '', NULL, '{}',"
        " %s::pg_catalog.int8[], %s::pg_catalog.numeric[], NULL)",
        [app.source, app.target],
        [-5, 5],
    )
    written = app.run(
        "INSERT INTO public.transactions_straight_post"
        " (reference, description, metadata, actor_id, first_id, second_id, amount)"
        " VALUES ('straight', '', '{}', NULL, %s, %s, -5) RETURNING id",
        app.source,
        app.target,
    )
    app.run("SELECT set_config('search_path', 'public', true)")

    assert outcome == [("posted",)]
    assert len(written) == 1
    assert app.run(
        "SELECT credit_minor FROM public.balances_balance WHERE id = %s", app.target
    ) == [(1010,)]
    with app.connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = public, pg_temp")
        assert mismatches(cursor) == {}


def test_functions_of_owners_rights_pin_their_search_path(owner: Attacker) -> None:
    functions = owner.run(
        "SELECT proname, proconfig, pg_get_userbyid(proowner) FROM pg_proc"
        " WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1"
    )

    assert functions
    for name, settings, role in functions:
        assert "search_path=public, pg_temp" in settings, name
        assert role == "daybook_owner"


def test_functions_that_write_money_are_not_for_everybody(owner: Attacker) -> None:
    open_to_all = owner.run(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    )

    assert open_to_all == []


def test_rights_take_back_what_an_older_server_gave(own_database: OwnDatabase) -> None:
    with own_database.owner(autocommit=True) as owner:
        owner.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        owner.execute(RIGHTS.read_text().replace("{role}", APP_ROLE))

    with own_database.app() as app, pytest.raises(errors.InsufficientPrivilege):
        app.execute("CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")


def test_web_role_owns_nothing_and_is_member_of_nothing(app: Attacker) -> None:
    owned = app.run(
        "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
        " UNION ALL SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = current_user"
        " UNION ALL SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = current_user"
        " UNION ALL SELECT roleid::regrole::text FROM pg_auth_members"
        " WHERE member = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
    )
    flags = app.run(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
        " FROM pg_roles WHERE rolname = current_user"
    )

    assert owned == []
    assert flags == [(False,) * 5]


def test_web_role_may_write_exactly_these_tables(app: Attacker) -> None:
    """A right that appears in this list was asked for; one that is new was not."""
    rows = app.run(
        "SELECT relname, privilege FROM pg_class, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE',"
        " 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND has_table_privilege(oid, privilege) ORDER BY 1, 2"
    )
    everywhere = {"INSERT", "UPDATE", "DELETE"}
    expected = {
        "audit_auditevent": {"INSERT"},
        "auth_group": everywhere,
        "auth_group_permissions": everywhere,
        "balances_balance": {"INSERT"},
        "bulk_item": {"INSERT"},
        "bulk_run": {"INSERT"},
        "django_admin_log": {"INSERT"},
        "exports_export": {"INSERT"},
        "identities_identity": {"INSERT"},
        "imports_import": {"INSERT", "DELETE"},
        "ledgers_currency": {"INSERT"},
        "ledgers_ledger": {"INSERT"},
        "reports_currencydaytotal": everywhere,
        "reports_daytotal": everywhere,
        "reports_ledgercurrency": everywhere,
        "reports_ledgerdaytotal": everywhere,
        "reports_lookalike": {"INSERT"},
        "reports_recordedday": everywhere,
        "procrastinate_events": {"INSERT"},
        "procrastinate_jobs": everywhere,
        "procrastinate_periodic_defers": everywhere,
        "procrastinate_workers": everywhere,
        "schedules_schedule": {"INSERT"},
        "search_document": {"INSERT", "DELETE"},
        "search_metadatachange": {"INSERT"},
        "search_word": {"INSERT", "DELETE"},
        "transactions_proofrun": {"INSERT"},
        "users_savedview": everywhere,
        "users_session": everywhere,
        "users_user": {"INSERT", "UPDATE"},
        "users_user_groups": everywhere,
        "users_user_user_permissions": everywhere,
    }

    found: dict[str, set[str]] = {}
    for table, privilege in rows:
        found.setdefault(table, set()).add(privilege)
    assert found == expected


def test_web_role_may_insert_these_columns_into_a_view(app: Attacker) -> None:
    columns = app.run(
        "SELECT relname, array_agg(attname::text ORDER BY attname) FROM pg_class"
        " JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'"
        " AND has_column_privilege(attrelid, attnum, 'INSERT, UPDATE') GROUP BY relname"
    )

    assert columns == [
        (
            "transactions_straight_post",
            [
                "actor_id",
                "amount",
                "description",
                "effective_at",
                "first_id",
                "metadata",
                "public_id",
                "reference",
                "second_id",
            ],
        )
    ]


def test_settings_of_the_session_do_not_change_what_is_decided(app: Attacker) -> None:
    for name, value in {
        "extra_float_digits": "-15",
        "DateStyle": "SQL, DMY",
        "TimeZone": "Pacific/Kiritimati",
        "standard_conforming_strings": "off",
        "transform_null_equals": "on",
        "enable_indexscan": "off",
        "plpgsql.variable_conflict": "use_variable",
        "daybook.actor": "1; DROP TABLE users_user",
        "row_security": "off",
    }.items():
        try:
            with app.connection.transaction():
                app.run("SELECT set_config(%s, %s, true)", name, value)
        except psycopg.Error:
            continue

    posted = app.run(POST, "settings", [app.source, app.target], ["-1", "1"])
    refused = app.run(POST, "floor", [app.target, app.source], ["-99999", "99999"])

    assert posted[0][0] == "posted"
    assert refused[0][0] == "insufficient_funds"
