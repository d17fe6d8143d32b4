"""Axes for amounts of any size: round steps, and labels short enough to stand beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledgers.money import MINUS
from web.formatting import format_number

STEPS = (1, 2, 5)
SUFFIXES = ("", "k", "M", "B", "T")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DECIMALS_MAX = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """From an amount to a height: `low_minor` at `bottom`, `high_minor` at `top`."""

    low_minor: int
    high_minor: int
    top: float
    bottom: float

    def y(self, minor: int) -> float:
        """Exact integers are divided once, so that amounts of 38 digits keep their place."""
        share = (self.high_minor - minor) / (self.high_minor - self.low_minor)
        return self.top + share * (self.bottom - self.top)


def ticks_for(amounts: Iterable[int], *, steps: int) -> list[int]:
    """Round amounts in minor units, ascending, around all of `amounts` and zero.

    There are `steps` steps between them, or a few more or less; at least one.
    """
    low, high = _bounds(amounts)
    step = _step((high - low) / steps)
    first, last = low // step, -(-high // step)
    return [number * step for number in range(first, last + 1)]


def scale_of(ticks: Sequence[int], *, top: float, bottom: float) -> Scale:
    return Scale(ticks[0], ticks[-1], top, bottom)


def format_compact(minor: int, exponent: int) -> str:
    """An amount to three figures, as a label: `−1.25M`, `500k`, `0.05`, `2×10¹⁸`."""
    return format_number(_compact(minor, exponent))


def _compact(minor: int, exponent: int) -> str:
    if minor == 0:
        return "0"
    digits, power = _rounded(abs(minor))
    sign = MINUS if minor < 0 else ""
    # The amount is 0.d₁d₂d₃ × 10^order.
    order = len(digits) + power - exponent
    if -DECIMALS_MAX < order <= 3 * len(SUFFIXES):
        group = max(0, (order - 1) // 3)
        return sign + _plain(digits, order - 3 * group) + SUFFIXES[group]
    head = _plain(digits, 1)
    return f"{sign}{head}×10{str(order - 1).translate(RAISED)}"


def _bounds(amounts: Iterable[int]) -> tuple[int, int]:
    every = [0, *amounts]
    low, high = min(every), max(every)
    return (low, high) if low != high else (0, 1)


def _step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20 … that is not below `least`."""
    power: int = 10 ** max(0, len(str(int(least))) - 1)
    for step in STEPS:
        if step * power >= least:
            return step * power
    return 10 * power


def _rounded(minor: int) -> tuple[str, int]:
    """The first three figures, without zeros at the end, and how many places they stand for."""
    text = str(minor)
    power = max(0, len(text) - 3)
    if power:
        rounded = (minor + 5 * 10 ** (power - 1)) // 10**power
        text = str(rounded)
    kept = text.rstrip("0")
    return kept, power + len(text) - len(kept)


def _plain(digits: str, order: int) -> str:
    """0.d₁d₂d₃ × 10^order, written out."""
    if order <= 0:
        return f"0.{'0' * -order}{digits}"
    whole = digits[:order].ljust(order, "0")
    return f"{whole}.{digits[order:]}" if digits[order:] else whole
