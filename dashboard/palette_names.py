"""Ledgers, identities and balances by what a person remembers: part of a name, an e-mail address,
an @indicator, a value of the extra information; also when it is mistyped.

The indexes are those of the migrations called `text_search`. What a search reads is bounded, so
that it takes milliseconds among a hundred thousand names, however many hold the text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import OperationalError, connection
from django.db import transaction as db_transaction
from psycopg.errors import QueryCanceled

from dashboard.palette_typos import is_near
from web.planned import fetch_planned
from web.statements import fetch_all

# So many matches are looked at to find the best few.
CANDIDATES_MAX = 500
WORDS_MAX = 6
# A letter left out or two swapped keep about this share of a word's trigrams.
LIKENESS = "0.33"

# The trigram index is taken even for what many rows hold: it finds the first hundreds at once,
# wherever they lie. (Switching off index scans does so for index-only ones, too.)
BY_INDEX = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true),
       set_config('pg_trgm.word_similarity_threshold', %s, true)
"""
# Nobody waits longer for a guess.
PATIENCE = "SELECT set_config('statement_timeout', '150ms', true)"
COLUMNS = "'{kind}', public_id::text, {name}, {detail}, created_at, metadata::text"
BEST = """(
    SELECT {columns} FROM (SELECT * FROM {table} WHERE {where} LIMIT %(candidates)s) AS found
    ORDER BY upper({name}) = upper(%(text)s) DESC,
             starts_with(upper({name}), upper(%(text)s)) DESC,
             position(upper(' ' || %(text)s) IN upper({name})) > 0 DESC, upper({name}), id
    LIMIT %(limit)s
)"""
NEAREST = """(
    SELECT {columns} FROM (SELECT * FROM {table} WHERE {where} LIMIT %(candidates)s) AS found
    ORDER BY word_similarity(upper(%(text)s), upper({name})) DESC, upper({name}), id
    LIMIT %(limit)s
)"""
UNION = " UNION ALL "
WITH_VALUE = """(
    SELECT {columns} FROM {table}
    WHERE metadata <> '{{}}' AND metadata @? %(path)s::jsonpath LIMIT %(limit)s
)"""


class Found(NamedTuple):
    """A row that was found: `detail` is an e-mail address or kind, or a currency."""

    kind: str
    public_id: str
    name: str
    detail: str
    created_at: datetime
    metadata: str

    def where(self, text: str) -> str:
        """Where its extra information holds the value: `address.city`; "" when it does not."""
        leaves = _leaves(json.loads(self.metadata))
        return next((".".join(path) for path, value in leaves if value == text), "")


@dataclass(frozen=True, slots=True)
class Source:
    """A table to look into: `name` is what is typed for a row, `also` another column for it."""

    kind: str
    table: str
    name: str
    detail: str = "''"
    also: str = ""
    only: str = "true"

    def arm(self, form: str, where: str = "") -> str:
        columns = COLUMNS.format(kind=self.kind, name=self.name, detail=self.detail)
        where = f"{self.only} AND {where}"
        return form.format(columns=columns, table=self.table, name=self.name, where=where)


LEDGER, IDENTITY, BALANCE = "ledger", "identity", "balance"
SOURCES = (
    Source(LEDGER, "ledgers_ledger", "name"),
    Source(
        IDENTITY,
        "identities_identity",
        "name",
        detail="CASE WHEN email = '' THEN kind ELSE email END",
        also="email",
    ),
    Source(BALANCE, "balances_balance", "indicator", detail="currency", only="indicator <> ''"),
)


VALUED = UNION.join(source.arm(WITH_VALUE) for source in SOURCES)


def find_names(text: str, *, limit: int) -> list[Found]:
    """At most `limit` rows of each kind, the likeliest first, each once.

    First those whose name holds each word of `text`, else those that are near; then those whose
    extra information has `text` as a value. Short words have to begin a word of the name, and a
    single letter finds nothing: too much holds them. What else stands for a row is looked at when
    names do not fill the list.
    """
    words = [word for word in text.split() if any(map(str.isalnum, word))][:WORDS_MAX]
    parameters = {
        **{"text": text, "candidates": CANDIDATES_MAX, "limit": limit, "path": _path(text)},
        **_patterns(words),
    }
    named: list[Found] = []
    valued: list[Found] = []
    near: list[Found] = []
    with _giving_up(), _by_index():
        named = _named(words, parameters, limit=limit) if _says_enough(words) else []
        valued = [Found(*row) for row in fetch_all(VALUED, parameters)]
        kinds = {row.kind for row in named}
        near = _guess([each for each in SOURCES if each.kind not in kinds], words, parameters)
    unique = {(row.kind, row.public_id): row for row in (*named, *near, *valued)}
    return list(unique.values())


def _says_enough(words: Sequence[str]) -> bool:
    return any(len(word) > 1 or not word.isascii() for word in words)


def _named(words: Sequence[str], parameters: dict[str, Any], *, limit: int) -> list[Found]:
    arms = (source.arm(BEST, _hold([source.name], words)) for source in SOURCES)
    found = _fetch(arms, parameters, keeps_plan=_are_long(words))
    full = {kind for kind, count in Counter(row.kind for row in found).items() if count >= limit}
    if wanting := [each for each in SOURCES if each.also and each.kind not in full]:
        arms = (source.arm(BEST, _hold([source.name, source.also], words)) for source in wanting)
        found += _fetch(arms, parameters)
    return found


def _guess(
    sources: Sequence[Source], words: Sequence[str], parameters: dict[str, Any]
) -> list[Found]:
    """Names that each word is near to, of the kinds that hold none as it is written."""
    if not sources or not any(len(word) >= 4 for word in words):
        return []
    arms = (source.arm(NEAREST, _resemble(source.name, words)) for source in sources)
    fetch_all(PATIENCE)
    near = _fetch(arms, parameters, keeps_plan=_are_long(words))
    return [row for row in near if is_near(words, row.name)]


def _are_long(words: Sequence[str]) -> bool:
    """Whether each word is one pattern, so that the index serves them all whatever they are."""
    return all(len(word) >= 3 for word in words)


def _fetch(
    arms: Iterable[str], parameters: dict[str, Any], *, keeps_plan: bool = False
) -> list[Found]:
    """By a plan for these words, as alternatives need one; or by the plan that is kept."""
    fetch = fetch_all if keeps_plan else fetch_planned
    return [Found(*row) for row in fetch(UNION.join(arms), parameters)]


def _hold(columns: Sequence[str], words: Sequence[str]) -> str:
    return " AND ".join(_holds(columns, word, at) for at, word in enumerate(words))


def _holds(columns: Sequence[str], word: str, at: int) -> str:
    tests = [f"upper({column}) LIKE upper(%(in{at})s)" for column in columns]
    if len(word) < 3:
        tests.append(f"upper({columns[0]}) LIKE upper(%(after{at})s)")
    return f"({' OR '.join(tests)})"


def _resemble(name: str, words: Sequence[str]) -> str:
    return " AND ".join(
        f"upper({name}) %%> upper(%(word{at})s)" if len(word) >= 4 else _holds([name], word, at)
        for at, word in enumerate(words)
    )


def _patterns(words: Sequence[str]) -> dict[str, str]:
    patterns = {}
    for at, word in enumerate(words):
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        patterns[f"word{at}"] = word
        patterns[f"in{at}"] = f"{escaped}%" if len(word) < 3 else f"%{escaped}%"
        patterns[f"after{at}"] = f"% {escaped}%"
    return patterns


def _path(text: str) -> str:
    """The path that extra information with this value has, as a text or as a number."""
    test = f"@ == {json.dumps(text, ensure_ascii=False)}"
    if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0"):
        test += f" || @ == {text}"
    return f"$.** ? ({test})"


def _leaves(metadata: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(metadata, dict):
        for key, value in metadata.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(metadata, list):
        for value in metadata:
            yield from _leaves(value, path)
    else:
        yield path, metadata if isinstance(metadata, str) else json.dumps(metadata)


@contextmanager
def _by_index() -> Iterator[None]:
    """Read with settings for this alone; the end of the transaction undoes them.

    Inside of another one they are rolled back. Else they are not: whenever it rolls back, psycopg
    has the server forget all statements that it has planned.
    """
    is_inner = connection.in_atomic_block
    with db_transaction.atomic():
        fetch_all(BY_INDEX, [LIKENESS])
        yield
        if is_inner:
            db_transaction.set_rollback(True)


@contextmanager
def _giving_up() -> Iterator[None]:
    """Do without a guess that takes too long."""
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
