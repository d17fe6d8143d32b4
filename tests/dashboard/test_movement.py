"""Movement of 30 days on Home, against the trial balance that each figure leads to."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from reports.rolling import roll_up_days
from tests.factories import make_balance, make_client, make_user, post_transfer
from tests.pages import links_of, rows_of


@pytest.mark.usefixtures("own_database")
def test_movement_is_that_of_the_trial_balance() -> None:
    clerk = make_client(user=make_user(time_zone_choice="local"))
    clerk.cookies["daybook_tz"] = "Pacific/Kiritimati"
    zone = ZoneInfo("Pacific/Kiritimati")
    first = datetime.now(zone).date() - timedelta(days=29)
    start = datetime.combine(first, time.min, tzinfo=zone)
    for currency, amount_minor in (("GBP", 7_00), ("JPY", 11)):
        source = make_balance(currency=currency, floor_minor=None)
        destination = make_balance(currency=currency)
        for at in (start - timedelta(seconds=1), start, timezone.now()):
            post_transfer(
                source=source, destination=destination, amount_minor=amount_minor, effective_at=at
            )
    make_balance(currency="EUR", opening_minor=5_00)

    check_movement(clerk)
    assert roll_up_days().entry_count
    check_movement(clerk)
    # What is not rolled up yet counts at once.
    post_transfer(
        source=source, destination=destination, amount_minor=9, effective_at=timezone.now()
    )
    check_movement(clerk, yen="31")
    assert roll_up_days().entry_count
    check_movement(clerk, yen="31")


def check_movement(clerk: Client, *, yen: str = "22") -> None:
    response = clerk.get("/")
    rows = rows_of(response)
    assert [row for row in rows if row[0] in ("GBP", "JPY")] == [["GBP", "14.00"], ["JPY", yen]]
    assert not [row for row in rows if row[0] == "EUR"]
    for currency, moved in (("GBP", "14.00"), ("JPY", yen)):
        link = next(each for each in links_of(response) if f"currency={currency}&from=" in each)
        (total,) = [row for row in rows_of(clerk.get(link)) if row[0].startswith("Total")]
        assert total[3:5] == [moved, moved]
