"""Amounts: between what people read and write, and integers in minor units."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from web.formatting import (
    NUMBER_STYLES,
    PLAIN,
    NumberStyle,
    format_number,
    number_style,
    sign_in_doubt,
)

MINUS = "\N{MINUS SIGN}"
AMOUNT_DIGITS_MAX = 38
GROUP_DIGITS = 3
# An amount of more signs may break on a phone.
LONG = 16

SPACES = "\u00a0\u202f "


def grouped_digits(style: NumberStyle) -> str:
    """A pattern of digits grouped in threes by the style's sign, or by spaces throughout.

    Nobody groups a number that begins with a nought: `0.123` is less than one; nor by one sign
    and then another: the last of `1 234,567` begins the decimals.
    """
    group = re.escape(style.group)
    return rf"[1-9]\d{{0,2}}(?:(?:{group}\d{{3}})+|(?:[{SPACES}]\d{{3}})+)"


def _amount_pattern(style: NumberStyle) -> re.Pattern[str]:
    """Digits, either plain or grouped in threes, then decimals."""
    decimal = re.escape(style.decimal)
    return re.compile(rf"(\d+|{grouped_digits(style)})?(?:{decimal}(\d*))?", re.ASCII)


_AMOUNTS = {style: _amount_pattern(style) for style in NUMBER_STYLES.values()}


class AmountError(ValueError):
    """The text is not an amount of the currency; the message says why, for the user."""


def format_amount(minor: int, exponent: int) -> str:
    """Write `minor` units with `exponent` decimals: `-1710000, 2` is `−17,100.00`.

    Group and decimal signs are those of whoever asks: see `web.formatting.formats`.
    """
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    whole, decimals = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    text = format_number(f"{int(whole):,}" + (f".{decimals}" if decimals else ""))
    return MINUS + text if minor < 0 else text


def format_plain(minor: int, exponent: int) -> str:
    """Write an amount for a program: `-17100.00`, no grouping, the same for everyone."""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    text = f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits
    return f"-{text}" if minor < 0 else text


def format_entered(minor: int, exponent: int) -> str:
    """Write an amount into an input field of whoever asks: `-17100.00`, or `-17100,00`."""
    return format_plain(minor, exponent).replace(".", number_style().decimal)


def parse_amount(text: str, exponent: int, *, style: NumberStyle = PLAIN) -> int:
    """Read a positive amount in major units into minor units, exactly.

    Thousands may be grouped by the style's sign or spaces. Nothing is ever rounded: more
    decimals than the currency has are refused, unless they are zeros. Addresses and programs
    write the plain style; for what a person types see `parse_entered`.

    Raises:
        AmountError: no amount, not a number, zero or negative, too precise or too large.
    """
    text = text.strip()
    if not text:
        raise AmountError(_("Enter an amount."))
    if text[0] in "-" + MINUS:
        raise AmountError(_("Enter an amount above zero; the direction is set by the two sides."))
    match = _AMOUNTS[style].fullmatch(text)
    if not match or not re.search(r"\d", text):
        raise AmountError(
            _("Enter the amount in figures, such as %(example)s.")
            % {"example": format_number("1,250.00")}
        )
    minor = _to_minor(match[1] or "0", match[2] or "", exponent)
    if minor == 0:
        raise AmountError(_("Enter an amount above zero."))
    if len(str(minor)) > AMOUNT_DIGITS_MAX:
        raise AmountError(_("This amount is too large: 38 digits at most."))
    return minor


def parse_entered(text: str, exponent: int) -> int:
    """Read an amount that a person typed: as `parse_amount`, in their style.

    Raises:
        AmountError: as `parse_amount`; or there are two readings.
    """
    style = number_style()
    refuse_two_readings(text, style=style, decimals=exponent)
    return parse_amount(text, exponent, style=style)


def has_one_group(text: str, *, style: NumberStyle) -> bool:
    """Whether `text` is such as `1.250`, which is 1.25 to whoever writes numbers the other way."""
    return sign_in_doubt(text) == style.group


def refuse_two_readings(text: str, *, style: NumberStyle, decimals: int) -> None:
    """Refuse `1.250`, or in another style `1,250`, where it may mean 1250 or 1.25.

    The sign that groups thousands is taken for that only if nothing else is possible: two
    groups, decimals behind them, or a currency with fewer than three decimals.

    Raises:
        AmountError: there are two readings.
    """
    text = text.strip()
    if has_one_group(text, style=style) and decimals >= GROUP_DIGITS:
        whole, _sign, last = text.partition(style.group)
        raise AmountError(
            _("%(text)s can be read in two ways. Write %(large)s or %(small)s.")
            % {
                "text": text,
                "large": whole + last,
                "small": whole + style.decimal + last,
            }
        )


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
