"""Numbers and dates as people read them, quick enough to run for every cell of a table.

This is the only place that knows how a number or a date is written: `formats` sets it for the
person who asks, `format_number` and the functions for dates obey it. Files for programs, addresses
and the database never do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from html import escape

from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# So many rows of a table a process keeps formatted, of each kind: a few megabytes.
ROWS_KEPT = 2_000
MOMENTS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """The signs of a number: between groups of three digits, and before the decimals."""

    group: str
    decimal: str


PLAIN = NumberStyle(",", ".")
NUMBER_STYLES = {
    "point": PLAIN,
    "comma": NumberStyle(".", ","),
    "space": NumberStyle("\N{NO-BREAK SPACE}", ","),
}
_SIGNS = {
    style: str.maketrans({PLAIN.group: style.group, PLAIN.decimal: style.decimal})
    for style in NUMBER_STYLES.values()
}
_PLAIN_SIGNS = {
    style: str.maketrans({style.group: PLAIN.group, style.decimal: PLAIN.decimal})
    for style in NUMBER_STYLES.values()
}


def _number_pattern(style: NumberStyle) -> re.Pattern[str]:
    group, decimal = re.escape(style.group + " "), re.escape(style.decimal)
    return re.compile(
        rf"[-\N{{MINUS SIGN}}]?(\d{{1,3}}([{group}]\d{{3}})+|\d+)({decimal}\d+)?", re.ASCII
    )


# Such as `1.250`, which is 1250 to some and 1.25 to others; nobody groups after a nought.
_ONE_GROUP = re.compile(r"[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_NUMBERS = {style: _number_pattern(style) for style in NUMBER_STYLES.values()}
_IN_TEXT = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?", re.ASCII)
_style: ContextVar[NumberStyle] = ContextVar("number_style", default=PLAIN)
_is_iso: ContextVar[bool] = ContextVar("dates_are_iso", default=False)


@contextmanager
def formats(*, numbers: str = "point", dates: str = "named") -> Iterator[None]:
    """Within, numbers are written as one of `NUMBER_STYLES`, dates as "named" or "iso"."""
    style_before = _style.set(NUMBER_STYLES.get(numbers, PLAIN))
    dates_before = _is_iso.set(dates == "iso")
    try:
        yield
    finally:
        _style.reset(style_before)
        _is_iso.reset(dates_before)


def number_style() -> NumberStyle:
    """How numbers are written for whoever asks now."""
    return _style.get()


def format_number(plain: str) -> str:
    """A number such as "1,234.56" in the signs of whoever asks."""
    style = _style.get()
    return plain if style is PLAIN else plain.translate(_SIGNS[style])


def format_numbers(text: str) -> str:
    """A text with numbers such as "1,234.56" in it: these in the signs of whoever asks."""
    return _IN_TEXT.sub(lambda found: format_number(found[0]), text)


def show_number(plain: str) -> str:
    """As `format_number`, and text that is no number as it is."""
    return format_number(plain) if _NUMBERS[PLAIN].fullmatch(plain) else plain


def plain_number(text: str) -> str:
    """A number that whoever asks has typed, in the signs of `PLAIN`; other text stays."""
    style = _style.get()
    if style is PLAIN or not _NUMBERS[style].fullmatch(text):
        return text
    return "".join(text.split()).translate(_PLAIN_SIGNS[style])


def sign_in_doubt(text: str) -> str:
    """The sign that may group thousands or begin the decimals, as in `1.250`; "" for none."""
    match = _ONE_GROUP.fullmatch(text.strip())
    return match[1] if match else ""


# For the help of a form's field, which is made before anyone asks.
lazy_number = lazy(format_number, str)


def format_decimals(value: float | Decimal, places: int) -> str:
    """A figure with so many decimals, grouped: "1,234.5"; amounts are `ledgers.money`'s."""
    return format_number(f"{value:,.{places}f}")


def format_date(value: date | datetime | None) -> str:
    """A day as "3 Jan 2025"; a moment is first taken to the active zone. None is a dash."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return _day(value)


def format_datetime(value: datetime | None) -> str:
    """A moment as "3 Jan 2025, 09:14" in the active zone, which the page names once."""
    if value is None:
        return "—"
    value = timezone.localtime(value)
    return f"{_day(value)}, {value.hour:02}:{value.minute:02}"


def format_datetime_full(value: datetime) -> str:
    """A moment to the second with its zone: "3 Jan 2025, 09:14:07 UTC"."""
    local = timezone.localtime(value)
    return _full(local, _day(local))


def format_count(value: int | None) -> str:
    """12345 as "12,345"; None is a dash."""
    return "—" if value is None else format_number(f"{value:,}")


def format_since(value: datetime | None, *, now: datetime | None = None) -> str:
    """How long ago: "just now", "4 minutes ago", "yesterday", then the date."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    return _recently(value, local, now or timezone.now()) or _day(local)


def _recently(value: datetime, local: datetime, now: datetime) -> str:
    """In words, up to yesterday; "" before that."""
    seconds = int((now - value).total_seconds())
    if 0 <= seconds < MINUTE:
        return _("just now")
    if 0 <= seconds < HOUR:
        count = seconds // MINUTE
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", count) % {"count": count}
    days = (now.astimezone(local.tzinfo).date() - local.date()).days
    if seconds >= 0 and days == 0:
        count = seconds // HOUR
        return ngettext("%(count)s hour ago", "%(count)s hours ago", count) % {"count": count}
    if days == 1:
        return _("yesterday")
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """Moments as `<time>` in one zone and language, with the full moment as title.

    A table asks once for `active_dates`: finding out the zone and the language costs more than
    a cell does. There is one for each zone, language and way of writing dates, so that what is
    kept by it is found at once.
    """

    zone: tzinfo
    months: tuple[str, ...]
    is_iso: bool = False

    def time_tag(self, value: datetime | None) -> SafeString | str:
        """To read: "3 Jan 2025, 09:14". None is a dash."""
        if value is None:
            return "—"
        opening, day, clock = _parts(self, value)
        return SafeString(f"{opening}{day}, {clock}</time>")

    def date_tag(self, value: datetime | None) -> SafeString | str:
        """To read: "3 Jan 2025". None is a dash."""
        if value is None:
            return "—"
        opening, day, _clock = _parts(self, value)
        return SafeString(f"{opening}{day}</time>")

    def since_tag(self, value: datetime | None) -> SafeString | str:
        """To read: "2 minutes ago". None is a dash."""
        if value is None:
            return "—"
        opening, day, _clock = _parts(self, value)
        recently = escape(_recently(value, value.astimezone(self.zone), timezone.now()))
        return SafeString(f"{opening}{recently or day}</time>")


@lru_cache(maxsize=MOMENTS_KEPT)
def _parts(dates: Dates, value: datetime) -> tuple[str, str, str]:
    """The opening tag, the day and the time of day, each as HTML."""
    local = value.astimezone(dates.zone)
    if dates.is_iso:
        day = f"{local.year:04}-{local.month:02}-{local.day:02}"
    else:
        day = f"{local.day} {dates.months[local.month]} {local.year}"
    utc = local.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()
    opening = f'<time datetime="{utc}Z" title="{escape(_full(local, day))}">'
    return opening, escape(day), f"{local.hour:02}:{local.minute:02}"


def active_dates() -> Dates:
    """Dates in the zone and language of this page."""
    return _dates(timezone.get_current_timezone(), get_language(), is_iso=_is_iso.get())


@cache
def _dates(zone: tzinfo, language: str | None, *, is_iso: bool) -> Dates:
    return Dates(zone, _months(language), is_iso)


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """How whoever asks reads: those who read alike are shown the same text for the same values.

    Those who read alike are one and the same. A function that formats nothing but its arguments,
    this among them, may keep what it made.
    """

    language: str | None
    numbers: NumberStyle
    dates: Dates


def active_reader() -> Reader:
    """The reader of this page."""
    return _reader(get_language(), _style.get(), active_dates())


@cache
def _reader(language: str | None, numbers: NumberStyle, dates: Dates) -> Reader:
    return Reader(language, numbers, dates)


def time_tag(value: datetime | None) -> SafeString | str:
    """`Dates.time_tag` for a single moment, in the active zone."""
    return active_dates().time_tag(value)


def date_tag(value: datetime | None) -> SafeString | str:
    """`Dates.date_tag` for a single moment, in the active zone."""
    return active_dates().date_tag(value)


def since_tag(value: datetime | None) -> SafeString | str:
    """`Dates.since_tag` for a single moment, in the active zone."""
    return active_dates().since_tag(value)


def zone_name() -> str:
    """The active zone as shown beside dates: "UTC" or "Europe/Oslo"."""
    return timezone.get_current_timezone_name()


def _full(local: datetime, day: str) -> str:
    return f"{day}, {local.hour:02}:{local.minute:02}:{local.second:02} {local.tzname()}"


def _day(local: date) -> str:
    if _is_iso.get():
        return f"{local.year:04}-{local.month:02}-{local.day:02}"
    return f"{local.day} {_months(get_language())[local.month]} {local.year}"


def format_month(value: date) -> str:
    """The month of a day as "Jan 2025"."""
    return f"{name_month(value)} {value.year}"


def name_month(value: date) -> str:
    """The month of a day as "Jan"."""
    return _months(get_language())[value.month]


def format_day_of_year(value: date) -> str:
    """A day where its year is known: "3 Jan"."""
    return f"{value.day} {name_month(value)}"


def name_weekday(value: date) -> str:
    """The weekday of a day as "Fri"."""
    return str(WEEKDAYS_ABBR[value.weekday()])


def format_weekday(value: date) -> str:
    """A day of these weeks: "Fri 3 Jan"."""
    return f"{name_weekday(value)} {format_day_of_year(value)}"


@cache
def _months(language: str | None) -> tuple[str, ...]:
    """By number, from 1."""
    return ("", *(str(MONTHS_3[number]).title() for number in range(1, 13)))
