"""The views through which two legs are written: each row decides for itself, whoever inserts it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.attacks.conftest import Attacker
from tests.books import mismatches

VIEWS = ("transactions_straight_post", "transactions_straight_hold", "transactions_straight_end")
BATCH = """
    INSERT INTO transactions_straight_batch (balances, is_atomic, actor_id)
    VALUES (%s, false, %s) RETURNING outcomes"""
WRITE = {
    "post": """
        INSERT INTO transactions_straight_post (
            reference, description, effective_at, metadata, actor_id, first_id, second_id, amount
        )
        VALUES (%(reference)s, '', %(effective_at)s, '{}', %(actor)s, %(first)s, %(second)s,
                %(amount)s::numeric)
        RETURNING id""",
    "hold": """
        INSERT INTO transactions_straight_hold (
            reference, description, effective_at, metadata, actor_id, first_id, second_id, amount,
            expires_at
        )
        VALUES (%(reference)s, '', %(effective_at)s, '{}', %(actor)s, %(first)s, %(second)s,
                %(amount)s::numeric, %(expires_at)s)
        RETURNING id""",
}
END = """
    INSERT INTO transactions_straight_end (
        kind, hold_id, reference, description, effective_at, metadata, amount, actor_id
    )
    VALUES (%(kind)s, %(hold)s, %(reference)s, '', %(effective_at)s, '{}', %(amount)s, %(actor)s)
    RETURNING id"""
HOLD = (
    "SELECT posted_id FROM transactions_hold(NULL, %s, '', NULL, '{}', %s::bigint[],"
    " %s::numeric[], NULL, NULL, NULL)"
)

# What is asked for besides a sound transfer of 100 from `source` to `target`.
UNSOUND: dict[str, dict[str, Any]] = {
    "nothing": {"amount": "0"},
    "a half": {"amount": "-0.5"},
    "a part": {"amount": "-100.4"},
    "no number": {"amount": "NaN"},
    "without end": {"amount": "-Infinity"},
    "no amount": {"amount": None},
    "more than a total holds": {"amount": "-1e38"},
    "below the floor": {"amount": "1001"},
    "from nowhere": {"first": 99_999_999},
    "to nobody": {"second": None},
    "onto itself": {"second": "source"},
    "onto a closed balance": {"second": "closed"},
    "onto another currency": {"second": "euro"},
    "without a reference": {"reference": ""},
    "a used reference": {"reference": "used"},
    "in the future": {"effective_at": "2100-01-01"},
    "before all time": {"effective_at": "-infinity"},
    "before the calendar": {"effective_at": "0001-01-01 BC"},
    "by nobody there is": {"actor": 99_999_999},
}
UNSOUND_ENDS: dict[str, dict[str, Any]] = {
    "a part": {"amount": 99},
    "more": {"amount": 101},
    "of a posting": {"hold": "posted"},
    "of nothing": {"hold": 99_999_999},
    "in another way": {"kind": "POST"},
    "in no way": {"kind": None},
    "before its time is over": {"kind": "EXPIRY"},
    "without a reference": {"reference": ""},
    "a used reference": {"reference": "used"},
    "in the future": {"effective_at": "2100-01-01"},
    "before all time": {"effective_at": "-infinity"},
    "by nobody there is": {"actor": 99_999_999},
}


def _places(attacker: Attacker) -> dict[str, int]:
    """Balances and transactions by the names that the cases use."""
    opened = (
        "INSERT INTO balances_balance (public_id, ledger_id, currency, indicator, normal_side,"
        " metadata, credit_minor, debit_minor, inflight_credit_minor, inflight_debit_minor,"
        " entry_count, transaction_count, ledger_transaction_count)"
        " VALUES (gen_random_uuid(), %s, %s, '', 'CREDIT', '{}', 0, 0, 0, 0, 0, 0, 0) RETURNING id"
    )
    same = attacker.run("SELECT currency FROM balances_balance WHERE id = %s", attacker.source)
    closed = attacker.run(opened, attacker.ledger, same[0][0])[0][0]
    attacker.run("UPDATE balances_balance SET closed_at = now() WHERE id = %s", closed)
    euro = attacker.run(opened, attacker.ledger, "EUR")[0][0]
    pair = [attacker.source, attacker.target]
    held = attacker.run(HOLD, "used", pair, [-100, 100])[0][0]
    return {
        "source": attacker.source,
        "target": attacker.target,
        "closed": closed,
        "euro": euro,
        "held": held,
        "posted": attacker.posted,
    }


def _ask(attacker: Attacker, query: str, **asked: Any) -> list[Any]:
    """The ids of what was written; none where it was refused, with an error or without."""
    usual = {
        "reference": "straight",
        "effective_at": None,
        "expires_at": None,
        "actor": None,
        "first": "source",
        "second": "target",
        "hold": "held",
    }
    places = _places(attacker)
    before = attacker.books()
    values = {name: places.get(value, value) for name, value in {**usual, **asked}.items()}
    try:
        with attacker.connection.transaction():
            written = attacker.connection.execute(query, values).fetchall()
    except psycopg.Error:
        written = []
    assert (attacker.books() != before) == bool(written)
    return written


def _figures(attacker: Attacker) -> list[Any]:
    """What has been posted comes to, whichever way it went."""
    return attacker.run(
        "SELECT id, credit_minor, debit_minor, entry_count, transaction_count,"
        " ledger_transaction_count FROM balances_balance ORDER BY id"
    ) + attacker.run(
        "SELECT balance_id, ledger_id, position, direction, amount_minor, running_minor"
        " FROM transactions_entry ORDER BY id"
    )


@pytest.mark.parametrize("view", WRITE)
def test_sound_transfer_is_written(owner: Attacker, view: str) -> None:
    assert len(_ask(owner, WRITE[view], amount="-100")) == 1


@pytest.mark.parametrize("view", WRITE)
@pytest.mark.parametrize("unsound", UNSOUND.values(), ids=UNSOUND.keys())
def test_unsound_transfer_writes_nothing(
    owner: Attacker, view: str, unsound: dict[str, Any]
) -> None:
    assert _ask(owner, WRITE[view], **{"amount": "-100", **unsound}) == []


@pytest.mark.parametrize("expires_at", ["2001-01-01", "infinity", "10000-01-01"])
def test_hold_that_expires_at_no_time_to_come_writes_nothing(
    owner: Attacker, expires_at: str
) -> None:
    assert _ask(owner, WRITE["hold"], amount="-100", expires_at=expires_at) == []


@pytest.mark.parametrize("overdraft", [None, 0], ids=["straight", "general"])
def test_nothing_is_posted_before_the_calendar_begins(app: Attacker, overdraft: int | None) -> None:
    balances = _stage(app, {"effective_at": "-infinity", "overdraft": overdraft})

    for query, values in (
        (
            "SELECT transactions_post(NULL, 'old', '', '-infinity', '{}', %s::bigint[],"
            " '{-5,5}', NULL, %s)",
            (balances, overdraft),
        ),
        ("SELECT transactions_post_staged(%s::bigint[], false, NULL, NULL)", (balances,)),
    ):
        assert isinstance(app.refused(query, *values), errors.CheckViolation)


@pytest.mark.parametrize("kind", ["COMMIT", "VOID"])
def test_sound_end_of_a_hold_is_written(owner: Attacker, kind: str) -> None:
    assert len(_ask(owner, END, kind=kind, amount=None)) == 1


@pytest.mark.parametrize("unsound", UNSOUND_ENDS.values(), ids=UNSOUND_ENDS.keys())
def test_unsound_end_of_a_hold_writes_nothing(owner: Attacker, unsound: dict[str, Any]) -> None:
    assert _ask(owner, END, **{"kind": "COMMIT", "amount": None, **unsound}) == []


def test_hold_ends_once(owner: Attacker) -> None:
    places = _places(owner)
    values = {"hold": places["held"], "kind": "VOID", "amount": None, "actor": None}

    ends = [
        owner.connection.execute(
            END, {**values, "reference": f"end {number}", "effective_at": None}
        ).fetchall()
        for number in range(2)
    ]

    assert [len(end) for end in ends] == [1, 0]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("change", ["UPDATE {} SET reference = 'x'", "DELETE FROM {}"])
def test_there_is_nothing_to_change_in_a_view(owner: Attacker, view: str, change: str) -> None:
    error = owner.refused(change.format(view))

    assert isinstance(error, errors.ObjectNotInPrerequisiteState)


@pytest.mark.parametrize(
    ("view", "column"),
    [*((view, "reference") for view in VIEWS), ("transactions_straight_batch", "batch_id")],
)
def test_web_may_not_write_through_a_view(app: Attacker, view: str, column: str) -> None:
    error = app.refused(f"INSERT INTO {view} ({column}) VALUES (NULL)")

    assert isinstance(error, errors.InsufficientPrivilege)


@pytest.mark.parametrize("amount", [-100, 100, -1000, 1000])
@pytest.mark.parametrize("is_turned", [False, True])
def test_straight_posting_comes_to_what_the_general_path_comes_to(
    owner: Attacker, amount: int, is_turned: bool
) -> None:
    pair = [owner.source, owner.target][:: -1 if is_turned else 1]

    def figures(overdraft: int | None) -> list[Any]:
        with owner.connection.transaction(force_rollback=True):
            answer = owner.run(
                "SELECT outcome, culprit_id FROM transactions_post(NULL, 'P', '', NULL, '{}',"
                " %s::bigint[], %s::numeric[], NULL, %s)",
                pair,
                [amount, -amount],
                overdraft,
            )
            return answer + _figures(owner)

    # An overdraft, of nothing too, is for the general path.
    assert figures(None) == figures(0)


# Balances and amounts of one request among the staged, and what else it says.
UNSOUND_STAGED: dict[str, dict[str, Any]] = {
    "nothing": {"amounts": ["0", "0"]},
    "a part": {"amounts": ["-100.4", "100.4"]},
    "no number": {"amounts": ["NaN", "NaN"]},
    "more than is given": {"amounts": ["-100", "101"]},
    "three amounts": {"amounts": ["-100", "100", "5"]},
    "three legs": {"legs": [1, 2, 2], "amounts": ["-100", "50", "50"]},
    "onto itself": {"legs": [1, 1]},
    "an overdraft": {"overdraft": 0},
    "a rate": {"rate": 1},
    "before all time": {"effective_at": "-infinity"},
    "no reference": {"reference": ""},
    "no number of its own": {"ord": 1},
    "a number too low": {"ord": 0},
    "a number too high": {"ord": 3},
    "no number at all": {"ord": None},
    "balances in a table": {"legs": "{{1,2}}"},
    "balances from elsewhere on": {"legs": "[0:1]={1,2}"},
}


STAGED = ("ord", "reference", "effective_at", "legs", "amounts", "overdraft", "rate")


def _stage(attacker: Attacker, *requests: dict[str, Any]) -> list[int]:
    """The balances that the legs name by their places."""
    attacker.run("SELECT transactions_stage()")
    for number, request in enumerate(requests, 1):
        usual = {
            "ord": number,
            "reference": f"B{number}",
            "legs": [1, 2],
            "amounts": ["-100", "100"],
        }
        values = {**usual, "effective_at": None, "overdraft": None, "rate": None, **request}
        attacker.run(
            "INSERT INTO pg_temp.posting_request"
            " (ord, reference, effective_at, legs, amounts, overdraft, rate, description, metadata)"
            " VALUES (%s, %s, %s, %s::int[], %s::numeric[], %s, %s, '', '{}')",
            *(values[name] for name in STAGED),
        )
    return [attacker.source, attacker.target]


@pytest.mark.parametrize("unsound", UNSOUND_STAGED.values(), ids=UNSOUND_STAGED.keys())
def test_batch_with_more_than_sound_transfers_writes_nothing_straight(
    owner: Attacker, unsound: dict[str, Any]
) -> None:
    balances = _stage(owner, {}, unsound)
    before = owner.books()

    assert owner.run(BATCH, balances, None) == []
    assert owner.books() == before


def test_batch_by_nobody_there_is_writes_nothing_straight(owner: Attacker) -> None:
    assert owner.run(BATCH, _stage(owner, {}), 99_999_999) == []


@pytest.mark.parametrize("twice", [(1, 2), (1, 1)], ids=["both places", "one place"])
def test_batch_that_names_a_balance_twice_keeps_the_books_whole(
    owner: Attacker, twice: tuple[int, int]
) -> None:
    _stage(owner, {"legs": [3, twice[0]]}, {"legs": [3, twice[1]]})
    before = owner.books()
    balances = [owner.source, owner.source, owner.target]

    try:
        with owner.connection.transaction():
            owner.run(BATCH, balances, None)
    except errors.UniqueViolation:
        assert owner.books() == before
    sums = owner.run(
        "SELECT b.credit_minor - b.debit_minor = sum(e.direction * e.amount_minor),"
        " b.entry_count = count(*), b.transaction_count = count(DISTINCT e.transaction_id)"
        " FROM balances_balance AS b JOIN transactions_entry AS e ON e.balance_id = b.id"
        " GROUP BY b.id"
    )
    assert set(sums) == {(True, True, True)}


@pytest.mark.parametrize("overdraft", [None, 0], ids=["straight", "general"])
def test_batch_counts_its_balances_from_one_whatever_the_caller_counts_from(
    app: Attacker, overdraft: int | None
) -> None:
    source, target = _stage(app, {"overdraft": overdraft})
    other = app.run("SELECT max(id) FROM balances_balance")[0][0]

    outcome = app.run(
        "SELECT outcome FROM transactions_post_staged(%s::bigint[], false, NULL, NULL)",
        f"[0:2]={{{source},{target},{other}}}",
    )

    assert outcome == [("posted",)]
    assert app.run(
        "SELECT balance_id, amount_minor FROM transactions_entry AS e"
        " JOIN transactions_transaction AS t ON t.id = e.transaction_id"
        " WHERE t.reference = 'B1' ORDER BY e.id"
    ) == [(source, 100), (target, 100)]
    with app.connection.cursor() as cursor:
        assert mismatches(cursor) == {}


@pytest.mark.parametrize("is_atomic", [False, True])
def test_straight_batch_comes_to_what_the_general_path_comes_to(
    owner: Attacker, is_atomic: bool
) -> None:
    apart = owner.run(
        "SELECT id FROM balances_balance WHERE ledger_id <> %s AND currency = ("
        "SELECT currency FROM balances_balance WHERE id = %s) ORDER BY id LIMIT 1",
        owner.ledger,
        owner.source,
    )
    requests: list[dict[str, Any]] = [
        {},
        {"legs": [2, 1], "amounts": ["-700", "700"]},
        {"legs": [2, 1], "amounts": ["-5000", "5000"]},
        {"legs": [1, 2], "amounts": ["30", "-30"]},
        {"legs": [1, 9]},
        *({"legs": [3, 2]} for _ in apart),
    ]

    def figures(overdraft: int | None) -> list[Any]:
        with owner.connection.transaction(force_rollback=True):
            balances = _stage(owner, *requests[:-1], {**requests[-1], "overdraft": overdraft})
            balances += [row[0] for row in apart]
            answers = owner.run(
                "SELECT ord, outcome, culprit_id"
                " FROM transactions_post_staged(%s, %s, NULL, NULL) ORDER BY ord",
                balances,
                is_atomic,
            )
            return answers + _figures(owner)

    # An overdraft, of nothing too, is for the general path.
    assert figures(None) == figures(0)
