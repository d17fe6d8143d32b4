"""The view through which a batch of two legs each is written, whoever inserts into it."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import errors

from tests.attacks.conftest import Attacker
from tests.books import mismatches

BATCH = """
    INSERT INTO transactions_straight_batch (balances, is_atomic, actor_id)
    VALUES (%s, false, %s) RETURNING outcomes"""

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
            return answers + owner.figures()

    # An overdraft, of nothing too, is for the general path.
    assert figures(None) == figures(0)
