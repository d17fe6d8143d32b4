"""Entries that are forged past the posting function are refused, each by its own guard."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.attacks.conftest import Attacker, app, owner
from tests.transactions.forging import ENTRY, TRANSACTION, filled, forge

__all__ = ["app", "owner"]


def test_owner_may_write_what_is_sound_in_one_statement(owner: Attacker) -> None:
    owner.run(filled(owner, forge()))

    assert owner.run("SELECT count(*) FROM transactions_entry WHERE position = 3") == [(2,)]


def test_sound_entries_move_their_balances(owner: Attacker) -> None:
    figures = (
        "SELECT credit_minor, debit_minor, entry_count, transaction_count,"
        " ledger_transaction_count FROM balances_balance WHERE id IN (%(source)s, %(target)s)"
        " ORDER BY id"
    )
    before = owner.run(filled(owner, figures))

    owner.run(filled(owner, forge()))

    moved = [(0, 100, 1, 1, 1), (100, 0, 1, 1, 0)]
    assert owner.run(filled(owner, figures)) == [
        tuple(figure + more for figure, more in zip(*pair, strict=True))
        for pair in zip(before, moved, strict=True)
    ]


FORGERIES: dict[str, str] = {
    "unbalanced": forge(amounts=(100, 101), running=(-1100, 1101)),
    "both credits": forge(directions=(1, 1), running=(-900, 1100)),
    "amount of zero": forge(amounts=(0, 0), running=(-1000, 1000)),
    "negative amounts": forge(amounts=(-100, -100), running=(-900, 900)),
    "direction of two": forge(directions=(-2, 2), amounts=(50, 50)),
    "no direction": forge(directions=(0, 0)),
    "used reference": forge(reference="first"),
    "empty reference": forge(reference=""),
    "unknown kind": forge(kind="GIFT"),
    "unknown status": forge(status="MAYBE"),
    "too few entries": forge(entry_count=3),
    "too many entries": forge(entry_count=1),
    "in the future": forge(shift="1 hour"),
    "entries of another day": forge(entry_shift="-1 day"),
    "wrong ledger": forge(ledger="(SELECT id FROM ledgers_ledger WHERE is_general)"),
    "unknown ledger": forge(ledger="99999999"),
    "unknown balance": forge(balances=("%(source)s", "99999999")),
    "totals moved once more by hand": forge(
        beside="moved AS (UPDATE balances_balance SET credit_minor = credit_minor + 100"
        " WHERE id = %(target)s),"
    ),
    "position left out": forge(positions=(3, 4)),
    "position used": forge(positions=(3, 2)),
    "position of zero": forge(positions=(3, 0)),
    "running figure wrong": forge(running=(-1100, 1200)),
    "below the floor": forge(
        balances=("%(target)s", "%(source)s"),
        amounts=(5000, 5000),
        running=(-4000, 4000),
    ),
    "three entries that do not balance": forge(
        entry_count=3, positions=(3, 3), more=", (%(target)s, 4, 1, 1, 1101)"
    ),
    "three entries, one out of step": forge(
        entry_count=3,
        amounts=(100, 60),
        running=(-1100, 1060),
        more=", (%(target)s, 4, 1, 40, 1101)",
    ),
    "three entries, a position left out": forge(
        entry_count=3,
        amounts=(100, 60),
        running=(-1100, 1060),
        more=", (%(target)s, 5, 1, 40, 1100)",
    ),
    "three entries, below the floor": forge(
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
    error = owner.refused(filled(owner, FORGERIES[name]))

    assert isinstance(error, errors.IntegrityError | errors.NotNullViolation), error
    assert error.diag.constraint_name == GUARDS.get(name, error.diag.constraint_name)


@pytest.mark.parametrize("query", FORGERIES.values(), ids=FORGERIES.keys())
def test_forgery_is_refused_to_the_web(app: Attacker, query: str) -> None:
    error = app.refused(filled(app, query))

    assert isinstance(error, errors.InsufficientPrivilege | errors.IntegrityError), error


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
