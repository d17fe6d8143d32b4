"""Holds, commits, reversals and refunds written around the engine are refused by the database."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.attacks.conftest import POST, Attacker, app, owner

__all__ = ["app", "owner"]

HOLD = (
    "SELECT posted_id FROM transactions_hold(NULL, %s, '', NULL, '{}', %s::bigint[], %s::numeric[],"
    " NULL, %s, %s)"
)
SETTLE = "SELECT * FROM transactions_settle(%s, %s, NULL, %s, '', NULL, '{}', %s, NULL)"
UNDO = "SELECT * FROM transactions_undo(%s, %s, NULL, %s, '', NULL, '{}', %s, NULL, %s)"

# Balance, direction, amount; of entries also position and running figure.
Reserved = tuple[str, int, int]
Entered = tuple[str, int, int, int, int]
SOURCE, TARGET = "%(source)s", "%(target)s"
HELD = "%(held)s"
# The books of the attacker: two postings of 500, then a hold of 400 on the same balances.
HOLDING: list[Reserved] = [(SOURCE, -1, 400), (TARGET, 1, 400)]
TAKEN: list[Entered] = [(SOURCE, -1, 400, 3, -1400), (TARGET, 1, 400, 3, 1400)]
GIVEN_BACK: list[Entered] = [(SOURCE, 1, 500, 3, -500), (TARGET, -1, 500, 3, 500)]


def _life(
    kind: str,
    status: str,
    *,
    parent: str = "NULL",
    reverses: str = "NULL",
    reserved: list[Reserved] | None = None,
    entered: list[Entered] | None = None,
    remainder: str = "",
    hold: str = "",
    count: int = 2,
    overdraft: str = "NULL",
    rate: str = "NULL",
    kind_reserved: str = "",
) -> str:
    """One statement that writes a transaction with all that belongs to it."""
    reservations = ", ".join(str(line).replace("'", "") for line in reserved or [])
    entries = ", ".join(str(line).replace("'", "") for line in entered or [])
    return f"""
        WITH written AS (
            INSERT INTO transactions_transaction (
                public_id, reference, kind, status, description, entry_count, effective_at,
                created_at, parent_id, reverses_id, overdraft_minor, exchange_rate, metadata
            )
            VALUES (gen_random_uuid(), 'forged', '{kind}', '{status}', '', {count},
                    clock_timestamp(), clock_timestamp(), {parent}, {reverses}, {overdraft}, {rate},
                    '{{}}')
            RETURNING id, effective_at
        ), remainder AS (
            INSERT INTO transactions_hold (
                transaction_id, effective_at, total_minor, committed_minor, released_minor, ended_as
            )
            SELECT w.id, w.effective_at, {remainder or "1, 0, 0, ''"} FROM written AS w
            WHERE {bool(remainder)}
        ), released AS (
            INSERT INTO transactions_reservation (
                transaction_id, hold_id, balance_id, ledger_id, kind, effective_at, direction,
                amount_minor
            )
            SELECT w.id, {hold or "w.id"}, r.balance, %(ledger)s, '{kind_reserved or kind}',
                   w.effective_at, r.direction, r.amount
            FROM written AS w, (VALUES {reservations or "(1, 1, 1)"})
                 AS r (balance, direction, amount)
            WHERE {bool(reservations)}
            RETURNING id
        )
        INSERT INTO transactions_entry (
            transaction_id, balance_id, ledger_id, position, effective_at, direction, amount_minor,
            running_minor
        )
        SELECT w.id, e.balance, %(ledger)s, e.position, w.effective_at, e.direction, e.amount,
               e.running
        FROM (SELECT count(*) FROM released) AS first, written AS w,
             (VALUES {entries or "(1, 1, 1, 1, 1)"})
             AS e (balance, direction, amount, position, running)
        WHERE {bool(entries)}
    """


def _hold(**changes: Any) -> str:
    fields: dict[str, Any] = {"reserved": HOLDING, "remainder": "400, 0, 0, ''"}
    return _life("HOLD", "INFLIGHT", **{**fields, **changes})


def _commit(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "parent": HELD,
        "hold": HELD,
        "reserved": HOLDING,
        "entered": TAKEN,
    }
    return _life("COMMIT", "POSTED", **{**fields, **changes})


def _void(**changes: Any) -> str:
    fields: dict[str, Any] = {"parent": HELD, "hold": HELD, "reserved": HOLDING}
    return _life("VOID", "VOIDED", **{**fields, **changes})


def _reversal(**changes: Any) -> str:
    fields: dict[str, Any] = {"reverses": "%(posted)s", "entered": GIVEN_BACK}
    return _life("REVERSAL", "POSTED", **{**fields, **changes})


def _refund(**changes: Any) -> str:
    fields: dict[str, Any] = {"parent": "%(posted)s", "entered": GIVEN_BACK}
    return _life("REFUND", "POSTED", **{**fields, **changes})


SOUND = {
    "hold": _hold(),
    "commit": _commit(),
    "void": _void(),
    "reversal": _reversal(),
    "refund": _refund(),
}
HALF: list[Reserved] = [(SOURCE, -1, 200), (TARGET, 1, 200)]
MORE: list[Reserved] = [(SOURCE, -1, 401), (TARGET, 1, 401)]
# What is tried, and the guard that refuses it.
FORGERIES: dict[str, tuple[str, str]] = {
    "hold that does not balance": (
        _hold(reserved=[(SOURCE, -1, 400), (TARGET, 1, 399)]),
        "reservations_balanced",
    ),
    "hold without a remainder": (_hold(remainder=""), "hold_with_its_remainder"),
    "hold with another remainder": (_hold(remainder="500, 0, 0, ''"), "hold_with_its_remainder"),
    "hold that begins committed": (_hold(remainder="400, 400, 0, ''"), "hold_begins_whole"),
    "hold that begins ended": (
        _hold(remainder="400, 0, 0, 'VOID'"),
        "void_of_all_that_is_left",
    ),
    "hold of nothing": (
        _hold(reserved=[(SOURCE, -1, 0), (TARGET, 1, 0)]),
        "reservation_amount_positive",
    ),
    "hold in an unknown direction": (
        _hold(reserved=[(SOURCE, -2, 200), (TARGET, 2, 200)], remainder="400, 0, 0, ''"),
        "reservation_direction_known",
    ),
    "hold with a balance twice": (
        _hold(
            reserved=[(SOURCE, -1, 200), (SOURCE, -1, 200), (TARGET, 1, 400)],
            count=3,
        ),
        "hold_each_balance_once",
    ),
    "hold that reserves less than it says": (
        _hold(count=3),
        "transaction_with_its_reservations",
    ),
    "hold without reservations": (
        _hold(reserved=None),
        "transaction_with_its_reservations",
    ),
    "hold with entries": (_hold(entered=TAKEN), "hold_without_entries"),
    "hold below the floor": (
        _hold(
            reserved=[(TARGET, -1, 1001), (SOURCE, 1, 1001)],
            remainder="1001, 0, 0, ''",
        ),
        "balance_above_floor",
    ),
    "hold as posted": (_hold().replace("'INFLIGHT'", "'POSTED'"), "transaction_status_known"),
    "commit of more than is held": (
        _commit(
            reserved=MORE,
            entered=[(SOURCE, -1, 401, 3, -1401), (TARGET, 1, 401, 3, 1401)],
        ),
        "hold_within_total",
    ),
    "commit that releases other balances": (
        _commit(
            reserved=[(TARGET, -1, 400), (SOURCE, 1, 400)],
            entered=[(TARGET, -1, 400, 3, 600), (SOURCE, 1, 400, 3, -600)],
        ),
        "hold_not_exceeded",
    ),
    "commit that posts more than it releases": (
        _commit(reserved=HALF),
        "commit_of_what_was_held",
    ),
    "commit that posts the other way round": (
        _commit(entered=[(SOURCE, 1, 400, 3, -600), (TARGET, -1, 400, 3, 600)]),
        "commit_of_what_was_held",
    ),
    "commit that releases one side twice": (
        _commit(
            reserved=[(SOURCE, -1, 200), (SOURCE, -1, 200)],
            entered=[(SOURCE, -1, 200, 3, -1200), (TARGET, 1, 200, 3, 1200)],
        ),
        "commit_of_what_was_held",
    ),
    "commit that takes from two holds": (
        _commit(hold="CASE r.direction WHEN 1 THEN %(held)s ELSE %(other)s END"),
        "reservations_of_one_statement",
    ),
    "void of more than is held": (_void(reserved=MORE), "hold_within_total"),
    "void of the other sides": (
        _void(reserved=[(TARGET, -1, 400), (SOURCE, 1, 400)]),
        "hold_not_exceeded",
    ),
    "void with a refund's status": (
        _void().replace("'VOIDED'", "'POSTED'"),
        "transaction_status_known",
    ),
    "commit that posts only": (_commit(reserved=None), "transaction_with_its_reservations"),
    "commit that releases only": (_commit(entered=None), "transaction_with_its_entries"),
    "commit of a posting": (
        _commit(parent="%(posted)s", hold="%(posted)s"),
        "transaction_follows_its_kind",
    ),
    "commit of nothing": (_commit(parent="NULL"), "transaction_follows_its_kind"),
    "commit of what does not exist": (
        _commit(parent="99999999", hold="99999999"),
        "transaction_parent_exists",
    ),
    "commit beside its hold": (
        _commit(hold="%(other)s"),
        "reservations_of_one_statement",
    ),
    "void of a part": (_void(reserved=HALF), "void_of_all_that_is_left"),
    "void that reserves": (_void(kind_reserved="HOLD"), "reservations_of_one_statement"),
    "reversal of a part": (
        _reversal(entered=[(SOURCE, 1, 400, 3, -600), (TARGET, -1, 400, 3, 600)]),
        "reversal_mirrors",
    ),
    "reversal in the same direction": (
        _reversal(entered=[(SOURCE, -1, 500, 3, -1500), (TARGET, 1, 500, 3, 1500)]),
        "reversal_mirrors",
    ),
    "reversal of a hold": (_reversal(reverses=HELD), "transaction_follows_its_kind"),
    "reversal of nothing": (_reversal(reverses="NULL"), "transaction_follows_its_kind"),
    "reversal of what does not exist": (
        _reversal(reverses="99999999"),
        "transaction_reversed_exists",
    ),
    "posting with a parent": (
        _refund().replace("'REFUND'", "'POST'"),
        "transaction_follows_its_kind",
    ),
    "refund of more than was posted": (
        _refund(entered=[(SOURCE, 1, 501, 3, -499), (TARGET, -1, 501, 3, 499)]),
        "refunds_within_original",
    ),
    "refund in the same direction": (
        _refund(entered=[(SOURCE, -1, 1, 3, -1001), (TARGET, 1, 1, 3, 1001)]),
        "refunds_within_original",
    ),
    "refund of a hold": (_refund(parent=HELD), "transaction_follows_its_kind"),
    "overdraft below zero": (_refund(overdraft="-1"), "transaction_overdraft_positive"),
    "overdraft that is no number": (_refund(overdraft="'NaN'"), "transaction_overdraft_positive"),
    "rate of zero": (_refund(rate="0"), "transaction_rate_positive"),
    "rate that is no number": (_refund(rate="'NaN'"), "transaction_rate_positive"),
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


def _filled(attacker: Attacker, query: str) -> str:
    held, other = (
        attacker.run(HOLD, name, [attacker.source, attacker.target], [-minor, minor], None, None)[
            0
        ][0]
        for name, minor in (("held", 400), ("other", 500))
    )
    return query % {
        "ledger": attacker.ledger,
        "source": attacker.source,
        "target": attacker.target,
        "posted": attacker.posted,
        "held": held,
        "other": other,
    }


@pytest.mark.parametrize("query", SOUND.values(), ids=SOUND.keys())
def test_owner_may_write_what_is_sound_in_one_statement(owner: Attacker, query: str) -> None:
    owner.run(_filled(owner, query))

    assert owner.run(
        "SELECT count(*) FROM transactions_transaction WHERE reference = 'forged'"
    ) == [(1,)]


@pytest.mark.parametrize(("query", "guard"), FORGERIES.values(), ids=FORGERIES.keys())
def test_forgery_is_refused_to_the_owner(owner: Attacker, query: str, guard: str) -> None:
    error = owner.refused(_filled(owner, query))

    assert isinstance(error, errors.IntegrityError), error
    assert error.diag.constraint_name == guard


def test_web_may_not_even_try(app: Attacker) -> None:
    for query in [_filled(app, SOUND["hold"]), *CHANGES]:
        assert isinstance(app.refused(query), errors.InsufficientPrivilege), query


@pytest.mark.parametrize("query", CHANGES)
def test_change_of_what_is_kept_is_refused_to_the_owner(owner: Attacker, query: str) -> None:
    _filled(owner, "")

    error = owner.refused(query)

    assert isinstance(error, errors.IntegrityError), error


def test_second_reversal_and_reversal_beside_a_refund_are_refused(owner: Attacker) -> None:
    owner.run(UNDO, "REFUND", owner.posted, "refunded", 1, None)
    beside = _reversal(entered=[(SOURCE, 1, 500, 4, -499), (TARGET, -1, 500, 4, 499)])
    error = owner.refused(_filled(owner, beside))
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
