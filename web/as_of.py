"""The moment that a page is read at: `?as_of=` for what had happened, `?known_at=` for what was
recorded by then. Without them it is now.

A view reads it once and hands it on::

    moment = read_moment(request)
    totals = totals_before(ids, moment.before, known_at=moment.known_at) if moment.is_past else …
    context = {"moment": moment, …}

and its template shows the band and the form: `{% include "components/_as_of.html" %}` at the top
of the content, `{% include "components/_as_of_form.html" %}` among what can be done. Links to
other pages carry `moment.query`; those that post or change stand within `{% if moment.is_now %}`.

A page that is asked for no moment shows now, and says so. A file would be kept as one of that
moment: its view reads it by `ask_moment`, and makes none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web.formatting import format_date, format_datetime, format_datetime_full
from web.query import VOLATILE
from web.text import isolate

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LENGTH_MAX = 40
# What is asked for before it is a slip of the keyboard, and other clocks cannot tell it.
YEAR_MIN = 1900
TICK = timedelta(microseconds=1)
NAMES = ("as_of", "known_at")
CLOCKS = (gettext_lazy("As of"), gettext_lazy("As recorded by"))


class BadMomentError(ValueError):
    """The text names no moment that has been; the message says so to a person."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment a page is read at.

    `as_of` and `known_at_text` are as in the address; `before` is the first moment that no longer
    counts, `known_at` the last at which something could be recorded that does.
    """

    as_of: str = ""
    known_at_text: str = ""
    effective_before: datetime | None = None
    known_at: datetime | None = None
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def is_past(self) -> bool:
        return self.effective_before is not None or self.known_at is not None

    @property
    def is_now(self) -> bool:
        return not self.is_past

    @property
    def before(self) -> datetime:
        """The first moment that no longer counts: nothing takes effect after it is recorded."""
        if self.effective_before is not None:
            return self.effective_before
        return (self.known_at or timezone.now()) + TICK

    @property
    def parameters(self) -> dict[str, str]:
        """What an address carries, to stay at this moment."""
        values = {"as_of": self.as_of, "known_at": self.known_at_text}
        return {name: value for name, value in values.items() if value}

    @property
    def query(self) -> str:
        """`as_of=2025-03-31`; empty now."""
        return urlencode(self.parameters, safe=":")

    @property
    def suffix(self) -> str:
        """What follows an address without a query: `?as_of=2025-03-31`; empty now."""
        return f"?{self.query}" if self.is_past else ""

    @property
    def addition(self) -> str:
        """What follows an address with a query: `&as_of=2025-03-31`; empty now."""
        return f"&{self.query}" if self.is_past else ""

    @property
    def day(self) -> str:
        """The date of `as_of`, as an input for dates holds it."""
        return self.as_of[:10]

    @property
    def known_day(self) -> str:
        return self.known_at_text[:10]

    @property
    def today(self) -> str:
        return timezone.localdate().isoformat()

    @property
    def words(self) -> str:
        """As of when, in the active zone: "31 Mar 2025, 23:59"."""
        return "" if self.effective_before is None else _in_words(self.effective_before - TICK)

    @property
    def known_words(self) -> str:
        return "" if self.known_at is None else _in_words(self.known_at)

    @property
    def file_name(self) -> str:
        """What the name of a file says: `as-of-2025-03-31-known-2025-05-02`; now, the day."""
        told = {"as-of": self.as_of, "known": self.known_at_text}
        return "-".join(f"{name}-{text}" for name, text in told.items() if text) or self.today

    def clocks(self, now: datetime) -> list[str]:
        """What files tell programs of it: as of when, as recorded by when; see `CLOCKS`.

        Both are the last moment that counts, in ISO 8601 with the zone; `now` where none is
        asked for.
        """
        return [timezone.localtime(each).isoformat(timespec="seconds") for each in self._last(now)]

    def describe(self, now: datetime) -> list[str]:
        """The same for people."""
        as_of, known = map(_in_words, self._last(now))
        return [
            _("As of %(when)s") % {"when": as_of},
            _("As recorded by %(when)s") % {"when": known},
        ]

    def _last(self, now: datetime) -> tuple[datetime, datetime]:
        """Of a day that is not over, `now`."""
        as_of = self.before - TICK if self.is_past else now
        return min(as_of, now), min(self.known_at or now, now)


NOW = Moment()


def read_moment(request: HttpRequest) -> Moment:
    """The moment that the address asks for; now, with a message, if it is none that has been."""
    try:
        return ask_moment(request)
    except BadMomentError as error:
        # A region is asked for with the address of its page, which has said so.
        if "HX-Request" not in request.headers:
            messages.warning(request, _("%(problem)s This page shows now.") % {"problem": error})
        return Moment(kept=_kept(request))


def ask_moment(request: HttpRequest) -> Moment:
    """The moment that the address asks for, and no other.

    Raises:
        BadMomentError: it is none that has been.
    """
    as_of, known_at = (request.GET.get(name, "").strip() for name in NAMES)
    return Moment(
        as_of=as_of,
        known_at_text=known_at,
        effective_before=parse_end(as_of) if as_of else None,
        known_at=parse_end(known_at) - TICK if known_at else None,
        kept=_kept(request),
    )


def asks_for_moment(request: HttpRequest) -> bool:
    """Whether the address names any, one that has been or not."""
    return any(request.GET.get(name, "").strip() for name in NAMES)


def _kept(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name, values in request.GET.lists()
        if name not in (*NAMES, *VOLATILE)
        for value in values
    )


def parse_start(text: str) -> datetime:
    """The beginning of a day, or a moment itself.

    Raises:
        BadMomentError: it is neither, or lies in the future.
    """
    day = _parse_day(text)
    return _parse_time(text) if day is None else _midnight(day)


def parse_end(text: str) -> datetime:
    """The first moment after a day, or after a moment.

    A day ends, and a moment without a zone is meant, in the active zone.

    Raises:
        BadMomentError: it is neither, or lies in the future.
    """
    day = _parse_day(text)
    return _parse_time(text) + TICK if day is None else _midnight(day + timedelta(days=1))


def _parse_day(text: str) -> date | None:
    if not DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _refused(text) from error
    if day.year < YEAR_MIN:
        raise _too_early(text)
    if day > timezone.localdate():
        raise BadMomentError(_("%(date)s is in the future.") % {"date": format_date(day)})
    return day


def _parse_time(text: str) -> datetime:
    if len(text) > LENGTH_MAX:
        raise _refused(text)
    try:
        # A plus sign that was not encoded arrives as a space.
        moment = datetime.fromisoformat(re.sub(r"(?<=:\d\d) (?=\d\d:\d\d$)", "+", text))
        if moment.year < YEAR_MIN:
            raise _too_early(text)
        if timezone.is_naive(moment):
            moment = timezone.make_aware(moment)
        is_future = moment > timezone.now()
    except BadMomentError:
        raise
    except (ValueError, OverflowError) as error:
        raise _refused(text) from error
    if is_future:
        raise BadMomentError(_("%(moment)s is in the future.") % {"moment": isolate(text)})
    return moment


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _refused(text: str) -> BadMomentError:
    return BadMomentError(
        _("“%(text)s” is not a date such as 2025-03-31.") % {"text": isolate(text[:LENGTH_MAX])}
    )


def _too_early(text: str) -> BadMomentError:
    told = _("%(text)s is before the year %(year)s.")
    return BadMomentError(told % {"text": isolate(text), "year": YEAR_MIN})


def _in_words(moment: datetime) -> str:
    local = timezone.localtime(moment)
    is_short = local.second in (0, 59)
    return format_datetime(moment) if is_short else format_datetime_full(moment)
