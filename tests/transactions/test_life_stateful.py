"""Any sequence of calls keeps the books sound and does what a plain model says it does."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
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
from tests.books import assert_sound
from tests.factories import make_balance
from transactions.errors import PostingError
from transactions.lifecycle import commit, refund, reverse, void
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

pytestmark = pytest.mark.django_db

# Normal side and floor of each balance.
BALANCES = [("CREDIT", None), ("CREDIT", 0), ("DEBIT", 0), ("CREDIT", -50)]
Moves = dict[int, int]
SHARES = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 90)), min_size=1, max_size=3)


@dataclass
class Kept:
    """What the model keeps of a transaction: signed amounts by place of the balance."""

    moves: Moves
    kind: str
    left: Moves = field(default_factory=dict)
    refunds: list[Kept] = field(default_factory=list)
    is_reversed: bool = False
    is_ended: bool = False


@dataclass
class Model:
    """The books as a person with a pencil would keep them."""

    raw: list[int] = field(default_factory=lambda: [0] * len(BALANCES))
    held_credit: list[int] = field(default_factory=lambda: [0] * len(BALANCES))
    held_debit: list[int] = field(default_factory=lambda: [0] * len(BALANCES))

    def lowers(self, place: int, moved: int) -> bool:
        return moved < 0 if BALANCES[place][0] == "CREDIT" else moved > 0

    def room(self, place: int) -> int | None:
        """How much the balance may still fall on its normal side; None is without end."""
        side, floor = BALANCES[place]
        if floor is None:
            return None
        if side == "CREDIT":
            return self.raw[place] - self.held_debit[place] - floor
        return -self.raw[place] - self.held_credit[place] - floor

    def allows(self, moves: Moves, overdraft: int = 0) -> bool:
        for place, moved in moves.items():
            room = self.room(place)
            if room is not None and self.lowers(place, moved) and room + overdraft < abs(moved):
                return False
        return True

    def move(self, moves: Moves) -> None:
        for place, moved in moves.items():
            self.raw[place] += moved

    def reserve(self, moves: Moves, sign: int) -> None:
        for place, moved in moves.items():
            held = self.held_credit if moved > 0 else self.held_debit
            held[place] += sign * abs(moved)


def parts(moves: Moves, amount: int | None) -> Moves:
    """`amount` of the debits and as much of the credits, in order of the places given."""
    if amount is None:
        return dict(moves)
    taken: Moves = {}
    for sign in (-1, 1):
        side = {place: abs(moved) for place, moved in moves.items() if moved * sign > 0}
        total, passed = sum(side.values()), 0
        for place, minor in side.items():
            before = passed * amount // total
            passed += minor
            if part := passed * amount // total - before:
                taken[place] = sign * part
    return {place: taken[place] for place in moves if place in taken}


def debits(moves: Moves) -> int:
    return -sum(moved for moved in moves.values() if moved < 0)


class Books(RuleBasedStateMachine):
    """Calls the engine and the model with the same requests; all but batches are previewed first.

    `DAYBOOK_EXAMPLES` sets how many sequences are tried, of up to thirty calls.
    """

    postings, holds = Bundle("postings"), Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.outermost = db_transaction.atomic()
        self.outermost.__enter__()
        self.balances = [
            make_balance(normal_side=side, floor_minor=floor) for side, floor in BALANCES
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
    )
    def post_one(self, source: int, shares: list[tuple[int, int]], overdraft: int) -> Any:
        moves = self.moves_of(source, shares)
        if moves is None:
            return multiple()
        request = PostingRequest(self.reference(), self.legs(moves), overdraft_minor=overdraft)
        is_allowed = self.model.allows(moves, overdraft)
        pk = self.call(post, request, is_allowed=is_allowed)
        if pk is None:
            return multiple()
        self.model.move(moves)
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

    @rule(target=postings, pk=holds, amount=st.integers(1, 40))
    def commit_part(self, pk: int, amount: int) -> Any:
        return self.commit(pk, amount)

    @rule(target=postings, pk=holds)
    def commit_rest(self, pk: int) -> Any:
        return self.commit(pk, None)

    def commit(self, pk: int, amount: int | None) -> Any:
        kept = self.kept[pk]
        left = debits(kept.left)
        is_allowed = left > 0 and (amount is None or amount <= left)
        done = self.call(commit, Following(pk, self.reference(), amount), is_allowed=is_allowed)
        if done is None:
            return multiple()
        taken = parts(kept.left, amount)
        self.model.reserve(taken, -1)
        self.model.move(taken)
        self.take(kept, taken)
        self.kept[done] = Kept(taken, "COMMIT")
        return done

    @rule(pk=holds, is_meant=st.sampled_from([True, False, False]))
    def void_rest(self, pk: int, is_meant: bool) -> None:
        if not is_meant:
            return
        kept = self.kept[pk]
        is_allowed = debits(kept.left) > 0
        if self.call(void, Following(pk, self.reference()), is_allowed=is_allowed):
            self.model.reserve(kept.left, -1)
            kept.left, kept.is_ended = {}, True

    @rule(target=postings, pk=postings)
    def reverse_one(self, pk: int) -> Any:
        kept = self.kept[pk]
        moves = {place: -moved for place, moved in kept.moves.items()}
        is_allowed = (
            kept.kind != "REVERSAL"
            and not kept.is_reversed
            and all(each.is_reversed for each in kept.refunds)
            and self.model.allows(moves)
        )
        done = self.call(reverse, Following(pk, self.reference()), is_allowed=is_allowed)
        if done is None:
            return multiple()
        self.model.move(moves)
        kept.is_reversed = True
        self.kept[done] = Kept(moves, "REVERSAL")
        return done

    @rule(target=postings, pk=postings, amount=st.none() | st.integers(1, 100))
    def refund_some(self, pk: int, amount: int | None) -> Any:
        kept = self.kept[pk]
        left = dict(kept.moves)
        for each in kept.refunds:
            if not each.is_reversed:
                for place, moved in each.moves.items():
                    left[place] += moved
        left = {place: moved for place, moved in left.items() if moved}
        is_allowed = (
            kept.kind in ("POST", "COMMIT")
            and not kept.is_reversed
            and debits(left) > 0
            and (amount is None or amount <= debits(left))
        )
        moves = {}
        if is_allowed:
            moves = {place: -moved for place, moved in parts(left, amount).items()}
            is_allowed = self.model.allows(moves)
        done = self.call(refund, Following(pk, self.reference(), amount), is_allowed=is_allowed)
        if done is None:
            return multiple()
        self.model.move(moves)
        self.kept[done] = Kept(moves, "REFUND")
        kept.refunds.append(self.kept[done])
        return done

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
            if verb in (hold, commit, void):
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

    def take(self, kept: Kept, taken: Moves) -> None:
        for place, moved in taken.items():
            kept.left[place] -= moved
        kept.left = {place: moved for place, moved in kept.left.items() if moved}


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
