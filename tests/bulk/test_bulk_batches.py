"""Reversing a batch of more transactions than are tried out: the worker does it."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from balances.models import Balance
from bulk import batches, doing, foreseeing, jobs
from bulk.batches import plan_reversal
from bulk.doing import go_on, start
from bulk.models import Item, Run
from tests.at_once import at_once
from tests.books import assert_sound
from tests.bulk.starting import press_start, seen_review
from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_client, make_user, post_transfer
from tests.pages import SLIDE_OVER, links_of, text_of
from tests.transactions.acting import address
from transactions.batch_reversals import Batch, read_batch
from transactions.lifecycle import reverse
from transactions.models import Transaction
from transactions.posting import post_many
from transactions.requests import Following, Indicator, PostingRequest, transfer


@pytest.fixture
def clerk(db: None) -> Client:
    return make_client(user=make_user(username="olga"))


@pytest.fixture(autouse=True)
def _large_from_four(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a person waited for no more than three."""
    monkeypatch.setattr(foreseeing, "AT_ONCE_MAX", 3)


def make_batch(size: int = 5, *, payee: Balance | None = None) -> Transaction:
    """The first of so many transactions of 1.00, 2.00, … in one batch."""
    payer, payee = make_balance(floor_minor=None), payee or make_balance()
    name = uuid.uuid4().hex[:6]
    legs = [
        transfer(source=payer.pk, destination=payee.pk, amount_minor=number * 100)
        for number in range(1, size + 1)
    ]
    requests = [PostingRequest(f"W-{name}-{n}", each) for n, each in enumerate(legs, 1)]
    post_many(requests, batch_id=uuid.uuid4())
    return Transaction.objects.get(reference=f"W-{name}-1")


def batch_of(transaction: Transaction) -> Batch:
    assert transaction.batch_id is not None
    return read_batch(transaction.batch_id)


def review(clerk: Client, asked_at: Transaction, **given: str) -> Run:
    response = clerk.post(address(asked_at, "reverse-batch"), given)
    assert response.status_code == 302, text_of(response)
    return Run.objects.get(public_id=response["Location"].split("/")[2])


def work() -> None:
    for job in ProcrastinateJob.objects.filter(task_name="bulk.go_on"):
        jobs.go_on_with(**job.args)


def test_a_large_batch_is_one_run_from_its_page_to_the_result_of_each(clerk: Client) -> None:
    first = make_batch(5)
    form = text_of(clerk.get(address(first, "reverse-batch")))
    run = review(clerk, first, description="Wrong month")
    shown = text_of(clerk.get(run.get_absolute_url()))
    assert not Transaction.objects.filter(kind="REVERSAL").exists()

    started = press_start(clerk, run.get_absolute_url(), follow=True)
    running = text_of(clerk.get(address(first, "reverse-batch")))
    work()

    assert "Each is decided by itself, with a result for each" in form
    for told in ("Reverse: 5 records", "15.00 GBP", "Wrong month", str(first.batch_id)):
        assert told in shown
    assert first.get_absolute_url() in links_of(started)
    assert "It is being reversed in the background." in running
    run.refresh_from_db()
    assert (run.done_count, run.refused_count, run.item_count) == (5, 0, 5)
    reversals = Transaction.objects.filter(kind="REVERSAL").order_by("pk")
    assert [each.description for each in reversals] == ["Wrong month"] * 5
    newest_first = Transaction.objects.filter(batch_id=first.batch_id).order_by("-pk")
    assert [each.reverses_id for each in reversals] == [each.pk for each in newest_first]
    history = text_of(clerk.get(first.get_absolute_url()))
    assert "Whole batch reversed by olga 5" in history
    assert "It is being reversed" not in text_of(clerk.get(address(first, "reverse-batch")))
    assert_sound()


def test_what_cannot_be_reversed_is_told_and_the_others_are(clerk: Client) -> None:
    payee = make_balance()
    first = make_batch(5, payee=payee)
    reverse(Following(first.pk, "R-1"))
    post_transfer(source=payee, destination=Indicator("@Rent", "GBP"), amount_minor=12_00)

    run = review(clerk, first)
    shown = text_of(clerk.get(run.get_absolute_url()))
    press_start(clerk, run.get_absolute_url())
    work()

    assert "What is known to be refused" in shown
    assert "This transaction is reversed already.1" in shown
    run.refresh_from_db()
    assert run.done_count + run.refused_count == 5
    reasons = dict(run.items.filter(state=Item.State.REFUSED).values_list("record_key", "reason"))
    assert "reversed already" in reasons[first.key]
    assert sum("fall below" in reason for reason in reasons.values()) == len(reasons) - 1 > 0
    history = text_of(clerk.get(first.get_absolute_url()))
    assert f"{len(reasons)} transactions could not be reversed" in history
    assert_sound()


def test_what_is_added_to_the_batch_after_the_review_stays(clerk: Client) -> None:
    first = make_batch(4)
    run = review(clerk, first)
    legs = transfer(
        source=make_balance(floor_minor=None).pk, destination=make_balance().pk, amount_minor=1
    )
    post_many([PostingRequest("late", legs)], batch_id=first.batch_id)

    press_start(clerk, run.get_absolute_url())
    work()

    late = Transaction.objects.get(reference="late")
    assert not Transaction.objects.filter(reverses=late).exists()
    assert Transaction.objects.filter(kind="REVERSAL").count() == 4


def test_a_batch_that_grows_while_it_is_planned_is_looked_at_again(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_batch(4)
    stale = Batch(batch_of(first).batch_id, 99, ())
    monkeypatch.setattr(
        "bulk.batch_views.plan_reversal", lambda _batch, **rest: plan_reversal(stale, **rest)
    )

    response = clerk.post(address(first, "reverse-batch"), {"description": "Why"})

    assert response.status_code == 422
    assert "The batch has changed." in text_of(response)
    assert ">\nWhy</textarea>" in response.content.decode()
    assert not Run.objects.exists()


def test_from_the_slide_over_it_leads_to_the_page_of_the_run(clerk: Client) -> None:
    first = make_batch(4)

    response = clerk.post(address(first, "reverse-batch"), headers=SLIDE_OVER)

    assert response.status_code == 204
    assert response["HX-Redirect"] == Run.objects.get().get_absolute_url()


def test_two_runs_over_the_same_batch_reverse_each_once(clerk: Client) -> None:
    first = make_batch(4)
    runs = [review(clerk, first) for _number in range(2)]

    for run in runs:
        seen = seen_review(clerk, run.get_absolute_url())
        press_start(clerk, run.get_absolute_url(), seen=seen)
        press_start(clerk, run.get_absolute_url(), seen=seen)
    work()
    work()

    done = [Run.objects.get(pk=run.pk).done_count for run in runs]
    assert sorted(done) == [0, 4]
    assert Transaction.objects.filter(kind="REVERSAL").count() == 4
    assert_sound()


def test_another_person_does_not_see_it(clerk: Client) -> None:
    run = review(clerk, make_batch(4))

    assert make_client().get(run.get_absolute_url()).status_code == 404


def test_two_workers_reverse_each_transaction_once(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "STEP", 3)
    first = make_batch(20)
    run = plan_reversal(batch_of(first), description="", asked_at=first, user=make_user())
    start(run)

    at_once([lambda: go_on(run) for _ in range(2)])
    go_on(run)

    run.refresh_from_db()
    assert (run.done_count, run.refused_count) == (20, 0)
    assert Transaction.objects.filter(kind="REVERSAL").count() == 20
    assert not batches.is_being_reversed(batch_of(first).batch_id)
