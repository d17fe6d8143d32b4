"""Ledgers, identities and balances by what a person remembers: part of a name, an e-mail address,
an @indicator, a value of the extra information; also when it is mistyped.

The indexes are those of the migrations called `text_search`. What a search reads is bounded, so
that it takes milliseconds among a hundred thousand names, however many hold the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError
from django.db import transaction as db_transaction
from psycopg.errors import QueryCanceled

from dashboard.palette_typos import is_near
from web.statements import Row, fetch_all

# So many matches are looked at to find the best few.
CANDIDATES_MAX = 500
WORDS_MAX = 6
# A letter left out or two swapped keep about this share of a word's trigrams.
LIKENESS = "0.33"

# The trigram index is taken even for what many rows hold: it finds the first hundreds at once,
# wherever they lie. (Switching off index scans does so for index-only ones, too.)
BY_INDEX = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
       set_config('pg_trgm.word_similarity_threshold', %s, true)
"""
# Nobody waits longer for a guess.
PATIENCE = "SELECT set_config('statement_timeout', '150ms', true)"
BEST = """
SELECT {columns} FROM (SELECT * FROM {table} WHERE {where} LIMIT %(candidates)s) AS found
ORDER BY upper({name}) = upper(%(text)s) DESC, starts_with(upper({name}), upper(%(text)s)) DESC,
         position(upper(' ' || %(text)s) IN upper({name})) > 0 DESC, upper({name}), id
LIMIT %(limit)s
"""
NEAREST = """
SELECT {columns} FROM (SELECT * FROM {table} WHERE {where} LIMIT %(candidates)s) AS found
ORDER BY word_similarity(upper(%(text)s), upper({name})) DESC, upper({name}), id
LIMIT %(limit)s
"""
WITH_VALUE = """
SELECT {columns} FROM {table} WHERE metadata <> '{{}}' AND metadata @? %(path)s::jsonpath
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A table to look into: `name` is what is typed for a row, `also` another column for it."""

    table: str
    columns: str
    name: str
    also: str = ""
    only: str = ""

    def sql(self, form: str, where: str = "") -> str:
        if self.only and where:
            where = f"{self.only} AND {where}"
        return form.format(table=self.table, columns=self.columns, name=self.name, where=where)


LEDGERS = Source("ledgers_ledger", "public_id::text, name, created_at, metadata", "name")
IDENTITIES = Source(
    "identities_identity", "public_id::text, name, email, kind, metadata", "name", "email"
)
INDICATORS = Source(
    "balances_balance",
    "public_id::text, indicator, currency, metadata",
    "indicator",
    only="indicator <> ''",
)


def find_names(source: Source, text: str, *, limit: int) -> list[Row]:
    """Rows whose name holds each word of `text`, the likeliest first; else those that are near.

    Short words have to begin a word of the name, and a single letter finds nothing: too much
    holds them. What else stands for a row is looked at when names do not fill the list.
    """
    words = [word for word in text.split() if any(map(str.isalnum, word))][:WORDS_MAX]
    if not any(len(word) > 1 or not word.isascii() for word in words):
        return []
    parameters = {"text": text, "candidates": CANDIDATES_MAX, "limit": limit}
    parameters |= {f"word{at}": word for at, word in enumerate(words)}
    parameters |= _patterns(words)
    with _by_index():
        found = fetch_all(source.sql(BEST, _hold([source.name], words)), parameters)
        if source.also and len(found) < limit:
            columns = [source.name, source.also]
            more = fetch_all(source.sql(BEST, _hold(columns, words)), parameters)
            found = list({row[0]: row for row in (*found, *more)}.values())[:limit]
    return found or _guess(source, words, parameters)


def find_values(source: Source, text: str, *, limit: int) -> list[Row]:
    """Rows whose extra information holds exactly this value somewhere."""
    with _by_index():
        return fetch_all(source.sql(WITH_VALUE), {"path": _value_path(text), "limit": limit})


def name_value(metadata: Any, text: str) -> str:
    """Where extra information holds the value: `address.city`; "" when it does not."""
    return next((".".join(path) for path, value in _leaves(metadata) if value == text), "")


def _leaves(metadata: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(metadata, dict):
        for key, value in metadata.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(metadata, list):
        for value in metadata:
            yield from _leaves(value, path)
    else:
        yield path, metadata if isinstance(metadata, str) else json.dumps(metadata)


def _value_path(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    path = f"@ == {quoted}"
    if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0"):
        path += f" || @ == {text}"
    return f"$.** ? ({path})"


def _guess(source: Source, words: Sequence[str], parameters: dict[str, Any]) -> list[Row]:
    if max(map(len, words)) < 4:
        return []
    where = " AND ".join(
        f"upper({source.name}) %%> upper(%(word{at})s)"
        if len(word) >= 4
        else _holds([source.name], word, f"word{at}")
        for at, word in enumerate(words)
    )
    try:
        with _by_index():
            fetch_all(PATIENCE)
            rows = fetch_all(source.sql(NEAREST, where), parameters)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return []
        raise
    return [row for row in rows if is_near(words, row[1])]


def _hold(columns: Sequence[str], words: Sequence[str]) -> str:
    return " AND ".join(_holds(columns, word, f"word{at}") for at, word in enumerate(words))


def _holds(columns: Sequence[str], word: str, parameter: str) -> str:
    tests = [f"upper({column}) LIKE upper(%({parameter}_in)s)" for column in columns]
    if len(word) < 3:
        tests.append(f"upper({columns[0]}) LIKE upper(%({parameter}_after)s)")
    return f"({' OR '.join(tests)})"


def _patterns(words: Sequence[str]) -> dict[str, str]:
    patterns = {}
    for at, word in enumerate(words):
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        is_short = len(word) < 3
        patterns[f"word{at}_in"] = f"{escaped}%" if is_short else f"%{escaped}%"
        patterns[f"word{at}_after"] = f"% {escaped}%"
    return patterns


@contextmanager
def _by_index() -> Iterator[None]:
    """Read with settings for this alone; rolling back undoes them."""
    with db_transaction.atomic():
        fetch_all(BY_INDEX, [LIKENESS])
        yield
        db_transaction.set_rollback(True)
