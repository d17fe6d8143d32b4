"""Books made by an earlier version are brought up to date by `migrate`."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from transactions.errors import ClosedBalanceError
from transactions.lifecycle import commit, void
from transactions.posting import hold, post
from transactions.proof import run_proof
from transactions.requests import Following, HoldRequest, PostingRequest, transfer

# What the first version had instead: no trigger moves balances, and indicators have no opener.
EARLIER = """
    DROP FUNCTION transactions_apply_entries() CASCADE;
    DROP FUNCTION transactions_refuse_totals() CASCADE;
    DROP FUNCTION balances_open_indicator(text, text, bigint);
    CREATE FUNCTION balances_open_indicator(text, text) RETURNS bigint
        LANGUAGE sql AS 'SELECT 1::bigint';
    CREATE FUNCTION transactions_check_totals() RETURNS trigger
        LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER balances_balance_totals AFTER UPDATE ON balances_balance
        REFERENCING OLD TABLE AS old_balances NEW TABLE AS new_balances
        FOR EACH STATEMENT EXECUTE FUNCTION transactions_check_totals();
    CREATE FUNCTION transactions_check_entries() RETURNS trigger
        LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER transactions_entry_sound AFTER INSERT ON transactions_entry
        FOR EACH STATEMENT EXECUTE FUNCTION transactions_check_entries();
"""


def test_migrating_installs_functions_and_triggers_again(own_database: OwnDatabase) -> None:
    source, destination = make_balance(floor_minor=None), make_balance()
    call_command("migrate", "transactions", "0003", verbosity=0)
    call_command("migrate", "balances", "0002", verbosity=0)
    with own_database.owner() as owner:
        owner.execute(EARLIER)

    call_command("migrate", verbosity=0)

    post(
        PostingRequest(
            "after", transfer(source=source.pk, destination=destination.pk, amount_minor=500)
        )
    )
    destination.refresh_from_db()
    assert destination.balance_minor == 500
    assert run_proof(actor=None).is_ok
    with own_database.owner() as owner:
        left = owner.execute(
            "SELECT proname FROM pg_proc WHERE proname IN"
            " ('transactions_check_totals', 'transactions_check_entries')"
            " OR (proname = 'balances_open_indicator' AND pronargs = 2)"
        ).fetchall()
    assert left == []


def test_balance_that_was_closed_with_something_inflight_refuses_the_commit(
    own_database: OwnDatabase,
) -> None:
    """Earlier versions let a statement of SQL close it; the database no longer does."""
    source, destination = make_balance(opening_minor=100), make_balance()
    held = hold(
        HoldRequest("H-1", transfer(source=source.pk, destination=destination.pk, amount_minor=10))
    ).transaction_id
    assert held is not None
    with own_database.owner() as owner:
        owner.execute("ALTER TABLE balances_balance DISABLE TRIGGER balances_balance_keeps")
        owner.execute(
            "UPDATE balances_balance SET closed_at = now() WHERE id = %s", [destination.pk]
        )
        owner.execute("ALTER TABLE balances_balance ENABLE TRIGGER balances_balance_keeps")

    with pytest.raises(ClosedBalanceError) as refused:
        commit(Following(held, "C-1"))

    assert refused.value.balance_id == destination.pk
    void(Following(held, "V-1"))
    assert run_proof(actor=None).is_ok


def migrate_over_idle(own_database: OwnDatabase, function: str) -> None:
    """Go on from the books of 0006, where this trigger does nothing until it is installed again."""
    call_command("migrate", "transactions", "0006", verbosity=0)
    with own_database.owner() as owner:
        owner.execute(
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger"
            " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
    call_command("migrate", verbosity=0)


def test_books_with_holds_get_the_later_functions(own_database: OwnDatabase) -> None:
    source, destination = make_balance(floor_minor=None), make_balance()

    migrate_over_idle(own_database, "transactions_apply_entries")

    legs = transfer(source=source.pk, destination=destination.pk, amount_minor=500)
    post(PostingRequest("after", legs))
    destination.refresh_from_db()
    assert destination.balance_minor == 500
    assert run_proof(actor=None).is_ok


def test_migrating_installs_how_holds_move(own_database: OwnDatabase) -> None:
    source, destination = make_balance(floor_minor=None), make_balance()

    migrate_over_idle(own_database, "transactions_apply_reservations")

    legs = transfer(source=source.pk, destination=destination.pk, amount_minor=500)
    held = hold(HoldRequest("held", legs)).transaction_id
    assert held is not None
    commit(Following(held, "committed"))
    assert run_proof(actor=None).is_ok


def test_migrating_back_leaves_no_function_and_forward_makes_them_again(
    own_database: OwnDatabase,
) -> None:
    def functions() -> set[str]:
        with own_database.owner() as owner:
            rows = owner.execute(
                "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND"
                " split_part(proname, '_', 1) IN ('ledgers', 'balances', 'transactions', 'search',"
                " 'schedules', 'reports')"
            )
            return {name for (name,) in rows}

    at_first = functions()
    call_command("migrate", "ledgers", "zero", verbosity=0)
    left = functions()
    call_command("migrate", verbosity=0)

    assert left == set()
    assert functions() == at_first


def test_extra_information_changes_after_migrating_back(own_database: OwnDatabase) -> None:
    posted = post_transfer(source=make_balance(floor_minor=None), destination=make_balance())
    call_command("migrate", "search", "0005", verbosity=0)

    with own_database.owner() as owner:
        changed = owner.execute(
            "UPDATE transactions_transaction SET metadata = '{\"order\": 7}' WHERE id = %s",
            [posted.pk],
        )
        assert changed.rowcount == 1

    call_command("migrate", verbosity=0)
