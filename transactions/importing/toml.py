"""Taking a TOML table apart, with errors that say where and what to change."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from transactions.importing.templates import Template, TemplateError, parse_template

Choice = TypeVar("Choice", bound=StrEnum)
Kind = TypeVar("Kind")


class MappingError(Exception):
    """The mapping cannot be used; the message names the place and the reason."""


class Section:
    """One table of the file. Keys are taken one by one; `finish` refuses any left over."""

    def __init__(self, name: str, table: Mapping[str, Any]) -> None:
        self.name = name
        self._table = dict(table)
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def error(self, message: str) -> MappingError:
        return MappingError(f"[{self.name}] {message}" if self.name else message)

    def take(self, key: str, kind: type[Kind], default: Kind | None = None) -> Kind:
        """The value of `key`; without a default it must be there.

        Raises:
            MappingError: it is missing, or of another kind.
        """
        self._known.append(key)
        value = self._table.pop(key, default)
        if value is None:
            raise self.error(_("%(key)s is missing") % {"key": key})
        if not isinstance(value, kind):
            raise self.error(
                _("%(key)s must be %(kind)s, not %(value)r")
                % {"key": key, "kind": _name(kind), "value": value}
            )
        return value

    def text(self, key: str, default: str | None = None) -> str:
        text = self.take(key, str, default)
        if "\0" in text:
            raise self.error(_("%(key)s holds a character that no text may hold") % {"key": key})
        return text

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        values = self.take(key, list, None if default is None else list(default))
        if not all(isinstance(value, str) and value for value in values):
            raise self.error(_("%(key)s must be a list of texts") % {"key": key})
        return tuple(values)

    def choice(self, key: str, default: Choice) -> Choice:
        value = self.text(key, default)
        choices = type(default)
        if value not in list(choices):
            raise self.error(
                _("%(key)s must be one of %(choices)s, not %(value)r")
                % {
                    "key": key,
                    "choices": ", ".join(f'"{each}"' for each in choices),
                    "value": value,
                }
            )
        return choices(value)

    def template(self, key: str, default: str | None = None) -> Template:
        text = self.text(key, default)
        try:
            return parse_template(text)
        except TemplateError as error:
            raise self.error(f"{key}: {error}") from error

    def section(self, key: str, default: Mapping[str, Any] | None = None) -> Section:
        name = f"{self.name}.{key}" if self.name else key
        return Section(name, self.take(key, dict, None if default is None else dict(default)))

    def sections(self, key: str) -> list[Section]:
        tables = self.take(key, list, [])
        if not all(isinstance(table, dict) for table in tables):
            raise self.error(_("%(key)s must be a list of tables") % {"key": key})
        return [Section(f"{self.name}.{key}", table) for table in tables]

    def rest(self) -> dict[str, Any]:
        """All that is left, where the file chooses the keys."""
        rest, self._table = self._table, {}
        return rest

    def finish(self) -> None:
        for key in self._table:
            near = difflib.get_close_matches(key, self._known, 1)
            hint = _("; did you mean %(key)s?") % {"key": near[0]} if near else ""
            raise self.error(_("%(key)s is not known") % {"key": key} + hint)


def _name(kind: type) -> str:
    names = {
        str: _("a text"),
        bool: _("true or false"),
        list: _("a list"),
        dict: _("a table"),
        dt.date: _("a date, such as 2014-06-30"),
        dt.time: _("a time, such as 12:00:00"),
    }
    return names[kind]
