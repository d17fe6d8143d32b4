"""What was changed on one record, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from audit.words import FIELDS, name_action
from web.formatting import time_tag
from web.statements import fetch_all
from web.text import isolate

TOLD = {"renamed", "changed", "metadata_changed"}
# Of these one field says it all: which record it is, how many, or why not.
SAID = {
    **dict.fromkeys(("committed", "voided", "expired", "reversed", "refunded"), "reference"),
    "batch_reversed": "count",
    "batch_refused": "reason",
}
EMPTY: tuple[Any, ...] = (None, "", [], {})
TEXT_LENGTH_MAX = 60
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
    parameters = {"subjects": list(subjects), "size": size}
    return [_line(*row) for row in fetch_all(LATEST, parameters)]


def _line(
    subject: str,
    when: datetime,
    who: str,
    action: str,
    *values: str | None,
) -> HistoryLine:
    before, after = (json.loads(value or "{}") for value in values)
    verb = action.partition(".")[2]
    changes = describe_changes(action, before, after) if verb in {*SAID, *TOLD} else ()
    return HistoryLine(subject, time_tag(when), name_actor(who), name_action(action), changes)


def name_actor(name: str) -> str:
    """Who did it; what a command did is kept as "system": see `audit.recording`."""
    return _("system") if name == "system" else name


def describe_changes(
    action: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[str, ...]:
    """What an event tells of its record, in words."""
    verb = action.partition(".")[2]
    if verb in SAID:
        return (str(after.get(SAID[verb], "")),)
    return _changes(before, after, {} if verb == "metadata_changed" else FIELDS)


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, Any]
) -> tuple[str, ...]:
    """What differs, key by key; what is new and empty differs from nothing."""
    told = []
    for key in sorted(before.keys() | after.keys()):
        values = {
            "key": _short(str(labels.get(key, key))),
            "old": _short(before.get(key)),
            "new": _short(after.get(key)),
        }
        if key not in after:
            told.append(_("%(key)s removed, was “%(old)s”") % values)
        elif key not in before and after[key] not in EMPTY:
            told.append(_("%(key)s: “%(new)s”") % values)
        elif key in before and before[key] != after[key]:
            told.append(_("%(key)s: “%(old)s” → “%(new)s”") % values)
    return tuple(told)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return isolate(text if len(text) <= TEXT_LENGTH_MAX else f"{text[:TEXT_LENGTH_MAX]}…")
