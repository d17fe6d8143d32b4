"""Extra information on a record: rows of key and value, and JSON for what is nested.

`MetadataField` (create) and `MetadataEditField` (edit) read these inputs of a form:

* `<name>_key`, `<name>_value`: repeated, one pair per row; the values are strings;
* `<name>_json`: a JSON object with whatever rows cannot hold;
* `<name>_shown`: the keys an edit form was opened with (hidden, repeated), so that a key
  taken out of the form is removed and a key that was never shown is kept.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NoReturn

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

BYTES_MAX = 64 * 1024
DEPTH_MAX = 20
KEY_LENGTH_MAX = 200
EMPTY_ROWS = 2
LINE_BREAKS = "\n\r\t"


@dataclass(frozen=True, slots=True)
class MetadataInput:
    """What stands in the inputs, unchecked."""

    rows: tuple[tuple[str, str], ...] = ()
    json_text: str = ""
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataEdit:
    """A change to a record's metadata: set `values`, drop the keys in `removed`."""

    values: dict[str, Any]
    removed: frozenset[str]


def split_metadata(metadata: Mapping[str, Any], *, editing: bool = False) -> MetadataInput:
    """Lay stored metadata out for the form: strings in rows, everything else as JSON."""
    rows = tuple((key, value) for key, value in metadata.items() if isinstance(value, str))
    rest = {key: value for key, value in metadata.items() if not isinstance(value, str)}
    json_text = json.dumps(rest, indent=2, ensure_ascii=False) if rest else ""
    return MetadataInput(rows, json_text, tuple(metadata) if editing else ())


def parse_metadata(given: MetadataInput) -> dict[str, Any]:
    """Join rows and JSON into one dict.

    Raises:
        ValidationError: with every reason, fit for the person who typed it.
    """
    errors: list[str] = []
    metadata: dict[str, Any] = {}
    try:
        metadata |= parse_json_object(given.json_text)
    except ValidationError as error:
        errors += error.messages
    for key, value in _filled_rows(given.rows):
        if not key:
            errors.append(_("“%(value)s” needs a key.") % {"value": _short(value)})
            continue
        if key in metadata:
            errors.append(_("The key “%(key)s” is given twice.") % {"key": _short(key)})
        metadata[key] = value
    errors += check_metadata(metadata)
    if errors:
        raise ValidationError(list(dict.fromkeys(errors)))
    return metadata


def parse_json_object(text: str) -> dict[str, Any]:
    """Read a JSON object strictly: no repeated keys, no NaN, nothing too big. "" is {}.

    Raises:
        ValidationError: the text is not such an object.
    """
    if not text.strip():
        return {}
    if len(text) > BYTES_MAX * 2:
        raise ValidationError(_too_big())
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        message = _("This is not valid JSON: look at line %(line)s, column %(column)s.")
        raise ValidationError(message % place) from error
    except RecursionError as error:
        raise ValidationError(_too_deep()) from error
    except ValueError as error:
        raise ValidationError(_("This JSON holds a number that cannot be stored.")) from error
    if not isinstance(value, dict):
        raise ValidationError(_('The JSON must be an object, such as {"region": "EU"}.'))
    return value


def check_metadata(metadata: Mapping[str, Any]) -> list[str]:
    """Every reason why this cannot be stored as metadata; empty when it can."""
    errors = []
    texts, depth = _survey(metadata)
    if depth > DEPTH_MAX:
        return [_too_deep()]
    for text, is_key in texts:
        if is_key and not 1 <= len(text) <= KEY_LENGTH_MAX:
            errors.append(
                _("A key has 1 to %(max)s characters; “%(key)s” has %(length)s.")
                % {"max": KEY_LENGTH_MAX, "key": _short(text), "length": len(text)}
            )
        if unstorable := _unstorable(text, allowed="" if is_key else LINE_BREAKS):
            errors.append(
                _("“%(text)s” contains the control character U+%(code)04X, which cannot be stored.")
                % {"text": _short(text), "code": ord(unstorable)}
            )
    if not errors and len(json.dumps(metadata, ensure_ascii=False).encode()) > BYTES_MAX:
        errors.append(_too_big())
    return errors


def render_tree(metadata: Mapping[str, Any]) -> SafeString:
    """Metadata as nested definition lists; deeper levels fold. Linear in its size."""
    parts: list[str] = []
    _write_tree(metadata, parts)
    return mark_safe("".join(parts))  # noqa: S308 -- every text went through escape()


def format_json(metadata: Mapping[str, Any]) -> str:
    """Metadata as indented JSON, readable in every script."""
    return json.dumps(metadata, indent=2, ensure_ascii=False, sort_keys=True)


class MetadataWidget(forms.Widget):
    template_name = "components/_metadata_rows.html"
    use_fieldset = True

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> MetadataInput:
        keys, values = _all(data, f"{name}_key"), _all(data, f"{name}_value")
        pairs = list(zip_longest(keys, values, fillvalue=""))
        dropped = str(data.get(f"{name}_remove", ""))
        if dropped.isdecimal() and len(dropped) < 6 and int(dropped) < len(pairs):
            del pairs[int(dropped)]
        rows = [pair for pair in pairs if any(pair)]
        json_text = str(data.get(f"{name}_json", ""))
        return MetadataInput(tuple(rows), json_text, tuple(_all(data, f"{name}_shown")))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_key" not in data and f"{name}_json" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        given = value if isinstance(value, MetadataInput) else MetadataInput()
        rows = [*_filled_rows(given.rows), *[("", "")] * EMPTY_ROWS]
        context["widget"] |= {
            "rows": rows,
            "json_text": given.json_text,
            "shown": given.shown,
            "open": bool(given.json_text),
        }
        return context


class MetadataField(forms.Field):
    """Metadata of a new record; cleans to a dict."""

    widget = MetadataWidget
    editing = False

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Extra information"))
        kwargs.setdefault("help_text", gettext_lazy("Optional. Your own keys and values."))
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> MetadataInput:
        if isinstance(value, MetadataInput):
            return value
        return split_metadata(value or {}, editing=self.editing)

    def clean(self, value: Any) -> Any:
        return parse_metadata(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial) != data)


class MetadataEditField(MetadataField):
    """Metadata of an existing record (give it as `initial`); cleans to a `MetadataEdit`.

    Keys that were shown and are no longer in the form are removed; keys that another
    person added meanwhile were not shown, and stay.
    """

    editing = True

    def clean(self, value: Any) -> MetadataEdit:
        values = parse_metadata(value)
        return MetadataEdit(values, frozenset(value.shown) - values.keys())


def _all(data: Mapping[str, Any], name: str) -> list[str]:
    if isinstance(data, QueryDict):
        return [str(value) for value in data.getlist(name)]
    value = data.get(name, [])
    return [value] if isinstance(value, str) else list(value)


def _filled_rows(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(key.strip(), value) for key, value in rows if key.strip() or value.strip()]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValidationError(_("The key “%(key)s” is given twice.") % {"key": _short(key)})
        result[key] = value
    return result


def _refuse(constant: str) -> NoReturn:
    raise ValidationError(_("%(constant)s is not a JSON value.") % {"constant": constant})


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _survey(metadata: Mapping[str, Any]) -> tuple[list[tuple[str, bool]], int]:
    """Every text inside with whether it is a key, and how deep it goes; without recursion."""
    texts: list[tuple[str, bool]] = []
    depth, level = 0, [metadata]
    while level and depth <= DEPTH_MAX:
        depth += 1
        children: list[Any] = []
        for node in level:
            if isinstance(node, Mapping):
                texts += [(key, True) for key in node]
            values = node.values() if isinstance(node, Mapping) else node
            for value in values:
                if isinstance(value, str):
                    texts.append((value, False))
                elif isinstance(value, Mapping | list):
                    children.append(value)
        level = children
    return texts, depth


def _unstorable(text: str, *, allowed: str) -> str:
    """The first character PostgreSQL or a reader cannot take, or ""."""
    for character in text:
        if character not in allowed and unicodedata.category(character) in ("Cc", "Cs"):
            return character
    return ""


def _short(text: str) -> str:
    shown = "".join("�" if _unstorable(c, allowed="") else c for c in text[:41])
    return f"{shown[:40]}…" if len(shown) > 40 else shown


def _too_big() -> str:
    return _("Extra information may hold 64 KB; this is more.")


def _too_deep() -> str:
    return _("Extra information may nest %(max)s levels; this goes deeper.") % {"max": DEPTH_MAX}


def _write_tree(value: Any, parts: list[str]) -> None:
    if isinstance(value, Mapping | list) and not value:
        parts.append(f'<span class="muted">{escape(_("empty"))}</span>')
    elif isinstance(value, Mapping):
        parts.append('<dl class="tree">')
        for key in sorted(value):
            _write_branch(f"<bdi>{escape(key)}</bdi>", value[key], parts)
        parts.append("</dl>")
    elif isinstance(value, list):
        parts.append('<dl class="tree">')
        for number, item in enumerate(value, start=1):
            _write_branch(str(number), item, parts)
        parts.append("</dl>")
    elif isinstance(value, str):
        parts.append(f"<bdi>{escape(value)}</bdi>")
    else:
        parts.append(f"<code>{escape(json.dumps(value))}</code>")


def _write_branch(label: str, value: Any, parts: list[str]) -> None:
    parts.append(f"<dt>{label}</dt><dd>")
    _write_tree(value, parts)
    parts.append("</dd>")
