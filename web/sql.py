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


def run_sql_again(migration_file: str, *names: str) -> migrations.RunSQL:
    """Install again what earlier migrations of the app made, as their files now say.

    Functions and triggers have one file each, which is changed in place; a
    migration that calls this brings databases up to date that ran the file
    before. SQL beside the migration, if there is any, runs first: it drops what is gone, or
    makes what is new, which its `.down.sql` takes away.
    """
    folder, own = Path(migration_file).parent / "sql", Path(migration_file).stem
    beside, back = folder / f"{own}.up.sql", folder / f"{own}.down.sql"
    files = [folder / f"{name}.up.sql" for name in names]
    return migrations.RunSQL(
        [file.read_text() for file in ([beside] if beside.exists() else []) + files],
        back.read_text() if back.exists() else migrations.RunSQL.noop,
    )
