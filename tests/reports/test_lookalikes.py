from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from balances.models import Balance
from reports.lookalikes import find_lookalikes, open_lookalikes
from reports.models import Lookalike, LookalikeMark, RollMark
from tests.factories import NOON, make_balance, make_client, make_user, post_transfer
from tests.pages import count_queries, links_of, rows_of, text_of
from tests.transactions.acting import make_hold
from transactions.lifecycle import reverse, void
from transactions.models import Entry, Transaction
from transactions.requests import Following

pytestmark = pytest.mark.django_db
URL = "/transactions/duplicates/"


@pytest.fixture
def clerk() -> Client:
    return make_client(user=make_user(username="ada"))


@pytest.fixture
def wallets() -> tuple[Balance, Balance]:
    """Two of them; what was posted before is looked through."""
    post_transfer(source=make_balance(floor_minor=None), destination=make_balance())
    LookalikeMark.objects.update(entry_id=last_entry())
    return make_balance(floor_minor=None), make_balance(floor_minor=None)


def last_entry() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]


def search(*, chunk: int = 20_000) -> dict[str, str]:
    """What is found: each with what it looks like."""
    RollMark.objects.update(entry_id=last_entry())
    find_lookalikes(chunk=chunk)
    found = Lookalike.objects.select_related("transaction", "earlier").order_by("pk")
    return {each.transaction.reference: each.earlier.reference for each in found}


def give(wallets: tuple[Balance, Balance], reference: str, **fields: Any) -> Transaction:
    source, destination = wallets
    return post_transfer(source=source, destination=destination, reference=reference, **fields)


@pytest.mark.parametrize("chunk", [1, 3, 20_000])
def test_same_parties_amount_and_day_look_alike(
    wallets: tuple[Balance, Balance], chunk: int
) -> None:
    moved: dict[str, dict[str, Any]] = {
        "first": {},
        "other-amount": {"amount_minor": 1_01},
        "next-day": {"effective_at": NOON + timedelta(hours=12)},
        "second": {"effective_at": NOON + timedelta(hours=11)},
        "third": {"effective_at": NOON - timedelta(hours=12)},
    }
    for reference, fields in moved.items():
        give(wallets, reference, **fields)
    give((wallets[1], wallets[0]), "back")
    give((wallets[0], make_balance()), "elsewhere")

    assert search(chunk=chunk) == {"second": "first", "third": "second"}
    assert search(chunk=chunk) == {"second": "first", "third": "second"}


def test_each_is_found_once_and_goes_on_from_the_mark(wallets: tuple[Balance, Balance]) -> None:
    give(wallets, "first")
    assert search() == {}
    mark = LookalikeMark.objects.get().entry_id

    give(wallets, "second")

    assert search() == {"second": "first"}
    assert LookalikeMark.objects.get().entry_id > mark


def test_holds_look_like_holds_and_postings(wallets: tuple[Balance, Balance]) -> None:
    make_hold(*wallets, 1_00, reference="held")
    make_hold(*wallets, 1_00, reference="held-again")
    give(wallets, "posted")

    assert search() == {"held-again": "held", "posted": "held-again"}


def test_what_comes_often_is_usual(
    wallets: tuple[Balance, Balance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.lookalikes.USUAL", 2)
    for number in range(5):
        give(wallets, f"fee-{number}")

    assert search() == {"fee-1": "fee-0", "fee-2": "fee-1"}


def test_reversed_and_voided_ones_are_not_told_of(wallets: tuple[Balance, Balance]) -> None:
    give(wallets, "first")
    second = give(wallets, "second")
    give(wallets, "third", amount_minor=3_00)
    held = make_hold(*wallets, 3_00, reference="held")
    give(wallets, "later", amount_minor=9_00)
    assert search() == {"second": "first", "held": "third"}
    assert open_lookalikes().count() == 2

    reverse(Following(second.pk, "R-1"))
    void(Following(held.pk, "V-1"))

    assert open_lookalikes().count() == 0


def test_home_and_the_page_tell_of_them_until_somebody_says_that_they_are_none(
    clerk: Client, wallets: tuple[Balance, Balance]
) -> None:
    for number in range(3):
        give(wallets, f"bill-{number}")
    search()

    home = clerk.get("/")
    page = clerk.get(URL)

    assert "2 possible duplicates" in text_of(home)
    assert URL in links_of(home)
    assert "2 possible duplicates" in text_of(page)
    references = [row[1] for row in rows_of(page) if row[1].startswith("bill")]
    assert references == ["bill-2", "bill-1", "bill-1", "bill-0"]

    second = Transaction.objects.get(reference="bill-1")
    for _time in range(2):
        answer = clerk.post(f"{URL}{second.key}/", follow=True)
        assert "bill-1 is no duplicate." in text_of(answer)

    assert "1 possible duplicate" in text_of(clerk.get("/"))
    event = AuditEvent.objects.get(action="transaction.dismissed")
    assert (event.subject, event.actor_name) == (second.key, "ada")
    first = Transaction.objects.get(reference="bill-0")
    assert clerk.post(f"{URL}{first.key}/").status_code == 404


def test_page_without_any_teaches(clerk: Client) -> None:
    assert "Nothing looks like a duplicate" in text_of(clerk.get(URL))


def test_page_costs_the_same_for_any_number_of_pairs(
    clerk: Client, wallets: tuple[Balance, Balance]
) -> None:
    give(wallets, "first")
    give(wallets, "second")
    search()
    few = count_queries(clerk, URL)
    for number in range(6):
        give(wallets, f"more-{number}")
    search()

    assert count_queries(clerk, URL) == few
