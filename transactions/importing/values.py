"""Reading the amounts and dates that people write in files."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from transactions.checks import AMOUNT_MAX
from transactions.importing.mapping import AmountRules, DateRules

_MINUSES = "-\N{MINUS SIGN}\N{EN DASH}\N{FULLWIDTH HYPHEN-MINUS}"
_PLAIN = re.compile(r"(-?)(\d{1,36})(?:\.(\d*))?", re.ASCII)
_PARTS = re.compile(r"([^\d.,]*)([\d.,'’ ]*)([^\d.,]*)", re.ASCII)
# Nobody groups a number that begins with a nought, or by one sign and then another: where the
# decimal sign is not what the mapping says, `0,500` is a half.
_FIGURES = re.compile(
    r"(\d+|[1-9]\d{0,2}(?:(?:,\d{3})+|(?:['’]\d{3})+|(?: \d{3})+))?(?:\.(\d*))?", re.ASCII
)
# All that may stand around an amount, besides a currency.
_MARKS = [[], ["+"], ["(", ")"], *([minus] for minus in _MINUSES)]
_NO_MARKS = dict.fromkeys(map(ord, "()+" + _MINUSES))


class ValueTextError(ValueError):
    """The text is not what the column holds; the message says why."""


def read_amount(text: str, *, rules: AmountRules, currency: str, exponent: int) -> int:
    """An amount as written in a file, signed, in minor units of `currency`.

    Thousands separators, the signs that the rules name or the currency's code,
    parentheses, a minus before or after: all are understood. Nothing is
    rounded.

    Raises:
        ValueTextError: it is empty, cannot be read for sure, has more decimals
            than the currency, or names another currency.
    """
    match = _PLAIN.fullmatch(text)
    if match and rules.decimal == ".":
        return _minor(match[2], match[3] or "", exponent, is_negative=bool(match[1]))
    if not text:
        raise ValueTextError(_("the amount is empty"))
    parts = _PARTS.fullmatch(text)
    if not parts:
        raise ValueTextError(_("the amount %r cannot be read") % text)
    before, figures, after = parts.groups()
    if rules.decimal == ",":
        figures = figures.translate({ord(","): ".", ord("."): ","})
    match = _FIGURES.fullmatch(figures.strip())
    marks = [mark for mark in before + after if mark in "()+" + _MINUSES]
    if not match or not (match[1] or match[2]) or marks not in _MARKS:
        raise ValueTextError(_("the amount %r cannot be read") % text)
    for part in (before, after):
        sign = part.translate(_NO_MARKS).strip()
        if sign and sign not in rules.signs and sign.upper() != currency:
            raise ValueTextError(
                _("the amount %(text)r is not in %(currency)s")
                % {"text": text, "currency": currency}
            )
    whole = re.sub(r"\D", "", match[1] or "0")
    return _minor(whole, match[2] or "", exponent, is_negative=marks not in ([], ["+"]))


def _minor(whole: str, decimals: str, exponent: int, *, is_negative: bool) -> int:
    if len(decimals) > exponent:
        if decimals[exponent:].rstrip("0"):
            raise ValueTextError(
                ngettext(
                    "the amount has more than %(count)d decimal",
                    "the amount has more than %(count)d decimals",
                    exponent,
                )
                % {"count": exponent}
            )
        decimals = decimals[:exponent]
    minor = int(whole + decimals.ljust(exponent, "0"))
    if minor > AMOUNT_MAX:
        raise ValueTextError(_("the amount has more than 38 digits"))
    return -minor if is_negative else minor


class DateReader:
    """Reads dates in the rules' formats and remembers them, as files repeat a few."""

    def __init__(self, rules: DateRules) -> None:
        self._rules = rules
        self.read = lru_cache(maxsize=4096)(self._read)

    def at(self, date: dt.date) -> dt.datetime:
        """The moment that a date without a time stands for."""
        return dt.datetime.combine(date, self._rules.time, self._rules.zone)

    def _read(self, text: str) -> dt.datetime | None:
        for each in self._rules.formats:
            try:
                moment = dt.datetime.strptime(text, each).replace(tzinfo=self._rules.zone)
            except ValueError:
                continue
            # Spreadsheets write a date without a time as its midnight.
            return self.at(moment.date()) if moment.time() == dt.time(0) else moment
        return None
