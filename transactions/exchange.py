"""Exchanges: one transaction of four entries, two in each currency, at a rate that is kept.

    debit  source            100.00 GBP        debit  @Exchange  117.25 EUR
    credit @Exchange         100.00 GBP        credit destination 117.25 EUR

The two balances between them, one in each currency, hold the position: each currency balances.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from ledgers.money import AMOUNT_DIGITS_MAX, AmountError, grouped_digits, refuse_two_readings
from web.formatting import NUMBER_STYLES, NumberStyle, format_number, number_style

LIQUIDITY = "@Exchange"
RATE_DECIMALS = 18
RATE_DIGITS = 20


def _rate_pattern(style: NumberStyle) -> re.Pattern[str]:
    decimal = re.escape(style.decimal)
    return re.compile(rf"({grouped_digits(style)}|\d*)(?:{decimal}(\d*))?", re.ASCII)


_RATES = {style: _rate_pattern(style) for style in NUMBER_STYLES.values()}


class RateError(ValueError):
    """The rate, or what it makes of the amount, cannot be used; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is paid and what is received, in minor units of their currencies.

    `rate` says how much of the received currency one unit of the paid one is worth.
    """

    source_minor: int
    destination_minor: int
    rate: Decimal


def parse_rate(text: str) -> Decimal:
    """Read a rate above zero, of 18 decimals at most, as whoever asks writes numbers.

    Raises:
        RateError: it is not one, or could be two.
    """
    text, style = text.strip(), number_style()
    match = _RATES[style].fullmatch(text)
    if not match or not (match[1] or match[2]):
        raise RateError(
            _("Enter the rate in figures, such as %(example)s.")
            % {"example": format_number("1.1725")}
        )
    try:
        refuse_two_readings(text, style=style, decimals=RATE_DECIMALS)
    except AmountError as error:
        raise RateError(str(error)) from error
    whole = re.sub(r"[^0-9]", "", match[1] or "").lstrip("0")
    decimals = (match[2] or "").rstrip("0")
    if len(decimals) > RATE_DECIMALS or len(whole) > RATE_DIGITS:
        raise RateError(_("A rate has 18 decimals, and 20 digits before them, at most."))
    rate = Decimal(f"{whole or 0}.{decimals or 0}")
    if not rate:
        raise RateError(_("Enter a rate above zero."))
    return rate


def exchange_at(
    rate: Decimal, *, source_minor: int, source_exponent: int, destination_exponent: int
) -> Exchange:
    """What `source_minor` is worth at a rate, rounded half to even.

    Raises:
        RateError: it is worth nothing, or more than 38 digits hold.
    """
    worth = Fraction(source_minor) * Fraction(rate) * _scale(source_exponent, destination_exponent)
    destination_minor = round(worth)
    if destination_minor == 0:
        raise RateError(_("At this rate the amount is worth nothing in the other currency."))
    if destination_minor >= 10**AMOUNT_DIGITS_MAX:
        raise RateError(_("At this rate the amount received is too large: 38 digits at most."))
    return Exchange(source_minor, destination_minor, rate)


def exchange_for(
    destination_minor: int, *, source_minor: int, source_exponent: int, destination_exponent: int
) -> Exchange:
    """An exchange of two given amounts; their rate is rounded half to even, to 18 decimals.

    Raises:
        RateError: the rate is too small or too large to be kept.
    """
    worth = Fraction(source_minor) * _scale(source_exponent, destination_exponent)
    scaled = round(destination_minor / worth * 10**RATE_DECIMALS)
    if not 0 < scaled < 10 ** (RATE_DIGITS + RATE_DECIMALS):
        raise RateError(_("These two amounts make no rate that can be kept."))
    rate = Decimal((0, tuple(int(digit) for digit in str(scaled)), -RATE_DECIMALS))
    return Exchange(source_minor, destination_minor, _plain(rate))


def format_rate(rate: Decimal) -> str:
    """A rate without zeros at its end, as whoever asks writes numbers: `1.1725`."""
    return format_number(format_plain_rate(rate))


def format_plain_rate(rate: Decimal) -> str:
    """A rate without zeros at its end, for a program."""
    return f"{_plain(rate):f}"


def _plain(rate: Decimal) -> Decimal:
    text = f"{rate:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _scale(source_exponent: int, destination_exponent: int) -> Fraction:
    """How many minor units of the destination one minor unit of the source is, at a rate of 1."""
    return Fraction(10**destination_exponent, 10**source_exponent)
