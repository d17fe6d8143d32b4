"""What a transactions table tells on demand: one statement, if one of these columns stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from web.statements import fetch_all

COLUMNS = frozenset({"created", "created_by", "parent", "batch", "kind"})
DETAILS = """
SELECT t.id, t.kind, t.created_at, u.username, t.batch_id::text, p.public_id::text, p.reference,
       CASE WHEN %(metadata)s THEN t.metadata::text END
FROM transactions_transaction AS t
LEFT JOIN users_user AS u ON u.id = t.actor_id
LEFT JOIN transactions_transaction AS p ON p.id = coalesce(t.parent_id, t.reverses_id)
WHERE t.id = ANY (%(ids)s)
"""


class Details(NamedTuple):
    """`parent` is the public id of the transaction that this one follows."""

    kind: str
    created_at: datetime
    actor: str
    batch: str
    parent: str
    parent_reference: str
    metadata: dict[str, Any]


def read_details(transaction_ids: Sequence[int], *, has_metadata: bool) -> dict[int, Details]:
    """By the primary keys of the transactions; `metadata` is empty unless asked for."""
    rows = fetch_all(DETAILS, {"ids": list(transaction_ids), "metadata": has_metadata})
    return {
        pk: Details(
            kind,
            created_at,
            actor or "",
            batch or "",
            parent or "",
            reference or "",
            json.loads(metadata or "{}"),
        )
        for pk, kind, created_at, actor, batch, parent, reference, metadata in rows
    }
