"""The ways in which files write their dates, and which of them a column is written in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from transactions.importing.mapping import DateRules
from transactions.importing.values import DateReader

YEARS = range(1900, 2101)
# A way that reads none of so many is not tried on the others.
TRIED_FIRST = 5
_LIKELY = re.compile(r"\d.*\d.*\d.*\d")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_ISO_TIMES = (*_TIMES, " %H:%M:%S.%f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f")


@dataclass(frozen=True, slots=True)
class DateStyle:
    """A way to write dates, by the formats of the date alone, of which the first is its `key`.

    A style that names its zone, as Z does, has it in `zone`.
    """

    example: str
    dates: tuple[str, ...]
    times: tuple[str, ...] = _TIMES
    zone: str = ""

    @property
    def key(self) -> str:
        return self.dates[0]

    @property
    def formats(self) -> list[str]:
        """What `strptime` reads it by, with a time or without."""
        return [f"{date}{time}" for time in self.times for date in self.dates]

    def reader(self) -> DateReader:
        """Reads such dates as an import does, but as if all were of one zone."""
        rules = DateRules("", tuple(self.formats), dt.time(0), ZoneInfo("UTC"), ())
        return DateReader(rules)


_STYLES = (
    DateStyle("2026-01-31", ("%Y-%m-%d",), _ISO_TIMES),
    DateStyle("31/01/2026", ("%d/%m/%Y",)),
    DateStyle("01/31/2026", ("%m/%d/%Y",)),
    DateStyle("31.01.2026", ("%d.%m.%Y",)),
    DateStyle("31-01-2026", ("%d-%m-%Y",)),
    DateStyle("01-31-2026", ("%m-%d-%Y",)),
    # May is written in full and short at once: the two are one way.
    DateStyle("31 Jan 2026, 31 January 2026", ("%d %b %Y", "%d %B %Y")),
    DateStyle("Jan 31, 2026, January 31, 2026", ("%b %d, %Y", "%B %d, %Y")),
    DateStyle("31-Jan-2026", ("%d-%b-%Y",)),
    DateStyle("31-Jan-26", ("%d-%b-%y",)),
    DateStyle("31/01/26", ("%d/%m/%y",)),
    DateStyle("01/31/26", ("%m/%d/%y",)),
    DateStyle("31.01.26", ("%d.%m.%y",)),
    DateStyle("2026/01/31", ("%Y/%m/%d",)),
    DateStyle("2026.01.31", ("%Y.%m.%d",)),
    DateStyle("20260131", ("%Y%m%d",)),
    DateStyle("2026-01-31T09:15:00Z", ("%Y-%m-%dT%H:%M:%S",), ("Z", ".%fZ"), "UTC"),
)
DATE_STYLES = {style.key: style for style in _STYLES}


def find_styles(texts: Sequence[str]) -> list[DateStyle]:
    """The styles that read the most of the texts, and more than half of them."""
    likely = [text for text in texts[:TRIED_FIRST] if _LIKELY.search(text)]
    counts = {style: count_read(style, texts) for style in _STYLES if count_read(style, likely)}
    most = max(counts.values(), default=0)
    if most * 2 <= len(texts):
        return []
    return [style for style, count in counts.items() if count == most]


def count_read(style: DateStyle, texts: Sequence[str]) -> int:
    """How many of the texts are dates of this style, of a year that somebody may mean."""
    read = style.reader().read
    return sum((moment := read(text)) is not None and moment.year in YEARS for text in texts)
