"""A balance starts at zero, and closes at zero, whoever writes it."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import errors

from tests.attacks.conftest import POST, Attacker, app, owner
from tests.transactions.forging import filled, forge

__all__ = ["app", "owner"]

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


CLOSE = "UPDATE balances_balance SET closed_at = now() WHERE id = %s"


def test_entry_on_a_closed_balance_is_refused(owner: Attacker) -> None:
    owner.run(POST, "back", [owner.target, owner.source], [-1000, 1000])
    owner.run(CLOSE, owner.target)

    error = owner.refused(filled(owner, forge(positions=(4, 4), running=(-100, 100))))

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
