from __future__ import annotations

from django.db import InterfaceError, OperationalError

# Of PostgreSQL's error codes: no connection, none to be had, and a server that stops or starts.
LOST = ("08", "53", "57P")


def is_database_lost(error: BaseException | None) -> bool:
    """Whether there is no connection to the database; one that only refused has an own code."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(LOST)
