"""Texts made from the columns of a row, such as `oxford-{voucher}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from django.utils.translation import gettext as _


class TemplateError(ValueError):
    """The text is not a template; the message says why."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text with the names of columns in braces; `names` are those, in order."""

    text: str
    names: tuple[str, ...]

    def render(self, values: Mapping[str, str]) -> str:
        """The text with each name replaced by its value."""
        if not self.names:
            return self.text
        if len(self.names) == 1 and self.text[0] == "{" and self.text[-1] == "}":
            return values[self.names[0]]
        return self.text.format_map(values)


def parse_template(text: str) -> Template:
    """Read a template that holds plain names in braces and nothing more.

    Raises:
        TemplateError: unpaired or doubled braces, or more than a name in them.
    """
    if "{{" in text or "}}" in text:
        raise TemplateError(_("%r: a text cannot hold braces") % text)
    names = []
    try:
        for _before, name, specification, conversion in Formatter().parse(text):
            if name is None:
                continue
            if not name.isidentifier() or specification or conversion:
                raise TemplateError(_("%r: only a column's name may stand in braces") % text)
            names.append(name)
    except ValueError as error:
        raise TemplateError(f"{text!r}: {error}") from error
    return Template(text, tuple(names))
