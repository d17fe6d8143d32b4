"""Who stood on the other side: against a recount in plain Python, and what the page makes of it."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from balances.models import Balance
from reports import flows
from reports.flow_picture import NARROW, WIDE, Layout, Stream, cut_name, draw_flow
from reports.flows import Flows, flows_of
from reports.moments import Totals
from tests.factories import (
    NOON,
    make_balance,
    make_identity,
    post_transfer,
)
from tests.pages import HTMX, SCRIPT, count_queries, is_whole_page, links_of, rows_of, text_of
from transactions.models import Entry
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Leg, PostingRequest

pytestmark = pytest.mark.django_db
FAR = timedelta(days=400)
UNHURRIED = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def make_balances(count: int, currency: str = "GBP") -> list[Balance]:
    return [make_balance(floor_minor=None, currency=currency) for _ in range(count)]


def post_legs(legs: list[tuple[Balance, int]], *, effective_at: datetime = NOON) -> None:
    """Signed amounts: what is below zero is debited."""
    rows = [Leg(balance.pk, CREDIT if minor > 0 else DEBIT, abs(minor)) for balance, minor in legs]
    number = Entry.objects.count()
    post(PostingRequest(f"journal-{number}", rows, effective_at=effective_at))


def post_at_random(random: Random, balances: list[Balance]) -> None:
    """Up to four debits and four credits; a balance may have several, on both sides too."""
    sides = [[random.choice(balances) for _ in range(random.choice([1, 1, 2, 4]))] for _ in "dc"]
    if len({each.pk for each in (*sides[0], *sides[1])}) == 1:
        return
    debits = [random.randint(1, 999) * len(sides[1]) for _ in sides[0]]
    credits = _parts(random, sum(debits), len(sides[1]))
    legs = [(balance, -minor) for balance, minor in zip(sides[0], debits, strict=True)]
    legs += list(zip(sides[1], credits, strict=True))
    post_legs(legs, effective_at=NOON + timedelta(days=random.uniform(-60, 60)))


def _parts(random: Random, total: int, count: int) -> list[int]:
    marks = [0, *sorted(random.sample(range(1, total), count - 1)), total]
    return [high - low for low, high in pairwise(marks)]


def recount(balance: Balance, start: datetime, end: datetime) -> dict[int, tuple[int, int]]:
    """In and out by counterparty, 0 for several together, from the entries alone."""
    moved: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    mine = Entry.objects.filter(balance=balance, effective_at__gte=start, effective_at__lt=end)
    for transaction_id in set(mine.values_list("transaction_id", flat=True)):
        sides: dict[int, dict[int, int]] = {1: defaultdict(int), -1: defaultdict(int)}
        for entry in Entry.objects.filter(
            transaction_id=transaction_id, balance__currency=balance.currency_id
        ):
            sides[entry.direction][entry.balance_id] += int(entry.amount_minor)
        for direction, place in ((1, 0), (-1, 1)):
            own, other = sides[direction], sides[-direction]
            if balance.pk not in own:
                continue
            if len(own) == 1:
                for party, minor in other.items():
                    moved[party][place] += minor
            else:
                party = next(iter(other)) if len(other) == 1 else 0
                moved[party][place] += own[balance.pk]
    return {party: (incoming, outgoing) for party, (incoming, outgoing) in moved.items()}


def found(flows: Flows) -> dict[str, tuple[int, int]]:
    parties = {each.public_id: (each.in_minor, each.out_minor) for each in flows.parties}
    if flows.together:
        parties[""] = (flows.together.in_minor, flows.together.out_minor)
    return parties


def assert_adds_up(flows: Flows) -> None:
    parts = [*flows.parties, *filter(None, (flows.others, flows.together))]
    incoming = sum(each.in_minor for each in parts) + flows.earlier.credit_minor
    outgoing = sum(each.out_minor for each in parts) + flows.earlier.debit_minor
    assert (incoming, outgoing) == (flows.total.credit_minor, flows.total.debit_minor)


def test_flows_are_what_the_entries_say_and_add_up_to_the_period() -> None:
    random = Random(5)
    balances = make_balances(6)
    for _ in range(60):
        post_at_random(random, balances)
    names = {each.pk: str(each.public_id) for each in balances} | {0: ""}

    for balance in balances:
        for start, end in ((NOON - FAR, NOON + FAR), (NOON, NOON + timedelta(days=20))):
            expected = recount(balance, start, end)
            result = flows_of(balance, start, end)
            assert found(result) == {names[pk]: both for pk, both in expected.items()}
            assert_adds_up(result)
            few = flows_of(balance, start, end, top=2)
            assert [each.public_id for each in few.parties] == [
                each.public_id for each in result.parties[:2]
            ]
            assert_adds_up(few)


def test_what_is_not_broken_down_is_told_as_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, third = make_balances(3)
    for number in range(6):
        at = NOON + timedelta(days=number)
        post_legs([(one, -30), (other, 10), (third, 20)], effective_at=at)
    post_legs([(other, -5), (one, 5)], effective_at=NOON - timedelta(days=1))

    monkeypatch.setattr(flows, "ENTRIES_MAX", 2)
    by_entries = flows_of(one, NOON - FAR, NOON + FAR)
    monkeypatch.setattr(flows, "ENTRIES_MAX", 2_000)
    monkeypatch.setattr(flows, "LEGS_MAX", 10)
    by_legs = flows_of(one, NOON - FAR, NOON + FAR)

    assert by_entries.earlier == Totals(5, 120, 5)
    assert by_legs.earlier == Totals(5, 90, 4)
    assert_adds_up(by_entries)
    assert_adds_up(by_legs)


def test_whole_days_are_broken_down_and_those_before_are_one_click_away(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "ENTRIES_MAX", 5)
    one, other = make_balances(2)
    for number in range(6):
        at = NOON + timedelta(days=number // 2, hours=number % 2)
        post_transfer(source=one, destination=other, amount_minor=10**number, effective_at=at)
    first = NOON.date()
    days = f"from={first.isoformat()}&to={(first + timedelta(days=9)).isoformat()}"

    newest = clerk.get(f"{one.get_absolute_url()}flow/?{days}")
    onward = f"{one.get_absolute_url()}flow/?from={first.isoformat()}&to={first.isoformat()}"
    before = clerk.get(onward)

    assert flows_of(one, NOON - FAR, NOON + FAR).earlier == Totals(0, 11, 2)
    assert "Broken down are all 4 entries from 16 Jan 2025 to 24 Jan 2025;" in text_of(newest)
    assert links_of(newest).count(onward) == 3
    assert rows_of(newest)[-2:] == [
        ["2 earlier entries", "—", "", "0.11"],
        ["Total", "", "0.00", "1,111.11"],
    ]
    assert rows_of(before)[-1] == ["Total", "", "0.00", "0.11"]
    assert "Broken down" not in text_of(before)


def test_of_a_day_with_too_many_entries_the_latest_are_broken_down_and_their_first_is_said(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "ENTRIES_MAX", 2)
    one, other = make_balances(2)
    for number in range(4):
        at = NOON + timedelta(hours=number)
        post_transfer(source=one, destination=other, amount_minor=10**number, effective_at=at)
    day = NOON.date().isoformat()

    response = clerk.get(f"{one.get_absolute_url()}flow/?from={day}&to={day}")

    result = flows_of(one, NOON - FAR, NOON + FAR)
    assert (result.earlier, result.since) == (Totals(0, 11, 2), None)
    assert "the latest 2 entries, back to 15 Jan 2025, 14:00:00" in text_of(response)
    assert rows_of(response)[-2][0] == "2 earlier entries"
    assert not [link for link in links_of(response) if "2025-01-14" in link]


def test_flows_as_known_at_a_moment_leave_out_what_was_recorded_later() -> None:
    one, other, third = make_balances(3)
    known_at = post_transfer(source=one, destination=other, amount_minor=7).created_at
    time.sleep(0.001)
    post_transfer(source=third, destination=one, effective_at=NOON - timedelta(days=1))

    known = flows_of(one, NOON - FAR, NOON + FAR, known_at=known_at)

    assert found(known) == {str(other.public_id): (0, 7)}
    assert_adds_up(known)


def test_an_exchange_has_its_counterparty_in_each_currency() -> None:
    (pounds, desk), (euros, euro_desk) = make_balances(2), make_balances(2, "EUR")
    post_legs([(pounds, -100), (desk, 100), (euro_desk, -115), (euros, 115)])

    assert found(flows_of(pounds, NOON, NOON + FAR)) == {str(desk.public_id): (0, 100)}
    assert found(flows_of(euros, NOON, NOON + FAR)) == {str(euro_desk.public_id): (115, 0)}


def test_the_page_names_each_side_and_leads_on(clerk: Client) -> None:
    balance = make_balance(floor_minor=None, identity=make_identity(name="Northgate"))
    supplier = make_balance(identity=make_identity(name="Meadow & Sons"), floor_minor=None)
    now = datetime.now(UTC)
    post_transfer(source=balance, destination=supplier, amount_minor=120_50, effective_at=now)
    post_transfer(source=supplier, destination=balance, amount_minor=20_00, effective_at=now)

    response = clerk.get(f"{balance.get_absolute_url()}flow/")

    assert rows_of(response)[1:] == [
        ["Meadow & Sons", "2", "20.00", "120.50"],
        ["Total", "", "20.00", "120.50"],
    ]
    onward = [link for link in links_of(response) if link.startswith(supplier.get_absolute_url())]
    assert len(onward) == 5
    assert is_whole_page(clerk.get(onward[0]))
    assert rows_of(clerk.get(onward[0]))[1] == ["Northgate", "2", "120.50", "20.00"]
    assert 'aria-label="Out to Meadow &amp; Sons: 120.50 GBP"' in response.content.decode()


def test_a_fragment_an_empty_period_and_a_wrong_one(clerk: Client) -> None:
    balance = make_balance(opening_minor=5)
    url = f"{balance.get_absolute_url()}flow/"

    fragment = clerk.get(url, headers=HTMX)
    wrong = clerk.get(f"{url}?from=2025-02-30")

    assert fragment.content.decode().strip().startswith('<section id="flow"')
    assert "Nothing came in or went out" in text_of(
        clerk.get(f"{url}?from=1999-01-01&to=1999-02-01")
    )
    assert (wrong.status_code, "Enter a date as" in text_of(wrong)) == (422, True)
    assert f'hx-get="{url}"' in clerk.get(balance.get_absolute_url()).content.decode()


def test_without_the_first_day_it_is_the_year_up_to_the_last(clerk: Client) -> None:
    balance = make_balance(opening_minor=5)

    response = clerk.get(f"{balance.get_absolute_url()}flow/?to=2001-03-04")

    assert "4 Mar 2001, both included" in text_of(response)
    assert 'value="2000-04-01"' in response.content.decode()


def test_hostile_names_are_text_and_the_cost_is_that_of_one_statement(clerk: Client) -> None:
    balance = make_balance(opening_minor=50_00)
    url = f"{balance.get_absolute_url()}flow/?from=2025-01-01"
    for number in range(20):
        other = make_balance(identity=make_identity(name=f"{SCRIPT}{number}"))
        post_transfer(source=balance, destination=other)

    response = clerk.get(url)

    assert SCRIPT not in response.content.decode()
    assert "9 others" in text_of(response)
    assert count_queries(clerk, url) == 2


MINOR = st.one_of(st.integers(1, 10**38 - 1), st.integers(1, 50))
NAMES = ["", "A", "Northgate Builders and Sons of Oxford Ltd", "北門建設" * 9, "é" * 40]
STREAMS = st.lists(st.builds(Stream, st.sampled_from(NAMES), st.just(""), MINOR), max_size=15)


@UNHURRIED
@given(STREAMS, STREAMS, st.sampled_from([WIDE, NARROW]))
def test_whatever_the_amounts_the_picture_stays_in_its_frame(
    incoming: list[Stream], outgoing: list[Stream], layout: Layout
) -> None:
    drawing = draw_flow(incoming, outgoing, exponent=18, layout=layout)

    nodes = [*drawing.incoming.nodes, *drawing.outgoing.nodes]
    assert len(nodes) == len(incoming) + len(outgoing)
    for node in nodes:
        x, y, width, height = _box(node.bar)
        assert 0 <= x <= x + width <= drawing.width
        assert 0 <= y <= y + height <= drawing.height
        assert 0 < float(node.name_y) < float(node.figure_y) <= drawing.height
        assert len(node.name) <= layout.letters + 1
        assert len(node.figure) <= layout.figures
    _x, y, _width, height = _box(drawing.core)
    assert 0 <= y <= y + height <= drawing.height


def _box(path: str) -> tuple[float, float, float, float]:
    place, width, height = path.lstrip("M").replace("v", "h").split("h")[:3]
    x, y = place.split()
    return float(x), float(y), float(width), float(height)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Northgate", "Northgate"),
        ("Northgate Builders", "Northgate…"),
        ("北門建設株式会社", "北門建設…"),
    ],
)
def test_long_names_are_cut(name: str, shown: str) -> None:
    assert cut_name(name, 10) == shown
