from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.db import transaction as db_transaction
from django.db.models import Sum
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from balances.models import Balance
from balances.operations import close_balance
from ledgers.models import Ledger
from tests.books import assert_sound, snapshot
from tests.factories import NOON, make_balance, make_ledger, make_user
from transactions.checks import AMOUNT_MAX
from transactions.errors import AmountTooLargeError, InsufficientFundsError, PostingError
from transactions.models import Entry, Transaction
from transactions.posting import post, post_many
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, Outcome, PostingRequest, transfer

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Row:
    """What became of a request, without the ids that differ between two runs."""

    outcome: str
    code: str | None
    culprit: int | tuple[str, str] | None

    @classmethod
    def refused(cls, error: PostingError) -> Row:
        return cls(Outcome.REFUSED, error.code, _named(error.balance_id))


def _named(balance_id: int | None) -> int | tuple[str, str] | None:
    """The id of a balance that stood before; what a run opened itself, by its indicator."""
    opened = Balance.objects.filter(pk=balance_id or 0).exclude(indicator="").first()
    return (opened.indicator, opened.currency_id) if opened else balance_id


def _one_by_one(requests: list[PostingRequest]) -> list[Row]:
    rows = []
    for request in requests:
        try:
            rows.append(Row(post(request).outcome, None, None))
        except PostingError as error:
            rows.append(Row.refused(error))
    return rows


def _as_batch(requests: list[PostingRequest]) -> list[Row]:
    return [
        Row.refused(result.error) if result.error else Row(result.outcome, None, None)
        for result in post_many(requests)
    ]


def _books() -> list[Any]:
    """Everything written but ids and times: what two runs must agree on."""
    balances = Balance.objects.order_by("indicator", "currency", "pk").values_list(
        "indicator",
        "currency",
        "credit_minor",
        "debit_minor",
        "entry_count",
        "transaction_count",
    )
    ledgers = (
        Ledger.objects.order_by("pk")
        .annotate(transactions=Sum("balances__ledger_transaction_count"))
        .values_list("name", "transactions")
    )
    entries = Entry.objects.order_by("transaction__reference", "pk").values_list(
        "transaction__reference",
        "transaction__description",
        "transaction__entry_count",
        "balance__indicator",
        "balance__currency",
        "position",
        "direction",
        "amount_minor",
        "running_minor",
    )
    return [*balances, *ledgers, *entries]


def _taken_back(act: Any, requests: list[PostingRequest]) -> tuple[list[Row], list[Any]]:
    with db_transaction.atomic():
        rows = act(requests)
        books = _books()
        assert_sound()
        db_transaction.set_rollback(True)
    return rows, books


@pytest.fixture
def cast() -> list[int | Indicator]:
    """Balances of every sort: rich, poor, with credit, debit-normal, closed, below their floor."""
    shop = make_ledger()
    closed = make_balance(ledger=shop)
    close_balance(closed, at=NOON, actor=None)
    sunk = make_balance(ledger=shop)
    legs = transfer(source=sunk.pk, destination=make_balance().pk, amount_minor=150)
    post(PostingRequest("sunk", legs, overdraft_minor=AMOUNT_MAX))
    return [
        make_balance(ledger=shop, opening_minor=300).pk,
        make_balance(ledger=shop).pk,
        make_balance(ledger=shop, floor_minor=-200).pk,
        make_balance(normal_side="DEBIT", opening_minor=150).pk,
        make_balance(normal_side="DEBIT", floor_minor=-50).pk,
        make_balance(ledger=shop, currency="EUR", floor_minor=None).pk,
        make_balance(currency="EUR", opening_minor=400).pk,
        make_balance(floor_minor=None, opening_minor=AMOUNT_MAX - 500).pk,
        closed.pk,
        10**9,
        Indicator("@Fees", "GBP"),
        Indicator("@Fees", "EUR"),
        Indicator("@Sales", "GBP"),
        Indicator("@Sales", "ZZZ"),
        sunk.pk,
    ]


_places = st.sampled_from(
    [0, 0, 1, 1, 2, 2, 3, 4, 5, 5, 6, 6, 7, 10, 10, 11, 12, 0, 1, 2, 8, 9, 13, 14]
)
_amounts = st.sampled_from([1, 50, 99, 100, 101, 200, 300, 500, 600])


@st.composite
def _legs(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Mostly sound: pairs that balance; at times with a leg too many or too few."""
    legs: list[tuple[int, int, int]] = []
    for _ in range(draw(st.sampled_from([1, 1, 1, 1, 2, 2, 3]))):
        source, target, amount = draw(_places), draw(_places), draw(_amounts)
        legs += [(source, -1, amount), (target, 1, amount)]
    if draw(st.integers(0, 9)) == 0:
        legs.append((draw(_places), 1, draw(_amounts)))
    if draw(st.integers(0, 19)) == 0:
        legs = legs[1:]
    return legs


_script = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d", "e", "f", "g", ""]), st.booleans(), _legs()),
    min_size=1,
    max_size=14,
)


# Two legs each, between balances that stand: the straight path of batches.
_transfers = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "", "", ""]),
        st.booleans(),
        st.tuples(st.permutations([0, 1, 2, 3, 4, 7, 8, 9, 14]), _amounts).map(
            lambda drawn: [(drawn[0][0], -1, drawn[1]), (drawn[0][1], 1, drawn[1])]
        ),
    ),
    min_size=1,
    max_size=14,
)


def _requests(script: list[Any], cast: list[int | Indicator]) -> list[PostingRequest]:
    requests = []
    for number, (name, is_dated, legs) in enumerate(script):
        requests.append(
            PostingRequest(
                reference=name or f"own-{number}",
                legs=[
                    Leg(cast[place], CREDIT if sign > 0 else DEBIT, amount)
                    for place, sign, amount in legs
                ],
                effective_at=NOON if is_dated else None,
            )
        )
    return requests


# Numbers: places in the cast, of which 11 is an indicator without a balance.
REFUSED_AT_WHAT_IT_OPENED: list[Any] = [
    ("a", False, [(0, 1, 1)]),
    ("a", False, [(0, 1, 1)]),
    ("a", False, [(5, -1, 1), (11, 1, 1)]),
    ("a", False, [(0, -1, 99), (0, 1, 99)]),
    ("b", False, [(11, -1, 1), (11, 1, 1)]),
]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(script=REFUSED_AT_WHAT_IT_OPENED)
@given(script=_script | _transfers)
def test_batch_equals_one_by_one_row_by_row(script: list[Any], cast: list[Any]) -> None:
    requests = _requests(script, cast)

    rows, books = _taken_back(_one_by_one, requests)
    batch_rows, batch_books = _taken_back(_as_batch, requests)

    assert batch_rows == rows
    assert batch_books == books


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=_script)
def test_atomic_batch_is_all_or_nothing(script: list[Any], cast: list[Any]) -> None:
    requests = _requests(script, cast)
    expected, books = _taken_back(_one_by_one, requests)
    before = snapshot()

    with db_transaction.atomic():
        results = post_many(requests, atomic=True)
        after = _books()
        is_unchanged = snapshot() == before
        db_transaction.set_rollback(True)

    if any(row.outcome == Outcome.REFUSED for row in expected):
        assert {result.outcome for result in results} <= {Outcome.REFUSED, Outcome.NOT_POSTED}
        assert is_unchanged
    else:
        assert [result.outcome for result in results] == [row.outcome for row in expected]
        assert after == books


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=_script)
def test_dry_run_foretells_and_changes_nothing(script: list[Any], cast: list[Any]) -> None:
    requests = _requests(script, cast)
    before = snapshot()

    foretold = post_many(requests, dry_run=True)
    after = snapshot()
    rows, _books_then = _taken_back(_as_batch, requests)

    assert after == before
    assert [result.outcome for result in foretold] == [row.outcome for row in rows]


def _sound(reference: str, amount_minor: int = 100) -> PostingRequest:
    legs = transfer(
        source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), amount_minor=amount_minor
    )
    return PostingRequest(reference=reference, legs=legs)


def _overdrawing(reference: str) -> PostingRequest:
    legs = transfer(source=make_balance().pk, destination=Indicator("@B", "GBP"), amount_minor=1)
    return PostingRequest(reference=reference, legs=legs)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_refusal_refuses_the_whole_atomic_batch(place: int) -> None:
    requests = [_sound("R-1"), _sound("R-2")]
    requests.insert(place, _overdrawing("R-3"))
    before = snapshot()

    results = post_many(requests, atomic=True)

    assert isinstance(results[place].error, InsufficientFundsError)
    assert {result.outcome for result in results} == {Outcome.REFUSED, Outcome.NOT_POSTED}
    assert snapshot() == before


def test_refused_atomic_batch_knows_what_was_there_before_it() -> None:
    there, repeated = _sound("there"), _sound("repeated")
    post(there)

    results = post_many([there, repeated, repeated, _overdrawing("too-much")], atomic=True)

    assert [result.outcome for result in results] == [
        Outcome.PRESENT,
        Outcome.NOT_POSTED,
        Outcome.NOT_POSTED,
        Outcome.REFUSED,
    ]


def test_one_refusal_refuses_an_atomic_batch_of_several_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("transactions.batches.BATCH_MAX", 3)
    requests, overdrawing = [_sound(f"R-{number}") for number in range(8)], _overdrawing("R-x")
    before = snapshot()

    results = post_many([*requests, overdrawing], atomic=True)
    is_unchanged = snapshot() == before
    posted = post_many(requests, atomic=True)

    assert [result.outcome for result in results] == ["not_posted"] * 8 + ["refused"]
    assert is_unchanged
    assert [result.outcome for result in posted] == ["posted"] * 8
    assert_sound()


def test_amount_too_large_for_a_total_is_refused_alone() -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    requests = [
        PostingRequest(
            reference=f"R-{number}",
            legs=transfer(source=source.pk, destination=target.pk, amount_minor=amount_minor),
        )
        for number, amount_minor in enumerate([AMOUNT_MAX - 5, 6, 5, 1])
    ]

    results = post_many(requests)

    assert [result.outcome for result in results] == ["posted", "refused", "posted", "refused"]
    assert isinstance(results[1].error, AmountTooLargeError)
    assert_sound()


@pytest.mark.parametrize("atomic", [False, True])
def test_empty_batch_is_posted(atomic: bool) -> None:
    assert post_many([], atomic=atomic) == []


def test_batch_names_its_batch_and_person() -> None:
    clerk, batch = make_user(), uuid.uuid4()

    post_many([_sound("R-1"), _sound("R-2"), _overdrawing("R-3")], actor=clerk, batch_id=batch)

    posted = Transaction.objects.filter(batch_id=batch).order_by("pk")
    events = AuditEvent.objects.filter(action="transaction.posted", actor=clerk).order_by("pk")
    assert [each.reference for each in posted] == ["R-1", "R-2"]
    assert [event.subject for event in events] == [each.key for each in posted]
    assert [event.after["reference"] for event in events if event.after] == ["R-1", "R-2"]


def test_batch_of_many_is_written_in_order() -> None:
    requests = [_sound(f"R-{number:05}", amount_minor=number + 1) for number in range(12_000)]

    results = post_many(requests)

    assert {result.outcome for result in results} == {Outcome.POSTED}
    with connection.cursor() as cursor:
        cursor.execute("SELECT reference FROM transactions_transaction ORDER BY id")
        assert [row[0] for row in cursor.fetchall()] == [each.reference for each in requests]
    assert Balance.objects.get(indicator="@B").balance_minor == 12_000 * 12_001 // 2
    assert_sound()


def test_indicators_that_only_refused_requests_name_are_not_opened() -> None:
    refused = PostingRequest(
        reference="R-1",
        legs=transfer(
            source=make_balance().pk, destination=Indicator("@New", "GBP"), amount_minor=1
        ),
    )

    post_many([refused, _sound("R-2")])
    with pytest.raises(InsufficientFundsError):
        post(refused)

    assert sorted(Balance.objects.exclude(indicator="").values_list("indicator", flat=True)) == [
        "@A",
        "@B",
    ]
