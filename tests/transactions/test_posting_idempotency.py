from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from balances.operations import close_balance
from tests.books import assert_sound, snapshot
from tests.factories import NOON, make_balance, make_user
from transactions.errors import ReferenceUsedError
from transactions.posting import post, post_many
from transactions.requests import (
    CREDIT,
    DEBIT,
    Indicator,
    Leg,
    Outcome,
    PostingRequest,
    Result,
    transfer,
)

pytestmark = pytest.mark.django_db


def _request(**given: Any) -> PostingRequest:
    values: dict[str, Any] = {
        "reference": "R-1",
        "legs": transfer(
            source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), amount_minor=5_00
        ),
        "description": "Rent",
        "effective_at": NOON,
    }
    return PostingRequest(**values | given)


def _again(request: PostingRequest) -> list[Result]:
    """The same request by each road: alone, in a batch, in an atomic batch."""
    return [post(request), *post_many([request]), *post_many([request], atomic=True)]


def test_same_content_is_present_and_written_once() -> None:
    posted = post(_request())
    before = snapshot()

    results = _again(_request())

    assert {(result.outcome, result.transaction_id) for result in results} == {
        (Outcome.PRESENT, posted.transaction_id)
    }
    assert snapshot() == before


def test_order_of_legs_is_no_content() -> None:
    posted = post(_request())

    results = _again(_request(legs=_request().legs[::-1]))

    assert {result.transaction_id for result in results} == {posted.transaction_id}


def test_metadata_and_person_are_no_content() -> None:
    post(_request(metadata={"a": 1}))

    assert post(_request(metadata={"b": 2}), actor=make_user()).outcome == Outcome.PRESENT


def test_no_effective_date_matches_any() -> None:
    post(_request())

    assert post(_request(effective_at=None)).outcome == Outcome.PRESENT


OTHER_CONTENT: dict[str, dict[str, Any]] = {
    "description": {"description": "rent"},
    "effective date": {"effective_at": NOON + timedelta(microseconds=1)},
    "amount": {
        "legs": transfer(
            source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), amount_minor=5_01
        )
    },
    "sides": {
        "legs": transfer(
            source=Indicator("@B", "GBP"), destination=Indicator("@A", "GBP"), amount_minor=5_00
        )
    },
    "balance": {
        "legs": transfer(
            source=Indicator("@A", "GBP"), destination=Indicator("@C", "GBP"), amount_minor=5_00
        )
    },
    "split": {
        "legs": [
            Leg(Indicator("@A", "GBP"), DEBIT, 5_00),
            Leg(Indicator("@B", "GBP"), CREDIT, 2_00),
            Leg(Indicator("@B", "GBP"), CREDIT, 3_00),
        ]
    },
}


@pytest.mark.parametrize("other", OTHER_CONTENT.values(), ids=OTHER_CONTENT.keys())
def test_other_content_is_refused_and_writes_nothing(other: dict[str, Any]) -> None:
    make_balance(indicator="@C", floor_minor=None)
    post(_request())
    before = snapshot()

    with pytest.raises(ReferenceUsedError):
        post(_request(**other))
    results = post_many([_request(**other)]) + post_many([_request(**other)], atomic=True)

    assert [type(result.error) for result in results] == [ReferenceUsedError] * 2
    assert snapshot() == before


def test_repetition_is_found_before_anything_else_is_judged() -> None:
    source, target = make_balance(opening_minor=5_00), make_balance()
    request = _request(legs=transfer(source=source.pk, destination=target.pk, amount_minor=5_00))
    post(request)
    close_balance(source, at=NOON, actor=None)

    results = _again(request)

    assert {result.outcome for result in results} == {Outcome.PRESENT}


def test_references_differ_by_case_and_space() -> None:
    references = ["INV-1", "inv-1", "INV-1 ", " INV-1", "INV\N{EN DASH}1"]

    for reference in references:
        assert post(_request(reference=reference)).outcome == Outcome.POSTED

    assert_sound()


@pytest.mark.parametrize("atomic", [False, True])
def test_repetition_within_a_batch_is_posted_once(atomic: bool) -> None:
    requests = [_request(), _request(reference="R-2"), _request(), _request()]

    results = post_many(requests, atomic=atomic)

    assert [result.outcome for result in results] == ["posted", "posted", "present", "present"]
    assert results[0].transaction_id == results[2].transaction_id == results[3].transaction_id
    assert_sound()


def test_other_content_within_a_batch_is_refused() -> None:
    results = post_many([_request(), replace(_request(), description="Other")])

    assert [result.outcome for result in results] == ["posted", "refused"]
    assert isinstance(results[1].error, ReferenceUsedError)


def test_other_content_within_an_atomic_batch_refuses_all() -> None:
    before = snapshot()

    results = post_many([_request(), replace(_request(), description="Other")], atomic=True)

    assert [result.outcome for result in results] == ["not_posted", "refused"]
    assert snapshot() == before
