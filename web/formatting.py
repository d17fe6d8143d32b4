"""Dates and counts as people read them, quick enough to run for every cell of a table."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def format_date(value: date | datetime | None) -> str:
    """A day as "3 Jan 2025"; a moment is first taken to the active zone. None is a dash."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return f"{value.day} {str(MONTHS_3[value.month]).title()} {value.year}"


def format_datetime(value: datetime | None) -> str:
    """A moment as "3 Jan 2025, 09:14" in the active zone, which the page names once."""
    if value is None:
        return "—"
    value = timezone.localtime(value)
    return f"{format_date(value.date())}, {value.hour:02}:{value.minute:02}"


def format_datetime_full(value: datetime) -> str:
    """A moment to the second with its zone: "3 Jan 2025, 09:14:07 UTC"."""
    value = timezone.localtime(value)
    return f"{format_datetime(value)}:{value.second:02} {value.tzname()}"


def format_count(value: int | None) -> str:
    """12345 as "12,345"; None is a dash."""
    return "—" if value is None else f"{value:,}"


def format_since(value: datetime | None, *, now: datetime | None = None) -> str:
    """How long ago: "just now", "4 minutes ago", "yesterday", then the date."""
    if value is None:
        return "—"
    now = now or timezone.now()
    seconds = int((now - value).total_seconds())
    if 0 <= seconds < MINUTE:
        return _("just now")
    if 0 <= seconds < HOUR:
        count = seconds // MINUTE
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", count) % {"count": count}
    days = (timezone.localdate(now) - timezone.localdate(value)).days
    if seconds >= 0 and days == 0:
        count = seconds // HOUR
        return ngettext("%(count)s hour ago", "%(count)s hours ago", count) % {"count": count}
    if days == 1:
        return _("yesterday")
    return format_date(value)


def time_tag(value: datetime | None) -> SafeString | str:
    """`<time>` with "3 Jan 2025, 09:14" to read and the full moment with its zone as title."""
    return "—" if value is None else _time_tag(value, format_datetime(value))


def date_tag(value: datetime | None) -> SafeString | str:
    """`<time>` with "3 Jan 2025" to read and the full moment with its zone as title."""
    return "—" if value is None else _time_tag(value, format_date(value))


def since_tag(value: datetime | None) -> SafeString | str:
    """`<time>` with "2 minutes ago" to read and the full moment with its zone as title."""
    return "—" if value is None else _time_tag(value, format_since(value))


def zone_name() -> str:
    """The active zone as shown beside dates: "UTC" or "Europe/Oslo"."""
    return timezone.get_current_timezone_name()


def _time_tag(value: datetime, text: str) -> SafeString:
    utc = value.astimezone(timezone.get_fixed_timezone(timedelta()))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        f"{utc:%Y-%m-%dT%H:%M:%S}Z",
        format_datetime_full(value),
        text,
    )
