"""Any sequence of calls keeps the books sound and does what a plain model says it does.

    DAYBOOK_EXAMPLES=500 python3 manage.py test tests/transactions/test_life_stateful.py

plays five hundred sequences of up to thirty calls; the whole suite forty.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction as db_transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from balances.models import Balance
from reports.moments import totals_before
from reports.trial_balance import Scope, total_lines
from schedules.models import Schedule
from schedules.operations import cancel, post_now, schedule
from tests.books import assert_sound
from tests.factories import make_balance
from tests.transactions.plain_model import (
    BALANCES,
    CURRENCIES,
    Kept,
    Model,
    Moves,
    debits,
    journal,
    parts,
)
from transactions.errors import HoldExpiredError, PostingError
from transactions.lifecycle import commit, expire, refund, reverse, void
from transactions.models import Hold
from transactions.posting import hold, post, post_many
from transactions.previews import preview
from transactions.proof import run_proof
from transactions.requests import (
    CREDIT,
    DEBIT,
    Following,
    HoldRequest,
    Leg,
    PostingRequest,
    Result,
)
from web.as_of import Moment

pytestmark = pytest.mark.django_db

SHARES = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 90)), min_size=1, max_size=3)
# Days before today on which something takes effect; most do at once.
DAYS_AGO = st.sampled_from([0, 0, 0, 1, 2, 30, 400])
MORNING = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
BRIEFLY = timedelta(milliseconds=100)


def effective_at(days_ago: int) -> datetime | None:
    """Within that day, or at once."""
    return MORNING - timedelta(days=days_ago) + timedelta(hours=9) if days_ago else None


class Books(RuleBasedStateMachine):
    """Calls the engine and the model with the same requests, and previews almost all of them."""

    postings, holds, schedules = Bundle("postings"), Bundle("holds"), Bundle("schedules")

    def __init__(self) -> None:
        super().__init__()
        self.outermost = db_transaction.atomic()
        self.outermost.__enter__()
        self.balances = [
            make_balance(normal_side=side, floor_minor=floor, currency=currency)
            for (side, floor), currency in zip(BALANCES, CURRENCIES, strict=True)
        ]
        self.place_of = {balance.pk: place for place, balance in enumerate(self.balances)}
        self.model = Model()
        self.kept: dict[int, Kept] = {}
        self.number = 0

    def teardown(self) -> None:
        try:
            assert_sound()
            run = run_proof(actor=None)
            assert run.is_ok, [check for check in run.checks if check["mismatches"]]
        finally:
            db_transaction.set_rollback(True)
            self.outermost.__exit__(None, None, None)

    @rule(
        target=postings,
        source=st.integers(0, 3),
        shares=SHARES,
        overdraft=st.sampled_from([0, 0, 30]),
        days_ago=DAYS_AGO,
    )
    def post_one(
        self, source: int, shares: list[tuple[int, int]], overdraft: int, days_ago: int
    ) -> Any:
        return self.post(self.moves_of(source, shares), overdraft, days_ago)

    @rule(target=postings, debited=SHARES, credited=SHARES, days_ago=DAYS_AGO)
    def post_journal(
        self, debited: list[tuple[int, int]], credited: list[tuple[int, int]], days_ago: int
    ) -> Any:
        return self.post(journal(dict(debited), dict(credited)), 0, days_ago)

    @rule(
        target=postings,
        place=st.integers(1, 3),
        paid=st.integers(1, 60),
        received=st.integers(1, 60),
        is_back=st.booleans(),
    )
    def exchange(self, place: int, paid: int, received: int, is_back: bool) -> Any:
        """Between a balance and that of the other currency, through the two without a floor."""
        moves = {place: -paid, 0: paid, 4: -received, 5: received}
        return self.post(
            {each: -moved for each, moved in moves.items()} if is_back else moves, 0, 0
        )

    def post(self, moves: Moves | None, overdraft: int, days_ago: int) -> Any:
        if moves is None:
            return multiple()
        request = PostingRequest(
            self.reference(),
            self.legs(moves),
            overdraft_minor=overdraft,
            effective_at=effective_at(days_ago),
        )
        is_allowed = self.model.allows(moves, overdraft)
        pk = self.call(post, request, is_allowed=is_allowed)
        if pk is None:
            return multiple()
        self.model.move(moves, days_ago)
        self.kept[pk] = Kept(moves, "POST")
        return pk

    @rule(
        target=postings,
        asked=st.lists(st.tuples(st.integers(0, 3), SHARES), min_size=1, max_size=5),
    )
    def post_batch(self, asked: list[tuple[int, list[tuple[int, int]]]]) -> Any:
        batch = [moves for each in asked if (moves := self.moves_of(*each))]
        results = post_many([PostingRequest(self.reference(), self.legs(each)) for each in batch])
        done = []
        for moves, result in zip(batch, results, strict=True):
            assert bool(result.transaction_id) == self.model.allows(moves)
            if result.transaction_id:
                self.model.move(moves)
                self.kept[result.transaction_id] = Kept(moves, "POST")
                done.append(result.transaction_id)
        return multiple(*done)

    @rule(
        target=holds,
        source=st.sampled_from([0, 0, 1, 2, 3]),
        shares=SHARES,
    )
    def hold_one(self, source: int, shares: list[tuple[int, int]]) -> Any:
        moves = self.moves_of(source, shares)
        if moves is None:
            return multiple()
        request = HoldRequest(self.reference(), self.legs(moves))
        pk = self.call(hold, request, is_allowed=self.model.allows(moves))
        if pk is None:
            return multiple()
        self.model.reserve(moves, 1)
        self.kept[pk] = Kept(moves, "HOLD", left=dict(moves))
        return pk

    @rule(
        target=holds,
        source=st.sampled_from([0, 1]),
        share=st.tuples(st.integers(2, 3), st.integers(20, 90)),
        committed=st.sampled_from([0, 0, 7]),
    )
    def hold_briefly(self, source: int, share: tuple[int, int], committed: int) -> Any:
        """A hold whose time is over as soon as it is made, before or after a part of it."""
        moves = {source: -share[1], share[0]: share[1]}
        if not self.model.allows(moves):
            return multiple()
        expires_at = datetime.now(UTC) + BRIEFLY
        try:
            pk = hold(
                HoldRequest(self.reference(), self.legs(moves), expires_at=expires_at)
            ).transaction_id
        except HoldExpiredError:  # a machine that has no time for it
            assert datetime.now(UTC) > expires_at
            return multiple()
        assert pk
        kept = self.kept[pk] = Kept(moves, "HOLD", left=dict(moves), is_over=True)
        self.model.reserve(moves, 1)
        if committed:
            self.commit_in_time(kept, Following(pk, self.reference(), committed), expires_at)
        time.sleep(max(0, (expires_at - datetime.now(UTC)).total_seconds()))
        return pk

    def commit_in_time(self, kept: Kept, request: Following, expires_at: datetime) -> None:
        try:
            done = commit(request).transaction_id
        except HoldExpiredError:
            assert datetime.now(UTC) > expires_at
            return
        assert done
        self.kept[done] = self.model.commit(kept, request.amount_minor)

    @rule(target=postings, pk=holds, amount=st.integers(1, 40), days_ago=DAYS_AGO)
    def commit_part(self, pk: int, amount: int, days_ago: int) -> Any:
        return self.commit(pk, amount, days_ago)

    @rule(target=postings, pk=holds)
    def commit_rest(self, pk: int) -> Any:
        return self.commit(pk, None, 0)

    def commit(self, pk: int, amount: int | None, days_ago: int) -> Any:
        kept = self.kept[pk]
        left = debits(kept.left)
        is_allowed = left > 0 and (amount is None or amount <= left) and not kept.is_over
        request = Following(pk, self.reference(), amount, effective_at=effective_at(days_ago))
        done = self.call(commit, request, is_allowed=is_allowed)
        if done is None:
            return multiple()
        self.kept[done] = self.model.commit(kept, amount, days_ago)
        return done

    @rule(pk=holds, is_meant=st.sampled_from([True, False, False]))
    def void_rest(self, pk: int, is_meant: bool) -> None:
        if not is_meant:
            return
        self.release(pk, void, is_allowed=debits(self.kept[pk].left) > 0)

    @rule(pk=holds)
    def expire_rest(self, pk: int) -> None:
        kept = self.kept[pk]
        self.release(pk, expire, is_allowed=debits(kept.left) > 0 and kept.is_over)

    def release(self, pk: int, verb: Callable[[Any], Result], *, is_allowed: bool) -> None:
        kept = self.kept[pk]
        if self.call(verb, Following(pk, self.reference()), is_allowed=is_allowed):
            self.model.reserve(kept.left, -1)
            kept.left, kept.is_ended = {}, True

    @rule(target=schedules, source=st.integers(0, 3), shares=SHARES)
    def schedule_one(self, source: int, shares: list[tuple[int, int]]) -> Any:
        """Whether there are funds is no matter until it is posted."""
        moves = self.moves_of(source, shares)
        if moves is None:
            return multiple()
        request = PostingRequest(self.reference(), self.legs(moves))
        kept = schedule(request, due_at=datetime.now(UTC) + timedelta(days=1), actor=None)
        return kept.pk, moves

    @rule(target=postings, scheduled=schedules)
    def post_scheduled(self, scheduled: tuple[int, Moves]) -> Any:
        pk, moves = scheduled
        kept = Schedule.objects.get(pk=pk)
        if kept.state != "SCHEDULED" or not self.model.allows(moves):
            with pytest.raises(PostingError):
                post_now(kept, actor=None)
            return multiple()
        done = post_now(kept, actor=None).transaction_id
        assert done
        self.model.move(moves)
        self.kept[done] = Kept(moves, "POST")
        return done

    @rule(scheduled=schedules, is_meant=st.sampled_from([True, False]))
    def cancel_scheduled(self, scheduled: tuple[int, Moves], is_meant: bool) -> None:
        kept = Schedule.objects.get(pk=scheduled[0])
        if is_meant and kept.state == "SCHEDULED":
            assert cancel(kept, actor=None).state == "CANCELLED"

    @rule(target=postings, pk=postings, days_ago=DAYS_AGO)
    def reverse_one(self, pk: int, days_ago: int) -> Any:
        kept = self.kept[pk]
        moves = {place: -moved for place, moved in kept.moves.items()}
        is_allowed = kept.may_be_reversed and self.model.allows(moves)
        request = Following(pk, self.reference(), effective_at=effective_at(days_ago))
        done = self.call(reverse, request, is_allowed=is_allowed)
        if done is None:
            return multiple()
        self.model.move(moves, days_ago)
        kept.is_reversed = True
        self.kept[done] = Kept(moves, "REVERSAL")
        return done

    @rule(target=postings, pk=postings, amount=st.none() | st.integers(1, 100))
    def refund_some(self, pk: int, amount: int | None) -> Any:
        kept = self.kept[pk]
        moves = {}
        is_allowed = kept.may_be_refunded(amount)
        if is_allowed:
            moves = {place: -moved for place, moved in parts(kept.refundable, amount).items()}
            is_allowed = self.model.allows(moves)
        done = self.call(refund, Following(pk, self.reference(), amount), is_allowed=is_allowed)
        if done is None:
            return multiple()
        self.model.move(moves)
        self.kept[done] = Kept(moves, "REFUND")
        kept.refunds.append(self.kept[done])
        return done

    @rule(days_ago=st.integers(0, 420))
    def trial_balance_ties(self, days_ago: int) -> None:
        """At the beginning of any day, with the figures that the model had then."""
        moment = MORNING - timedelta(days=days_ago)
        found = totals_before([balance.pk for balance in self.balances], moment)
        assert [found[balance.pk].net_minor for balance in self.balances] == (
            self.model.raw_before(days_ago)
        )
        assert all(total.is_tied for total in total_lines(Scope(Moment(effective_before=moment))))

    @invariant()
    def figures_are_those_of_the_model(self) -> None:
        stored = Balance.objects.in_bulk([balance.pk for balance in self.balances])
        for place, balance in enumerate(self.balances):
            found = stored[balance.pk]
            assert (
                found.balance_minor,
                found.inflight_credit_minor,
                found.inflight_debit_minor,
            ) == (
                self.model.raw[place],
                self.model.held_credit[place],
                self.model.held_debit[place],
            )
        for held in Hold.objects.all():
            kept = self.kept[held.pk]
            assert held.remaining_minor == debits(kept.left)
            assert bool(held.ended_as) == kept.is_ended

    def call(self, verb: Callable[[Any], Result], request: Any, *, is_allowed: bool) -> int | None:
        """Preview, then do; the preview must have told what was done."""
        if not is_allowed:
            for attempt in (lambda: preview(request, by=verb), lambda: verb(request)):
                with pytest.raises(PostingError):
                    attempt()
            return None
        before = self.figures()
        told = preview(request, by=verb)
        assert self.figures() == before
        pk = verb(request).transaction_id
        after = self.figures()
        for change in told:
            place = self.place_of[change.balance_id]
            assert before[place][0] == change.before_minor
            assert after[place][0] == change.after_minor
            if verb in (commit, void, expire) or isinstance(request, HoldRequest):
                assert before[place][1] == change.inflight_before_minor
                assert after[place][1] == change.inflight_after_minor
        moved = {place for place in after if after[place] != before[place]}
        assert moved <= {self.place_of[change.balance_id] for change in told}
        return pk

    def figures(self) -> dict[int, tuple[int, int]]:
        found = Balance.objects.filter(pk__in=self.place_of)
        return {self.place_of[each.pk]: (each.balance_minor, each.inflight_minor) for each in found}

    def reference(self) -> str:
        self.number += 1
        return f"R-{self.number}"

    def legs(self, moves: Moves) -> list[Leg]:
        return [
            Leg(self.balances[place].pk, CREDIT if moved > 0 else DEBIT, abs(moved))
            for place, moved in moves.items()
        ]

    def moves_of(self, source: int, shares: list[tuple[int, int]]) -> Moves | None:
        targets = {place: share for place, share in shares if place != source}
        return {source: -sum(targets.values()), **targets} if targets else None


@pytest.mark.timeout(3600)
def test_any_sequence_of_calls_does_what_the_model_says() -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=int(os.environ.get("DAYBOOK_EXAMPLES", "40")),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
