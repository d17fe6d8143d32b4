"""The posting function writes nothing when it is called in ways that make no sense."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.attacks.conftest import POST, Attacker, app

__all__ = ["app"]

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
