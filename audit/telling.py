"""What events hold, in words, as those say it who know: an amount has a currency, a key a name.

An app that knows says how when it is loaded::

    tell("balance.floor_minor", tell_floors)

A teller is given all that a page shows of its field, in order, so that looking up what it needs
takes one statement however many events there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Model, TextChoices
from django.utils.translation import gettext as _

from audit.words import FIELDS, MANY
from web.converters import parse_key
from web.formatting import format_count, format_datetime_full
from web.tables.definition import find_table
from web.text import isolate

METADATA = "metadata"
TEXT_LENGTH_MAX = 60


@dataclass(frozen=True, slots=True)
class Event:
    """What an audit event says of its record."""

    action: str
    subject: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def thing(self) -> str:
        """The kind of record, also where it is about many."""
        name = self.action.partition(".")[0]
        return MANY.get(name, name)

    @property
    def verb(self) -> str:
        return self.action.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Held:
    """A value of an event, and what stands beside it: before, or after.

    `is_plain` asks for whole texts, with numbers and moments as programs read them.
    """

    value: Any
    subject: str
    beside: Mapping[str, Any]
    is_plain: bool


# A text; or several by their labels, where the value has parts.
Said = str | Mapping[str, str]
Teller = Callable[[Sequence[Held]], Sequence[Said]]
_TELLERS: dict[str, Teller] = {}


def tell(field: str, teller: Teller) -> None:
    """Let `teller` say the values of a field, of all records or of one kind: `balance.ledger`."""
    _TELLERS[field] = teller


def tell_choices(field: str, choices: type[TextChoices]) -> None:
    """Say the values of a field as people choose them."""
    labels = dict(choices.choices)
    tell(field, lambda held: [str(labels.get(each.value, each.value or "")) for each in held])


def tell_records(
    field: str, model: type[Model], prefix: str, *, name: str = "name", is_number: bool = False
) -> None:
    """Say which records the values name: what people call them now, and their public keys.

    The values are keys that begin with `prefix`, or numbers.
    """

    def tell_them(held: Sequence[Held]) -> list[str]:
        ids = {_id_of(each, prefix, is_number=is_number) for each in held} - {None}
        lookup = "pk" if is_number else "public_id"
        asked = model._default_manager.filter(**{f"{lookup}__in": ids}) if ids else ()
        found = {getattr(each, lookup): each for each in asked}
        return [
            _say_record(each, found.get(_id_of(each, prefix, is_number=is_number)), prefix, name)
            for each in held
        ]

    tell(field, tell_them)


def _id_of(held: Held, prefix: str, *, is_number: bool) -> int | UUID | None:
    return held.value if is_number else parse_key(held.value or "", prefix)


def _say_record(held: Held, record: Any, prefix: str, name: str) -> str:
    if record is None:
        return _plainly(held)
    return f"{say(getattr(record, name), held)}, {prefix}_{record.public_id}"


def describe_events(events: Sequence[Event], *, is_plain: bool = False) -> list[tuple[str, ...]]:
    """Each change of each event in words: what was before, and what is after."""
    sides = [(event, values) for event in events for values in (event.before, event.after)]
    said = _say_sides(sides, is_plain=is_plain)
    pairs = zip(said[::2], said[1::2], strict=True)
    return [tuple(_compare(before, after)) for before, after in pairs]


class _Line(NamedTuple):
    """A field in words; `value` is what it is compared by, since its text may be cut."""

    label: str
    text: str
    value: Any


def _compare(before: Mapping[str, _Line], after: Mapping[str, _Line]) -> Iterator[str]:
    """What differs, key by key; what is new and empty differs from nothing."""
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old is None and new is not None and new.text:
            yield _("%(key)s: “%(new)s”") % {"key": new.label, "new": new.text}
        elif old is not None and new is None:
            yield _("%(key)s removed, was “%(old)s”") % {"key": old.label, "old": old.text}
        elif old is not None and new is not None and old.value != new.value:
            values = {"key": old.label, "old": old.text, "new": new.text}
            yield _("%(key)s: “%(old)s” → “%(new)s”") % values


def _say_sides(
    sides: Sequence[tuple[Event, Mapping[str, Any]]], *, is_plain: bool
) -> list[dict[str, _Line]]:
    """The lines of each side, by the names of fields."""
    said: list[dict[str, _Line]] = [{} for _side in sides]
    asked: dict[Teller, list[tuple[int, str, Held]]] = {}
    for number, (event, values) in enumerate(sides):
        for name, value in values.items():
            held = Held(value, event.subject, values, is_plain)
            if event.verb == "metadata_changed":
                said[number][name] = _Line(say(name, held), say(value, held), value)
            else:
                asked.setdefault(_teller_of(event, name), []).append((number, name, held))
    for teller, found in asked.items():
        texts = teller([held for _number, _name, held in found])
        for (number, name, held), text in zip(found, texts, strict=True):
            said[number] |= _lines(name, held.value, text)
    return said


def _lines(name: str, value: Any, said: Said) -> dict[str, _Line]:
    if isinstance(said, str):
        return {name: _Line(_label(name), said, value)}
    return {f"{name}.{label}": _Line(label, text, text) for label, text in said.items()}


def _teller_of(event: Event, name: str) -> Teller:
    return _TELLERS.get(f"{event.thing}.{name}") or _TELLERS.get(name, _tell_plainly)


def _label(name: str) -> str:
    return str(FIELDS.get(name, name))


def _tell_plainly(held: Sequence[Held]) -> list[str]:
    return [_plainly(each) for each in held]


def _plainly(held: Held) -> str:
    value = held.value
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int) and not held.is_plain:
        return format_count(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    return say(value, held)


def say(value: Any, held: Held) -> str:
    """A text or JSON; on a page its beginning, and what it does to the direction stays inside."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if held.is_plain:
        return text
    return isolate(text if len(text) <= TEXT_LENGTH_MAX else f"{text[:TEXT_LENGTH_MAX]}…")


def say_moment(text: str, held: Held) -> str:
    """A moment in ISO 8601; on a page as people read it."""
    return text if held.is_plain else format_datetime_full(datetime.fromisoformat(text))


def _tell_moments(held: Sequence[Held]) -> list[str]:
    return [say_moment(each.value, each) if each.value else "" for each in held]


def say_metadata(metadata: Mapping[str, Any], held: Held) -> dict[str, str]:
    """Each key by itself."""
    label = _label(METADATA)
    return {f"{label}, {say(key, held)}": say(value, held) for key, value in metadata.items()}


def _tell_metadata(held: Sequence[Held]) -> list[Said]:
    return [say_metadata(each.value or {}, each) for each in held]


def _tell_tables(held: Sequence[Held]) -> list[str]:
    tables = [(find_table(str(each.value)), each) for each in held]
    return [str(table.title) if table else _plainly(each) for table, each in tables]


def _tell_formats(held: Sequence[Held]) -> list[str]:
    return [str(each.value).upper() for each in held]


tell("due_at", _tell_moments)
tell(METADATA, _tell_metadata)
tell("table", _tell_tables)
tell("format", _tell_formats)
