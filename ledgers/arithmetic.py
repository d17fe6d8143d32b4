"""Amounts that are worked out where they are typed: `1200/12`, `3*(19.99+5)`."""

from __future__ import annotations

import re
from fractions import Fraction

from django.utils.translation import gettext as _

from ledgers.money import (
    AMOUNT_DIGITS_MAX,
    MINUS,
    AmountError,
    format_amount,
    parse_amount,
)

LENGTH_MAX = 120

# A number as `parse_amount` reads it, or one sign; grouped digits end where the group ends.
_TOKEN = re.compile(
    r"(?P<number>(?:\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+)"
    rf"|(?P<sign>[-+*/(){MINUS}×÷])",
    re.ASCII,
)
_SPELLINGS = {MINUS: "-", "×": "*", "÷": "/"}
_NEGATED = "negated"
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, _NEGATED: 3}


def read_amount(text: str, exponent: int) -> int:
    """Read an amount above zero, or a sum that makes one, into minor units, exactly.

    Nothing is ever rounded: a result that the currency's decimals cannot hold is refused,
    and the message names the nearest two that they can.

    Raises:
        AmountError: as `parse_amount`; or the sum cannot be worked out, or not exactly.
    """
    if not is_calculated(text):
        return parse_amount(text, exponent)
    minor = calculate(text) * 10**exponent
    if minor <= 0:
        raise AmountError(_("This comes to nothing, or less. Enter an amount above zero."))
    if minor >= 10**AMOUNT_DIGITS_MAX:
        raise AmountError(_("This amount is too large: 38 digits at most."))
    if minor.denominator != 1:
        below = int(minor)
        raise AmountError(
            _("This comes out between %(below)s and %(above)s. Enter one of them.")
            % {
                "below": format_amount(below, exponent),
                "above": format_amount(below + 1, exponent),
            }
        )
    return int(minor)


def is_calculated(text: str) -> bool:
    """Whether there is anything to work out; a sign in front is none."""
    return any(sign in text.strip()[1:] for sign in f"+-*/()×÷{MINUS}")


def show_reading(text: str, minor: int, exponent: int) -> str:
    """What a sum was read as, `1200/12 = 100.00`; nothing for a plain amount."""
    if not is_calculated(text):
        return ""
    return f"{' '.join(text.split())} = {format_amount(minor, exponent)}"


def calculate(text: str) -> Fraction:
    """Work out a sum of + − × ÷ and brackets, exactly.

    Raises:
        AmountError: it is not such a sum, too long, or divides by zero.
    """
    if len(text) > LENGTH_MAX:
        raise AmountError(
            _("This is too long to work out: %(max)s characters at most.") % {"max": LENGTH_MAX}
        )
    values: list[Fraction] = []
    waiting: list[str] = []
    is_number_next = True
    for token in _tokens(text):
        if isinstance(token, Fraction) and is_number_next:
            values.append(token)
            is_number_next = False
        elif isinstance(token, Fraction):
            raise _malformed()
        elif is_number_next:
            _open(token, waiting)
        else:
            _close(token, values, waiting)
            is_number_next = token in _STRENGTH
    if is_number_next or "(" in waiting:
        raise _malformed()
    while waiting:
        _apply(waiting.pop(), values)
    return values[0]


def _tokens(text: str) -> list[Fraction | str]:
    tokens: list[Fraction | str] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise _malformed()
        if match["number"]:
            tokens.append(Fraction(re.sub(r"[^\d.]", "", match[0])))
        else:
            tokens.append(_SPELLINGS.get(match[0], match[0]))
        at = match.end()
    return tokens


def _open(sign: str, waiting: list[str]) -> None:
    """Take a bracket, or the sign of one number: nothing else stands before a number."""
    if sign not in "(-+":
        raise _malformed()
    if sign != "+":
        waiting.append(_NEGATED if sign == "-" else sign)


def _close(sign: str, values: list[Fraction], waiting: list[str]) -> None:
    """Take an operator, or the end of a bracket, and do what comes before it."""
    if sign == "(":
        raise _malformed()
    strength = _STRENGTH.get(sign, 0)
    while waiting and waiting[-1] != "(" and _STRENGTH[waiting[-1]] >= strength:
        _apply(waiting.pop(), values)
    if sign != ")":
        waiting.append(sign)
    elif waiting:
        waiting.pop()
    else:
        raise _malformed()


def _apply(operator: str, values: list[Fraction]) -> None:
    right = values.pop()
    if operator == _NEGATED:
        values.append(-right)
        return
    left = values.pop()
    match operator:
        case "+":
            values.append(left + right)
        case "-":
            values.append(left - right)
        case "*":
            values.append(left * right)
        case _:
            if right == 0:
                raise AmountError(_("This divides by zero."))
            values.append(left / right)


def _malformed() -> AmountError:
    return AmountError(_("Enter the amount in figures, such as 1,250.00, or a sum: 1200/12."))
