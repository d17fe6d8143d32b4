"""Reading the amounts of a sample as an import will read them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from transactions.importing.mapping import AmountRules, Negative
from transactions.importing.templates import Template
from transactions.importing.values import ValueTextError, read_amount

DECIMALS = (".", ",")
_FIGURES = re.compile(r"[\d.,'’ ()+\-−–-]+")


class Written(NamedTuple):
    """An amount as it stands in a row, with the code of its currency."""

    text: str
    currency: str


class Amounts(NamedTuple):
    """What was read, signed and in minor units; `reason` says why the first of the rest was not."""

    minors: list[int]
    reason: str


def read_amounts(
    written: Iterable[Written],
    *,
    decimal: str,
    signs: Sequence[str],
    exponents: Mapping[str, int],
) -> Amounts:
    """Read amounts of currencies that are all in `exponents`, with these signs."""
    rules = AmountRules("", "", Template("", ()), decimal, tuple(signs), Negative.SWAP)
    minors: list[int] = []
    reason = ""
    for text, currency in written:
        exponent = exponents[currency]
        try:
            minors.append(read_amount(text, rules=rules, currency=currency, exponent=exponent))
        except ValueTextError as error:
            reason = reason or str(error)
    return Amounts(minors, reason)


def find_signs(texts: Iterable[str]) -> list[str]:
    """The currency signs, such as £ or US$, that stand beside amounts."""
    beside = {part.strip() for text in texts for part in _FIGURES.split(text)}
    return sorted(
        part
        for part in beside
        if len(part) <= 4 and any(unicodedata.category(each) == "Sc" for each in part)
    )
