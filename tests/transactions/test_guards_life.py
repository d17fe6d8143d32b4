"""Holds, commits, reversals and refunds written around the engine are refused by the database."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from tests.attacks.conftest import POST, Attacker, app, owner
from tests.transactions.forging_life import (
    HELD,
    HOLD,
    SETTLE,
    SOURCE,
    TAKEN,
    TARGET,
    UNDO,
    Reserved,
    filled_holding,
    forge_commit,
    forge_hold,
    forge_refund,
    forge_reversal,
    forge_void,
)

__all__ = ["app", "owner"]

SOUND = {
    "hold": forge_hold(),
    "commit": forge_commit(),
    "void": forge_void(),
    "reversal": forge_reversal(),
    "refund": forge_refund(),
}
HALF: list[Reserved] = [(SOURCE, -1, 200), (TARGET, 1, 200)]
MORE: list[Reserved] = [(SOURCE, -1, 401), (TARGET, 1, 401)]
# What is tried, and the guard that refuses it.
FORGERIES: dict[str, tuple[str, str]] = {
    "hold that does not balance": (
        forge_hold(reserved=[(SOURCE, -1, 400), (TARGET, 1, 399)]),
        "reservations_balanced",
    ),
    "hold without a remainder": (forge_hold(remainder=""), "hold_with_its_remainder"),
    "hold with another remainder": (
        forge_hold(remainder="500, 0, 0, ''"),
        "hold_with_its_remainder",
    ),
    "hold that begins committed": (forge_hold(remainder="400, 400, 0, ''"), "hold_begins_whole"),
    "hold that begins ended": (
        forge_hold(remainder="400, 0, 0, 'VOID'"),
        "void_of_all_that_is_left",
    ),
    "hold of nothing": (
        forge_hold(reserved=[(SOURCE, -1, 0), (TARGET, 1, 0)]),
        "reservation_amount_positive",
    ),
    "hold in an unknown direction": (
        forge_hold(reserved=[(SOURCE, -2, 200), (TARGET, 2, 200)], remainder="400, 0, 0, ''"),
        "reservation_direction_known",
    ),
    "hold with a balance twice": (
        forge_hold(
            reserved=[(SOURCE, -1, 200), (SOURCE, -1, 200), (TARGET, 1, 400)],
            count=3,
        ),
        "hold_each_balance_once",
    ),
    "hold that reserves less than it says": (
        forge_hold(count=3),
        "transaction_with_its_reservations",
    ),
    "hold without reservations": (
        forge_hold(reserved=None),
        "transaction_with_its_reservations",
    ),
    "hold with entries": (forge_hold(entered=TAKEN), "hold_without_entries"),
    "hold below the floor": (
        forge_hold(
            reserved=[(TARGET, -1, 1001), (SOURCE, 1, 1001)],
            remainder="1001, 0, 0, ''",
        ),
        "balance_above_floor",
    ),
    "hold as posted": (forge_hold().replace("'INFLIGHT'", "'POSTED'"), "transaction_status_known"),
    "commit of more than is held": (
        forge_commit(
            reserved=MORE,
            entered=[(SOURCE, -1, 401, 3, -1401), (TARGET, 1, 401, 3, 1401)],
        ),
        "hold_within_total",
    ),
    "commit that releases other balances": (
        forge_commit(
            reserved=[(TARGET, -1, 400), (SOURCE, 1, 400)],
            entered=[(TARGET, -1, 400, 3, 600), (SOURCE, 1, 400, 3, -600)],
        ),
        "hold_not_exceeded",
    ),
    "commit that posts more than it releases": (
        forge_commit(reserved=HALF),
        "commit_of_what_was_held",
    ),
    "commit that posts the other way round": (
        forge_commit(entered=[(SOURCE, 1, 400, 3, -600), (TARGET, -1, 400, 3, 600)]),
        "commit_of_what_was_held",
    ),
    "commit that releases one side twice": (
        forge_commit(
            reserved=[(SOURCE, -1, 200), (SOURCE, -1, 200)],
            entered=[(SOURCE, -1, 200, 3, -1200), (TARGET, 1, 200, 3, 1200)],
        ),
        "commit_of_what_was_held",
    ),
    "commit that takes from two holds": (
        forge_commit(hold="CASE r.direction WHEN 1 THEN %(held)s ELSE %(other)s END"),
        "reservations_of_one_statement",
    ),
    "void of more than is held": (forge_void(reserved=MORE), "hold_within_total"),
    "void of the other sides": (
        forge_void(reserved=[(TARGET, -1, 400), (SOURCE, 1, 400)]),
        "hold_not_exceeded",
    ),
    "void with a refund's status": (
        forge_void().replace("'VOIDED'", "'POSTED'"),
        "transaction_status_known",
    ),
    "commit that posts only": (forge_commit(reserved=None), "transaction_with_its_reservations"),
    "commit that releases only": (forge_commit(entered=None), "transaction_with_its_entries"),
    "commit of a posting": (
        forge_commit(parent="%(posted)s", hold="%(posted)s"),
        "transaction_follows_its_kind",
    ),
    "commit of nothing": (forge_commit(parent="NULL"), "transaction_follows_its_kind"),
    "commit of what does not exist": (
        forge_commit(parent="99999999", hold="99999999"),
        "transaction_parent_exists",
    ),
    "commit beside its hold": (
        forge_commit(hold="%(other)s"),
        "reservations_of_one_statement",
    ),
    "void of a part": (forge_void(reserved=HALF), "void_of_all_that_is_left"),
    "void that reserves": (forge_void(kind_reserved="HOLD"), "reservations_of_one_statement"),
    "reversal of a part": (
        forge_reversal(entered=[(SOURCE, 1, 400, 3, -600), (TARGET, -1, 400, 3, 600)]),
        "reversal_mirrors",
    ),
    "reversal in the same direction": (
        forge_reversal(entered=[(SOURCE, -1, 500, 3, -1500), (TARGET, 1, 500, 3, 1500)]),
        "reversal_mirrors",
    ),
    "reversal of a hold": (forge_reversal(reverses=HELD), "transaction_follows_its_kind"),
    "reversal of nothing": (forge_reversal(reverses="NULL"), "transaction_follows_its_kind"),
    "reversal of what does not exist": (
        forge_reversal(reverses="99999999"),
        "transaction_reversed_exists",
    ),
    "posting with a parent": (
        forge_refund().replace("'REFUND'", "'POST'"),
        "transaction_follows_its_kind",
    ),
    "refund of more than was posted": (
        forge_refund(entered=[(SOURCE, 1, 501, 3, -499), (TARGET, -1, 501, 3, 499)]),
        "refunds_within_original",
    ),
    "refund in the same direction": (
        forge_refund(entered=[(SOURCE, -1, 1, 3, -1001), (TARGET, 1, 1, 3, 1001)]),
        "refunds_within_original",
    ),
    "refund of a hold": (forge_refund(parent=HELD), "transaction_follows_its_kind"),
    "overdraft below zero": (forge_refund(overdraft="-1"), "transaction_overdraft_positive"),
    "overdraft that is no number": (
        forge_refund(overdraft="'NaN'"),
        "transaction_overdraft_positive",
    ),
    "rate of zero": (forge_refund(rate="0"), "transaction_rate_positive"),
    "rate that is no number": (forge_refund(rate="'NaN'"), "transaction_rate_positive"),
    "remainder alone": (
        "INSERT INTO transactions_hold (transaction_id, effective_at, total_minor,"
        " committed_minor, released_minor, ended_as) VALUES (%(posted)s, now(), 5, 0, 0, '')",
        "hold_begins_whole",
    ),
    "reservation added to a hold": (
        "INSERT INTO transactions_reservation (transaction_id, hold_id, balance_id, ledger_id,"
        " kind, effective_at, direction, amount_minor)"
        " SELECT %(held)s, %(held)s, r.balance, %(ledger)s, 'HOLD', t.effective_at, r.direction, 5"
        " FROM transactions_transaction AS t,"
        " (VALUES (%(source)s, -1), (%(target)s, 1)) AS r (balance, direction)"
        " WHERE t.id = %(held)s",
        "reservations_of_one_statement",
    ),
}
CHANGES = [
    "UPDATE transactions_hold SET committed_minor = committed_minor + 1",
    "UPDATE transactions_hold SET total_minor = total_minor * 2",
    "UPDATE transactions_hold SET expires_at = now()",
    "UPDATE transactions_hold SET ended_as = 'VOID'",
    "DELETE FROM transactions_hold",
    "TRUNCATE transactions_hold",
    "UPDATE transactions_reservation SET amount_minor = 1",
    "DELETE FROM transactions_reservation",
    "TRUNCATE transactions_reservation",
    "UPDATE balances_balance SET inflight_debit_minor = inflight_debit_minor + 1",
    "UPDATE balances_balance SET inflight_credit_minor = 0",
    "UPDATE balances_balance SET follower_count = follower_count + 1",
    "UPDATE balances_balance SET ledger_follower_count = 7",
    "UPDATE transactions_transaction SET overdraft_minor = 5",
    "UPDATE transactions_transaction SET exchange_rate = 5",
]


@pytest.mark.parametrize("query", SOUND.values(), ids=SOUND.keys())
def test_owner_may_write_what_is_sound_in_one_statement(owner: Attacker, query: str) -> None:
    owner.run(filled_holding(owner, query))

    assert owner.run(
        "SELECT count(*) FROM transactions_transaction WHERE reference = 'forged'"
    ) == [(1,)]


@pytest.mark.parametrize(("query", "guard"), FORGERIES.values(), ids=FORGERIES.keys())
def test_forgery_is_refused_to_the_owner(owner: Attacker, query: str, guard: str) -> None:
    error = owner.refused(filled_holding(owner, query))

    assert isinstance(error, errors.IntegrityError), error
    assert error.diag.constraint_name == guard


def test_web_may_not_even_try(app: Attacker) -> None:
    for query in [filled_holding(app, SOUND["hold"]), *CHANGES]:
        assert isinstance(app.refused(query), errors.InsufficientPrivilege), query


@pytest.mark.parametrize("query", CHANGES)
def test_change_of_what_is_kept_is_refused_to_the_owner(owner: Attacker, query: str) -> None:
    filled_holding(owner, "")

    error = owner.refused(query)

    assert isinstance(error, errors.IntegrityError), error


def test_second_reversal_and_reversal_beside_a_refund_are_refused(owner: Attacker) -> None:
    owner.run(UNDO, "REFUND", owner.posted, "refunded", 1, None)
    beside = forge_reversal(entered=[(SOURCE, 1, 500, 4, -499), (TARGET, -1, 500, 4, 499)])
    error = owner.refused(filled_holding(owner, beside))
    assert error.diag.constraint_name == "reversal_mirrors"

    refunded = owner.run("SELECT id FROM transactions_transaction WHERE reference = 'refunded'")
    owner.run(UNDO, "REVERSAL", refunded[0][0], "refund reversed", None, None)
    assert owner.run(UNDO, "REVERSAL", owner.posted, "reversed", None, None)[0][0] == "posted"
    again = owner.run(UNDO, "REVERSAL", owner.posted, "again", None, None)
    assert again[0][0] == "reversed"


@pytest.mark.parametrize("amount", ["NaN", "0", "-1", "0.5", "Infinity", "1e40"])
@pytest.mark.parametrize("kind", ["COMMIT", "VOID", "REFUND"])
def test_strange_amount_moves_nothing(app: Attacker, kind: str, amount: str) -> None:
    held = app.run(HOLD, "held", [app.source, app.target], [-400, 400], None, None)[0][0]
    before = app.books()

    try:
        with app.connection.transaction():
            if kind == "REFUND":
                outcome = app.run(UNDO, kind, app.posted, "strange", amount, None)[0][0]
            else:
                outcome = app.run(SETTLE, kind, held, "strange", amount)[0][0]
    except psycopg.Error:
        outcome = "error"

    assert outcome != "posted"
    assert app.books() == before


@pytest.mark.parametrize("kind", ["POST", "HOLD", "", "REVERSAL"])
def test_settling_as_another_kind_is_refused(app: Attacker, kind: str) -> None:
    held = app.run(HOLD, "held", [app.source, app.target], [-400, 400], None, None)[0][0]

    error = app.refused(SETTLE, kind, held, "strange", None)

    assert isinstance(error, errors.InvalidParameterValue)


@pytest.mark.parametrize("name", ["source", "target"])
def test_balance_with_something_inflight_is_not_closed(app: Attacker, name: str) -> None:
    app.run(POST, "back", [app.target, app.source], [-1000, 1000])
    app.run(HOLD, "held", [app.source, app.target], [-400, 400], None, None)

    error = app.refused(
        "UPDATE balances_balance SET closed_at = now() WHERE id = %s", getattr(app, name)
    )

    assert isinstance(error, errors.CheckViolation)
    assert error.diag.constraint_name == "balance_closes_empty"
