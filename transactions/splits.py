"""Splitting an amount over several balances: by fixed amounts, percentages and what is left.

The rules, in minor units:

* a fixed share is its amount, a percentage is taken of the whole amount, and `left` gets what
  the others leave, counted before they are rounded;
* every share is rounded down. The percentage that is largest gets what percentages below one
  unit lose, the largest share of all what is then missing; of equal ones the first;
* an amount of one unit goes to the first share whole.

So the shares always sum to the amount. Shares that do not, before rounding, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from django.utils.translation import gettext as _

from ledgers.arithmetic import read_amount
from ledgers.money import AmountError, format_amount
from web.formatting import format_number, number_style

_PERCENT = re.compile(r"(\d{1,3})(?:([.,])(\d{0,18}))?\s*%", re.ASCII)


class ShareKind(Enum):
    FIXED = "fixed"
    PERCENT = "percent"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Share:
    """How much one balance gets; `number` is minor units or percent, by the kind."""

    kind: ShareKind
    number: Fraction = Fraction(0)

    def of(self, total_minor: int) -> Fraction:
        """The share before rounding; nothing for `left`."""
        if self.kind == ShareKind.PERCENT:
            return total_minor * self.number / 100
        return self.number


LEFT = Share(ShareKind.LEFT)


class SplitError(ValueError):
    """The amount cannot be split like this; the message says why, for the user.

    `index` is the share at fault, from 0, where there is one.
    """

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


def fixed(amount_minor: int) -> Share:
    return Share(ShareKind.FIXED, Fraction(amount_minor))


def percent(number: Fraction | int) -> Share:
    return Share(ShareKind.PERCENT, Fraction(number))


def parse_share(text: str, exponent: int) -> Share:
    """Read a share: `left`, a percentage such as `12.5%`, or an amount.

    Raises:
        AmountError: it is none of them.
    """
    text = text.strip()
    if text.lower() in ("left", _("left")):
        return LEFT
    if "%" not in text:
        return fixed(read_amount(text, exponent))
    number = _read_percent(text)
    if not 0 < number <= 100:
        raise AmountError(
            _("Enter a percentage above 0 and up to 100, such as %(example)s.")
            % {"example": format_number("12.5") + "%"}
        )
    return percent(number)


def _read_percent(text: str) -> Fraction:
    """The number, written as whoever asks writes numbers; 0 if there is none."""
    match = _PERCENT.fullmatch(text)
    if not match or match[2] not in (None, number_style().decimal):
        return Fraction(0)
    return Fraction(f"{match[1]}.{match[3] or 0}")


def split(total_minor: int, shares: Sequence[Share], *, exponent: int = 0) -> list[int]:
    """What each share comes to, in order; they sum to `total_minor`.

    A share that rounds to nothing comes to 0. `exponent` is for the messages.

    Raises:
        SplitError: two shares are `left`, or the shares are more or, without a
            `left`, less than the amount.
    """
    _refuse_misfits(total_minor, shares, exponent)
    if total_minor == 1:
        return [1] + [0] * (len(shares) - 1)
    exact = [share.of(total_minor) for share in shares]
    lefts = [at for at, share in enumerate(shares) if share.kind == ShareKind.LEFT]
    percents = [at for at, share in enumerate(shares) if share.kind == ShareKind.PERCENT]
    for at in lefts:
        exact[at] = total_minor - sum(exact, Fraction(0))
    _gather_below_one(exact, percents)
    amounts = [int(each) for each in exact]
    amounts[_largest(amounts)] += total_minor - sum(amounts)
    return amounts


def refuse_repeated(names: Sequence[Hashable]) -> None:
    """One balance may have one share only.

    Raises:
        SplitError: at the second share of a balance.
    """
    for index, name in enumerate(names):
        if name in names[:index]:
            raise SplitError(_("This balance has a share already."), index=index)


def _refuse_misfits(total_minor: int, shares: Sequence[Share], exponent: int) -> None:
    lefts = [at for at, share in enumerate(shares) if share.kind == ShareKind.LEFT]
    if len(lefts) > 1:
        raise SplitError(_("Only one share can be what is left."), index=lefts[1])
    given = sum((share.of(total_minor) for share in shares), Fraction(0))
    figures = {
        "given": _describe(given, exponent),
        "total": format_amount(total_minor, exponent),
    }
    if given > total_minor:
        raise SplitError(_("The shares come to %(given)s, more than %(total)s.") % figures)
    if given < total_minor and not lefts:
        raise SplitError(
            _("The shares come to %(given)s of %(total)s. Let one of them be “left”.") % figures
        )


def _gather_below_one(exact: list[Fraction], percents: Sequence[int]) -> None:
    """Percentages that come to less than one unit get nothing; the largest gets theirs."""
    if not percents:
        return
    largest = max(percents, key=lambda at: exact[at])
    for at in percents:
        if at != largest and exact[at] < 1:
            exact[largest] += exact[at]
            exact[at] = Fraction(0)


def _largest(amounts: Sequence[int]) -> int:
    return max(range(len(amounts)), key=lambda at: amounts[at])


def _describe(minor: Fraction, exponent: int) -> str:
    """A figure that may lie between two amounts; then as the one below, and a sign for more."""
    text = format_amount(int(minor), exponent)
    return text if minor.denominator == 1 else f"{text}…"
