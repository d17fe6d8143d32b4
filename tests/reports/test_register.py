from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from reports.places import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    effective_entries,
    entries_of,
    in_integers,
    recorded_entries,
)
from tests.factories import make_balance, post_transfer
from tests.pages import count_queries, rows_of
from web.formatting import format_date
from web.pagination import Key, Ordered

pytestmark = pytest.mark.django_db


@pytest.fixture
def balance() -> Balance:
    """The second entry is dated before the first."""
    balance, source = make_balance(floor_minor=None), make_balance(floor_minor=None)
    for reference, amount_minor, day in (("first", 10_00, 20), ("late", 4_00, 3)):
        post_transfer(
            source=source,
            destination=balance,
            amount_minor=amount_minor,
            reference=reference,
            effective_at=datetime(2025, 2, day, tzinfo=UTC),
        )
    return balance


def lines(client: Client, url: str) -> list[tuple[str, str]]:
    return [(row[1], row[6]) for row in rows_of(client.get(url))[1:-1]]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("after", [None, [1], [2]])
def test_recorded_entries_are_those_of_the_balance_in_their_order(
    balance: Balance, descending: bool, after: list[int] | None
) -> None:
    order = [Key("position", descending=descending)]

    read = recorded_entries(balance).read(order, after, 1)

    assert read == Ordered(entries_of(balance)).read(order, after, 1)


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("order", [OLDEST_FIRST, NEWEST_FIRST])
@pytest.mark.parametrize("is_further", [True, False])
def test_entries_within_a_time_are_those_of_the_balance_in_effective_order(
    balance: Balance, order: tuple[Key, ...], is_further: bool, is_known: bool
) -> None:
    known_at = timezone.now() if is_known else None
    after = [datetime(2025, 2, 10, tzinfo=UTC), 0] if is_further else None
    start, end = datetime(2025, 2, 3, tzinfo=UTC), datetime(2025, 2, 20, 0, 0, 1, tzinfo=UTC)
    expected = entries_of(balance, known_at=known_at).filter(
        effective_at__gte=start, effective_at__lt=end
    )

    read = effective_entries(balance, start, end, known_at=known_at).read(order, after, 2)

    assert in_integers(read) == list(Ordered(expected).read(order, after, 2))
    assert len(read) == (1 if is_further else 2)


def test_entries_outside_of_a_time_are_left_out(balance: Balance) -> None:
    start, end = datetime(2025, 2, 3, 1, tzinfo=UTC), datetime(2025, 2, 20, tzinfo=UTC)

    assert effective_entries(balance, start, end).read(OLDEST_FIRST, None, 2) == []


def test_recorded_figures_are_exact_to_the_last_of_37_digits(clerk: Client) -> None:
    balance, source = make_balance(floor_minor=None), make_balance(floor_minor=None)
    for amount_minor in (10**36, 1):
        post_transfer(source=source, destination=balance, amount_minor=amount_minor)

    newest, *_ = lines(clerk, balance.get_absolute_url())

    assert newest[1].replace(",", "") == "10000000000000000000000000000000000.01"


def test_back_dated_entries_take_their_place_in_effective_order(
    clerk: Client, balance: Balance
) -> None:
    url = balance.get_absolute_url()

    assert lines(clerk, url) == [("late", "14.00"), ("first", "10.00"), ("", "0.00")]
    assert lines(clerk, url + "?order=effective") == [
        ("first", "14.00"),
        ("late", "4.00"),
        ("", "0.00"),
    ]


def test_the_order_is_chosen_by_links_that_say_which_is_shown(
    clerk: Client, balance: Balance
) -> None:
    url = balance.get_absolute_url()

    recorded, effective = clerk.get(url), clerk.get(url + "?order=effective&cursor=")

    assert f'<a href="{url}" aria-current="true">As recorded</a>' in recorded.content.decode()
    assert (
        f'<a href="{url}?order=effective" aria-current="true">By effective date</a>'
        in effective.content.decode()
    )
    unknown = clerk.get(url + "?order=sideways")
    assert 'aria-current="true">As recorded</a>' in unknown.content.decode()


def test_a_back_dated_line_says_when_it_was_recorded(clerk: Client, balance: Balance) -> None:
    late = balance.entries.get(transaction__reference="late").transaction
    for order in ("", "?order=effective"):
        rows = rows_of(clerk.get(balance.get_absolute_url() + order))

        notes = {row[1]: row[0] for row in rows[1:3]}
        assert notes["late"] == f"3 Feb 2025recorded {format_date(late.created_at)}"
        assert notes["first"] == "20 Feb 2025"


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("1", ["first"]),
        ("2", ["late", "first"]),
        ("9", ["late", "first"]),
        ("-1", ["late", "first"]),
        ("9" * 40, ["late", "first"]),
        ("²", ["late", "first"]),
    ],
)
def test_register_begins_with_the_entry_that_is_asked_for(
    clerk: Client, balance: Balance, at: str, shown: list[str]
) -> None:
    url = balance.get_absolute_url()

    found = [row[1] for row in rows_of(clerk.get(url, {"at": at}))[1:-1] if row[1]]

    assert found == shown
    assert count_queries(clerk, f"{url}?at=1") == count_queries(clerk, url)


def test_effective_order_costs_little_more(clerk: Client, balance: Balance) -> None:
    url = balance.get_absolute_url()

    # Two for the figures, two that bound what is read at one moment.
    assert count_queries(clerk, url + "?order=effective") - count_queries(clerk, url) == 4
