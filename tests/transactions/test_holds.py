"""A hold reserves; commits post parts of it, a void or its expiry releases the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from balances.models import Balance
from tests.books import assert_sound
from tests.factories import NOON, make_balance, make_user
from tests.schedules.building import wait_until
from tests.transactions.holding import assert_proven, figures, hold_of, place, state
from transactions.errors import (
    BeyondHoldError,
    HoldEndedError,
    HoldExpiredError,
    HoldNotExpiredError,
)
from transactions.lifecycle import (
    commit,
    expire,
    expire_due,
    reverse,
    void,
)
from transactions.models import HoldState, Transaction
from transactions.posting import hold
from transactions.requests import (
    CREDIT,
    DEBIT,
    Following,
    HoldRequest,
    Indicator,
    Leg,
)

pytestmark = pytest.mark.django_db


def test_hold_shows_in_the_inflight_figures_and_not_in_the_balance() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()

    pk = place(source, destination, 30)

    assert figures(source) == (100, -30)
    assert figures(destination) == (0, 30)
    assert state(pk) == HoldState.INFLIGHT
    assert Transaction.objects.get(pk=pk).entries.count() == 0
    assert_proven()


def test_commits_in_parts_post_what_they_take_and_never_more() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    pk = place(source, destination, 100, effective_at=NOON)

    first = commit(Following(pk, "C-1", 40, effective_at=NOON + timedelta(days=1)))
    assert (figures(source), figures(destination)) == ((60, -60), (40, 60))
    assert state(pk) == HoldState.PARTLY_COMMITTED
    with pytest.raises(BeyondHoldError):
        commit(Following(pk, "C-2", 61))
    commit(Following(pk, "C-3"))

    assert (figures(source), figures(destination)) == ((0, 0), (100, 0))
    assert state(pk) == HoldState.COMMITTED
    with pytest.raises(HoldEndedError):
        commit(Following(pk, "C-4"))
    with pytest.raises(HoldEndedError):
        void(Following(pk, "V-1"))
    assert first.transaction_id
    committed = Transaction.objects.get(pk=first.transaction_id)
    assert (committed.kind, committed.status, committed.parent_id) == ("COMMIT", "POSTED", pk)
    assert committed.effective_at == NOON + timedelta(days=1)
    assert_proven()


def test_void_releases_the_rest() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    pk = place(source, destination, 100)
    commit(Following(pk, "C-1", 25))

    result = void(Following(pk, "V-1"))

    assert (figures(source), figures(destination)) == ((75, 0), (25, 0))
    assert state(pk) == HoldState.VOIDED
    assert result.transaction_id
    assert Transaction.objects.get(pk=result.transaction_id).status == "VOIDED"
    place(source, destination, 75, "H-2")
    assert_proven()


def test_hold_over_many_balances_commits_in_proportion_to_the_last_unit() -> None:
    source = make_balance(opening_minor=1000)
    parts = [make_balance() for _part in range(3)]
    legs = [Leg(source.pk, DEBIT, 100), *(Leg(part.pk, CREDIT, 0) for part in parts)]
    legs[1:] = [Leg(p.pk, CREDIT, amount) for p, amount in zip(parts, (33, 33, 34), strict=True)]
    pk = hold(HoldRequest("H-1", legs)).transaction_id
    assert pk

    for number in range(7):
        commit(Following(pk, f"C-{number}", 13))
        assert_sound()
    assert sum(figures(part)[0] for part in parts) == 91
    commit(Following(pk, "C-last", 9))

    assert [figures(part) for part in parts] == [(33, 0), (33, 0), (34, 0)]
    assert_proven()


def test_expired_hold_cannot_be_committed_and_is_released_once() -> None:
    source, destination = make_balance(opening_minor=100), make_balance()
    soon = timezone.now() + timedelta(seconds=1.5)
    later = place(source, destination, 10, "H-2", expires_at=soon + timedelta(days=1))
    pk = place(source, destination, 60, expires_at=soon)
    with pytest.raises(HoldNotExpiredError):
        expire(Following(pk, "E-0"))
    wait_until(soon)

    with pytest.raises(HoldExpiredError):
        commit(Following(pk, "C-1"))
    assert expire_due() == 1
    assert expire_due() == 0

    assert (state(pk), state(later)) == (HoldState.EXPIRED, HoldState.INFLIGHT)
    assert figures(source) == (100, -10)
    assert_proven()


def test_indicator_is_opened_by_a_hold() -> None:
    destination = make_balance()

    pk = place(Indicator("@Suspense", "GBP"), destination, 10)

    commit(Following(pk, "C-1"))
    assert figures(Balance.objects.get(indicator="@Suspense")) == (-10, 0)
    assert_proven()


def test_counts_tell_events_from_what_follows_them() -> None:
    ledger = make_balance().ledger
    source = make_balance(ledger=ledger, floor_minor=None)
    destination = make_balance(ledger=ledger)
    pk = place(source, destination, 10)
    committed = commit(Following(pk, "C-1", 4)).transaction_id
    void(Following(pk, "V-1"))
    assert committed
    reverse(Following(committed, "R-1"))

    source.refresh_from_db()

    assert (source.transaction_count, source.follower_count, source.event_count) == (4, 3, 1)
    counted = Balance.objects.filter(ledger=ledger).values_list(
        "ledger_transaction_count", "ledger_follower_count"
    )
    assert (sum(row[0] for row in counted), sum(row[1] for row in counted)) == (4, 3)
    assert_proven()


def test_a_person_is_named_for_each_step() -> None:
    clerk = make_user()
    source, destination = make_balance(opening_minor=100), make_balance()
    pk = hold(hold_of(source, destination, 30), actor=clerk).transaction_id
    assert pk
    commit(Following(pk, "C-1", 10), actor=clerk)
    void(Following(pk, "V-1"), actor=clerk)

    told = AuditEvent.objects.filter(actor=clerk).order_by("pk")

    assert list(told.values_list("action", flat=True)) == [
        "transaction.held",
        "transaction.committed",
        "transaction.voided",
    ]
    key = Transaction.objects.get(pk=pk).key
    assert [event.after and event.after.get("of") for event in told] == [None, key, key]
