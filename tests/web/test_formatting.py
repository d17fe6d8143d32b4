from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from web.formatting import (
    date_tag,
    format_count,
    format_date,
    format_datetime,
    format_datetime_full,
    format_numbers,
    format_since,
    formats,
    since_tag,
    time_tag,
)

NOON = datetime(2025, 1, 3, 12, 14, 7, tzinfo=UTC)


def test_moment_is_shown_in_the_active_zone() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        shown = format_datetime(NOON)

    assert shown == "3 Jan 2025, 21:14"


def test_moment_in_full_names_its_zone() -> None:
    with timezone.override(ZoneInfo("Europe/Oslo")):
        shown = format_datetime_full(NOON)

    assert shown == "3 Jan 2025, 13:14:07 CET"


def test_day_of_a_moment_is_the_day_in_the_active_zone() -> None:
    late = datetime(2025, 1, 3, 23, 30, tzinfo=UTC)

    with timezone.override(ZoneInfo("Europe/Oslo")):
        shown = format_date(late)

    assert shown == "4 Jan 2025"
    assert format_date(date(2025, 5, 1)) == "1 May 2025"


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=12), "12 hours ago"),
        (timedelta(hours=13), "yesterday"),
        (timedelta(days=2), "1 Jan 2025"),
        (timedelta(days=-1), "4 Jan 2025"),
    ],
)
def test_time_since_a_moment(ago: timedelta, shown: str) -> None:
    assert format_since(NOON - ago, now=NOON) == shown


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (12345, "12,345"), (None, "—")])
def test_count_is_grouped_by_thousands(count: int | None, shown: str) -> None:
    assert format_count(count) == shown


def test_tag_holds_the_moment_for_machines_and_the_zone_for_people() -> None:
    with timezone.override(ZoneInfo("Europe/Oslo")):
        tag = time_tag(NOON)

    assert tag == (
        '<time datetime="2025-01-03T12:14:07Z" title="3 Jan 2025, 13:14:07 CET">'
        "3 Jan 2025, 13:14</time>"
    )
    assert ">3 Jan 2025<" in date_tag(NOON)


def test_nothing_is_a_dash() -> None:
    assert [show(None) for show in (format_date, format_datetime, format_since)] == ["—"] * 3
    assert [show(None) for show in (time_tag, date_tag, since_tag)] == ["—"] * 3


def test_numbers_within_a_text_are_written_as_whoever_asks_writes_them() -> None:
    text = "1,250.00 below its floor of −1,000,000.00, by this overdraft"

    with formats(numbers="comma"):
        shown = format_numbers(text)

    assert shown == "1.250,00 below its floor of −1.000.000,00, by this overdraft"
    assert format_numbers(text) == text
