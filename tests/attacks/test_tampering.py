"""Whoever switches the guards off, as only an administrator can, is found out by the proof."""

from __future__ import annotations

import json

import psycopg
import pytest
from django.core.management import call_command

from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_ledger, make_user, post_transfer
from transactions.proof import CHECKS, run_proof

TOTALS = "running totals equal their entries"
RUNNING = "running figures follow entry by entry"
POSITIONS = "positions run from one without gaps"
COUNTS = "counts and last activity of balances"
LEDGERS = "counts of transactions per ledger"
BALANCED = "transactions balance in each currency"
COMPLETE = "transactions have all of their entries"
BELONGING = "entries belong to a transaction, a balance and its ledger"
ZERO = "currencies sum to zero over all balances"
FLOORS = "balances stay above their floors"
GENERAL = "one General Ledger, and indicators in it alone"

LAST_ENTRY = "id = (SELECT max(id) FROM transactions_entry)"
LAST_TRANSACTION = "(SELECT max(id) FROM transactions_transaction)"
RICH = "id = (SELECT id FROM balances_balance ORDER BY credit_minor DESC, id DESC LIMIT 1)"

TAMPERINGS: dict[str, set[str]] = {
    f"UPDATE balances_balance SET credit_minor = credit_minor + 1 WHERE {RICH}": {TOTALS, ZERO},
    "UPDATE balances_balance SET credit_minor = credit_minor + 1, debit_minor = debit_minor + 1": {
        TOTALS
    },
    f"UPDATE balances_balance SET entry_count = entry_count + 1 WHERE {RICH}": {COUNTS},
    f"UPDATE balances_balance SET transaction_count = 0 WHERE {RICH}": {COUNTS},
    f"UPDATE balances_balance SET last_entry_at = now() WHERE {RICH}": {COUNTS},
    f"UPDATE balances_balance SET ledger_transaction_count = 99 WHERE {RICH}": {LEDGERS},
    f"UPDATE balances_balance SET currency = 'EUR' WHERE {RICH}": {BALANCED, ZERO},
    f"UPDATE balances_balance SET floor_minor = 10^9 WHERE {RICH}": {FLOORS},
    f"UPDATE balances_balance SET indicator = '@Mine' WHERE {RICH}": {GENERAL},
    f"UPDATE transactions_entry SET amount_minor = amount_minor + 1 WHERE {LAST_ENTRY}": {
        TOTALS,
        RUNNING,
        BALANCED,
    },
    f"UPDATE transactions_entry SET amount_minor = 7 WHERE transaction_id = {LAST_TRANSACTION}": {
        TOTALS,
        RUNNING,
    },
    f"UPDATE transactions_entry SET direction = -direction"
    f" WHERE transaction_id = {LAST_TRANSACTION}": {TOTALS, RUNNING},
    f"UPDATE transactions_entry SET running_minor = running_minor + 1 WHERE {LAST_ENTRY}": {
        RUNNING
    },
    f"UPDATE transactions_entry SET position = position + 1 WHERE {LAST_ENTRY}": {POSITIONS},
    f"UPDATE transactions_entry SET ledger_id = 1 WHERE {LAST_ENTRY}": {BELONGING, LEDGERS},
    f"UPDATE transactions_entry SET balance_id = 999999 WHERE {LAST_ENTRY}": {BELONGING, TOTALS},
    f"UPDATE transactions_entry SET effective_at = now() WHERE {LAST_ENTRY}": {BELONGING},
    f"DELETE FROM transactions_entry WHERE {LAST_ENTRY}": {TOTALS, COUNTS, BALANCED, COMPLETE},
    f"DELETE FROM transactions_entry WHERE transaction_id = {LAST_TRANSACTION}": {
        TOTALS,
        COUNTS,
        COMPLETE,
    },
    f"DELETE FROM transactions_transaction WHERE id = {LAST_TRANSACTION}": {BELONGING},
    "UPDATE transactions_transaction SET entry_count = 3": {COMPLETE},
    "UPDATE transactions_transaction SET actor_id = 999999": {
        "transactions point at records that exist"
    },
    f"UPDATE transactions_transaction SET created_at = '2001-01-01', effective_at = '2001-01-01'"
    f" WHERE id = {LAST_TRANSACTION}": {"positions follow the recorded time", BELONGING},
    "UPDATE ledgers_ledger SET is_general = false": {GENERAL},
    "TRUNCATE transactions_entry": {TOTALS, COUNTS, LEDGERS, COMPLETE},
}


@pytest.fixture
def administrator(own_database: OwnDatabase) -> psycopg.Connection[tuple[object, ...]]:
    """A superuser on books with a few postings."""
    ledger = make_ledger()
    source, target = make_balance(ledger=ledger, floor_minor=None), make_balance(ledger=ledger)
    for amount_minor in (100, 250, 75):
        post_transfer(
            source=source, destination=target, amount_minor=amount_minor, actor=make_user()
        )
    return own_database.cluster.connect(own_database.name)


def test_every_tampering_is_named_by_the_proof(
    administrator: psycopg.Connection[tuple[object, ...]],
) -> None:
    def failing() -> set[str]:
        return {
            check.name for check in CHECKS if administrator.execute(check.mismatches).fetchone()
        }

    assert failing() == set()
    for tampering, expected in TAMPERINGS.items():
        with administrator.transaction(force_rollback=True):
            administrator.execute("SET LOCAL session_replication_role = replica")
            administrator.execute(tampering)

            assert expected - failing() == set(), tampering
    assert failing() == set()
    administrator.close()


def test_command_tells_what_does_not_match_and_fails(
    administrator: psycopg.Connection[tuple[object, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    with administrator.transaction():
        administrator.execute("SET LOCAL session_replication_role = replica")
        administrator.execute(next(iter(TAMPERINGS)))
    administrator.close()

    with pytest.raises(SystemExit) as ended:
        call_command("prove", "--json")

    report = json.loads(capsys.readouterr().out)
    failed = {
        check["name"]: check["mismatches"] for check in report["checks"] if check["mismatches"]
    }
    assert ended.value.code == 1
    assert report["ok"] is False
    assert failed.keys() == {TOTALS, ZERO}
    assert failed[TOTALS][0].startswith("bln_")
    assert run_proof(actor=None).is_ok is False
