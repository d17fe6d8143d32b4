"""Two legs take a straight path when held and settled: it differs in cost alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.attacks.conftest import Attacker, app, owner

__all__ = ["app", "owner"]

HOLD = (
    "SELECT * FROM transactions_hold(NULL, %s, '', NULL, '{}', %s::bigint[], %s::numeric[],"
    " NULL, %s, %s::timestamptz)"
)
SETTLE = "SELECT * FROM transactions_settle(%s, %s, NULL, %s, '', NULL, '{}', %s, NULL)"
FIGURES = (
    "SELECT credit_minor, debit_minor, inflight_credit_minor, inflight_debit_minor, entry_count,"
    " transaction_count, ledger_transaction_count, follower_count, ledger_follower_count"
    " FROM balances_balance WHERE id = ANY (%s) ORDER BY id"
)
# An overdraft, of nothing too, is for the general path.
STRAIGHT, GENERAL = None, 0


def _undone(attacker: Attacker, *steps: tuple[Any, ...]) -> list[Any]:
    """What a hold and what follows it answer and come to; taken back after."""
    answers: list[Any] = []
    pair = [attacker.source, attacker.target]
    attacker.run("SAVEPOINT before")
    for query, *parameters in steps:
        held = attacker.run("SELECT max(id) FROM transactions_transaction WHERE kind = 'HOLD'")[0][
            0
        ]
        row = attacker.run(query, *[held if each == "held" else each for each in parameters])[0]
        answers.append((row[0], row[2]))
    answers += attacker.run(FIGURES, pair)
    answers += attacker.run(
        "SELECT kind, balance_id, direction, amount_minor FROM transactions_reservation ORDER BY id"
    )
    answers += attacker.run(
        "SELECT balance_id, position, direction, amount_minor, running_minor"
        " FROM transactions_entry ORDER BY id"
    )
    attacker.run("ROLLBACK TO before")
    return answers


@pytest.mark.parametrize("amount", [-400, 400, -1000, -1001, 1001, "NaN", "0"])
@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("expires_at", [None, "2100-01-01", "2001-01-01"])
def test_hold_is_decided_as_on_the_general_path(
    owner: Attacker, amount: Any, is_turned: bool, expires_at: str | None
) -> None:
    pair = [owner.source, owner.target][:: -1 if is_turned else 1]
    amounts = [amount, amount if isinstance(amount, str) else -amount]

    def answers(overdraft: int | None) -> list[Any]:
        try:
            return _undone(owner, (HOLD, "H", pair, amounts, overdraft, expires_at))
        except Exception as error:  # noqa: BLE001 -- both refuse alike
            owner.run("ROLLBACK TO before")
            return [type(error)]

    assert answers(STRAIGHT) == answers(GENERAL)


@pytest.mark.parametrize("kind", ["COMMIT", "VOID"])
@pytest.mark.parametrize("is_turned", [False, True])
def test_all_at_once_comes_to_what_parts_come_to(
    owner: Attacker, kind: str, is_turned: bool
) -> None:
    pair = [owner.source, owner.target][:: -1 if is_turned else 1]
    held = (HOLD, "H", pair, [-300, 300], STRAIGHT, None)

    whole = _undone(owner, held, (SETTLE, kind, "held", "S", None))
    named = _undone(owner, held, (SETTLE, kind, "held", "S", 300))
    general = _undone(owner, (*held[:4], GENERAL, None), (SETTLE, kind, "held", "S", None))

    assert whole == named == general
    assert whole[:2] == [("posted", None)] * 2
    lines = [line for line in whole if line[0] == kind]
    assert [line[1] for line in lines] == pair


@pytest.mark.parametrize("kind", ["COMMIT", "VOID"])
def test_what_a_commit_left_is_settled_once(owner: Attacker, kind: str) -> None:
    pair = [owner.source, owner.target]

    answers = _undone(
        owner,
        (HOLD, "H", pair, [-300, 300], STRAIGHT, None),
        (SETTLE, "COMMIT", "held", "S-1", 100),
        (SETTLE, kind, "held", "S-2", None),
        (SETTLE, kind, "held", "S-2", None),
        (SETTLE, kind, "held", "S-3", None),
    )

    outcomes = [outcome for outcome, _culprit in answers[:5]]
    assert outcomes == ["posted", "posted", "posted", "present", "hold_ended"]


def test_reference_of_another_is_found(owner: Attacker) -> None:
    pair = [owner.source, owner.target]

    answers = _undone(
        owner,
        (HOLD, "H", pair, [-300, 300], STRAIGHT, None),
        (HOLD, "H", pair, [-300, 300], STRAIGHT, None),
        (HOLD, "H", pair, [-301, 301], STRAIGHT, None),
        (SETTLE, "COMMIT", "held", "H", None),
        (SETTLE, "EXPIRY", "held", "E", None),
        (SETTLE, "COMMIT", "held", "S", 301),
    )

    outcomes = [outcome for outcome, _culprit in answers[:6]]
    assert outcomes == [
        "posted",
        "present",
        "reference_used",
        "reference_used",
        "hold_not_expired",
        "beyond_hold",
    ]


def test_commit_gets_no_reservations_later(owner: Attacker) -> None:
    pair = [owner.source, owner.target]
    owner.run(HOLD, "H", pair, [-300, 300], STRAIGHT, None)
    held = owner.run("SELECT max(id) FROM transactions_transaction")[0][0]
    owner.run(SETTLE, "COMMIT", held, "S", 100)
    commit = owner.run("SELECT max(id) FROM transactions_transaction")[0][0]

    error = owner.refused(
        "INSERT INTO transactions_reservation (transaction_id, hold_id, balance_id, ledger_id,"
        " kind, effective_at, direction, amount_minor)"
        " SELECT r.transaction_id, r.hold_id, r.balance_id, r.ledger_id, r.kind, r.effective_at,"
        " r.direction, 50 FROM transactions_reservation AS r WHERE r.transaction_id = %s",
        commit,
    )

    assert "reservations_of_one_statement" in str(error)
