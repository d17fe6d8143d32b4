"""What the rows of a file tell about how it is to be read."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from django.utils.text import slugify

from imports.amounts import DECIMALS, Written, find_signs, read_amounts
from imports.dates import find_styles
from imports.models import NAME_LENGTH_MAX as KIND_LENGTH_MAX
from imports.sample import Sample
from imports.writing import BEGINS_LENGTH_MAX
from ledgers.models import Currency
from transactions.importing.mapping import plain_header

# Parts of headers, as they are when they are compared: without case and spaces.
_AMOUNT = ("amount", "betrag", "montant", "importe", "importo", "bedrag", "umsatz", "value")
_PAID_IN = ("paidin", "moneyin", "credit", "deposit", "receipt", "haben", "eingang")
_PAID_OUT = ("paidout", "moneyout", "debit", "withdraw", "payment", "soll", "ausgang")
_NO_AMOUNT = ("balance", "saldo", "solde", "number", "account")
_DESCRIPTION = (
    *("description", "narrative", "details", "memo", "particulars", "payee", "merchant"),
    *("verwendungszweck", "buchungstext", "libell", "concept", "text", "name"),
)
_REFERENCE = ("transactionid", "reference", "voucher", "transno", "transactionnumber")
_MONTHS = {name.lower() for name in (*calendar.month_name, *calendar.month_abbr)}
_BETWEEN_WORDS = re.compile(r"[\s_.,;()\[\]-]+")
# More decimals than a file writes, where its currency is not known.
_DECIMALS_MAX = 18
_UNKNOWN = ""


def suggest(sample: Sample, file_name: str) -> dict[str, Any]:
    """What the form of a file begins with, as far as its rows tell.

    What they leave open, such as whether the day or the month comes first, is left open.
    """
    kind = suggest_kind(file_name)
    begins = slugify(kind, allow_unicode=True)[: BEGINS_LENGTH_MAX - 1]
    exponents = dict(Currency.objects.values_list("code", "exponent"))
    chosen: dict[str, Any] = {"kind": kind, "begins": f"{begins}-" if begins else ""}
    chosen |= _suggest_date(sample)
    chosen |= _suggest_amounts(sample, _left(sample, chosen), list(exponents))
    chosen |= _suggest_currency(sample, chosen, exponents)
    chosen |= _suggest_amount_rules(sample, chosen, exponents)
    chosen["reference"] = _find(
        _left(sample, chosen), _REFERENCE, lambda header: _tells_rows_apart(sample, header)
    )
    chosen["description"] = _find(
        _left(sample, chosen), _DESCRIPTION, lambda header: bool(sample.texts(header))
    )
    return chosen | {"extra": _left(sample, chosen)}


def suggest_kind(file_name: str) -> str:
    """The name of a file without what tells it from others of its kind: dates and numbers."""
    words = _BETWEEN_WORDS.split(PurePath(file_name).stem)
    kept = [word for word in words if not word[:1].isdigit() and word.lower() not in _MONTHS]
    return " ".join(kept).strip()[:KIND_LENGTH_MAX]


def _left(sample: Sample, chosen: Mapping[str, Any]) -> list[str]:
    """The columns that nothing is made of yet."""
    return [header for header in sample.columns if header not in chosen.values()]


def _find(headers: Sequence[str], words: Sequence[str], fits: Callable[[str], bool]) -> str:
    """The column whose header holds the first of the words that one does, and that fits."""
    found = (
        header
        for word in words
        for header in headers
        if word in plain_header(header) and fits(header)
    )
    return next(found, "")


def _suggest_date(sample: Sample) -> dict[str, str]:
    for header in sample.columns:
        if styles := find_styles(sample.texts(header)):
            return {"date": header, "date_format": styles[0].key if len(styles) == 1 else ""}
    return {}


def _suggest_amounts(
    sample: Sample, headers: Sequence[str], codes: Sequence[str]
) -> dict[str, str]:
    def is_amount(header: str) -> bool:
        return _has_amounts(sample.texts(header), codes) and not _names(header, _NO_AMOUNT)

    def is_direction(header: str) -> bool:
        return not sample.texts(header) or is_amount(header)

    amount, less = _find(headers, _PAID_IN, is_direction), _find(headers, _PAID_OUT, is_direction)
    if not amount or not less or amount == less:
        others = (header for header in headers if is_amount(header))
        amount, less = _find(headers, _AMOUNT, is_amount) or next(others, ""), ""
    texts = [text for header in (amount, less) if header for text in sample.texts(header)]
    return {"amount": amount, "less": less, "signs": " ".join(find_signs(texts))}


def _has_amounts(texts: Sequence[str], codes: Sequence[str]) -> bool:
    signs = [*find_signs(texts), *codes]
    read = [_read(texts, decimal, signs) for decimal in DECIMALS]
    return bool(texts) and max(map(len, read)) * 2 >= len(texts)


def _read(
    texts: Sequence[str], decimal: str, signs: Sequence[str], exponent: int = _DECIMALS_MAX
) -> list[int]:
    written = [Written(text, _UNKNOWN) for text in texts]
    exponents = {_UNKNOWN: exponent}
    return read_amounts(written, decimal=decimal, signs=signs, exponents=exponents).minors


def _names(header: str, words: Sequence[str]) -> bool:
    return any(word in plain_header(header) for word in words)


def _suggest_currency(
    sample: Sample, chosen: Mapping[str, Any], exponents: Mapping[str, int]
) -> dict[str, str]:
    for header in _left(sample, chosen):
        texts = sample.texts(header)
        if texts and all(text.upper() in exponents for text in texts):
            return {"currency_column": header}
    named = re.findall(r"[A-Z]{3,}", f"{chosen['amount']} {chosen['less']}")
    return {"currency": next((code for code in named if code in exponents), "")}


def _suggest_amount_rules(
    sample: Sample, chosen: Mapping[str, Any], exponents: Mapping[str, int]
) -> dict[str, Any]:
    columns = [chosen[name] for name in ("amount", "less") if chosen[name]]
    texts = [text for header in columns for text in sample.texts(header)]
    signs = [*chosen["signs"].split(), *exponents]
    exponent = exponents.get(chosen.get("currency", ""), _DECIMALS_MAX)
    point, comma = (_read(texts, decimal, signs, exponent) for decimal in DECIMALS)
    if len(point) != len(comma):
        decimal = "." if len(point) > len(comma) else ","
    elif point != comma:
        decimal = ""
    else:
        # All are whole. Where a comma is decimal, files have semicolons between columns.
        decimal = "," if sample.delimiter == ";" else "."
    # What goes the other way debits the credited balances.
    is_swapped = bool(chosen["less"]) or any(minor < 0 for minor in (*point, *comma))
    return {"decimal": decimal, "credit_below_zero": is_swapped}


def _tells_rows_apart(sample: Sample, header: str) -> bool:
    texts = sample.texts(header)
    return len(texts) == len(sample.rows) == len(set(texts)) > 1
