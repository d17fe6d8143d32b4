"""Why the database refused, from what the driver tells beside Django's error."""

from __future__ import annotations

from django.db import DatabaseError
from psycopg.errors import DeadlockDetected, LockNotAvailable


def constraint_of(error: DatabaseError) -> str | None:
    """The name of the constraint that was violated, be it a real one or a trigger's."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)


def is_busy(error: DatabaseError) -> bool:
    """Whether others held a lock for too long; trying again is safe."""
    return isinstance(error.__cause__, LockNotAvailable | DeadlockDetected)
