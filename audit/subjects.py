"""Which records an audit event says something new of, for tables that are told of it."""

from __future__ import annotations

AUDIT = "audit_auditevent"
# The public id of the subject of an event that was `added`; null if it is a record of another kind.
PUBLIC_ID = """
CASE WHEN added.subject ~ '^{prefix}_[0-9a-f-]{{36}}$' THEN substr(added.subject, 5)::uuid END
"""
OF_TABLE = "SELECT id FROM {table} WHERE public_id = {public_id}"


def by_subject(table: str, prefix: str) -> str:
    """The subject of an event, if that is a record of this table, for `Table.changed_by`.

    `prefix` is that of its keys, such as "ldg".
    """
    return OF_TABLE.format(table=table, public_id=subject_id(prefix))


def subject_id(prefix: str) -> str:
    """SQL for the public id of the subject, if its key has this prefix."""
    return PUBLIC_ID.format(prefix=prefix)
