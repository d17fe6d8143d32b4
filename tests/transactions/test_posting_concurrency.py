"""Many postings at once, each by a thread with its own connection, committing for real."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.db import transaction as db_transaction

from balances.models import Balance
from ledgers.models import Currency
from ledgers.operations import add_currency
from tests.at_once import at_once
from tests.books import assert_sound
from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_ledger
from transactions.errors import BusyError, InsufficientFundsError, PostingError
from transactions.models import Transaction
from transactions.posting import post, post_many
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, PostingRequest, transfer

THREADS = 200


def _transfer(reference: str, source: Any, target: Any, amount_minor: int = 1) -> PostingRequest:
    return PostingRequest(
        reference, transfer(source=source, destination=target, amount_minor=amount_minor)
    )


def _posting(request: PostingRequest) -> Callable[[], str]:
    return lambda: str(post(request).outcome)


def test_200_threads_posting_opposite_transfers_meet_no_deadlock(own_database: OwnDatabase) -> None:
    first, second = make_balance(floor_minor=None), make_balance(floor_minor=None)
    pairs = [(first.pk, second.pk), (second.pk, first.pk)]

    outcomes = at_once(
        [_posting(_transfer(f"R-{number}", *pairs[number % 2])) for number in range(THREADS)]
    )

    assert Counter(outcomes) == {"posted": THREADS}
    first.refresh_from_db()
    assert (first.credit_minor, first.debit_minor) == (THREADS // 2, THREADS // 2)
    assert_sound()


def test_200_threads_with_one_reference_post_once(own_database: OwnDatabase) -> None:
    first, second = make_balance(floor_minor=None), make_balance()
    request = _transfer("R-1", first.pk, second.pk)

    outcomes = at_once([_posting(request)] * THREADS)

    assert Counter(outcomes) == {"posted": 1, "present": THREADS - 1}
    assert Transaction.objects.count() == 1
    assert_sound()


def test_one_reference_with_other_content_is_posted_once(own_database: OwnDatabase) -> None:
    balances = [make_balance(floor_minor=None).pk for _ in range(20)]

    # No balance is shared, so no lock puts them in order: the unique reference has to.
    outcomes = at_once(
        [
            _posting(_transfer("R-1", balances[place], balances[place + 1]))
            for place in range(0, 20, 2)
        ]
    )

    refusals = [error.code for error in outcomes if isinstance(error, PostingError)]
    assert outcomes.count("posted") == 1
    assert refusals == ["reference_used"] * 9
    assert_sound()


def test_hot_balance_is_never_overdrawn(own_database: OwnDatabase) -> None:
    hot, target = make_balance(opening_minor=50), make_balance()

    outcomes = at_once(
        [_posting(_transfer(f"R-{number}", hot.pk, target.pk)) for number in range(100)]
    )

    refused = [error for error in outcomes if isinstance(error, InsufficientFundsError)]
    hot.refresh_from_db()
    assert (outcomes.count("posted"), len(refused)) == (50, 50)
    assert hot.balance_minor == 0
    assert_sound()


def test_batches_and_singles_share_balances_soundly(own_database: OwnDatabase) -> None:
    ledger = make_ledger()
    balances = [make_balance(ledger=ledger, floor_minor=-100).pk for _ in range(12)]
    random = Random(7)

    def requests(name: str, count: int) -> list[PostingRequest]:
        return [
            _transfer(f"{name}-{number}", source, target, random.randint(1, 60))
            for number in range(count)
            for source, target in [random.sample(balances, 2)]
        ]

    batches = [requests(f"batch-{number}", 60) for number in range(6)]
    singles = [requests(f"single-{number}", 12) for number in range(14)]

    outcomes = at_once(
        [
            *(
                lambda batch=batch, number=number: post_many(batch, atomic=number % 3 == 0)
                for number, batch in enumerate(batches)
            ),
            *(
                lambda single=single: [result for each in single for result in post_many([each])]
                for single in singles
            ),
        ]
    )

    results = [result for each in outcomes for result in each]
    assert len(results) == 6 * 60 + 14 * 12
    assert {result.outcome for result in results} <= {"posted", "refused", "not_posted"}
    assert Transaction.objects.count() == sum(result.outcome == "posted" for result in results)
    assert_sound()


def test_many_legs_in_every_order_meet_no_deadlock(own_database: OwnDatabase) -> None:
    balances = [make_balance(floor_minor=None).pk for _ in range(8)]
    random = Random(3)

    def legs() -> list[Leg]:
        chosen = random.sample(balances, 6)
        return [
            Leg(pk, direction, 5) for pk, direction in zip(chosen, [DEBIT, CREDIT] * 3, strict=True)
        ]

    outcomes = at_once([_posting(PostingRequest(f"R-{n}", legs())) for n in range(60)])

    assert Counter(outcomes) == {"posted": 60}
    assert_sound()


@pytest.mark.parametrize("how", ["singles", "batches", "both"])
def test_first_use_of_an_indicator_by_20_threads_opens_one_balance(
    own_database: OwnDatabase, how: str
) -> None:
    names = [Indicator("@A", "GBP"), Indicator("@B", "GBP")]

    def act(number: int) -> Callable[[], str]:
        source, target = names if number % 2 else names[::-1]
        request = _transfer(f"R-{number}", source, target)
        if how == "singles" or (how == "both" and number % 3):
            return _posting(request)
        return lambda: str(post_many([request])[0].outcome)

    outcomes = at_once([act(number) for number in range(20)])

    assert Counter(outcomes) == {"posted": 20}
    assert Balance.objects.filter(indicator="@A").count() == 1
    assert Balance.objects.filter(indicator="@B").count() == 1
    assert_sound()


def test_waiting_too_long_is_a_refusal_that_says_busy(own_database: OwnDatabase) -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    request = _transfer("R-1", source.pk, target.pk)

    with own_database.owner() as holder:
        holder.execute("SELECT FROM balances_balance WHERE id = %s FOR UPDATE", [target.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(BusyError):
            post(request)
        with pytest.raises(BusyError):
            post_many([request, _transfer("R-2", source.pk, target.pk)])
        with pytest.raises(BusyError), db_transaction.atomic():
            post(request)
        holder.rollback()

    assert post(request).outcome == "posted"
    assert Transaction.objects.count() == 1
    assert_sound()


def test_exponent_waits_for_the_posting_under_way(own_database: OwnDatabase) -> None:
    add_currency(code="XTK", name="Token", exponent=8, kind="CRYPTO", actor=None)
    source = make_balance(currency="XTK", floor_minor=None)
    target = make_balance(currency="XTK")
    refused: list[str] = []

    def change_exponent() -> None:
        with own_database.app() as other, pytest.raises(Exception, match="decimals") as caught:
            other.execute("UPDATE ledgers_currency SET exponent = 18 WHERE code = 'XTK'")
        refused.append(str(caught.value))

    with db_transaction.atomic():
        post(_transfer("R-1", source.pk, target.pk))
        thread = threading.Thread(target=change_exponent)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(60)

    assert refused
    assert Currency.objects.get(pk="XTK").exponent == 8


def test_exponent_changes_between_postings_of_other_currencies(own_database: OwnDatabase) -> None:
    add_currency(code="XTK", name="Token", exponent=8, kind="CRYPTO", actor=None)
    make_balance(currency="XTK")
    pounds = [make_balance(floor_minor=None).pk for _ in range(2)]

    def change() -> str:
        Currency.objects.filter(pk="XTK").update(exponent=18)
        return "changed"

    outcomes = at_once([*(_posting(_transfer(f"R-{n}", *pounds)) for n in range(30)), change])

    assert Counter(outcomes) == {"posted": 30, "changed": 1}
    assert Currency.objects.get(pk="XTK").exponent == 18


def test_batches_that_claim_the_same_references_post_each_once(own_database: OwnDatabase) -> None:
    def batch(number: int) -> Callable[[], Any]:
        # Balances of its own: nothing but the references brings these batches together.
        pair = [make_balance(floor_minor=None).pk for _ in range(2)]
        references = [f"R-{place}" for place in range(30)]
        requests = [_transfer(name, *pair) for name in references[:: -1 if number % 2 else 1]]
        return lambda: post_many(requests)

    outcomes = at_once([batch(number) for number in range(6)])

    results = [result for each in outcomes if isinstance(each, list) for result in each]
    refusals = {result.error.code for result in results if result.error}
    assert {type(each) for each in outcomes} <= {list, BusyError}
    assert sum(result.outcome == "posted" for result in results) == 30
    assert refusals <= {"reference_used"}
    assert Transaction.objects.count() == 30
    assert_sound()


def test_atomic_batches_of_several_chunks_in_opposite_order_stay_whole(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.batches.BATCH_MAX", 2)
    pairs = [[make_balance(floor_minor=None).pk for _ in range(2)] for _ in range(6)]

    def batch(number: int) -> Callable[[], Any]:
        order = pairs[:: -1 if number % 2 else 1]
        requests = [_transfer(f"{number}-{n}", *pair) for n, pair in enumerate(order)]
        return lambda: post_many(requests, atomic=True)

    outcomes = at_once([batch(number) for number in range(8)])

    whole = [each for each in outcomes if isinstance(each, list)]
    assert {type(each) for each in outcomes} <= {list, BusyError}
    assert whole
    assert {result.outcome for each in whole for result in each} == {"posted"}
    assert Transaction.objects.count() == 6 * len(whole)
    assert_sound()


@pytest.mark.parametrize("how", ["singles", "batches", "both"])
def test_one_request_that_opens_indicators_is_posted_once_by_20_threads(
    own_database: OwnDatabase, how: str
) -> None:
    request = _transfer("R-1", Indicator("@A", "GBP"), Indicator("@B", "GBP"))

    def act(number: int) -> Callable[[], str]:
        if how == "singles" or (how == "both" and number % 2):
            return _posting(request)
        return lambda: str(post_many([request])[0].outcome)

    outcomes = at_once([act(number) for number in range(20)])

    assert Counter(map(str, outcomes)) == {"posted": 1, "present": 19}
    assert_sound()
