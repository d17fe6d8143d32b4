"""What the review of a bulk action says of balances: as that of a single transaction does."""

from __future__ import annotations

from itertools import count

import pytest
from django.test import Client

from audit.models import AuditEvent
from balances.models import Balance
from bulk import doing, foreseeing
from bulk.models import Item, Run
from tests.at_once import at_once
from tests.bulk.starting import press_start, seen_review
from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from tests.pages import hidden_value, rows_of, text_of
from tests.transactions.acting import make_hold as place_hold
from tests.transactions.acting import review
from transactions.lifecycle import commit, reverse
from transactions.models import Hold, HoldState, Transaction
from transactions.requests import Following, Indicator

_numbers = count(1)


@pytest.fixture
def clerk(db: None) -> Client:
    return make_client()


def make_hold(source: Balance, destination: Balance, amount_minor: int) -> Transaction:
    return place_hold(source, destination, amount_minor, reference=f"H-{next(_numbers)}")


def named(name: str, **fields: object) -> Balance:
    return make_balance(identity=make_identity(name=name), **fields)  # type: ignore[arg-type]


def plan(clerk: Client, action: str, *transactions: Transaction) -> str:
    """The address of the review."""
    keys = [each.key for each in transactions]
    response = clerk.post(f"/transactions/bulk/{action}/", {"go": "1", "key": keys})
    assert response.status_code == 302, text_of(response)
    address: str = response["Location"]
    return address


def figures(response: object) -> list[list[str]]:
    """The rows of the table of balances: what it is, before and after."""
    rows = rows_of(response)
    start = next(place for place, row in enumerate(rows) if row[:1] == ["Balance"])
    end = next((place for place, row in enumerate(rows) if row[:1] == ["No."]), len(rows))
    return [[row[0], row[1], row[3]] for row in rows[start + 1 : end]]


@pytest.mark.parametrize("action", ["commit", "void"])
def test_one_row_is_reviewed_as_that_transaction_by_itself(clerk: Client, action: str) -> None:
    hold = make_hold(named("Ada", opening_minor=100_00), named("Bea", opening_minor=5_00), 30_00)

    single = figures(review(clerk, hold, action, extent="all"))
    many = figures(clerk.get(plan(clerk, action, hold)))

    assert many == single
    assert len(many) > 2
    assert Hold.objects.get(pk=hold.pk).state == HoldState.INFLIGHT


def test_a_reversal_is_reviewed_as_by_itself(clerk: Client) -> None:
    posted = post_transfer(source=named("Ada", opening_minor=9_00), destination=named("Bea"))

    assert figures(clerk.get(plan(clerk, "reverse", posted))) == figures(
        review(clerk, posted, "reverse")
    )


def test_a_balance_that_several_rows_move_stands_once_with_all_of_them(clerk: Client) -> None:
    ada, bea = named("Ada", opening_minor=100_00), named("Bea")
    holds = [make_hold(ada, bea, minor) for minor in (30_00, 50_00, 20_00)]
    url = plan(clerk, "commit", *holds)

    shown = clerk.get(url)
    press_start(clerk, url)

    assert [row[1:] for row in figures(shown) if row[0].startswith(("Ada", "Bea"))] == [
        ["100.00", "0.00"],
        ["0.00", "100.00"],
    ]
    assert ["inflight", "−100.00", "0.00"] in figures(shown)
    assert "Moved100.00 GBP" in text_of(shown)
    ada.refresh_from_db()
    bea.refresh_from_db()
    assert (ada.balance_minor, bea.balance_minor) == (0, 100_00)


def test_what_is_refused_moves_nothing_in_the_review(clerk: Client) -> None:
    ada, bea = named("Ada", opening_minor=10_00), named("Bea")
    paid = [
        post_transfer(source=ada, destination=bea, amount_minor=minor) for minor in (4_00, 6_00)
    ]
    post_transfer(source=bea, destination=Indicator("@Rent", "GBP"), amount_minor=5_00)

    shown = clerk.get(plan(clerk, "reverse", *paid))

    assert sorted(row[1:] for row in figures(shown)) == [["0.00", "4.00"], ["5.00", "1.00"]]
    assert "would fall below" in text_of(shown)
    assert "Would be done1" in text_of(shown)


def test_amounts_are_added_up_in_each_currency(clerk: Client) -> None:
    pounds = make_hold(make_balance(floor_minor=None), make_balance(), 7_00)
    yen = make_hold(
        make_balance(currency="JPY", floor_minor=None), make_balance(currency="JPY"), 500
    )

    shown = text_of(clerk.get(plan(clerk, "void", pounds, yen)))

    assert "Released7.00 GBP500 JPY" in shown


def test_of_many_balances_those_at_a_limit_come_first_and_the_others_are_counted(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreseeing, "SIDES_SHOWN", 2)
    rich = [named(f"Rich {number}", opening_minor=9_00) for number in range(2)]
    payer = named("Payer", floor_minor=None)
    paid = [post_transfer(source=payer, destination=each) for each in [*rich, named("Spent")]]

    shown = clerk.get(plan(clerk, "reverse", *paid))

    assert figures(shown)[0][0].startswith("Spent")
    assert "Down to its floor of 0.00" in figures(shown)[0][0]
    assert len([row for row in figures(shown) if row[0] not in ("available", "inflight")]) == 2
    assert "and 2 more balances" in text_of(shown)


def test_figures_that_others_moved_meanwhile_do_not_bring_the_review_again(
    clerk: Client,
) -> None:
    ada = named("Ada", opening_minor=100_00)
    hold = make_hold(ada, named("Bea"), 30_00)
    url = plan(clerk, "commit", hold)
    post_transfer(source=Indicator("@Rent", "GBP"), destination=ada, amount_minor=1_00)

    started = press_start(clerk, url)

    assert started.status_code == 302
    ada.refresh_from_db()
    assert ada.balance_minor == 71_00
    assert Hold.objects.get(pk=hold.pk).state == HoldState.COMMITTED


def test_a_balance_that_runs_into_a_limit_by_now_brings_it_again(clerk: Client) -> None:
    bea = named("Bea")
    paid = post_transfer(source=named("Ada", opening_minor=9_00), destination=bea, amount_minor=500)
    post_transfer(source=Indicator("@Rent", "GBP"), destination=bea, amount_minor=3_00)
    url = plan(clerk, "reverse", paid)
    assert "Down to its floor" not in text_of(clerk.get(url))
    post_transfer(source=bea, destination=Indicator("@Rent", "GBP"), amount_minor=3_00)

    changed = press_start(clerk, url)

    assert changed.status_code == 422
    assert "Down to its floor of 0.00" in text_of(changed)
    assert not Transaction.objects.filter(kind="REVERSAL").exists()


def test_an_amount_that_is_another_by_now_brings_it_again_and_leaves_no_trace(
    clerk: Client,
) -> None:
    first, second = (
        make_hold(named(name, opening_minor=90_00), named("Bea"), 30_00) for name in ("Ada", "Cy")
    )
    url = plan(clerk, "commit", first, second)
    commit(Following(second.pk, "meanwhile", 10_00))

    changed = press_start(clerk, url)

    assert changed.status_code == 422
    assert "Moved50.00 GBP" in text_of(changed)
    assert Transaction.objects.filter(kind="COMMIT").count() == 1
    run = Run.objects.get()
    assert (run.started_at, run.done_count) == (None, 0)
    assert not run.items.exclude(state=Item.State.WAITING).exists()
    assert not AuditEvent.objects.filter(subject=run.key).exists()


def test_a_review_that_another_tab_replaced_is_not_started(clerk: Client) -> None:
    hold, other = (
        make_hold(named(name, opening_minor=90_00), named("Bea"), 30_00) for name in ("Ada", "Cy")
    )
    url = plan(clerk, "commit", hold, other)
    seen_first = seen_review(clerk, url)
    commit(Following(hold.pk, "meanwhile", 10_00))
    replaced = press_start(clerk, url, seen=seen_first)

    changed = press_start(clerk, url, seen=seen_first)

    assert (replaced.status_code, changed.status_code) == (422, 422)
    assert "Moved50.00 GBP" in text_of(changed)
    assert "The books have changed since the review" in text_of(changed)
    assert Hold.objects.get(pk=other.pk).state == HoldState.INFLIGHT
    started = press_start(clerk, url, seen=hidden_value(changed, "review"))
    assert started.status_code == 302
    assert Hold.objects.get(pk=other.pk).state == HoldState.COMMITTED


@pytest.mark.parametrize("seen", ["", "0" * 64, "\N{SNOWMAN}"])
def test_nothing_is_started_without_saying_which_review_was_seen(clerk: Client, seen: str) -> None:
    hold = make_hold(named("Ada", opening_minor=90_00), named("Bea"), 30_00)
    url = plan(clerk, "void", hold)

    assert press_start(clerk, url, seen=seen).status_code == 422

    assert Hold.objects.get(pk=hold.pk).state == HoldState.INFLIGHT


def test_another_record_refused_for_the_same_reason_brings_it_again(clerk: Client) -> None:
    """As many are done, of the same amount and on the same balances, but not the same ones."""
    ada, bea = named("Ada", opening_minor=100_00), named("Bea")
    first, second = (
        post_transfer(source=ada, destination=bea, amount_minor=5_00) for _number in range(2)
    )
    undone = reverse(Following(first.pk, "R-1"))
    url = plan(clerk, "reverse", first, second)
    run = Run.objects.get()
    assert list(run.foreseen["refused"]) == ["1"]
    Run.objects.update(foreseen={**run.foreseen, "refused": {"2": run.foreseen["refused"]["1"]}})

    changed = press_start(clerk, url)

    assert undone.outcome == "posted"
    assert changed.status_code == 422
    assert Transaction.objects.filter(kind="REVERSAL").count() == 1


def test_a_run_gets_through_while_others_move_its_balances(own_database: OwnDatabase) -> None:
    ada, bea = named("Ada", opening_minor=100_00), named("Bea")
    holds = [make_hold(ada, bea, 1_00) for _number in range(10)]
    records = [hold.pk for hold in holds]
    run = doing.plan(
        user=make_user(), table="transactions", action="commit", records=records, content={}
    )

    def move() -> bool:
        post_transfer(source=Indicator("@Rent", "GBP"), destination=ada, amount_minor=1)
        return True

    move()
    done = at_once([*[move] * 6, lambda: doing.do_reviewed(run), *[move] * 6])

    assert done == [True] * 13
    ada.refresh_from_db()
    assert ada.balance_minor == 90_13
    run.refresh_from_db()
    assert (run.done_count, run.refused_count) == (10, 0)
    assert run.ended_at is not None


def test_a_plan_of_an_older_version_shows_its_figures_before_it_is_done(clerk: Client) -> None:
    hold = make_hold(make_balance(floor_minor=None), make_balance(), 1_00)
    url = plan(clerk, "void", hold)
    Run.objects.update(foreseen={"done": 1, "reasons": {}})

    assert clerk.get(url).status_code == 200
    assert press_start(clerk, url).status_code == 422
    assert press_start(clerk, url).status_code == 302


def test_extra_information_moves_no_balance(clerk: Client) -> None:
    balance = make_balance()
    sent = {"go": "1", "key": [balance.key], "metadata_key": ["a"], "metadata_value": ["b"]}

    shown = clerk.get(clerk.post("/balances/bulk/metadata/", sent)["Location"])

    assert "What becomes of the balances" not in text_of(shown)
