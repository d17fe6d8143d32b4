"""What people call the records of audit events now, as the apps that keep them know it.

An app says so when it is loaded::

    name_records("ldg", Ledger, "name", page="ledgers:detail")

Where a page of its own would not do, it gives an `address`, made of the key and the fields.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Model

from web.addresses import url_of
from web.converters import parse_key


class Named(NamedTuple):
    """What a record is called, its page, and its panel beside a table; "" if it has none."""

    name: str
    url: str
    quick: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How records whose keys begin with `prefix` are found and named."""

    prefix: str
    model: type[Model]
    fields: tuple[str, ...]
    by: str
    say: Callable[..., str]
    address: Callable[..., str]
    has_quick: bool

    def id_of(self, subject: str) -> UUID | int | str | None:
        if self.by == "subject":
            return subject
        if self.by == "public_id":
            return parse_key(subject, self.prefix)
        number = subject.removeprefix(f"{self.prefix}_")
        return int(number) if number.isascii() and number.isdecimal() else None

    def find(self, ids: Collection[UUID | int | str]) -> dict[Any, Named]:
        rows = self.model._default_manager.filter(**{f"{self.by}__in": ids})
        return {
            key: self._name(key, *values)
            for key, *values in rows.values_list(self.by, *self.fields)
        }

    def _name(self, key: Any, *values: Any) -> Named:
        url = self.address(key, *values)
        return Named(self.say(*values), url, f"{url}quick/" if self.has_quick else "")


_KINDS: dict[str, _Kind] = {}


def name_records(  # noqa: PLR0913
    prefix: str,
    model: type[Model],
    *fields: str,
    page: str = "",
    by: str = "public_id",
    say: Callable[..., str] = str,
    address: Callable[..., str] | None = None,
) -> None:
    """Name records by what `say` makes of these fields, on the page of that name.

    Whatever has a page of its own has a panel, too, at `quick/` below it.
    Their keys are the prefix with what is unique in `by`; or the whole key is, for "subject".
    """

    def own_page(key: UUID, *_values: object) -> str:
        return url_of(page, key) if page else ""

    _KINDS[prefix] = _Kind(prefix, model, fields, by, say, address or own_page, bool(page))


def find_named(subjects: Iterable[str]) -> dict[str, Named]:
    """Those of these subjects of events that have a name, in one statement for each kind."""
    asked: dict[_Kind, dict[str, UUID | int | str]] = {}
    for subject in subjects:
        kind = _KINDS.get(subject.partition("_")[0])
        key = kind.id_of(subject) if kind else None
        if kind is not None and key is not None:
            asked.setdefault(kind, {})[subject] = key
    named: dict[str, Named] = {}
    for kind, keys in asked.items():
        found = kind.find(set(keys.values()))
        named |= {subject: found[key] for subject, key in keys.items() if key in found}
    return named
