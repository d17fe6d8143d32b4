from __future__ import annotations

from itertools import count

import pytest
from django.test import Client

from audit.models import AuditEvent
from bulk import doing
from bulk.doing import go_on, plan, start
from bulk.models import Item, Run
from tests.at_once import at_once
from tests.bulk.starting import press_start, seen_review
from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_client, make_identity, make_ledger, make_user
from tests.pages import text_of
from tests.transactions.acting import make_hold as place_hold
from transactions.lifecycle import commit, void
from transactions.models import Hold, HoldState, Transaction
from transactions.requests import Following

FORM = "/transactions/bulk/{action}/"


@pytest.fixture
def clerk(db: None) -> Client:
    return make_client()


_numbers = count(1)


def make_hold(*, amount_minor: int = 1_00) -> Transaction:
    source = make_balance(floor_minor=None)
    reference = f"H-{next(_numbers)}"
    return place_hold(source, make_balance(), amount_minor, reference=reference)


def holds(size: int) -> list[Transaction]:
    return [make_hold(amount_minor=100 * (number + 1)) for number in range(size)]


def recount(run: Run) -> tuple[int, int]:
    """How many items are done and refused, counted anew."""
    states = list(run.items.values_list("state", flat=True))
    return states.count(Item.State.DONE), states.count(Item.State.REFUSED)


def reviewed(clerk: Client, action: str, **sent: object) -> Run:
    response = clerk.post(FORM.format(action=action), {"go": "1", **sent})
    assert response.status_code == 302, text_of(response)
    return Run.objects.get(public_id=response["Location"].split("/")[2])


def test_ticked_holds_are_committed_each_by_itself(clerk: Client) -> None:
    first, second, ended = holds(3)
    void(Following(ended.pk, reference="gone"))

    run = reviewed(clerk, "commit", key=[first.key, second.key, ended.key], description="Month end")
    review = text_of(clerk.get(f"/bulk/{run.public_id}/"))
    assert Hold.objects.get(pk=first.pk).state == HoldState.INFLIGHT
    press_start(clerk, run.get_absolute_url())

    run.refresh_from_db()
    assert "Wouldbedone2" in review.replace(" ", "")
    assert (run.done_count, run.refused_count) == recount(run) == (2, 1)
    assert run.ended_at is not None
    for hold in (first, second):
        assert Hold.objects.get(pk=hold.pk).state == HoldState.COMMITTED
        assert Transaction.objects.get(parent=hold, kind="COMMIT").description == "Month end"
    assert Hold.objects.get(pk=ended.pk).state == HoldState.VOIDED
    assert run.items.get(record_id=ended.pk).reason
    events = AuditEvent.objects.filter(subject=run.key).order_by("pk")
    assert [event.action for event in events] == ["bulk.started", "bulk.ended"]


def test_all_rows_of_the_filter_are_meant_and_no_other(clerk: Client) -> None:
    small, large, larger = (make_hold(amount_minor=minor) for minor in (1_00, 50_00, 60_00))

    run = reviewed(clerk, "void", all="1", query="tab=inflight&where=amount:at-least:50")
    press_start(clerk, run.get_absolute_url())

    assert set(run.items.values_list("record_id", flat=True)) == {large.pk, larger.pk}
    assert Hold.objects.get(pk=small.pk).state == HoldState.INFLIGHT
    assert Hold.objects.get(pk=larger.pk).state == HoldState.VOIDED


def test_a_run_whose_outcome_changed_since_the_review_is_shown_again(clerk: Client) -> None:
    hold, other = holds(2)
    run = reviewed(clerk, "void", key=[hold.key, other.key])
    commit(Following(hold.pk, reference="meanwhile"))

    response = press_start(clerk, run.get_absolute_url())

    assert response.status_code == 422
    assert "The books have changed since the review" in text_of(response)
    assert Hold.objects.get(pk=other.pk).state == HoldState.INFLIGHT
    assert press_start(clerk, run.get_absolute_url()).status_code == 302
    assert Hold.objects.get(pk=other.pk).state == HoldState.VOIDED


def test_starting_twice_does_it_once(clerk: Client) -> None:
    hold = make_hold()
    run = reviewed(clerk, "commit", key=[hold.key])

    seen = seen_review(clerk, run.get_absolute_url())
    press_start(clerk, run.get_absolute_url(), seen=seen)
    press_start(clerk, run.get_absolute_url(), seen=seen)

    assert Transaction.objects.filter(parent=hold).count() == 1


def test_extra_information_is_added_to_each_record_and_keeps_what_was_there(
    clerk: Client,
) -> None:
    kept = make_ledger(metadata={"region": "north", "tier": "1"})
    fresh = make_ledger()
    sent = {
        "go": "1",
        "key": [kept.key, fresh.key],
        "metadata_key": ["region"],
        "metadata_value": ["south"],
    }

    response = clerk.post("/ledgers/bulk/metadata/", sent)
    press_start(clerk, response["Location"])

    kept.refresh_from_db()
    fresh.refresh_from_db()
    assert kept.metadata == {"region": "south", "tier": "1"}
    assert fresh.metadata == {"region": "south"}


def test_another_persons_run_is_not_found(clerk: Client) -> None:
    run = reviewed(clerk, "void", key=[make_hold().key])
    stranger = make_client()

    assert stranger.get(f"/bulk/{run.public_id}/").status_code == 404
    assert stranger.post(f"/bulk/{run.public_id}/start/").status_code == 404


@pytest.mark.parametrize(
    "sent",
    [{}, {"key": ["nonsense", "txn_1", "\0", "ldg_x"]}, {"all": "1", "query": "where=x:y:z"}],
)
def test_nothing_is_planned_where_nothing_is_meant(clerk: Client, sent: dict[str, object]) -> None:
    make_hold()

    response = clerk.post(FORM.format(action="void"), {"go": "1", **sent})

    assert response.status_code == 302
    assert response["Location"].startswith("/transactions/")
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "path", ["/identities/bulk/commit/", "/entries/bulk/metadata/", "/x/bulk/void/"]
)
def test_an_action_that_a_table_does_not_have_is_not_found(clerk: Client, path: str) -> None:
    assert clerk.post(path, {"key": ["idt_1"]}).status_code == 404


def test_ticked_rows_add_up_to_what_they_show(clerk: Client) -> None:
    first, second = (make_hold(amount_minor=minor) for minor in (1_000_00, 25))
    owner = make_identity()
    balance = make_balance(identity=owner, opening_minor=7_50)

    transactions = clerk.post("/transactions/ticked/", {"key": [first.key, second.key]})
    balances = clerk.post("/balances/ticked/", {"key": [balance.key]})
    every = clerk.post("/transactions/ticked/", {"all": "1", "query": "tab=inflight"})

    assert text_of(transactions).split() == [
        *("2", "1,000.25GBP", "of", "which", "1,000.25", "inflight")
    ]
    assert text_of(balances) == "1 7.50GBP credits less debits"
    assert text_of(every) == text_of(transactions)


def test_two_workers_do_each_record_once(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "STEP", 3)
    made = holds(20)
    run = plan(
        user=make_user(),
        table="transactions",
        action=Run.Action.COMMIT,
        records=[hold.pk for hold in made],
        content={},
    )
    start(run)

    at_once([lambda: go_on(run) for _ in range(2)])
    go_on(run)

    run.refresh_from_db()
    assert (run.done_count, run.refused_count) == recount(run) == (20, 0)
    assert Transaction.objects.filter(kind="COMMIT").count() == 20


def test_a_step_that_is_broken_off_has_done_nothing(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "STEP", 2)
    made = holds(4)
    user = make_user()
    records = [hold.pk for hold in made]
    run = plan(user=user, table="transactions", action="void", records=records, content={})
    start(run)
    write = Item.objects.bulk_update
    calls = []

    def broken(*args: object, **kwargs: object) -> int:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return write(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Item.objects, "bulk_update", broken, raising=False)
    with pytest.raises(KeyboardInterrupt):
        go_on(run)
    assert recount(run) == (2, 0)
    assert Transaction.objects.filter(kind="VOID").count() == 2
    monkeypatch.undo()

    go_on(run)

    assert recount(run) == (4, 0)
    assert Transaction.objects.filter(kind="VOID").count() == 4


def test_ticked_rows_and_no_other_are_exported(clerk: Client) -> None:
    chosen, *_others = holds(3)
    ledger = make_ledger(name="Chosen")
    make_ledger(name="Other")

    transactions = clerk.post("/transactions/bulk/export/", {"key": [chosen.key]}, follow=True)
    ledgers = clerk.post("/ledgers/bulk/export/", {"key": [ledger.key]}, follow=True)

    lines = b"".join(transactions.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert [chosen.reference in line for line in lines[1:2]] == [True]
    assert not any(other.reference in line for line in lines for other in _others)
    text = b"".join(ledgers.streaming_content).decode()  # type: ignore[attr-defined]
    assert "Chosen" in text
    assert "Other" not in text
