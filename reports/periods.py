"""A span of days, as people ask for it: both ends included, in their own time zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Self

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web.as_of import TICK
from web.formatting import format_date, zone_name

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included, in a time zone; nothing from `cut` on."""

    first: date
    last: date
    zone: tzinfo
    cut: datetime | None = None

    @property
    def start(self) -> datetime:
        """The first moment inside."""
        return self._cut(_midnight(self.first, self.zone))

    @property
    def end(self) -> datetime:
        """The first moment after."""
        return self._cut(_midnight(self.last + timedelta(days=1), self.zone))

    @property
    def last_that_counts(self) -> date:
        """The last of its days of which anything counts; the first where none does."""
        return max(self.first, (self.end - TICK).astimezone(self.zone).date())

    @property
    def query(self) -> dict[str, str]:
        """As the address of a page says it."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    def describe(self) -> str:
        """In words, with the zone whose midnights bound the days."""
        return _("%(first)s to %(last)s, both included (days in %(zone)s)") % {
            "first": format_date(self.first),
            "last": format_date(self.last),
            "zone": zone_name(),
        }

    def _cut(self, moment: datetime) -> datetime:
        return moment if self.cut is None else min(moment, self.cut)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


class PeriodForm(forms.Form):
    """`?from=&to=`; without the last day it is today, without the first what `begin` says of it.

    What comes from `cut` on is left out.
    """

    def __init__(
        self,
        data: Any,
        *,
        today: date,
        cut: datetime | None = None,
        begin: Callable[[date], date] = month_of,
    ) -> None:
        zone = timezone.get_current_timezone()
        given = data.copy()
        last = _read_day(given.get("to", "")) or today
        self.defaults = Period(begin(last), today, zone, cut)
        for name, value in self.defaults.query.items():
            given.setdefault(name, value)
        super().__init__(given)
        for name, label in (("from", gettext_lazy("From")), ("to", gettext_lazy("To"))):
            # "from" is a word of Python's.
            self.fields[name] = _day_field(label)

    def clean(self) -> dict[str, Any]:
        days = super().clean() or self.cleaned_data
        first, last = days.get("from"), days.get("to")
        if first and last and first > last:
            self.add_error("to", _("The last day is before the first."))
        return days

    @property
    def period(self) -> Period:
        """What a valid form asks for."""
        days = self.cleaned_data
        return replace(self.defaults, first=days["from"], last=days["to"])


@dataclass(frozen=True, slots=True)
class QuickPeriod:
    """A span that is one click away."""

    label: str
    period: Period
    is_chosen: bool

    @classmethod
    def of(cls, label: str, first: date, last: date, chosen: Period) -> Self:
        period = replace(chosen, first=first, last=last)
        return cls(label, period, period == chosen)


def quick_periods(chosen: Period, *, today: date, oldest: date, newest: date) -> list[QuickPeriod]:
    """This month, the last one, this quarter, this year, and all there is."""
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    spans = [
        (_("This month"), month, today),
        (_("Last month"), before, month - timedelta(days=1)),
        (_("This quarter"), quarter, today),
        (_("This year"), date(today.year, 1, 1), today),
        (_("All"), min(oldest, today), max(newest, today)),
    ]
    return [QuickPeriod.of(label, first, last, chosen) for label, first, last in spans]


def _day_field(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label,
        widget=widget,
        input_formats=["%Y-%m-%d"],
        validators=[_check_range],
        error_messages={
            "required": gettext_lazy("Enter a date."),
            "invalid": gettext_lazy("Enter a date as 2025-01-31."),
        },
    )


def _read_day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _check_range(day: date) -> None:
    if not EARLIEST <= day <= LATEST:
        raise forms.ValidationError(_("Choose a date from 1900 to 2999."))


def _midnight(day: date, zone: tzinfo) -> datetime:
    """Where the clocks skip midnight, the moment they skip to."""
    return datetime.combine(day, time.min, tzinfo=zone)
