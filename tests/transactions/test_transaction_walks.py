"""Pages of the transactions table, put together, are the list that plain queries give."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from balances.models import Balance
from ledgers.models import Ledger
from tests.conftest import OwnDatabase
from tests.factories import NOON, make_balance, make_ledger, post_transfer
from tests.transactions.living import commit, place_hold, refund, reverse, void
from transactions import walks
from transactions.counts import count_books, count_scope
from transactions.errors import PostingError
from transactions.models import Entry, Hold, HoldState, Reservation, Transaction
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Leg, PostingRequest
from web.pagination import Key, paginate

LISTS = {
    "events": walks.events,
    "records": walks.records,
    "posted": walks.posted,
    "inflight": walks.inflight,
}
OPEN = (HoldState.INFLIGHT, HoldState.PARTLY_COMMITTED)


def live(balances: list[Balance], *, random: Random, steps: int) -> None:
    """Some postings and holds on few days, and what may follow from them."""
    for _ in range(steps):
        source, destination, third = random.sample(balances, 3)
        moment = NOON + timedelta(days=random.randrange(3))
        sides: dict[str, Any] = {"source": source, "destination": destination}
        match random.randrange(6):
            case 0:
                post_transfer(**sides, amount_minor=100, effective_at=moment)
            case 1 | 2:
                place_hold(**sides, amount_minor=random.choice([1, 100]), effective_at=moment)
            case 3:
                legs = [Leg(source.pk, DEBIT, 60), Leg(source.pk, DEBIT, 40)]
                legs += [Leg(destination.pk, CREDIT, 99), Leg(third.pk, CREDIT, 1)]
                post(PostingRequest(f"split-{random.random()}", legs, effective_at=moment))
            case _:
                follow(random)


def follow(random: Random) -> None:
    """Do something with a transaction, if it can be done."""
    of = Transaction.objects.order_by("pk")[random.randrange(Transaction.objects.count() or 1) :]
    for transaction in of[:1]:
        for verb in random.sample([commit, void, reverse, refund], 4):
            amount = () if verb in (void, reverse) else (random.choice([None, 1, 50]),)
            try:
                verb(transaction, *amount)
            except PostingError:
                continue
            return


def plain(scope: Ledger | Balance | None, name: str) -> list[int]:
    """The list in ascending order, by queries that read everything."""
    lines: dict[int, list[tuple[Any, ...]]] = {}
    column = walks.column_of(scope) if scope else ""
    for model in (Entry, Reservation):
        found: Iterable[Any] = model.objects.filter(**({column: scope.pk} if scope else {}))
        for line in found:
            tie = line.pk if isinstance(scope, Balance) and name != "inflight" else 0
            place = (line.effective_at, tie, line.transaction_id)
            lines.setdefault(line.transaction_id, []).append(place)
    holds = {hold.pk: hold for hold in Hold.objects.all()}
    kept = [
        min(lines[transaction.pk])
        for transaction in Transaction.objects.filter(pk__in=lines)
        if belongs(transaction, holds.get(transaction.pk), scope, name)
    ]
    return [pk for _moment, _tie, pk in sorted(kept)]


def belongs(
    transaction: Transaction, hold: Hold | None, scope: Ledger | Balance | None, name: str
) -> bool:
    if name == "inflight":
        if hold is None or hold.state not in OPEN:
            return False
        here = {walks.column_of(scope): scope.pk} if scope else {}
        held = Reservation.objects.filter(hold=transaction, **here)
        signed = (line.amount_minor * (1 if line.kind == "HOLD" else -1) for line in held)
        return bool(sum(signed))
    if name == "posted" and hold is not None:
        return bool(hold.committed_minor)
    return name == "records" or (transaction.parent_id is None and transaction.reverses_id is None)


def walked(scope: Ledger | Balance | None, name: str, *, descending: bool) -> list[list[int]]:
    """All pages forward, and then all of them back again, joined."""
    arms = LISTS[name](scope)
    first, second, *_rest = arms.fields
    order = [Key(first, descending), Key(second, descending)]
    page = paginate(arms, order=order, cursor=None, size=4)
    pages = [page]
    while page.next_cursor:
        page = paginate(arms, order=order, cursor=page.next_cursor, size=4)
        pages.append(page)
    back = [page]
    while page.previous_cursor:
        page = paginate(arms, order=order, cursor=page.previous_cursor, size=4)
        back.append(page)
    return [
        [row["transaction_id"] for page in each for row in page.rows]
        for each in (pages, reversed(back))
    ]


def test_large_books_are_estimated_as_events(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.counts.EXACT_MAX", 2)
    balances = [make_balance(floor_minor=None) for _ in range(2)]
    sides: dict[str, Any] = {"source": balances[0], "destination": balances[1]}
    postings = [post_transfer(**sides) for _ in range(6)]
    reverse(postings[0])
    refund(postings[1], 50)
    place_hold(**sides)
    with own_database.owner(autocommit=True) as owner:
        owner.execute("ANALYZE")

    counts = count_books()

    shown = (counts.events, counts.records, counts.posted, counts.inflight)
    assert [count.text for count in shown] == ["about 7", "about 9", "2+", "1"]


@pytest.mark.django_db
@pytest.mark.parametrize(("seed", "holds_max"), [(0, 2_000), (1, 2_000), (2, 0)])
def test_pages_together_are_the_list(
    seed: int, holds_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.walks.HOLDS_MAX", holds_max)
    ledgers = [make_ledger(), make_ledger()]
    balances = [make_balance(ledger=ledgers[n % 2], floor_minor=None) for n in range(4)]
    live(balances, random=Random(seed), steps=90)

    for scope in (None, ledgers[0], *balances[:2]):
        if isinstance(scope, Balance):
            scope.refresh_from_db()
        counts = count_scope(scope) if scope else count_books()
        for name, walk in LISTS.items():
            expected = plain(scope, name)
            assert expected, (scope, name)
            assert walked(scope, name, descending=False) == [expected, expected]
            assert walked(scope, name, descending=True) == [expected[::-1], expected[::-1]]
            known = "" if name == "posted" and scope and not holds_max else str(len(expected))
            assert getattr(counts, name).text == known, (scope, name)
            assert walk(scope).count() == len(expected)
