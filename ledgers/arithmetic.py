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
    format_entered,
    grouped_digits,
    has_one_group,
    parse_entered,
    refuse_two_readings,
)
from web.formatting import NUMBER_STYLES, PLAIN, NumberStyle, format_number, number_style

LENGTH_MAX = 120

# Of a factor nobody knows how many decimals it has: `1.250*8` has two readings.
DECIMALS_MAX = 18


def _token_pattern(style: NumberStyle) -> re.Pattern[str]:
    """A number as `parse_amount` reads it, or one sign; grouped digits end where the group ends."""
    decimal = re.escape(style.decimal)
    return re.compile(
        rf"(?P<number>(?:{grouped_digits(style)}(?!\d)|\d+)(?:{decimal}\d*)?|{decimal}\d+)"
        rf"|(?P<sign>[-+*/(){MINUS}×÷])",
        re.ASCII,
    )


_TOKENS = {style: _token_pattern(style) for style in NUMBER_STYLES.values()}
_SPELLINGS = {MINUS: "-", "×": "*", "÷": "/"}
_NEGATED = "negated"
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, _NEGATED: 3}


def read_amount(text: str, exponent: int) -> int:
    """Read an amount above zero, or a sum that makes one, into minor units, exactly.

    Numbers are read as whoever asks writes them: see `web.formatting.formats`. Nothing is
    ever rounded: a result that the currency's decimals cannot hold is refused, and the message
    names the nearest two that they can.

    Raises:
        AmountError: as `parse_entered`; or the sum cannot be worked out, or not exactly.
    """
    if not is_calculated(text):
        return parse_entered(text, exponent)
    minor = calculate(text, style=number_style()) * 10**exponent
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
    """What was read where it can be taken for another amount; nothing for a plain one.

    Of a sum its result, `1200/12 = 100.00`; of one group of thousands the amount without it,
    `1.250 = 1250,00`.
    """
    if has_one_group(text, style=number_style()):
        return f"{text.strip()} = {format_entered(minor, exponent)}"
    if not is_calculated(text):
        return ""
    return f"{' '.join(text.split())} = {format_amount(minor, exponent)}"


def calculate(text: str, *, style: NumberStyle = PLAIN) -> Fraction:
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
    for token in _tokens(text, style):
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


def _tokens(text: str, style: NumberStyle) -> list[Fraction | str]:
    tokens: list[Fraction | str] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKENS[style].match(text, at)
        if match is None:
            raise _malformed()
        if match["number"]:
            tokens.append(_number(match[0], style))
        else:
            tokens.append(_SPELLINGS.get(match[0], match[0]))
        at = match.end()
    return tokens


def _number(text: str, style: NumberStyle) -> Fraction:
    # A comma that groups is the habit of most, and the result is shown: see `show_reading`.
    if style is not PLAIN:
        refuse_two_readings(text, style=style, decimals=DECIMALS_MAX)
    whole, _decimal, decimals = text.partition(style.decimal)
    return Fraction(f"{re.sub(r'[^0-9]', '', whole) or 0}.{decimals or 0}")


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
    return AmountError(
        _("Enter the amount in figures, such as %(example)s, or a sum: 1200/12.")
        % {"example": format_number("1,250.00")}
    )
