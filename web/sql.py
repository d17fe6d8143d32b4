"""Migrations whose SQL lies beside them: `sql/<same name>.up.sql` and `.down.sql`."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations


def run_sql_beside(migration_file: str) -> migrations.RunSQL:
    """The operation for the migration module at `migration_file` (its `__file__`)."""
    path = Path(migration_file)
    return migrations.RunSQL(
        (path.parent / "sql" / f"{path.stem}.up.sql").read_text(),
        (path.parent / "sql" / f"{path.stem}.down.sql").read_text(),
    )
