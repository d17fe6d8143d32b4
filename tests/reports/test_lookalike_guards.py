"""What the database refuses by itself about possible duplicates."""

from __future__ import annotations

import psycopg
import pytest

from reports.lookalikes import find_lookalikes
from reports.models import Lookalike
from reports.rolling import roll_up_days
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer


def test_database_keeps_what_was_found(own_database: OwnDatabase) -> None:
    source, destination = make_balance(floor_minor=None), make_balance(floor_minor=None)
    post_transfer(source=source, destination=destination)
    post_transfer(source=source, destination=destination)
    roll_up_days()
    find_lookalikes()
    assert Lookalike.objects.count() == 1

    for statement, error in {
        "UPDATE reports_lookalike SET earlier_id = 0": psycopg.errors.CheckViolation,
        "UPDATE reports_lookalike SET dismissed_at = NULL": psycopg.errors.CheckViolation,
        "DELETE FROM reports_lookalike": psycopg.errors.IntegrityError,
        "TRUNCATE reports_lookalike": psycopg.errors.IntegrityError,
    }.items():
        with own_database.owner() as raw, pytest.raises(error):
            raw.execute(statement)
