"""The views through which two legs are written: each row decides for itself, whoever inserts it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.attacks.conftest import Attacker
from tests.books import mismatches

VIEWS = ("transactions_straight_post", "transactions_straight_hold", "transactions_straight_end")
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


@pytest.fixture(params=["owner post", "owner hold", "app post"])
def writing(request: pytest.FixtureRequest) -> tuple[Attacker, str]:
    """Somebody, and a way to write that is open to them."""
    role, view = request.param.split()
    return request.getfixturevalue(role), WRITE[view]


def test_sound_transfer_is_written(writing: tuple[Attacker, str]) -> None:
    assert len(_ask(*writing, amount="-100")) == 1


@pytest.mark.parametrize("unsound", UNSOUND.values(), ids=UNSOUND.keys())
def test_unsound_transfer_writes_nothing(
    writing: tuple[Attacker, str], unsound: dict[str, Any]
) -> None:
    assert _ask(*writing, **{"amount": "-100", **unsound}) == []


WITH_ID = WRITE["post"].replace("(\n            reference", "(id, reference")
WITH_ID = WITH_ID.replace("VALUES (", "VALUES (%(id)s, ")


@pytest.mark.parametrize("unsound", UNSOUND.values(), ids=UNSOUND.keys())
def test_unsound_transfer_with_an_id_writes_nothing(
    owner: Attacker, unsound: dict[str, Any]
) -> None:
    assert _ask(owner, WITH_ID, **{"id": 7, "amount": "-100", **unsound}) == []


def test_id_is_not_the_callers_to_choose(owner: Attacker) -> None:
    assert _ask(owner, WITH_ID, id=7, amount="-100") != [(7,)]


def test_rows_of_one_statement_are_decided_one_after_another(app: Attacker) -> None:
    rows = app.run(
        "INSERT INTO transactions_straight_post"
        " (reference, description, metadata, first_id, second_id, amount)"
        " SELECT 'row ' || n, '', '{}', %s, %s, -400 FROM generate_series(1, 3) AS n RETURNING id",
        app.target,
        app.source,
    )

    # Of 1,000, above a floor of nothing.
    assert len(rows) == 2
    assert mismatches(app.connection.cursor()) == {}


@pytest.mark.parametrize("kind", ["TABLE", "VIEW"])
def test_web_cannot_hang_the_trigger_on_something_of_its_own(app: Attacker, kind: str) -> None:
    app.run(f"CREATE TEMP {kind} mine AS SELECT * FROM transactions_straight_post")
    when = "BEFORE" if kind == "TABLE" else "INSTEAD OF"

    error = app.refused(
        f"CREATE TRIGGER mine {when} INSERT ON pg_temp.mine"
        " FOR EACH ROW EXECUTE FUNCTION transactions_post_straight()"
    )

    assert isinstance(error, errors.InsufficientPrivilege)


@pytest.mark.parametrize("expires_at", ["2001-01-01", "infinity", "10000-01-01"])
def test_hold_that_expires_at_no_time_to_come_writes_nothing(
    owner: Attacker, expires_at: str
) -> None:
    assert _ask(owner, WRITE["hold"], amount="-100", expires_at=expires_at) == []


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
    [
        ("transactions_straight_post", "id"),
        ("transactions_straight_hold", "reference"),
        ("transactions_straight_end", "reference"),
        ("transactions_straight_batch", "batch_id"),
    ],
)
def test_web_may_write_through_no_more_than_the_view_of_postings(
    app: Attacker, view: str, column: str
) -> None:
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
            return answer + owner.figures()

    # An overdraft, of nothing too, is for the general path.
    assert figures(None) == figures(0)
