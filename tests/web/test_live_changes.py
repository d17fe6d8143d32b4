"""What others do to rows that were there is told as well, and costs nothing until they do it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from schedules.due import post_due
from schedules.operations import cancel
from tests.factories import (
    make_balance,
    make_identity,
    make_user,
    post_transfer,
)
from tests.schedules.building import LATER, SOON, make_schedule, wait_until
from tests.transactions.living import commit, place_hold, refund, void
from tests.transactions.living import reverse as undo
from tests.web.watching import Reader, look_each_time
from transactions.requests import Indicator
from web import journals, live
from web.marks import SPAN, Mark

TREASURY = Indicator("@Treasury", "GBP")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watch(monkeypatch: pytest.MonkeyPatch) -> None:
    look_each_time(monkeypatch)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "2 changed – show"),
        ("tab=inflight", "2 changed – show"),
        ("tab=posted", "1 changed – show"),
        ("records=every", "2 new, 2 changed – show"),
        ("q=whole", "1 changed – show"),
        ("where=status:is:inflight", "2 changed – show"),
        ("where=reference:is:kept", ""),
        ("q=kept", ""),
        ("where=currency:is:EUR", ""),
    ],
)
def test_holds_that_others_commit_or_void_are_changed(query: str, words: str) -> None:
    whole, gone, _kept = (
        place_hold(source=TREASURY, destination=make_balance(), reference=reference)
        for reference in ("whole", "gone", "kept")
    )
    reader = Reader(query)

    commit(whole, reference="c")
    void(gone, reference="v")

    told = reader.ask()
    assert (told["words"], told["isNew"]) == (words, "new" in words)


def test_what_was_told_of_changes_is_not_looked_for_again() -> None:
    hold = place_hold(source=TREASURY, destination=make_balance(), reference="hold")
    readers = [Reader(), Reader("tab=inflight"), Reader("where=status:is:inflight")]
    commit(hold)

    for reader in readers:
        reader.asked["ticket"] = reader.ask()["ticket"]

    assert all(reader.is_told_from_memory() for reader in readers)


def test_reversal_and_refund_of_a_commit_change_the_event() -> None:
    committed = commit(place_hold(source=TREASURY, destination=make_balance(), reference="hold"))
    posted = post_transfer(source=TREASURY, destination=make_balance(), reference="mistake")
    everybody, inflight = Reader(), Reader("tab=inflight")

    undo(posted)
    refund(committed)

    assert everybody.ask()["words"] == "2 changed – show"
    assert inflight.ask()["words"] == ""


def test_what_is_new_and_followed_is_only_new() -> None:
    post_transfer(source=TREASURY, destination=make_balance())
    reader = Reader()

    commit(place_hold(source=TREASURY, destination=make_balance(), reference="hold"))

    assert reader.ask()["words"] == "1 new – show"


def test_schedules_are_told_of_as_they_come_and_go() -> None:
    ada, wallet = make_user(), make_balance()
    leaving = make_schedule(source=TREASURY, destination=wallet, due_in=LATER)
    refused = make_schedule(source=make_balance(), destination=wallet, due_in=SOON)
    posted = make_schedule(source=TREASURY, destination=wallet, due_in=SOON)
    tabs = ("scheduled", "rejected", "cancelled")
    readers = [Reader(f"tab={tab}") for tab in tabs]
    elsewhere = Reader(f"tab=scheduled&balance={make_balance().key}")

    make_schedule(source=TREASURY, destination=wallet)
    cancel(leaving, actor=ada)
    wait_until(max(refused.due_at, posted.due_at))
    assert post_due() == 2

    assert [reader.ask()["words"] for reader in readers] == [
        *("1 new, 3 changed – show", "1 new – show", "1 new – show")
    ]
    assert elsewhere.ask()["words"] == ""


@pytest.mark.parametrize("tab", ["", "scheduled"])
def test_nothing_is_asked_for_each_reader_meanwhile(
    monkeypatch: pytest.MonkeyPatch, tab: str
) -> None:
    monkeypatch.setattr(live, "FRESH_SECONDS", 60.0)
    reader = Reader(f"tab={tab}")

    with CaptureQueriesContext(connection) as queries:
        answers = {Client().get(reader.address).status_code for _ in range(20)}

    assert answers == {204}
    assert len(queries) == 1


def test_changes_are_counted_once_for_all_who_ask_the_same() -> None:
    hold = place_hold(source=TREASURY, destination=make_balance(), reference="hold")
    reader = Reader()
    commit(hold)
    reader.ask()

    with CaptureQueriesContext(connection) as queries:
        assert reader.ask()["words"] == "1 changed – show"

    # The newest rows, looked at twice where nothing stays fresh, and who asks.
    assert len(queries) == 3


def test_figures_of_balances_that_a_posting_moves_are_changed() -> None:
    source, destination = make_balance(opening_minor=9_00), make_balance()
    everything, elsewhere, past = (
        Reader(query, table="balances")
        for query in ("", f"ledger={make_balance().ledger.key}", "as_of=2025-01-01")
    )

    post_transfer(source=source, destination=destination)

    told = everything.ask()
    assert (told["words"], told["isNew"]) == ("2 changed – show", False)
    assert elsewhere.is_told_from_memory()
    assert past.is_told_from_memory()
    everything.asked["ticket"] = told["ticket"]
    assert everything.is_told_from_memory()
    post_transfer(source=source, destination=make_balance())
    assert everything.ask()["words"] == "1 new, 2 changed – show"


def test_a_balance_that_leaves_the_filter_is_changed() -> None:
    source = make_balance(opening_minor=9_00)
    reader = Reader("where=balance:at-least:9", table="balances")

    post_transfer(source=source, destination=make_balance(), amount_minor=1_00)

    assert reader.ask()["words"] == "1 changed – show"


def test_what_a_hold_reserves_and_releases_is_changed() -> None:
    wallet = make_balance()
    before = Reader(table="balances")
    hold = place_hold(source=TREASURY, destination=wallet, reference="hold")
    between = Reader(table="balances")
    void(hold, reference="v")

    assert before.ask()["words"] == "1 new, 1 changed – show"
    assert between.ask()["words"] == "2 changed – show"


def test_few_reservations_among_many_entries_are_told_one_by_one() -> None:
    wallet = make_balance()
    reader = Reader(table="balances")
    with connection.cursor() as cursor:  # as many entries have taken their ids from the same row
        cursor.execute(
            "SELECT count(nextval('transactions_entry_id_seq')) FROM generate_series(0, %s)",
            [SPAN],
        )

    place_hold(source=TREASURY, destination=wallet, reference="hold")

    assert reader.ask()["words"] == "1 new, 1 changed – show"


def test_ledgers_and_identities_change_with_their_balances() -> None:
    owner = make_identity()
    source = make_balance(opening_minor=9_00)
    reader, people = Reader(table="ledgers"), Reader(table="identities")

    make_balance(ledger=source.ledger, identity=owner)

    assert reader.ask()["words"] == "1 changed – show"
    assert people.ask()["words"] == "1 changed – show"
    post_transfer(source=source, destination=make_balance(ledger=source.ledger))
    assert reader.ask()["words"] == "1 changed – show"


def test_changes_are_read_once_for_all_who_show_other_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, destination = make_balance(opening_minor=9_00), make_balance()
    others = [make_balance() for _ in range(5)]
    readers = [Reader(f"ledger={each.ledger.key}", table="balances") for each in others]
    post_transfer(source=source, destination=destination)
    with CaptureQueriesContext(connection) as first:
        assert readers[0].is_told_from_memory()
    monkeypatch.setattr(live, "FRESH_SECONDS", 60.0)

    with CaptureQueriesContext(connection) as later:
        assert all(reader.is_told_from_memory() for reader in readers)

    read = [query["sql"] for query in first if "balance_id" in query["sql"]]
    assert (len(read), len(later)) == (1, 0)


@pytest.mark.parametrize("rows", ["", "x", "1.", "-1", "f" * 16, ".".join(["1"] * 101)])
def test_rows_that_mean_nothing_are_none(rows: str) -> None:
    source = make_balance(opening_minor=9_00)
    reader = Reader(table="balances")
    reader.asked["rows"] = rows

    post_transfer(source=source, destination=make_balance(ledger=source.ledger))

    assert reader.ask()["words"] == "1 new – show"


def test_a_page_that_is_far_behind_is_told_so_without_reading_it_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, destination = make_balance(opening_minor=9_00), make_balance()
    reader = Reader(table="balances")
    monkeypatch.setattr(journals, "SPAN", 3)
    for minor in (1, 2):
        post_transfer(source=source, destination=destination, amount_minor=minor)

    with CaptureQueriesContext(connection) as queries:
        told = reader.ask()

    assert (told["words"], told["isNew"]) == ("Many changed – show", False)
    assert not [query for query in queries if "balance_id" in query["sql"]]
    reader.asked["ticket"] = told["ticket"]
    assert reader.is_told_from_memory()


def test_a_journal_reaches_back_to_who_asks_and_forgets_what_is_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journals, "SPAN", 4)
    source, destination = make_balance(opening_minor=9_00), make_balance()
    marks = [live.read_marks(["transactions_entry"])["transactions_entry"]]
    for minor in range(1, 9):
        post_transfer(source=source, destination=destination, amount_minor=minor)
        marks.append(live.read_marks(["transactions_entry"])["transactions_entry"])
    journal = journals.Journal("transactions_entry", journals.by_column("balance_id"))
    rows = (source.pk, destination.pk, 0)
    moved = {source.pk, destination.pk}

    assert journal.changed(rows, marks[2], marks[3]) == moved
    assert journal.changed(rows, marks[1], marks[3]) == moved
    assert journal.changed(rows, marks[3], marks[3]) == set()
    for place in range(3, 8):
        assert journal.changed(rows, marks[place], marks[place + 1]) == moved
        assert journal.changed(rows, marks[place - 1], marks[place + 1]) == moved
    assert journal.changed(rows, marks[0], marks[8]) is None


def test_an_entry_that_was_committed_late_is_not_missed() -> None:
    balance = make_balance(opening_minor=9_00)
    mark = live.read_marks(["transactions_entry"])["transactions_entry"]
    journal = journals.Journal("transactions_entry", journals.by_column("balance_id"))
    # The reader has seen the newest, and none of the few below it.
    since, now = Mark(mark.newest + 1), Mark(mark.newest + 1, 2 * mark.there + 1)

    assert journal.changed((balance.pk,), since, now) == {balance.pk}
    assert journal.changed((balance.pk,), mark, now) == set()
