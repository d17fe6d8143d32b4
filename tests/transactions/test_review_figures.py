from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from schedules.models import Schedule
from tests.factories import NOON, make_balance, post_transfer
from tests.pages import links_of, text_of
from tests.transactions.reviewing import NEW, journal, review, token_of
from transactions.models import Transaction

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("floor_minor", "amount", "told"),
    [
        (0, "100", "Down to its floor of 0.00"),
        (-50_00, "120", "Uses 20.00 of its overdraft; the floor is −50.00"),
        (-50_00, "150", "Down to its floor of −50.00"),
    ],
)
def test_limits_that_are_reached_are_told(
    clerk: Client, floor_minor: int, amount: str, told: str
) -> None:
    source = make_balance(opening_minor=100_00, floor_minor=floor_minor)

    assert told in text_of(review(clerk, source=source.key, amount=amount))


def test_no_limit_is_told_where_none_is_near(clerk: Client) -> None:
    source = make_balance(opening_minor=100_00)

    assert "floor" not in text_of(review(clerk, source=source.key, amount="99.99"))


def test_same_parties_amount_and_day_are_told_with_a_link(clerk: Client) -> None:
    source, destination = make_balance(opening_minor=500_00), make_balance()
    sides = {"source": source.key, "destination": destination.key}
    first = post_transfer(source=source, destination=destination, amount_minor=70_00)

    same = review(clerk, **sides, amount="70", effective_date="2025-01-15")
    other_day = review(clerk, **sides, amount="70", effective_date="2025-01-16")
    other_amount = review(clerk, **sides, amount="70.01", effective_date="2025-01-15")

    assert "This may be posted already" in text_of(same)
    assert first.get_absolute_url() in links_of(same)
    for response in (other_day, other_amount):
        assert "This may be posted already" not in text_of(response)


def test_hold_is_a_possible_duplicate_too(clerk: Client) -> None:
    source, destination = make_balance(opening_minor=500_00), make_balance()
    given = {"source": source.key, "destination": destination.key, "amount": "70"}
    clerk.post(NEW, {"token": token_of(review(clerk, **given, is_hold="on"))})

    response = review(clerk, **given, reference="inv-2")

    assert Transaction.objects.get(reference="inv-1").get_absolute_url() in links_of(response)


@pytest.mark.parametrize("is_indicator", [False, True])
def test_what_waits_for_that_day_is_a_possible_duplicate_too(
    clerk: Client, *, is_indicator: bool
) -> None:
    source = "@New" if is_indicator else make_balance(opening_minor=500_00).key
    given = {"source": source, "destination": make_balance().key, "amount": "70"}
    due = {"due_date": "2099-01-15", "due_time": "09:00"}
    clerk.post(NEW, {"token": token_of(review(clerk, **given, **due))})
    if is_indicator:
        make_balance(indicator="@New", floor_minor=None)

    same = review(clerk, **given, **due | {"due_time": "10:00"}, reference="inv-2")
    other_day = review(clerk, **given, **due | {"due_date": "2099-01-16"}, reference="inv-2")
    other_amount = review(clerk, **given | {"amount": "71"}, **due, reference="inv-2")
    at_once = review(clerk, **given, reference="inv-2")

    assert "This may be scheduled already" in text_of(same)
    assert Schedule.objects.get(reference="inv-1").get_absolute_url() in links_of(same)
    for response in (other_day, other_amount, at_once):
        assert "This may be scheduled already" not in text_of(response)


def test_figures_of_every_balance_are_compared_when_it_is_posted(clerk: Client) -> None:
    balances = [make_balance(opening_minor=100_00) for _ in range(3)]
    lines = zip([each.key for each in balances], ["5", "", ""], ["", "3", "2"], strict=True)
    reviewed = clerk.post("/transactions/review/", journal(*lines))
    post_transfer(source=balances[2], destination=make_balance(), amount_minor=1)

    response = clerk.post(NEW, {"token": token_of(reviewed)})

    assert response.status_code == 422
    assert "A balance has changed since you reviewed this." in text_of(response)
    assert not Transaction.objects.filter(reference="inv-1").exists()


def test_cost_of_a_review_does_not_grow_with_history(clerk: Client) -> None:
    source, destination = make_balance(opening_minor=500_00), make_balance()
    given = {"source": source.key, "destination": destination.key, "amount": "1"}
    counts = []
    for more in (2, 12):
        for _ in range(more):
            post_transfer(source=source, destination=destination, effective_at=NOON)
        with CaptureQueriesContext(connection) as queries:
            review(clerk, **given, effective_date="2025-01-15")
        counts.append(len(queries))

    assert counts[1] == counts[0]
