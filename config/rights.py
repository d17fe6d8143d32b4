"""What the role of the web may do in the database."""

from __future__ import annotations

from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

RIGHTS = Path(__file__).parent / "sql" / "rights.sql"


def grant_rights(connection: BaseDatabaseWrapper, role: str) -> None:
    """Give `role` exactly the rights of `rights.sql`, in which it is named `{role}`.

    `connection` is that of the tables' owner.
    """
    quoted = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS.read_text().replace("{role}", quoted))
