"""Amounts: between what people read and write, and integers in minor units."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUS = "\N{MINUS SIGN}"
AMOUNT_DIGITS_MAX = 38

# Digits, either plain or grouped in threes by commas, thin or no-break spaces, then decimals.
_AMOUNT = re.compile(r"(\d+|\d{1,3}(?:[,\u00a0\u202f ]\d{3})+)?(?:\.(\d*))?", re.ASCII)


class AmountError(ValueError):
    """The text is not an amount of the currency; the message says why, for the user."""


def format_amount(minor: int, exponent: int) -> str:
    """Write `minor` units with `exponent` decimals: `-1710000, 2` is `−17,100.00`."""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    whole, decimals = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    text = f"{int(whole):,}" + (f".{decimals}" if decimals else "")
    return MINUS + text if minor < 0 else text


def format_plain(minor: int, exponent: int) -> str:
    """Write an amount for a program or an input field: `-17100.00`, no grouping."""
    return format_amount(minor, exponent).replace(",", "").replace(MINUS, "-")


def parse_amount(text: str, exponent: int) -> int:
    """Read a positive amount in major units into minor units, exactly.

    Thousands may be grouped by commas or spaces. Nothing is ever rounded: more
    decimals than the currency has are refused, unless they are zeros.

    Raises:
        AmountError: no amount, not a number, zero or negative, too precise, too large.
    """
    text = text.strip()
    if not text:
        raise AmountError(_("Enter an amount."))
    if text[0] in "-" + MINUS:
        raise AmountError(_("Enter an amount above zero; the direction is set by the two sides."))
    match = _AMOUNT.fullmatch(text)
    if not match or not re.search(r"\d", text):
        raise AmountError(_("Enter the amount in figures, such as 1,250.00."))
    minor = _to_minor(match[1] or "0", match[2] or "", exponent)
    if minor == 0:
        raise AmountError(_("Enter an amount above zero."))
    if len(str(minor)) > AMOUNT_DIGITS_MAX:
        raise AmountError(_("This amount is too large: 38 digits at most."))
    return minor


def _to_minor(whole: str, decimals: str, exponent: int) -> int:
    if decimals.rstrip("0")[exponent:]:
        raise AmountError(
            ngettext(
                "This currency has %(count)d decimal; enter no more than that.",
                "This currency has %(count)d decimals; enter no more than that.",
                exponent,
            )
            % {"count": exponent}
        )
    if len(whole) > 2 * AMOUNT_DIGITS_MAX:
        raise AmountError(_("This amount is too large: 38 digits at most."))
    kept = decimals[:exponent].ljust(exponent, "0")
    return int(re.sub(r"\D", "", whole) + kept)
