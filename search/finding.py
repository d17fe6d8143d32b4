"""Transactions for the search box: by any part of their text, by amount, by extra information.

What is common is found among the newest, what is rare by the indexes. What is found nowhere is
looked for by the nearest words that descriptions do hold.
"""

# Statements are put together of constants; every value is bound.
# ruff: noqa: S608

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from ledgers.money import AmountError, format_amount, parse_amount
from search.figures import FIGURES, has_long_number, lead_of
from web.addresses import url_of
from web.formatting import PLAIN, number_style
from web.planned import fetch_planned
from web.statements import fetch_all

LIMIT = 10
# So many of the newest are looked through; and of what is found by an index, so many are read.
NEWEST = 2_000
FOUND_MAX = 1_000
# Fewer letters are in no index.
INDEXED_LENGTH_MIN = 3
WORD = re.compile(r"[^\W_]{1,30}")
WORDS_MAX = 6
# Of so many letters are the words that are known.
LETTERS_MIN = 4
CONTAINS = "{text} LIKE '%%' || lower(%s) || '%%'"
HOLDS_FIGURES = f"{FIGURES}(text) @> {FIGURES}(%s)"
# An amount is exact up to so many decimals.
DECIMALS = 12
KNOWN = "SELECT code FROM ledgers_currency WHERE code = ANY (%s)"
# A line for each currency of a transaction.
HITS = """
SELECT t.id, f.amount, c.code, c.exponent, t.public_id, t.reference, t.description, t.effective_at
FROM search_found AS f
JOIN transactions_transaction AS t ON t.id = f.transaction_id
JOIN ledgers_currency AS c ON c.code = f.currency
WHERE f.transaction_id = ANY (%s) ORDER BY f.transaction_id DESC, f.line
"""


class Why(StrEnum):
    """What of a transaction was looked for."""

    TEXT = "text"
    AMOUNT = "amount"
    METADATA = "metadata"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class FoundHit:
    """A transaction that was found. `amount` is in words, of each of its currencies."""

    public_id: UUID
    reference: str
    description: str
    effective_at: datetime
    amount: str
    why: Why

    @property
    def key(self) -> str:
        return f"txn_{self.public_id}"

    def get_absolute_url(self) -> str:
        return url_of("transactions:detail", self.public_id)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A condition in SQL on a document, and the reason that it stands for.

    `lead` is what else is true then, by which an index finds it sooner.
    """

    why: Why
    sql: str
    parameters: Sequence[object]
    is_indexed: bool = True
    lead: tuple[str, str] | None = None

    @property
    def led(self) -> tuple[str, Sequence[object]]:
        """The condition after its lead, and the parameters of both."""
        if self.lead is None:
            return self.sql, self.parameters
        sql, parameter = self.lead
        return f"{sql} AND {self.sql}", [parameter, *self.parameters]


def find_transactions(text: str, limit: int = LIMIT) -> list[FoundHit]:
    """The transactions that `text` may mean, the newest first; `limit` at most.

    It is a part of their reference or description, in any case, or an amount of theirs, as
    "1,250.00" or "1,250.00 GBP", or a value of their extra information. If nothing is, misspelt
    words are taken for the nearest ones.
    """
    text = text.strip()
    if not text:
        return []
    wanted = list(_wanted(text))
    found = _newest(wanted, limit)
    if len(found) < limit:
        found |= _by_index([each for each in wanted if each.is_indexed])
    if not found:
        found = _similar(text, limit)
    ids = sorted(found, reverse=True)[:limit]
    return _read_hits({pk: found[pk] for pk in ids})


def _wanted(text: str) -> Iterator[_Wanted]:
    yield _contains(text)
    amount, currency = _read_amount(text)
    if amount is not None:
        if currency:
            yield _Wanted(Why.AMOUNT, "amount = %s AND currency = %s", [amount, currency])
        else:
            yield _Wanted(Why.AMOUNT, "amount = %s", [amount])
    said = [json.dumps(text)]
    if re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", text, re.ASCII):
        said.append(str(Decimal(text)))
    path = f"$.** ? ({' || '.join(f'@ == {value}' for value in said)})"
    yield _Wanted(Why.METADATA, "metadata @? %s::jsonpath", [path])


def _contains(*parts: str, why: Why = Why.TEXT) -> _Wanted:
    lead = _lead(" ".join(parts))
    condition = CONTAINS.format(text="(text || '')" if lead else "text")
    escaped = [re.sub(r"([\\%_])", r"\\\1", part) for part in parts]
    is_indexed = max(map(len, parts)) >= INDEXED_LENGTH_MIN
    return _Wanted(why, " AND ".join([condition] * len(parts)), escaped, is_indexed, lead)


def _lead(text: str) -> tuple[str, str] | None:
    if has_long_number(text):
        return HOLDS_FIGURES, text
    lead = lead_of(text)
    return None if lead == text else (CONTAINS.format(text="text"), lead)


def _read_amount(text: str) -> tuple[Decimal | None, str]:
    """The amount in major units, and its currency, if one is named; None for no amount."""
    if not any(map(str.isdecimal, text)):
        return None, ""
    words = text.split()
    codes = {word.upper() for word in words if word[:1].isalpha()}
    if len(codes) > 1 or (codes and not fetch_all(KNOWN, [list(codes)])):
        return None, ""
    currency = "".join(codes)
    number = " ".join(word for word in words if word.upper() != currency)
    for style in (number_style(), PLAIN):
        try:
            minor = parse_amount(number, DECIMALS, style=style)
        except AmountError:
            continue
        return Decimal(minor).scaleb(-DECIMALS), currency
    return None, ""


def _newest(wanted: Sequence[_Wanted], limit: int) -> dict[int, Why]:
    """By primary key, what of the newest transactions is wanted."""
    reasons = " ".join(f"WHEN {each.sql} THEN {number}" for number, each in enumerate(wanted))
    sql = f"""
        SELECT transaction_id, number
        FROM (
            SELECT transaction_id, CASE {reasons} END AS number
            FROM (
                SELECT transaction_id, text, amount, currency, metadata FROM search_found
                ORDER BY transaction_id DESC LIMIT {NEWEST:d}
            ) AS newest
        ) AS found
        WHERE number IS NOT NULL
        ORDER BY transaction_id DESC LIMIT {2 * limit:d}
    """
    parameters = [value for each in wanted for value in each.parameters]
    return {pk: wanted[number].why for pk, number in fetch_planned(sql, parameters)}


def _by_index(wanted: Sequence[_Wanted]) -> dict[int, Why]:
    """By primary key, some of those that are wanted, for the last reason that fits."""
    if not wanted:
        return {}
    conditions = [each.led for each in wanted]
    sql = " UNION ALL ".join(
        f"(SELECT transaction_id, {number:d} FROM search_found WHERE {condition}"
        f" LIMIT {FOUND_MAX:d})"
        for number, (condition, _parameters) in enumerate(conditions)
    )
    parameters = [value for _condition, values in conditions for value in values]
    return {pk: wanted[number].why for pk, number in fetch_planned(sql, parameters)}


def _similar(text: str, limit: int) -> dict[int, Why]:
    """By its words in any order; each that no description holds is taken for the nearest one."""
    words = WORD.findall(text)[:WORDS_MAX]
    if not any(map(_is_known, words)):
        return {}
    words = [_nearest(word.lower()) if _is_known(word) else word for word in words]
    wanted = _contains(*words, why=Why.SIMILAR)
    return _newest([wanted], limit) or _by_index([wanted])


def _is_known(word: str) -> bool:
    """Whether it is one of those that are kept, if any description holds it."""
    return len(word) >= LETTERS_MIN and word.isalpha()


def _nearest(word: str) -> str:
    sql = """
        SELECT word FROM search_word WHERE word LIKE '%%' || %s || '%%' OR word %% %s
        ORDER BY word LIKE '%%' || %s || '%%' DESC, similarity(word, %s) DESC LIMIT 1
    """
    rows = fetch_planned(sql, [word] * 4)
    if not rows:
        return word
    found = str(rows[0][0])
    return word if word in found else found


def _read_hits(found: dict[int, Why]) -> list[FoundHit]:
    facts: dict[int, tuple[UUID, str, str, datetime]] = {}
    amounts: dict[int, list[str]] = {}
    for pk, amount, currency, exponent, *rest in fetch_all(HITS, [list(found)]):
        words = f"{format_amount(int(amount.scaleb(exponent)), exponent)} {currency}"
        amounts.setdefault(pk, []).append(words)
        facts[pk] = (rest[0], rest[1], rest[2], rest[3])
    return [FoundHit(*facts[pk], ", ".join(amounts[pk]), found[pk]) for pk in facts]
