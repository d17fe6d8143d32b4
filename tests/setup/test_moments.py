from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

pytestmark = pytest.mark.django_db


def read(moment: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [moment])
        value: datetime = cursor.fetchone()[0]
    return value


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-01-03 09:14:07+00", datetime(2025, 1, 3, 9, 14, 7, tzinfo=UTC)),
        ("2025-01-03 09:14:07.000001+05:30", datetime(2025, 1, 3, 3, 44, 7, 1, tzinfo=UTC)),
        ("2025-01-03 09:14:07.5-11", datetime(2025, 1, 3, 20, 14, 7, 500_000, tzinfo=UTC)),
        ("0001-01-01 00:00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:59:59.999999+00", datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_moments_are_read_exactly_and_in_utc(written: str, moment: datetime) -> None:
    assert read(written) == moment
    assert read(written).tzinfo is UTC


@pytest.mark.parametrize(
    "moment", ["infinity", "-infinity", "0044-03-15 12:00+00 BC", "10000-01-01"]
)
def test_moment_that_python_cannot_hold_is_refused(moment: str) -> None:
    with pytest.raises(DataError):
        read(moment)
