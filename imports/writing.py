"""A mapping as TOML, from what was chosen in the form."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from imports.dates import DATE_STYLES
from imports.sample import Sample
from transactions.importing.loading import ENCODINGS
from transactions.importing.mapping import FILE, LINE, OWN_KEYS, Lines, Negative

NAME_LENGTH_MAX = 60
# The rest of a reference comes from the file.
BEGINS_LENGTH_MAX = 60
_TAKEN = frozenset({FILE, LINE}) | OWN_KEYS


def write_mapping(choices: Mapping[str, Any], sample: Sample) -> str:
    """The mapping that reads a file like the sample as `ColumnsForm.choices` says."""
    names = name_columns(sample.columns)
    sections: dict[str, Mapping[str, Any]] = {
        # Tried in this order they find the sample's, and that of another file of the kind.
        "file": {"delimiter": sample.delimiter, "encodings": ENCODINGS},
        "columns": {names[header]: [header] for header in sample.columns if _uses(choices, header)},
        "amount": _amount(choices, names),
        "date": _date(choices, names),
        "transaction": _transaction(choices, names),
        "debit": _side(choices, names, "debit"),
        "credit": _side(choices, names, "credit"),
    }
    return "\n".join(_section(name, table) for name, table in sections.items())


def name_columns(headers: Iterable[str]) -> dict[str, str]:
    """A name for each column: an identifier, unique, and still the header to whoever reads it."""
    names: dict[str, str] = {}
    taken = set(_TAKEN)
    for number, header in enumerate(headers, start=1):
        fitting = "".join(each if f"a{each}".isidentifier() else " " for each in header.lower())
        plain = "_".join(fitting.replace("_", " ").split())[:NAME_LENGTH_MAX] or str(number)
        name = plain if plain.isidentifier() else f"column_{plain}"
        count, free = 1, name
        while free in taken:
            count += 1
            free = f"{name}_{count}"
        taken.add(free)
        names[header] = free
    return names


def _uses(choices: Mapping[str, Any], header: str) -> bool:
    keys = ("date", "amount", "less", "currency_column", "debit_column", "credit_column")
    chosen = {choices[key] for key in (*keys, "description", "reference")}
    return header in chosen or header in choices["extra"]


def _amount(choices: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    is_swap = choices["less"] or choices["negative"] == Negative.SWAP
    table = {
        "column": names[choices["amount"]],
        "less": names.get(choices["less"]),
        "currency": choices["currency"] or _braced(names, choices["currency_column"]),
        "decimal": choices["decimal"],
        "signs": choices["signs"].split(),
        "negative": Negative.SWAP if is_swap else Negative.REFUSE,
    }
    return {key: value for key, value in table.items() if value is not None}


def _date(choices: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    style = DATE_STYLES[choices["date_format"]]
    return {
        "column": names[choices["date"]],
        "formats": style.formats,
        # As everywhere a date is entered without a time. Noon of today would be refused as
        # lying in the future by whoever imports this morning's statement.
        "time": dt.time(0),
        "timezone": style.zone or choices["timezone"],
    }


def _transaction(choices: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    own = _braced(names, choices["reference"]) or f"{{{FILE}}}-{{{LINE}}}"
    is_together = choices["reference"] and choices["together"]
    return {
        "reference": f"{choices['begins']}{own}",
        "description": _braced(names, choices["description"]),
        "lines": Lines.TOGETHER if is_together else Lines.EACH,
        "metadata": [names[header] for header in choices["extra"]],
    }


def _side(choices: Mapping[str, Any], names: Mapping[str, str], side: str) -> dict[str, Any]:
    if key := choices[side]:
        return {"indicator" if key.startswith("@") else "balance": key}
    return {
        "ledger": choices[f"{side}_ledger"],
        "owner": _braced(names, choices[f"{side}_column"]),
        "may_go_below_zero": choices[f"{side}_below_zero"],
    }


def _braced(names: Mapping[str, str], header: str) -> str:
    return f"{{{names[header]}}}" if header else ""


def _section(name: str, table: Mapping[str, Any]) -> str:
    lines = [f"{_key(key)} = {_value(value)}\n" for key, value in table.items()]
    return f"[{name}]\n{''.join(lines)}"


def _key(key: str) -> str:
    return key if key.isascii() else _value(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case dt.time():
            return value.isoformat()
        case str():
            # What JSON escapes TOML does as well, but for one more character.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case _:
            return f"[{', '.join(map(_value, value))}]"
