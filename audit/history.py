"""What was changed on one record, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from audit.telling import Event, describe_events
from audit.words import name_action
from web.formatting import time_tag
from web.statements import fetch_all

TOLD = {"renamed", "changed", "metadata_changed"}
# Of these one field says it all: which record it is, how many, or why not.
SAID = {
    **dict.fromkeys(("committed", "voided", "expired", "reversed", "refunded"), "reference"),
    "batch_reversed": "count",
    "batch_refused": "reason",
}
# Each by its own look into the index: together they might be sought among all events.
LATEST = """
SELECT e.subject, e.created_at, e.actor_name, e.action, e.before::text, e.after::text
FROM unnest(%(subjects)s::text[]) AS s (subject)
CROSS JOIN LATERAL (
    SELECT * FROM audit_auditevent AS e WHERE e.subject = s.subject
    ORDER BY e.id DESC LIMIT %(size)s
) AS e
ORDER BY e.id DESC LIMIT %(size)s
"""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event: when, who, what, and each change in words; `subject` is the record's key."""

    subject: str
    when: SafeString | str
    who: str
    what: str
    changes: tuple[str, ...]


def latest_events(*subjects: str, size: int = 10) -> list[HistoryLine]:
    """The newest audit events of the records with these public keys (`ldg_…`)."""
    rows = fetch_all(LATEST, {"subjects": list(subjects), "size": size})
    events = [_event(*row) for row in rows]
    told = [event for event in events if event.verb in TOLD]
    described = dict(zip(map(id, told), describe_events(told), strict=True))
    return [
        HistoryLine(
            event.subject,
            time_tag(row[1]),
            name_actor(row[2]),
            name_action(event.action),
            described.get(id(event)) or _what_it_said(event),
        )
        for row, event in zip(rows, events, strict=True)
    ]


def _event(
    subject: str, _when: datetime, _who: str, action: str, before: str | None, after: str | None
) -> Event:
    return Event(action, subject, json.loads(before or "{}"), json.loads(after or "{}"))


def _what_it_said(event: Event) -> tuple[str, ...]:
    return (str(event.after.get(SAID[event.verb], "")),) if event.verb in SAID else ()


def name_actor(name: str) -> str:
    """Who did it; what a command did is kept as "system": see `audit.recording`."""
    return _("system") if name == "system" else name
