"""History, totals and what names a balance or ledger stand, also for the tables' owner."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.attacks.conftest import Attacker, app, owner

__all__ = ["app", "owner"]

HISTORY = [
    "UPDATE transactions_transaction SET reference = 'x'",
    "UPDATE transactions_transaction SET description = 'x'",
    "UPDATE transactions_transaction SET effective_at = now() - interval '1 year'",
    "UPDATE transactions_transaction SET created_at = now()",
    "UPDATE transactions_transaction SET entry_count = 3",
    "UPDATE transactions_transaction SET status = 'VOIDED', kind = 'VOID'",
    "UPDATE transactions_transaction SET actor_id = NULL, batch_id = NULL",
    "UPDATE transactions_transaction SET parent_id = id, reverses_id = id",
    "UPDATE transactions_transaction SET id = id + 1000000, public_id = gen_random_uuid()",
    "UPDATE transactions_transaction SET metadata = '{}', description = 'x'",
    "UPDATE transactions_transaction SET reference = reference WHERE false",
    "DELETE FROM transactions_transaction",
    "DELETE FROM transactions_transaction WHERE false",
    "TRUNCATE transactions_transaction CASCADE",
    "TRUNCATE transactions_transaction, transactions_entry CASCADE",
    "UPDATE transactions_entry SET amount_minor = amount_minor + 1",
    "UPDATE transactions_entry SET amount_minor = amount_minor",
    "UPDATE transactions_entry SET running_minor = 0, position = position + 10",
    "UPDATE transactions_entry SET direction = -direction",
    "UPDATE transactions_entry SET balance_id = balance_id + 1",
    "DELETE FROM transactions_entry",
    "TRUNCATE transactions_entry",
    "UPDATE audit_auditevent SET actor_name = 'nobody'",
    "UPDATE audit_auditevent SET created_at = now()",
    "DELETE FROM audit_auditevent",
    "TRUNCATE audit_auditevent",
    "UPDATE transactions_proofrun SET is_ok = true",
    "DELETE FROM transactions_proofrun",
    "TRUNCATE transactions_proofrun",
    "DELETE FROM users_user",
    "TRUNCATE users_user CASCADE",
    "DELETE FROM ledgers_ledger",
    "DELETE FROM ledgers_ledger WHERE is_general",
    "TRUNCATE ledgers_ledger CASCADE",
    "TRUNCATE ledgers_currency CASCADE",
    "TRUNCATE identities_identity CASCADE",
    "DELETE FROM balances_balance",
    "TRUNCATE balances_balance",
    "INSERT INTO transactions_transaction SELECT * FROM transactions_transaction"
    " ON CONFLICT (reference) DO UPDATE SET description = 'x'",
    "INSERT INTO transactions_entry SELECT * FROM transactions_entry"
    " ON CONFLICT (balance_id, position) DO UPDATE SET amount_minor = 1",
    "MERGE INTO transactions_entry AS e USING balances_balance AS b ON b.id = e.balance_id"
    " WHEN MATCHED THEN UPDATE SET amount_minor = 1",
    "MERGE INTO transactions_transaction AS t USING transactions_entry AS e"
    " ON t.id = e.transaction_id WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM transactions_entry RETURNING *) SELECT count(*) FROM gone",
]
TOTALS = [
    f"UPDATE balances_balance SET {column} = {value}"
    for column, value in {
        "credit_minor": "credit_minor + 1",
        "debit_minor": "debit_minor + 1, credit_minor = credit_minor + 1",
        "inflight_credit_minor": "1",
        "inflight_debit_minor": "1",
        "entry_count": "entry_count + 1",
        "transaction_count": "transaction_count - 1",
        "ledger_transaction_count": "ledger_transaction_count + 1",
        "last_entry_at": "now()",
    }.items()
]
IDENTITY_OF_BALANCE = [
    "UPDATE balances_balance SET currency = 'EUR'",
    "UPDATE balances_balance SET normal_side = 'DEBIT'",
    "UPDATE balances_balance SET indicator = '@Mine'",
    "UPDATE balances_balance SET ledger_id = (SELECT id FROM ledgers_ledger WHERE is_general)",
    "UPDATE balances_balance SET public_id = gen_random_uuid()",
    "UPDATE balances_balance SET id = id + 1000000",
    "UPDATE balances_balance SET created_at = now() - interval '1 year'",
]
GENERAL_LEDGER = [
    "UPDATE ledgers_ledger SET is_general = NOT is_general",
    "UPDATE ledgers_ledger SET is_general = true WHERE NOT is_general",
    "UPDATE ledgers_ledger SET public_id = gen_random_uuid()",
    "UPDATE ledgers_ledger SET created_at = now() - interval '1 year'",
]


@pytest.mark.parametrize("query", HISTORY + TOTALS + IDENTITY_OF_BALANCE + GENERAL_LEDGER)
def test_role_of_the_web_may_not_even_try(app: Attacker, query: str) -> None:
    assert isinstance(app.refused(query), errors.InsufficientPrivilege)


@pytest.mark.parametrize("query", HISTORY + TOTALS + IDENTITY_OF_BALANCE + GENERAL_LEDGER)
def test_owner_of_the_tables_is_refused_by_the_database(owner: Attacker, query: str) -> None:
    error = owner.refused(query)

    assert isinstance(error, errors.IntegrityError), error


@pytest.mark.parametrize("role", ["app", "owner"])
def test_metadata_may_change_and_leaves_a_trace(request: pytest.FixtureRequest, role: str) -> None:
    attacker: Attacker = request.getfixturevalue(role)
    attacker.run(
        "UPDATE transactions_transaction SET metadata = '{\"a\": 1}' WHERE id = %s", attacker.posted
    )

    trace = attacker.run(
        "SELECT actor_id, actor_name, action, before, after FROM audit_auditevent"
        " ORDER BY id DESC LIMIT 1"
    )
    assert trace == [
        (None, attacker.connection.info.user, "transaction.metadata_changed", {}, {"a": 1})
    ]
