"""What audit events call exports: by what was exported, which is where they lead."""

from __future__ import annotations

from uuid import UUID

from audit.naming import name_records
from exports.models import Export
from web.tables.definition import find_table
from web.tables.tabs import table_url


def register() -> None:
    name_records("exp", Export, "table", "kind", "query", say=_name_export, address=_table_address)


def _name_export(table: str, kind: str, _query: str) -> str:
    found = find_table(table)
    return f"{found.title if found else table}, {kind.upper()}"


def _table_address(_key: UUID, table: str, _kind: str, query: str) -> str:
    """The table as it was exported."""
    found = find_table(table)
    return table_url(found, query) if found else ""
