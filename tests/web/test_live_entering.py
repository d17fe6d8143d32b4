"""Rows that a change brings onto a page are told of, and only those."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.metadata import change_metadata
from audit.recording import record
from balances.models import Balance
from identities.operations import change_identity
from ledgers.operations import rename_ledger
from tests.factories import make_balance, make_identity, make_ledger, post_transfer
from tests.web.watching import Reader, look_each_time
from transactions.requests import Indicator
from web import journals, live

TREASURY = Indicator("@Treasury", "GBP")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watch(monkeypatch: pytest.MonkeyPatch) -> None:
    look_each_time(monkeypatch)


def pay(balance: Balance, pounds: int) -> None:
    post_transfer(source=TREASURY, destination=balance, amount_minor=pounds * 100)


def test_a_balance_whose_figure_now_passes_is_new() -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    small, _other = make_balance(), make_balance()
    reader = Reader("where=balance:greater:100", table="balances")

    pay(small, 100)
    assert reader.ask()["words"] == ""
    pay(small, 1)

    told = reader.ask()
    assert (told["words"], told["isNew"]) == ("1 new – show", True)
    reader.asked["ticket"] = told["ticket"]
    assert reader.is_told_from_memory()


def test_a_row_that_has_entered_and_left_again_is_not_told() -> None:
    small = make_balance()
    reader = Reader("where=balance:greater:5", table="balances")

    pay(small, 9)
    assert reader.ask()["words"] == "1 new – show"
    post_transfer(source=small, destination=make_balance(), amount_minor=5_00)

    assert reader.ask()["words"] == ""


def test_a_new_balance_that_passes_counts_once() -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    reader = Reader("where=balance:greater:5", table="balances")

    pay(make_balance(), 9)

    assert reader.ask()["words"] == "1 new – show"


def test_a_renamed_ledger_enters_the_search_and_the_filter() -> None:
    ledger, shown = make_ledger(name="Suppliers"), make_ledger(name="Wallets")
    readers = [
        Reader(query, table="ledgers") for query in ("q=wall", "where=name:contains:wall", "q=none")
    ]

    rename_ledger(ledger, name="Walled garden", actor=None)
    assert [reader.ask()["words"] for reader in readers] == ["1 new – show", "1 new – show", ""]
    rename_ledger(shown, name="Vendors", actor=None)

    assert readers[0].ask()["words"] == "1 new, 1 changed – show"


def test_the_new_name_of_a_row_on_the_page_is_a_change() -> None:
    owner = make_identity(name="Northgate")
    make_balance(identity=owner)
    tables = ("identities", "balances")
    readers = [Reader(table=table) for table in tables]

    change_identity(owner, name="Southgate", kind=owner.kind, email="", actor=None)

    assert [reader.ask()["words"] for reader in readers] == ["1 changed – show"] * 2


def test_the_new_name_of_a_ledger_changes_its_balances_and_moves_them_in_its_order() -> None:
    moving = make_ledger(name="Zephyr")
    make_balance(ledger=moving)
    for number in range(20):
        make_balance(ledger=make_ledger(name=f"Ledger {number}"))
    by_ledger = Reader("sort=ledger", table="balances")
    plain = Reader(f"ledger={moving.key}", table="balances")

    rename_ledger(moving, name="Alpha", actor=None)

    assert by_ledger.ask()["words"] == "1 new – show"
    assert plain.ask()["words"] == "1 changed – show"


def test_of_a_name_that_changes_too_many_rows_each_reader_before_is_told_that_many_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journals, "SPAN", 3)
    ledger = make_ledger(name="Wallets")
    for _ in range(5):
        make_balance(ledger=ledger)
    before = Reader("sort=ledger", table="balances")

    rename_ledger(ledger, name="Purses", actor=None)
    after = Reader("sort=ledger", table="balances")

    assert [before.ask()["words"] for _ in range(2)] == ["Many changed – show"] * 2
    assert after.is_told_from_memory()
    rename_ledger(make_ledger(name="Empty"), name="Void", actor=None)
    assert after.ask()["words"] == ""


def test_a_balance_that_gets_the_owner_of_the_page_is_new() -> None:
    owner, ownerless = make_identity(), make_balance()
    mine, theirs = (
        Reader(f"identity={each.key}", table="balances") for each in (owner, make_identity())
    )

    Balance.objects.filter(pk=ownerless.pk).update(identity=owner)
    record(actor=None, action="balance.changed", subject=ownerless.key)

    assert mine.ask()["words"] == "1 new – show"
    assert theirs.ask()["words"] == ""


def test_extra_information_of_an_identity_brings_it_into_the_filter() -> None:
    owner = make_identity()
    reader = Reader("where=metadata.region:is:EU", table="identities")

    change_metadata(owner, changes={"region": "EU"}, removed=frozenset(), actor=None)

    assert reader.ask()["words"] == "1 new – show"


def test_counted_balances_bring_a_ledger_into_filter_and_order() -> None:
    busy, quiet = make_ledger(name="Busy"), make_ledger(name="Quiet")
    for _ in range(2):
        make_balance(ledger=busy)
    reader = Reader("where=balances:at-least:1&sort=-balances", table="ledgers")

    make_balance(ledger=quiet)

    assert reader.ask()["words"] == "1 new – show"


@pytest.mark.parametrize(
    ("pounds", "words"), [(1, ""), (50, "1 new – show"), (5_000, "1 new – show")]
)
def test_on_a_full_page_only_what_moves_onto_it_is_told(pounds: int, words: str) -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    for number in range(20):
        pay(make_balance(), 10 * number + 20)
    elsewhere = make_balance()
    pay(elsewhere, 5)
    reader = Reader("where=balance:greater:0&sort=-balance", table="balances")

    pay(elsewhere, pounds)

    assert reader.ask()["words"] == words


def test_on_a_further_page_what_comes_before_it_is_not_told() -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    for number in range(25):
        pay(make_balance(), 10 * number + 20)
    poor, richest = make_balance(), make_balance()
    pay(richest, 9_000)
    first = Reader("sort=-balance&where=balance:greater:0", table="balances")
    second = Reader(first.next_query(), table="balances")

    pay(poor, 5_000)
    assert second.ask()["words"] == ""
    post_transfer(source=poor, destination=richest, amount_minor=4_965_00)

    assert second.ask()["words"] == "1 new – show"


def test_a_page_that_neither_filters_nor_sorts_is_still_told_from_memory() -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    elsewhere = make_balance()
    reader = Reader(f"ledger={make_ledger().key}", table="balances")

    pay(elsewhere, 9)

    assert reader.is_told_from_memory()


def test_only_what_was_touched_since_is_looked_at_again() -> None:
    source, destination = make_balance(opening_minor=9_000_00), make_balance()
    reader = Reader("where=balance:greater:10000", table="balances")
    post_transfer(source=source, destination=destination)
    reader.ask()
    post_transfer(source=source, destination=make_balance())

    with CaptureQueriesContext(connection) as queries:
        reader.ask()

    (looked,) = [each["sql"] for each in queries if f"IN ({source.pk}" in each["sql"]]
    assert str(destination.pk) not in looked


def test_while_others_go_on_posting_it_is_looked_for_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small, other = make_balance(opening_minor=1_00), make_balance()
    monkeypatch.setattr(live, "ENTERING_SECONDS", 60.0)
    reader = Reader("where=balance:greater:5", table="balances")

    pay(small, 9)
    told = reader.ask()
    reader.asked["ticket"] = told["ticket"]
    pay(other, 9)

    assert told["words"] == "1 new – show"
    assert reader.is_told_from_memory()
    monkeypatch.setattr(live, "ENTERING_SECONDS", 0.0)
    assert reader.ask()["words"] == "2 new – show"
    # Who has loaded the page since is told of nothing that stands there.
    assert Reader(reader.query, table="balances").is_told_from_memory()


@pytest.mark.parametrize("marks", [1, 2, 5])
def test_marks_of_too_many_or_too_few_causes_are_answered(marks: int) -> None:
    reader = Reader("where=balance:greater:5", table="balances")
    pay(make_balance(), 9)
    reader.ask()

    reader.asked["since"] = ".".join(["1-1"] * marks)

    assert reader.client.get(reader.address).status_code == 200


def test_many_readers_of_one_page_ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    small = make_balance()
    reader = Reader("where=balance:greater:5", table="balances")
    pay(small, 9)
    reader.ask()
    monkeypatch.setattr(live, "FRESH_SECONDS", 60.0)

    with CaptureQueriesContext(connection) as queries:
        assert reader.ask()["words"] == "1 new – show"
        Client().get(reader.address)

    # Who asks; then it is not known.
    assert len(queries) <= 2
