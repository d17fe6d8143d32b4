"""What the straight path for two entries must not let through, nor keep out."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.attacks.conftest import POST, Attacker, app, owner
from tests.transactions.forging import ENTRY, TRANSACTION, filled, forge

__all__ = ["app", "owner"]

HOLD = (
    "SELECT posted_id FROM transactions_hold(NULL, %s, '', NULL, '{}', %s::bigint[],"
    " %s::numeric[], NULL, NULL, NULL)"
)


def _entries_of(transaction: str, *lines: str, beside: str = "") -> str:
    """Entries for a transaction that is there; a line: balance, position, direction, running."""
    return f"""
        {beside}
        {ENTRY}
        SELECT t.id, e.balance, %(ledger)s, e.position, t.effective_at, e.direction, 100, e.running
        FROM transactions_transaction AS t,
             (VALUES {", ".join(lines)}) AS e (balance, position, direction, running)
        WHERE t.id = {transaction}"""


PAIR = ("(%(source)s, 3, -1, -1100)", "(%(target)s, 3, 1, 1100)")


@pytest.mark.parametrize("lines", [1, 2], ids=["two entries", "four entries"])
def test_hold_gets_no_entries_later(owner: Attacker, lines: int) -> None:
    ids = [
        owner.run(HOLD, f"held {number}", [owner.source, owner.target], [-100, 100])[0][0]
        for number in range(lines)
    ]
    further = ("(%(source)s, 4, -1, -1200)", "(%(target)s, 4, 1, 1200)")
    query = f"""
        {ENTRY}
        SELECT CASE WHEN e.position = 3 THEN {ids[0]} ELSE {ids[-1]} END, e.balance, %(ledger)s,
               e.position, t.effective_at, e.direction, 100, e.running
        FROM (VALUES {", ".join((*PAIR, *further)[: 2 * lines])})
             AS e (balance, position, direction, running)
        JOIN transactions_transaction AS t
          ON t.id = CASE WHEN e.position = 3 THEN {ids[0]} ELSE {ids[-1]} END"""

    error = owner.refused(filled(owner, query))

    assert error.diag.constraint_name == "hold_without_entries"


def test_two_entries_in_two_currencies_are_refused(owner: Attacker) -> None:
    other = owner.run(
        "INSERT INTO balances_balance (public_id, ledger_id, currency, indicator, normal_side,"
        " metadata, credit_minor, debit_minor, inflight_credit_minor, inflight_debit_minor,"
        " entry_count, transaction_count, ledger_transaction_count)"
        " VALUES (gen_random_uuid(), %s, 'EUR', '', 'CREDIT', '{}', 0, 0, 0, 0, 0, 0, 0)"
        " RETURNING id",
        owner.ledger,
    )[0][0]
    query = forge(balances=("%(source)s", str(other)), positions=(3, 1), running=(-1100, 100))

    error = owner.refused(filled(owner, query))

    assert error.diag.constraint_name == "entries_balanced"


def test_two_pairs_of_entries_beside_their_transaction_are_refused(owner: Attacker) -> None:
    pair = f"""
        {ENTRY}
        SELECT w.id, e.balance, %(ledger)s, e.position, w.effective_at, e.direction, 100, e.running
        FROM written AS w, (VALUES {{lines}}) AS e (balance, position, direction, running)"""
    first = pair.format(lines=", ".join(PAIR))
    second = pair.format(lines="(%(source)s, 4, -1, -1200), (%(target)s, 4, 1, 1200)")
    query = f"""
        WITH written AS (
            {TRANSACTION}
            VALUES (gen_random_uuid(), 'twice', 'POST', 'POSTED', '', 2, clock_timestamp(),
                    clock_timestamp(), '{{}}')
            RETURNING id, effective_at
        ), more AS ({first})
        {second}"""

    error = owner.refused(filled(owner, query))

    assert isinstance(error, errors.CheckViolation)


def test_entries_are_refused_later_in_the_transaction_that_wrote_the_first(owner: Attacker) -> None:
    owner.run(filled(owner, forge()))
    query = _entries_of(
        "(SELECT max(id) FROM transactions_transaction)",
        "(%(source)s, 4, -1, -1200)",
        "(%(target)s, 4, 1, 1200)",
    )

    error = owner.refused(filled(owner, query))

    assert error.diag.constraint_name == "entries_of_one_statement"


@pytest.mark.parametrize(("allowed", "is_sound"), [(4000, True), (3999, False)])
def test_overdraft_of_a_pair_goes_as_far_as_it_says(
    owner: Attacker, allowed: int, is_sound: bool
) -> None:
    query = filled(
        owner,
        forge(balances=("%(target)s", "%(source)s"), amounts=(5000, 5000), running=(-4000, 4000))
        .replace("created_at, metadata)", "created_at, metadata, overdraft_minor)")
        .replace("'{}')", f"'{{}}', {allowed})"),
    )

    if is_sound:
        owner.run(query)
        assert owner.run("SELECT max(running_minor) FROM transactions_entry") == [(4000,)]
    else:
        assert owner.refused(query).diag.constraint_name == "balance_above_floor"


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("amount", [-5, 5])
def test_entries_come_in_the_order_of_the_legs(
    app: Attacker, is_reversed: bool, amount: int
) -> None:
    balances = [app.source, app.target][:: -1 if is_reversed else 1]

    # An amount that both balances can take in either direction.
    app.run(POST, "filled", [app.source, app.target], [-100, 100])
    posted = app.run(POST, "ordered", balances, [amount, -amount])[0]

    found = app.run(
        "SELECT balance_id, direction * amount_minor FROM transactions_entry"
        " WHERE transaction_id = %s ORDER BY id",
        posted[1],
    )
    assert posted[0] == "posted"
    assert found == [(balances[0], amount), (balances[1], -amount)]
