from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from balances.operations import close_balance
from schedules.due import post_due
from schedules.models import Schedule
from schedules.operations import (
    DecidedError,
    DueInPastError,
    cancel,
    foresee,
    post_now,
    request_of,
    schedule,
)
from tests.factories import make_balance, make_user, post_transfer
from tests.schedules.building import LATER, SOON, make_request, make_schedule, wait_until
from transactions.errors import (
    HoldExpiredError,
    InsufficientFundsError,
    InvalidRequestError,
    PostingError,
    ReferenceUsedError,
    SameBalanceError,
    UnbalancedTransactionError,
    UnknownBalanceError,
)
from transactions.models import Transaction
from transactions.requests import CREDIT, HoldRequest, Indicator, Leg

pytestmark = pytest.mark.django_db
RENT = Indicator("@Rent", "GBP")
SALES = Indicator("@Sales", "GBP")


def actions(subject: Schedule) -> list[tuple[str, str]]:
    events = AuditEvent.objects.filter(subject=subject.key).order_by("pk")
    return list(events.values_list("action", "actor_name"))


def test_schedule_writes_no_transaction_and_tells_who() -> None:
    ada = make_user(username="ada")

    kept = make_schedule(source=RENT, destination=SALES, actor=ada)

    kept.refresh_from_db()
    assert (kept.state, kept.transaction, kept.decided_at) == ("SCHEDULED", None, None)
    assert not Transaction.objects.exists()
    assert actions(kept) == [("schedule.created", "ada")]
    assert post_due() == 0


def test_due_schedule_is_posted_with_its_time_as_effective_date() -> None:
    ada = make_user(username="ada")
    source, target = make_balance(opening_minor=5_00), make_balance()
    kept = make_schedule(
        source=source, destination=target, amount_minor=4_99, due_in=SOON, actor=ada
    )
    wait_until(kept.due_at)

    assert post_due() == 1
    assert post_due() == 0

    kept.refresh_from_db()
    target.refresh_from_db()
    assert kept.state == "POSTED"
    assert kept.transaction is not None
    assert kept.transaction.reference == kept.reference
    assert kept.transaction.effective_at == kept.due_at
    assert kept.transaction.actor == ada
    assert target.balance_minor == 4_99
    assert actions(kept) == [("schedule.created", "ada"), ("schedule.posted", "system")]


def test_refused_schedule_is_rejected_with_the_reason_and_holds_up_nothing() -> None:
    poor, target = make_balance(), make_balance()
    refused = make_schedule(source=poor, destination=target, due_in=SOON)
    sound = make_schedule(source=RENT, destination=target, due_in=SOON)
    wait_until(sound.due_at)

    assert post_due() == 2

    refused.refresh_from_db()
    sound.refresh_from_db()
    assert (refused.state, refused.transaction) == ("REJECTED", None)
    assert refused.reason_code == InsufficientFundsError.code
    assert refused.reason == str(InsufficientFundsError())
    assert sound.state == "POSTED"
    assert actions(refused)[-1] == ("schedule.rejected", "system")


def test_what_comes_in_at_a_moment_can_go_out_at_that_moment() -> None:
    till, target = make_balance(), make_balance()
    due_at = timezone.now() + SOON
    requests = [
        make_request(source=till, destination=target, reference="too early"),
        make_request(source=RENT, destination=till, reference="in"),
        make_request(source=till, destination=target, reference="out"),
    ]
    kept = [schedule(request, due_at=due_at, actor=None) for request in requests]
    wait_until(due_at)

    assert post_due(limit=2) == 2
    assert post_due() == 1

    for each in kept:
        each.refresh_from_db()
    assert [each.state for each in kept] == ["REJECTED", "POSTED", "POSTED"]


def test_schedule_whose_reference_was_taken_meanwhile_is_rejected() -> None:
    source, target = make_balance(opening_minor=5_00), make_balance()
    kept = make_schedule(source=source, destination=target, reference="INV-1", due_in=SOON)
    post_transfer(source=source, destination=target, amount_minor=2_00, reference="INV-1")
    wait_until(kept.due_at)

    post_due()

    kept.refresh_from_db()
    assert (kept.state, kept.reason_code) == ("REJECTED", ReferenceUsedError.code)


def test_same_schedule_is_kept_once_and_another_with_its_reference_is_refused() -> None:
    request = make_request(source=RENT, destination=SALES, reference="INV-1")
    due_at = timezone.now() + LATER
    kept = schedule(request, due_at=due_at, actor=None)

    again = schedule(request, due_at=due_at, actor=None)
    with pytest.raises(ReferenceUsedError):
        schedule(request, due_at=due_at + SOON, actor=None)

    assert again == kept
    assert Schedule.objects.count() == 1


def test_schedule_with_the_reference_of_a_transaction_is_refused() -> None:
    source, target = make_balance(opening_minor=5_00), make_balance()
    post_transfer(source=source, destination=target, reference="INV-1")

    with pytest.raises(ReferenceUsedError):
        make_schedule(source=source, destination=target, reference="INV-1")


def test_schedule_in_the_past_is_refused() -> None:
    request = make_request(source=RENT, destination=SALES)

    with pytest.raises(DueInPastError):
        schedule(request, due_at=timezone.now(), actor=None)


def test_schedule_at_the_end_of_the_calendar_is_refused() -> None:
    request = make_request(source=RENT, destination=SALES)

    with pytest.raises(InvalidRequestError):
        schedule(request, due_at=datetime(9999, 12, 31, tzinfo=UTC), actor=None)


def test_malformed_request_is_refused_at_once() -> None:
    target = make_balance()
    sound = make_request(source=RENT, destination=target)
    debit = sound.legs[0]
    malformed: list[tuple[type[PostingError], object]] = [
        (InvalidRequestError, replace(sound, reference=" ")),
        (InvalidRequestError, replace(sound, legs=[debit])),
        (UnbalancedTransactionError, replace(sound, legs=[debit, Leg(target.pk, CREDIT, 99)])),
        (UnknownBalanceError, replace(sound, legs=[debit, Leg(10**9, CREDIT, 1_00)])),
        (SameBalanceError, replace(sound, legs=[debit, replace(debit, direction=CREDIT)])),
    ]

    for error, request in malformed:
        with pytest.raises(error):
            schedule(request, due_at=timezone.now() + LATER, actor=None)  # type: ignore[arg-type]

    assert not Schedule.objects.exists()


def test_missing_funds_and_a_closed_balance_are_foreseen_and_scheduled_all_the_same() -> None:
    poor, target = make_balance(), make_balance()
    close_balance(target, at=timezone.now(), actor=make_user())

    assert foresee(make_request(source=RENT, destination=SALES)) is None
    assert isinstance(foresee(make_request(source=poor, destination=RENT)), InsufficientFundsError)
    assert make_schedule(source=RENT, destination=target).state == "SCHEDULED"
    assert not Transaction.objects.exists()


def test_cancelled_schedule_is_never_posted() -> None:
    ada = make_user(username="ada")
    kept = make_schedule(source=RENT, destination=SALES, due_in=SOON)

    assert cancel(kept, actor=ada).state == "CANCELLED"

    wait_until(kept.due_at)
    assert post_due() == 0
    assert not Transaction.objects.exists()
    assert actions(kept)[-1] == ("schedule.cancelled", "ada")
    for attempt in (cancel, post_now):
        with pytest.raises(DecidedError) as refused:
            attempt(kept, actor=ada)
        assert refused.value.state == "CANCELLED"


def test_schedule_posted_early_takes_effect_when_it_is_recorded() -> None:
    ada = make_user(username="ada")
    kept = make_schedule(source=RENT, destination=SALES)

    posted = post_now(kept, actor=ada)

    assert posted.state == "POSTED"
    assert posted.transaction is not None
    assert posted.transaction.effective_at <= timezone.now()
    assert posted.transaction.actor == ada
    assert actions(kept)[-1] == ("schedule.posted", "ada")


def test_schedule_that_cannot_be_posted_early_stays_scheduled() -> None:
    poor = make_balance()
    kept = make_schedule(source=poor, destination=SALES)

    with pytest.raises(InsufficientFundsError):
        post_now(kept, actor=None)

    kept.refresh_from_db()
    assert (kept.state, kept.reason) == ("SCHEDULED", "")


def test_request_comes_back_as_it_was_given() -> None:
    target = make_balance()
    plain = make_request(source=RENT, destination=target, amount_minor=10**37 + 1)
    rich = replace(
        make_request(source=RENT, destination=target, description="Rent"),
        metadata={"lease": {"number": 7}},
        overdraft_minor=10**37 + 1,
        exchange_rate=Decimal("1.10"),
    )
    due_at = timezone.now() + LATER
    held = HoldRequest("held", plain.legs, expires_at=due_at + LATER)

    for request in (plain, rich, held):
        kept = schedule(request, due_at=due_at, actor=None)
        kept.refresh_from_db()
        assert request_of(kept, effective_at=due_at) == replace(request, effective_at=due_at)
        assert schedule(request, due_at=due_at, actor=None) == kept


def test_due_hold_is_held() -> None:
    source, target = make_balance(opening_minor=5_00), make_balance()
    legs = make_request(source=source, destination=target, amount_minor=4_00).legs
    due_at = timezone.now() + SOON
    kept = schedule(HoldRequest("held", legs, expires_at=due_at + LATER), due_at=due_at, actor=None)
    wait_until(due_at)

    post_due()

    kept.refresh_from_db()
    source.refresh_from_db()
    assert kept.state == "POSTED"
    assert kept.transaction is not None
    assert kept.transaction.status == "INFLIGHT"
    assert (source.balance_minor, source.inflight_minor) == (5_00, -4_00)


def test_hold_that_would_expire_before_it_begins_is_refused() -> None:
    legs = make_request(source=RENT, destination=SALES).legs
    due_at = timezone.now() + LATER

    with pytest.raises(HoldExpiredError):
        schedule(HoldRequest("held", legs, expires_at=due_at), due_at=due_at, actor=None)
