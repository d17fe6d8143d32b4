"""Going around the engine ends in a refusal by the database, also for the tables' owner."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.attacks.conftest import POST, Attacker, app, owner

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


ENTRY = (
    "INSERT INTO transactions_entry (transaction_id, balance_id, ledger_id, position,"
    " effective_at, direction, amount_minor, running_minor)"
)
TRANSACTION = (
    "INSERT INTO transactions_transaction (public_id, reference, kind, status, description,"
    " entry_count, effective_at, created_at, metadata)"
)


def _forge(
    *,
    amounts: tuple[int, int] = (100, 100),
    directions: tuple[int, int] = (-1, 1),
    reference: str = "forged",
    kind: str = "POST",
    status: str = "POSTED",
    entry_count: int = 2,
    shift: str = "0",
    entry_shift: str = "0",
    ledger: str = "%(ledger)s",
    balances: tuple[str, str] = ("%(source)s", "%(target)s"),
    positions: tuple[int, int] = (3, 3),
    running: tuple[int, int] = (-1100, 1100),
    more: str = "",
    beside: str = "",
) -> str:
    """One statement that writes all that posting writes; sound unless told otherwise."""
    return f"""
        WITH {beside} written AS (
            {TRANSACTION}
            VALUES (gen_random_uuid(), '{reference}', '{kind}', '{status}', '', {entry_count},
                    clock_timestamp() + interval '{shift}', clock_timestamp(), '{{}}')
            RETURNING id, effective_at
        )
        {ENTRY}
        SELECT w.id, e.balance, {ledger}, e.position, w.effective_at + interval '{entry_shift}',
               e.direction, e.amount, e.running
        FROM written AS w, (VALUES
            ({balances[0]}, {positions[0]}, {directions[0]}, {amounts[0]}, {running[0]}),
            ({balances[1]}, {positions[1]}, {directions[1]}, {amounts[1]}, {running[1]})
            {more}
        ) AS e (balance, position, direction, amount, running)
    """


def _filled(attacker: Attacker, query: str) -> str:
    return query % {
        "ledger": attacker.ledger,
        "source": attacker.source,
        "target": attacker.target,
        "posted": attacker.posted,
    }


def test_owner_may_write_what_is_sound_in_one_statement(owner: Attacker) -> None:
    owner.run(_filled(owner, _forge()))

    assert owner.run("SELECT count(*) FROM transactions_entry WHERE position = 3") == [(2,)]


def test_sound_entries_move_their_balances(owner: Attacker) -> None:
    figures = (
        "SELECT credit_minor, debit_minor, entry_count, transaction_count,"
        " ledger_transaction_count FROM balances_balance WHERE id IN (%(source)s, %(target)s)"
        " ORDER BY id"
    )
    before = owner.run(_filled(owner, figures))

    owner.run(_filled(owner, _forge()))

    moved = [(0, 100, 1, 1, 1), (100, 0, 1, 1, 0)]
    assert owner.run(_filled(owner, figures)) == [
        tuple(figure + more for figure, more in zip(*pair, strict=True))
        for pair in zip(before, moved, strict=True)
    ]


CLOSE = "UPDATE balances_balance SET closed_at = now() WHERE id = %s"


def test_entry_on_a_closed_balance_is_refused(owner: Attacker) -> None:
    owner.run(POST, "back", [owner.target, owner.source], [-1000, 1000])
    owner.run(CLOSE, owner.target)

    error = owner.refused(_filled(owner, _forge(positions=(4, 4), running=(-100, 100))))

    assert error.diag.constraint_name == "entry_on_open_balance"


@pytest.mark.parametrize("closing", [CLOSE, CLOSE.replace("SET", "SET floor_minor = 0,")])
@pytest.mark.parametrize("role", ["app", "owner"])
def test_balance_that_holds_money_is_not_closed(
    request: pytest.FixtureRequest, role: str, closing: str
) -> None:
    attacker: Attacker = request.getfixturevalue(role)

    error = attacker.refused(closing, attacker.target)

    assert isinstance(error, errors.CheckViolation)
    assert error.diag.constraint_name == "balance_closes_empty"


def test_balance_at_zero_is_closed_and_opened_again(app: Attacker) -> None:
    app.run(POST, "back", [app.target, app.source], [-1000, 1000])

    app.run(CLOSE, app.target)
    app.run("UPDATE balances_balance SET closed_at = NULL WHERE id = %s", app.target)

    assert app.run(POST, "again", [app.source, app.target], [-5, 5])[0][0] == "posted"


FORGERIES: dict[str, str] = {
    "unbalanced": _forge(amounts=(100, 101), running=(-1100, 1101)),
    "both credits": _forge(directions=(1, 1), running=(-900, 1100)),
    "amount of zero": _forge(amounts=(0, 0), running=(-1000, 1000)),
    "negative amounts": _forge(amounts=(-100, -100), running=(-900, 900)),
    "direction of two": _forge(directions=(-2, 2), amounts=(50, 50)),
    "no direction": _forge(directions=(0, 0)),
    "used reference": _forge(reference="first"),
    "empty reference": _forge(reference=""),
    "unknown kind": _forge(kind="GIFT"),
    "unknown status": _forge(status="MAYBE"),
    "too few entries": _forge(entry_count=3),
    "too many entries": _forge(entry_count=1),
    "in the future": _forge(shift="1 hour"),
    "entries of another day": _forge(entry_shift="-1 day"),
    "wrong ledger": _forge(ledger="(SELECT id FROM ledgers_ledger WHERE is_general)"),
    "unknown ledger": _forge(ledger="99999999"),
    "unknown balance": _forge(balances=("%(source)s", "99999999")),
    "totals moved once more by hand": _forge(
        beside="moved AS (UPDATE balances_balance SET credit_minor = credit_minor + 100"
        " WHERE id = %(target)s),"
    ),
    "position left out": _forge(positions=(3, 4)),
    "position used": _forge(positions=(3, 2)),
    "position of zero": _forge(positions=(3, 0)),
    "running figure wrong": _forge(running=(-1100, 1200)),
    "below the floor": _forge(
        balances=("%(target)s", "%(source)s"),
        amounts=(5000, 5000),
        running=(-4000, 4000),
    ),
    "three entries that do not balance": _forge(
        entry_count=3, positions=(3, 3), more=", (%(target)s, 4, 1, 1, 1101)"
    ),
    "three entries, one out of step": _forge(
        entry_count=3,
        amounts=(100, 60),
        running=(-1100, 1060),
        more=", (%(target)s, 4, 1, 40, 1101)",
    ),
    "three entries, a position left out": _forge(
        entry_count=3,
        amounts=(100, 60),
        running=(-1100, 1060),
        more=", (%(target)s, 5, 1, 40, 1100)",
    ),
    "three entries, below the floor": _forge(
        entry_count=3,
        balances=("%(target)s", "%(source)s"),
        amounts=(5000, 4000),
        running=(-4000, 3000),
        more=", (%(source)s, 4, 1, 1000, 4000)",
    ),
    "entry of nobody": f"{ENTRY} VALUES (99999999, %(target)s, %(ledger)s, 3, now(), 1, 5, 1005)",
    "entries of nobody among sound ones": f"""
        WITH written AS (
            {TRANSACTION}
            VALUES (gen_random_uuid(), 'sound', 'POST', 'POSTED', '', 2, clock_timestamp(),
                    clock_timestamp(), '{{}}')
            RETURNING id, effective_at
        )
        {ENTRY}
        SELECT coalesce(e.nobody, w.id), e.balance, %(ledger)s, e.position, w.effective_at,
               e.direction, 100, e.running
        FROM written AS w, (VALUES
            (NULL::bigint, %(source)s, 3, -1, -1100), (NULL, %(target)s, 3, 1, 1100),
            (99999999, %(source)s, 4, -1, -1200), (99999999, %(target)s, 4, 1, 1200)
        ) AS e (nobody, balance, position, direction, running)""",
    "entry added to an old transaction": f"""
        {ENTRY} SELECT %(posted)s, %(target)s, %(ledger)s, 3, effective_at, 1, 5, 1005
        FROM transactions_transaction WHERE id = %(posted)s""",
    "balanced entries added to an old transaction": f"""
        {ENTRY}
        SELECT %(posted)s, e.balance, %(ledger)s, 3, effective_at, e.direction, 5, e.running
        FROM transactions_transaction,
             (VALUES (%(source)s, -1, -1005), (%(target)s, 1, 1005))
             AS e (balance, direction, running)
        WHERE id = %(posted)s""",
    "transaction without entries": f"""
        {TRANSACTION} VALUES (gen_random_uuid(), 'alone', 'POST', 'POSTED', '', 2, now(), now(),
                              '{{}}')""",
    "transaction that says it has none": f"""
        {TRANSACTION} VALUES (gen_random_uuid(), 'alone', 'POST', 'POSTED', '', 0, now(), now(),
                              '{{}}')""",
    "transaction of nobody": f"""
        {TRANSACTION.replace("metadata)", "metadata, actor_id)")}
        VALUES (gen_random_uuid(), 'alone', 'POST', 'POSTED', '', 2, now(), now(), '{{}}', 999999)
        """,
    "second General Ledger": """
        INSERT INTO ledgers_ledger (public_id, name, is_general, metadata)
        VALUES (gen_random_uuid(), 'Another', true, '{}')""",
    "ledger without a name": """
        INSERT INTO ledgers_ledger (public_id, name, is_general, metadata)
        VALUES (gen_random_uuid(), ' ', false, '{}')""",
    "exponent of a used currency": "UPDATE ledgers_currency SET exponent = 3 WHERE code = 'GBP'",
    "floor above the balance": "UPDATE balances_balance SET floor_minor = 1001",
    "floor that is no number": "UPDATE balances_balance SET floor_minor = 'NaN'",
    "total that is no number": "UPDATE balances_balance SET credit_minor = 'NaN'",
    "exponent out of range": "UPDATE ledgers_currency SET exponent = 31 WHERE code = 'XOF'",
}


# Which guard refuses: one that refuses for another reason would hide that the right one is gone.
GUARDS = {
    "unbalanced": "entries_balanced",
    "both credits": "entries_balanced",
    "amount of zero": "entry_amount_positive",
    "negative amounts": "entry_amount_positive",
    "direction of two": "entry_direction_known",
    "no direction": "entry_direction_known",
    "used reference": "transaction_reference_unique",
    "too few entries": "entries_of_one_statement",
    "too many entries": "transaction_entry_count_range",
    "entries of another day": "entries_of_one_statement",
    "wrong ledger": "entry_on_its_balance",
    "totals moved once more by hand": "entry_continues_its_balance",
    "position left out": "entry_continues_its_balance",
    "position used": "entry_position_unique",
    "running figure wrong": "entry_continues_its_balance",
    "below the floor": "balance_above_floor",
    "three entries that do not balance": "entries_balanced",
    "three entries, one out of step": "entry_continues_its_balance",
    "three entries, a position left out": "entry_continues_its_balance",
    "three entries, below the floor": "balance_above_floor",
    "entries of nobody among sound ones": "entries_of_one_statement",
    "entry added to an old transaction": "entries_balanced",
    "balanced entries added to an old transaction": "entries_of_one_statement",
    "transaction without entries": "transaction_with_its_entries",
    "floor above the balance": "balance_above_floor",
    "floor that is no number": "balance_above_floor",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgery_is_refused_to_the_owner(owner: Attacker, name: str) -> None:
    error = owner.refused(_filled(owner, FORGERIES[name]))

    assert isinstance(error, errors.IntegrityError | errors.NotNullViolation), error
    assert error.diag.constraint_name == GUARDS.get(name, error.diag.constraint_name)


@pytest.mark.parametrize("query", FORGERIES.values(), ids=FORGERIES.keys())
def test_forgery_is_refused_to_the_web(app: Attacker, query: str) -> None:
    error = app.refused(_filled(app, query))

    assert isinstance(error, errors.InsufficientPrivilege | errors.IntegrityError), error


BALANCE = (
    "INSERT INTO balances_balance (public_id, ledger_id, currency, indicator, normal_side,"
    " floor_minor, metadata, credit_minor, debit_minor, inflight_credit_minor,"
    " inflight_debit_minor, entry_count, transaction_count, ledger_transaction_count)"
    " VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, '{}', %s, %s, %s, %s, %s, %s, %s)"
)
SOUND = ["%(ledger)s", "GBP", "", "CREDIT", 0, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("place", "value"),
    [(place, 1) for place in range(5, 12)]
    + [(2, "@Mine"), (2, "mine"), (3, "LEFT"), (4, 1), (1, "ZZZ"), (0, 99999999)],
)
@pytest.mark.parametrize("role", ["app", "owner"])
def test_balance_that_does_not_start_at_zero_is_refused(
    request: pytest.FixtureRequest, role: str, place: int, value: Any
) -> None:
    attacker: Attacker = request.getfixturevalue(role)
    values = [attacker.ledger, *SOUND[1:]]
    values[place] = value

    error = attacker.refused(BALANCE, *values)

    assert isinstance(error, errors.IntegrityError), error


def test_copy_is_checked_as_well(owner: Attacker) -> None:
    before = owner.books()

    with (
        pytest.raises(errors.IntegrityError),
        owner.connection.transaction(),
        owner.connection.cursor().copy(
            "COPY transactions_entry (transaction_id, balance_id, ledger_id, position,"
            " effective_at, direction, amount_minor, running_minor) FROM STDIN"
        ) as copy,
    ):
        copy.write_row((owner.posted, owner.target, owner.ledger, 3, "now", 1, 5, 1005))

    assert owner.books() == before


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


STRANGE_CALLS: dict[str, tuple[list[Any], list[Any]]] = {
    "fewer amounts than balances": (["source", "target"], [-1]),
    "no amounts": (["source", "target"], [None, None]),
    "amounts of zero": (["source", "target"], [0, 0]),
    "not numbers": (["source", "target"], ["NaN", "NaN"]),
    "infinite": (["source", "target"], ["-Infinity", "Infinity"]),
    "thirds": (["source", "target", "target"], ["-1", "0.4", "0.6"]),
    "too large": (["source", "target"], [-(10**39), 10**39]),
    "null balance": (["source", None], [-1, 1]),
}


@pytest.mark.parametrize(("balances", "amounts"), STRANGE_CALLS.values(), ids=STRANGE_CALLS.keys())
def test_strange_call_of_the_posting_function_writes_nothing_unsound(
    app: Attacker, balances: list[Any], amounts: list[Any]
) -> None:
    pks = [{"source": app.source, "target": app.target}.get(each) for each in balances]
    before = app.books()

    try:
        with app.connection.transaction():
            outcome = app.run(POST, "strange", pks, amounts)[0][0]
    except psycopg.Error:
        outcome = "error"

    assert outcome != "posted"
    assert app.books() == before
