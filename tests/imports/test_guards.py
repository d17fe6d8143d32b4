"""What the database refuses by itself: the application's role, and the owner of the tables."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import errors

from imports.models import Import
from imports.operations import check_again, post_reviewed
from tests.books import assert_sound, snapshot
from tests.conftest import OwnDatabase
from tests.factories import make_user, post_transfer
from tests.imports.files import make_checked, make_import, make_rows
from tests.transactions.imports import make_row
from transactions.models import Transaction
from transactions.requests import Indicator

KEEPS = "import_keeps_its_file"
ONCE = "import_is_posted_once"
STAYS = "import_that_is_posted_stays"
WRITABLE = {
    *("name", "mapping", "choices", "state", "problem", "report", "refused_file", "posted_at")
}


def make_posted() -> Import:
    import_ = make_checked(make_rows(3))
    post_reviewed(import_, reviewed=import_.report["outcome"])
    import_.refresh_from_db()
    assert import_.is_posted
    return import_


def refused(raw: psycopg.Connection[Any], sql: str) -> str:
    """The constraint that refuses it, or "right" where the role has none."""
    try:
        with raw.transaction():
            raw.execute(sql)
    except errors.InsufficientPrivilege:
        return "right"
    except psycopg.Error as error:
        return error.diag.constraint_name or type(error).__name__
    raise AssertionError(f"done: {sql}")


@pytest.mark.parametrize(
    ("sql", "of_app", "of_owner"),
    [
        ("UPDATE imports_import SET content = 'x'", "right", KEEPS),
        ("UPDATE imports_import SET digest = digest", "right", KEEPS),
        ("UPDATE imports_import SET user_id = {other}", "right", KEEPS),
        ("UPDATE imports_import SET file_name = 'x'", "right", KEEPS),
        ("UPDATE imports_import SET byte_count = 0", "right", KEEPS),
        ("UPDATE imports_import SET public_id = gen_random_uuid()", "right", KEEPS),
        ("UPDATE imports_import SET id = id + 100", "right", KEEPS),
        ("UPDATE imports_import SET created_at = now()", "right", KEEPS),
        ("UPDATE imports_import SET name = 'x', content = ''", "right", KEEPS),
        ("UPDATE imports_import SET state = 'NEW', posted_at = NULL", ONCE, ONCE),
        ("UPDATE imports_import SET posted_at = now()", ONCE, ONCE),
        ("UPDATE imports_import SET report = '{{}}'", ONCE, ONCE),
        ("UPDATE imports_import SET mapping = 'x'", ONCE, ONCE),
        ("UPDATE imports_import SET problem = 'x'", ONCE, ONCE),
        ("UPDATE imports_import SET refused_file = ''", ONCE, ONCE),
        ("DELETE FROM imports_import", STAYS, STAYS),
        ("TRUNCATE imports_import", "right", "imports_import_append_only"),
        ("TRUNCATE imports_import CASCADE", "right", "imports_import_append_only"),
        ("DELETE FROM users_user", "right", "users_user_append_only"),
        (
            "INSERT INTO imports_import SELECT (i).* FROM (SELECT i FROM imports_import AS i) AS x",
            "imports_import_pkey",
            "imports_import_pkey",
        ),
        ("ALTER TABLE imports_import DISABLE TRIGGER ALL", "right", "right"),
    ],
)
def test_what_was_imported_stays_as_it_was(
    own_database: OwnDatabase, sql: str, of_app: str, of_owner: str
) -> None:
    make_posted()
    kept = Import.objects.values().get()
    sql = sql.format(other=make_user().pk)

    with own_database.app() as raw:
        assert refused(raw, sql) == of_app
    with own_database.owner() as raw:
        assert refused(raw, sql) == of_owner

    assert Import.objects.values().get() == kept


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE imports_import SET state = 'POSTED'",
        "UPDATE imports_import SET posted_at = now()",
        "UPDATE imports_import SET state = 'CHECKED', posted_at = now()",
    ],
)
def test_posted_is_what_has_a_moment(own_database: OwnDatabase, sql: str) -> None:
    make_checked()

    for connect in (own_database.app, own_database.owner):
        with connect() as raw:
            assert refused(raw, sql) == "import_posted_at_a_time"


def test_file_without_a_mapping_is_not_checked(own_database: OwnDatabase) -> None:
    make_import()

    for connect in (own_database.app, own_database.owner):
        with connect() as raw:
            sql = "UPDATE imports_import SET state = 'CHECKED'"
            assert refused(raw, sql) == "import_mapped_before_it_is_checked"


def test_file_that_is_being_imported_stays(own_database: OwnDatabase) -> None:
    import_ = make_checked()
    Import.objects.filter(pk=import_.pk).update(state=Import.State.POSTING)

    for connect in (own_database.app, own_database.owner):
        with connect() as raw:
            assert refused(raw, "DELETE FROM imports_import") == STAYS


def test_file_that_waits_stays_as_it_came(own_database: OwnDatabase) -> None:
    make_import()

    with own_database.app() as raw:
        assert refused(raw, "UPDATE imports_import SET content = 'x'") == "right"
    with own_database.owner() as raw:
        assert refused(raw, "UPDATE imports_import SET content = 'x'") == KEEPS


def test_public_id_is_one_imports(own_database: OwnDatabase) -> None:
    """Or two files could claim one batch of transactions."""
    make_import()
    fields = (
        "user_id, name, file_name, content, digest, byte_count, mapping, choices, state, problem,"
        " report, refused_file"
    )
    again = f"INSERT INTO imports_import (public_id, {fields}) SELECT public_id, {fields}"

    with own_database.app() as raw:
        refusal = refused(raw, f"{again} FROM imports_import")

    assert refusal.startswith("imports_import_public_id")


def test_role_of_the_web_may_change_these_columns_and_no_other(own_database: OwnDatabase) -> None:
    with own_database.app() as raw:
        rows = raw.execute(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = 'imports_import'::regclass"
            " AND attnum > 0 AND has_column_privilege(attrelid, attnum, 'UPDATE')"
        ).fetchall()

    assert {name for (name,) in rows} == WRITABLE


@pytest.mark.parametrize(
    "query",
    [
        "ALTER TABLE imports_import DISABLE TRIGGER imports_import_keeps_its_file",
        "DROP TRIGGER imports_import_is_posted_once ON imports_import",
        "DROP FUNCTION imports_refuse() CASCADE",
        "CREATE OR REPLACE FUNCTION imports_refuse() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE RULE mine AS ON UPDATE TO imports_import DO INSTEAD NOTHING",
        "CREATE TABLE pg_temp.child () INHERITS (imports_import)",
        "DROP TABLE imports_import",
    ],
)
def test_role_of_the_web_cannot_take_the_guards_away(own_database: OwnDatabase, query: str) -> None:
    with own_database.app() as raw:
        assert refused(raw, query) == "right"


def test_names_of_the_session_do_not_stand_in_for_the_guard(own_database: OwnDatabase) -> None:
    make_posted()

    with own_database.app() as raw:
        raw.execute("CREATE TEMP TABLE imports_import AS SELECT * FROM public.imports_import")
        raw.execute(
            "CREATE FUNCTION pg_temp.imports_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NEW; END'"
        )
        sql = "UPDATE public.imports_import SET state = 'NEW', posted_at = NULL"
        assert refused(raw, sql) == ONCE


def test_migrations_go_back_and_forth_over_books_that_are_there(own_database: OwnDatabase) -> None:
    post_transfer(source=Indicator("@Rent", "GBP"), destination=Indicator("@Bank", "GBP"))
    posted = make_posted()
    before = snapshot()

    call_command("migrate", "imports", "0001", verbosity=0)
    with own_database.owner() as raw:
        functions = raw.execute("SELECT FROM pg_proc WHERE proname LIKE 'imports%'").fetchall()
    call_command("migrate", "imports", verbosity=0)
    with own_database.app() as raw:
        assert refused(raw, "UPDATE imports_import SET state = 'NEW', posted_at = NULL") == ONCE

    assert functions == []
    assert Import.objects.get() == posted
    assert snapshot() == before
    assert_sound()


def test_migrations_take_the_table_away_and_bring_it_back(own_database: OwnDatabase) -> None:
    batch = make_posted().public_id
    before = snapshot()

    call_command("migrate", "imports", "zero", verbosity=0)
    assert "imports_import" not in connection.introspection.table_names()
    call_command("migrate", verbosity=0)

    assert not Import.objects.exists()
    assert snapshot() == before
    assert Transaction.objects.filter(batch_id=batch).count() == 3
    again = make_checked([*make_rows(3), make_row("V9")])
    check_again(again)
    again.refresh_from_db()
    assert (again.report["posted"], again.report["present"]) == (1, 3)
    assert_sound()
