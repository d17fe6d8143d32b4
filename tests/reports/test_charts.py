"""The chart's figures against a plain recount, and where it draws them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from balances.models import Balance
from reports.charts import Chart, Point, chart_of, days_until, months_until
from reports.moments import totals_at
from reports.periods import Period
from reports.rolling import roll_up_days
from reports.scales import format_compact, ticks_for
from reports.series import totals_through
from reports.statement import Statement
from reports.svg import NARROW, WIDE, Bar, Caption, Frame, draw
from tests.conftest import OwnDatabase
from tests.factories import NOON, make_balance, make_client, make_user, post_transfer
from tests.pages import HTMX, SCRIPT, count_queries, is_whole_page, links_of, rows_of, text_of

OSLO = ZoneInfo("Europe/Oslo")
ADELAIDE = ZoneInfo("Australia/Adelaide")
UNHURRIED = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
RECOUNT = """
SELECT coalesce(sum(amount_minor) FILTER (WHERE direction = 1), 0),
       coalesce(sum(amount_minor) FILTER (WHERE direction = -1), 0)
FROM transactions_entry
WHERE balance_id = %s AND (effective_at AT TIME ZONE %s)::date BETWEEN %s AND %s
"""


def recount(balance: Balance, zone: ZoneInfo, first: date, last: date) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT, [balance.pk, zone.key, first, last])
        credit, debit = cursor.fetchone()
        return int(credit), int(debit)


def post_back_and_forth(random: Random, one: Balance, other: Balance, count: int) -> None:
    """Postings of today, effective within the last fifteen months, many of them near midnight."""
    now = datetime.now(UTC)
    for _ in range(count):
        back = timedelta(days=random.choice([0, 1, random.uniform(0, 90), random.uniform(0, 450)]))
        effective_at = now - back
        if random.random() < 0.3:
            effective_at = effective_at.replace(hour=0, minute=0) - timedelta(hours=13)
        source, destination = random.sample([one, other], 2)
        post_transfer(
            source=source,
            destination=destination,
            amount_minor=random.randint(1, 10**6),
            effective_at=effective_at,
        )


def assert_equals_recount(balance: Balance, zone: ZoneInfo) -> None:
    today = datetime.now(zone).date()
    for choose in (months_until, days_until):
        with timezone.override(zone):
            periods = choose(today)
        chart = chart_of(balance, periods)
        before = recount(balance, zone, date(1, 1, 1), periods[0].first - timedelta(days=1))
        closing = before[0] - before[1]
        assert chart.opening_minor == closing
        for period, point in zip(periods, chart.points, strict=True):
            credit, debit = recount(balance, zone, period.first, period.last)
            closing += credit - debit
            assert (point.credit_minor, point.debit_minor) == (credit, debit)
            assert point.closing_minor == closing
            statement = Statement.read(balance, period)
            assert (statement.moved.credit_minor, statement.moved.debit_minor) == (credit, debit)
            assert statement.closing.net_minor == closing
        balance.refresh_from_db()
        assert closing == balance.balance_minor


def test_months_and_days_equal_a_recount_in_any_zone(own_database: OwnDatabase) -> None:
    random = Random(11)
    one, other = make_balance(floor_minor=None), make_balance(floor_minor=None)
    post_back_and_forth(random, one, other, 60)
    assert_equals_recount(one, OSLO)
    roll_up_days()
    assert_equals_recount(one, ADELAIDE)
    post_back_and_forth(random, one, other, 40)
    assert_equals_recount(other, OSLO)
    assert_equals_recount(one, ZoneInfo("UTC"))

    moments = sorted(datetime.now(UTC) - timedelta(days=random.uniform(0, 450)) for _ in range(40))
    for known_at in (None, datetime.now(UTC), NOON, datetime.now(UTC) - timedelta(seconds=1)):
        found = totals_through(one.pk, moments, known_at=known_at)
        assert found == totals_at(one.pk, moments, known_at=known_at)


def test_months_end_where_the_next_begins_through_summer_time() -> None:
    with timezone.override(OSLO):
        periods = months_until(date(2026, 2, 28))

    assert [period.first for period in periods][:2] == [date(2025, 3, 1), date(2025, 4, 1)]
    assert periods[-1].last == date(2026, 2, 28)
    assert [period.start.astimezone(UTC).hour for period in periods[:2]] == [23, 22]
    assert all(one.end == following.start for one, following in pairwise(periods))


@pytest.mark.django_db
def test_a_chart_as_of_a_moment_ends_with_it() -> None:
    balance, other = make_balance(), make_balance(floor_minor=None)
    for minor, at in ((1, NOON), (20, NOON + timedelta(hours=1)), (300, NOON + timedelta(days=40))):
        post_transfer(source=other, destination=balance, amount_minor=minor, effective_at=at)

    for choose in (months_until, days_until):
        chart = chart_of(balance, choose(NOON.date(), cut=NOON + timedelta(microseconds=1)))
        assert (chart.opening_minor, chart.credit_minor, chart.closing_minor) == (0, 1, 1)
    long_ago = datetime(1, 1, 3, tzinfo=UTC)
    chart = chart_of(balance, months_until(long_ago.date(), cut=long_ago))
    assert (len(chart.points), chart.has_entries) == (12, False)


@pytest.mark.django_db
def test_a_page_of_the_past_loads_the_chart_of_then(clerk: Client) -> None:
    balance = make_balance(opening_minor=7_00)
    post_transfer(source=balance, destination=make_balance(), amount_minor=2_00)
    url = balance.get_absolute_url()

    page = clerk.get(f"{url}?as_of=2025-01-14")
    chart = clerk.get(f"{url}chart/?as_of=2025-01-15")

    assert f'hx-get="{url}chart/?as_of=2025-01-14"' in page.content.decode()
    assert f'hx-get="{url}flow/?as_of=2025-01-14"' in page.content.decode()
    assert rows_of(chart)[-2] == ["Jan 2025", "2.00", "7.00", "5.00"]
    assert rows_of(clerk.get(f"{url}flow/?as_of=2025-01-15"))[-1][-2:] == ["7.00", "2.00"]
    assert any("to=2025-01-31" in link and "as_of=2025-01-15" in link for link in links_of(chart))


MINOR = st.one_of(
    st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1), st.integers(-100, 100)
)
FLOW = st.one_of(st.integers(min_value=0, max_value=10**38 - 1), st.integers(0, 3))


@UNHURRIED
@given(
    st.lists(st.tuples(FLOW, FLOW, MINOR), min_size=1, max_size=90),
    st.sampled_from([0, 2, 18]),
    st.sampled_from([WIDE, NARROW]),
)
def test_whatever_the_amounts_the_drawing_stays_in_its_frame(
    figures: list[tuple[int, int, int]], exponent: int, frame: Frame
) -> None:
    period = Period(date(2026, 1, 1), date(2026, 1, 31), UTC)
    chart = Chart(0, tuple(Point(period, *each) for each in figures), has_entries=True)

    drawing = draw(
        chart, exponent=exponent, frame=frame, captions=[Caption("Jan", "2026", "")] * len(figures)
    )

    bands = [Bar(band["x"], band["y"], band["width"], band["height"]) for band in drawing.bands]
    bars = [*drawing.credit_bars, *drawing.debit_bars, *bands]
    xs = [float(bar.x) for bar in bars] + [float(bar.x) + float(bar.width) for bar in bars]
    ys = [float(bar.y) for bar in bars] + [float(bar.y) + float(bar.height) for bar in bars]
    for shape in (*drawing.areas, *drawing.lines):
        points = [pair.split() for pair in shape.path.strip("MZ").split("L")]
        xs += [float(x) for x, _y in points]
        ys += [float(y) for _x, y in points]
    ys += [float(tick.text_y) for tick in (*drawing.balance_ticks, *drawing.flow_ticks)]
    assert min(xs) >= float(drawing.left) - 0.1 > 0
    assert max(xs) <= drawing.width
    assert min(ys) >= 0
    assert max(ys) <= drawing.height
    assert len(drawing.balance_ticks) <= 8
    assert len(drawing.credit_bars) == sum(credit > 0 for credit, _, _ in figures)


@UNHURRIED
@given(st.lists(MINOR, max_size=5), st.integers(2, 5))
def test_ticks_are_round_and_around_all_amounts_and_zero(amounts: list[int], steps: int) -> None:
    ticks = ticks_for(amounts, steps=steps)

    assert 0 in ticks
    assert ticks[0] <= min([0, *amounts])
    assert ticks[-1] >= max([0, *amounts])
    assert 2 <= len(ticks) <= steps + 3
    assert {second - first for first, second in pairwise(ticks)} == {ticks[1] - ticks[0]}
    assert str(ticks[1] - ticks[0]).rstrip("0") in {"1", "2", "5"}


@pytest.mark.parametrize(
    ("minor", "exponent", "label"),
    [
        (0, 2, "0"),
        (5, 2, "0.05"),
        (-2_500_00, 2, "−2.5k"),
        (99_999_99, 2, "100k"),
        (1_250_000_00, 2, "1.25M"),
        (1234, 0, "1.23k"),
        (2 * 10**35, 18, "2×10¹⁷"),
        (1, 18, "1×10⁻¹⁸"),
    ],
)
def test_labels_are_short(minor: int, exponent: int, label: str) -> None:
    assert format_compact(minor, exponent) == label


@pytest.fixture
def clerk() -> Client:
    return make_client(user=make_user(time_zone_choice="local"))


@pytest.mark.django_db
def test_the_table_says_what_each_month_came_to_and_leads_to_its_statement(clerk: Client) -> None:
    balance = make_balance(floor_minor=None, normal_side="DEBIT")
    now = datetime.now(UTC)
    post_transfer(source=balance, destination=make_balance(), amount_minor=7_50, effective_at=now)
    clerk.cookies["daybook_tz"] = "Pacific/Kiritimati"

    response = clerk.get(f"{balance.get_absolute_url()}chart/")

    rows = rows_of(response)
    today = now.astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    assert len(rows) == 1 + 1 + 12 + 1
    assert rows[-2] == [f"{today:%b %Y}", "7.50", "0.00", "7.50"]
    assert rows[-1] == ["Total", "7.50", "0.00", "7.50"]
    (link,) = {link for link in links_of(response) if f"from={today:%Y-%m}-01" in link}
    statement = clerk.get(link)
    assert rows_of(statement)[-1][-1] == rows[-2][-1]
    assert "You followed a figure" not in text_of(statement)
    assert "You followed a figure" in text_of(clerk.get(link.replace("-750", "-751")))
    assert "days of Pacific/Kiritimati" in text_of(response)
    assert len(rows_of(clerk.get(f"{balance.get_absolute_url()}chart/?chart=90d"))) == 93


@pytest.mark.django_db
def test_the_page_of_a_balance_loads_the_chart_after_itself(clerk: Client) -> None:
    balance = make_balance(opening_minor=1_00)
    url = f"{balance.get_absolute_url()}chart/"

    page = clerk.get(balance.get_absolute_url())
    fragment = clerk.get(url, headers=HTMX)

    assert f'hx-get="{url}"' in page.content.decode()
    assert f'href="{url}"' in page.content.decode()
    assert "<svg" not in page.content.decode().partition('id="chart"')[2].partition("</section>")[0]
    assert fragment.content.decode().strip().startswith('<section id="chart"')
    assert is_whole_page(clerk.get(url))


@pytest.mark.django_db
def test_empty_books_say_so_and_hostile_names_are_text(clerk: Client) -> None:
    balance = make_balance(indicator=f"@{SCRIPT}")

    response = clerk.get(f"{balance.get_absolute_url()}chart/")

    assert "Nothing to draw yet" in text_of(response)
    assert SCRIPT not in response.content.decode()


@pytest.mark.django_db
def test_the_chart_is_one_statement_beside_the_balance(clerk: Client) -> None:
    balance = make_balance(opening_minor=1_00)

    for query in ("", "?chart=90d"):
        assert count_queries(clerk, f"{balance.get_absolute_url()}chart/{query}") == 2
