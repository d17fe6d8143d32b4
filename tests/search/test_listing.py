"""Lists under conditions: the same as by looking at each transaction, and cheap where it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from balances.models import Balance
from search import at_once, listing
from search.indexing import index_documents
from search.listing import Listing, list_transactions
from search.models import FoundTransaction
from search.orders import SORTS
from tests.factories import NOON, make_balance, make_identity, make_user, post_transfer
from tests.search.building import compiled, fill_books, post_exchange
from tests.transactions.living import commit, expire_hold, place_hold, refund, void
from transactions.filters import Tab
from transactions.models import Transaction
from transactions.posting import post_many
from transactions.requests import CREDIT, DEBIT, Leg, PostingRequest
from transactions.rows import read_rows
from web.pagination import paginate

Passes = Callable[[Transaction], bool]
BATCH, OTHER = uuid4(), uuid4()


WAYS = [("filled", "found"), ("half filled", "stretches"), ("half filled", "all"), ("", "found")]


@pytest.fixture(params=WAYS, ids=" ".join)
def books(
    request: pytest.FixtureRequest, db: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[Balance, Balance]:
    """Every kind of transaction: all, some or none with documents.

    They are read by indexes, by stretches of a few rows, or all at once: which must be the same.
    """
    filled, way = request.param
    sides = fill_books()
    if filled == "half filled":
        index_documents()
    fill_more(*sides)
    if filled == "filled":
        index_documents()
    if way != "found":
        monkeypatch.setattr(at_once, "LINES_MAX", 0)
        monkeypatch.setattr(listing, "CHEAP", -1.0)
        monkeypatch.setattr(listing, "FEW", -1)
        stretches = ((4, 1), (7, 1)) if way == "stretches" else ()
        monkeypatch.setattr(listing, "STRETCHES", stretches)
    return sides


def fill_more(source: Balance, target: Balance) -> None:
    person = make_user(username="clerk")
    post_transfer(
        source=target,
        destination=source,
        description="Łódź 50% of 20251",
        reference="by-clerk",
        metadata={"flat": 7, "bill": {"number": "A-1"}},
        effective_at=timezone.now(),
        actor=person,
    )
    place_hold(source=source, destination=target, amount_minor=7_00)
    commit(place_hold(source=source, destination=target, amount_minor=6_00))
    refund(post_transfer(source=source, destination=target, amount_minor=5_00))
    post_exchange(pounds_minor=1_00, yen=1)
    legs = [Leg(source.pk, DEBIT, 2_00), Leg(target.pk, CREDIT, 2_00)]
    post_many([PostingRequest("in-a-batch", legs, effective_at=NOON)], batch_id=BATCH)


def pages(found: Listing, *, descending: bool, size: int = 3) -> Iterator[int]:
    """All rows, page by page; stepping back gives each page again."""
    order, cursor, before = found.order(descending=descending), None, None
    while True:
        page = paginate(found, order=order, cursor=cursor, size=size)
        if before and page.previous_cursor:
            back = paginate(found, order=order, cursor=page.previous_cursor, size=size)
            assert back.rows == before
        yield from (row["transaction_id"] for row in page.rows)
        cursor, before = page.next_cursor, page.rows
        if cursor is None:
            return


def states_of(transaction: Transaction) -> str:
    return str(read_rows([transaction.pk])[0]["status"])


def lines_of(transaction: Transaction) -> list[tuple[str, Decimal]]:
    found = FoundTransaction.objects.filter(transaction=transaction)
    return list(found.values_list("currency", "amount"))


CASES: dict[str, Passes] = {
    "": lambda t: True,
    "amount:greater:75": lambda t: any(amount > 75 for _code, amount in lines_of(t)),
    "amount:is:50": lambda t: any(amount == 50 for _code, amount in lines_of(t)),
    "amount:one-of:3,50,15000": lambda t: bool(
        {amount for _code, amount in lines_of(t)} & {3, 50, 15000}
    ),
    "currency:is:JPY": lambda t: any(code == "JPY" for code, _amount in lines_of(t)),
    "currency:one-of:JPY,GBP": lambda t: True,
    "text:contains:RENT FOR": lambda t: "Rent for" in t.description,
    "text:contains:OF 20251": lambda t: "Łódź" in t.description,
    "text:contains:for 20251": lambda t: False,
    "description:contains:łódź": lambda t: "Łódź" in t.description,
    "description:contains:by-clerk": lambda t: False,
    "description:empty": lambda t: not t.description,
    "description:is:Rent for May": lambda t: t.description == "Rent for May",
    "reference:contains:WRONG": lambda t: "WRONG" in t.reference,
    "reference:contains:50%": lambda t: False,
    "reference:is-not:WRONG-1": lambda t: t.reference != "WRONG-1",
    "metadata.flat:is:7": lambda t: t.metadata.get("flat") == 7,
    "metadata.flat:has-key": lambda t: "flat" in t.metadata,
    "metadata.flat:lacks-key": lambda t: "flat" not in t.metadata,
    "metadata.flat:empty": lambda t: "flat" not in t.metadata,
    "metadata.flat:not-empty": lambda t: "flat" in t.metadata,
    "metadata.flat:contains:B": lambda t: t.metadata.get("flat") == "7b",
    "metadata.flat:greater:6.5": lambda t: t.metadata.get("flat") == 7,
    "metadata.bill.number:is:A-1": lambda t: "bill" in t.metadata,
    "effective:is:2025": lambda t: t.effective_at.year == 2025,
    "effective:is:today": lambda t: t.effective_at.date() == timezone.now().date(),
    "effective:is-not:today": lambda t: t.effective_at.date() != timezone.now().date(),
    "effective:one-of:2024,2025-01": lambda t: t.effective_at.year == 2025,
    "created:is-not:2024": lambda t: True,
    "effective:is-not:2025&where=amount:one-of:1,1000": lambda t: (
        t.effective_at.year != 2025 and any(amount == 1 for _code, amount in lines_of(t))
    ),
    "created:is:today": lambda t: True,
    "created_by:is:clerk": lambda t: t.actor is not None,
    "created_by:empty": lambda t: t.actor is None,
    "batch:empty": lambda t: t.batch_id is None,
    "batch:not-empty": lambda t: t.batch_id is not None,
    f"batch:is:{BATCH}": lambda t: t.batch_id == BATCH,
    f"batch:is-not:{BATCH}": lambda t: t.batch_id != BATCH,
    f"batch:one-of:{BATCH},{OTHER}": lambda t: t.batch_id == BATCH,
    "status:is:posted": lambda t: ">Posted<" in states_of(t),
    "status:is:inflight": lambda t: ">Inflight<" in states_of(t),
    "status:is:partly-committed": lambda t: ">Partly committed<" in states_of(t),
    "status:is:committed": lambda t: ">Committed<" in states_of(t),
    "status:is:voided": lambda t: ">Voided<" in states_of(t),
    "status:is:expired": lambda t: ">Expired<" in states_of(t),
    "status:is:reversed": lambda t: ">Reversed<" in states_of(t),
    "status:is:refunded": lambda t: ">Refunded<" in states_of(t),
    "status:is:partly-refunded": lambda t: ">Partly refunded<" in states_of(t),
    "status:is-not:posted": lambda t: ">Posted<" not in states_of(t),
    "status:one-of:voided,refunded": lambda t: any(
        f">{word}<" in states_of(t) for word in ("Voided", "Refunded")
    ),
    "kind:is:HOLD": lambda t: t.kind == "HOLD",
    "kind:is:COMMIT": lambda t: t.kind == "COMMIT",
    "kind:is:REVERSAL": lambda t: t.kind == "REVERSAL",
    "kind:is-not:POST": lambda t: t.kind != "POST",
    "followers:is:yes": lambda t: t.children.exists() or t.reversals.exists(),
    "followers:is:no": lambda t: not t.children.exists() and not t.reversals.exists(),
    "kind:is:HOLD&where=amount:at-least:9&where=status:is:voided": lambda t: (
        t.kind == "HOLD" and ">Voided<" in states_of(t)
    ),
    "kind:is:REFUND|currency:is:JPY": lambda t: (
        t.kind == "REFUND" or any(code == "JPY" for code, _amount in lines_of(t))
    ),
}


def test_lists_hold_what_passes_in_its_order(books: tuple[Balance, Balance]) -> None:
    transactions = sorted(Transaction.objects.all(), key=lambda each: (each.effective_at, each.pk))

    for query, passes in CASES.items():
        expected = [each.pk for each in transactions if passes(each)]
        found = list_transactions(compiled(f"where={query}"), is_every=True)
        assert (query, list(pages(found, descending=False, size=7))) == (query, expected)
        assert (query, found.count()) == (query, len(expected))


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", ["", "where=currency:one-of:JPY,GBP", "where=amount:less:81"])
def test_every_order_holds_each_once(books: tuple[Balance, Balance], query: str, sort: str) -> None:
    found = list_transactions(compiled(query), is_every=True, sort=sort)

    rows = list(pages(found, descending=True))

    assert list(reversed(rows)) == list(pages(found, descending=False))
    assert len(set(rows)) == len(rows) == found.count()


def test_who_takes_part_and_on_which_side(books: tuple[Balance, Balance]) -> None:
    source, target = books
    touched = {
        pk
        for table in ("entries", "reservations")
        for pk in Transaction.objects.filter(**{f"{table}__balance": target}).values_list(
            "pk", flat=True
        )
    }

    def ids(query: str) -> list[int]:
        return sorted(pages(list_transactions(compiled(query), is_every=True), descending=False))

    everything = {each.pk for each in Transaction.objects.all()}
    assert ids(f"where=balance:is:{target.key}") == sorted(touched)
    assert ids(f"where=balance:is-not:{target.key}") == sorted(everything - touched)
    assert ids(f"where=ledger:is:{target.ledger.key}") == sorted(touched)
    paid = ids(f"where=from:is:{target.key}")
    assert set(paid) < touched
    assert ids(f"where=to:is:{source.key}") == paid
    scoped = list_transactions(compiled("where=kind:is:REFUND"), scope=target, is_every=True)
    assert {Transaction.objects.get(pk=pk).kind for pk in pages(scoped, descending=True)} == {
        "REFUND"
    }


def test_an_owner_takes_part_by_each_of_its_balances(books: tuple[Balance, Balance]) -> None:
    owner, other = make_identity(), make_identity()
    pounds, yen = make_balance(identity=owner), make_balance(identity=owner, currency="JPY")
    make_balance(identity=other)
    between = post_transfer(source=make_balance(floor_minor=None), destination=pounds)
    held = place_hold(source=pounds, destination=books[1], amount_minor=1)
    to_yen = post_transfer(
        source=make_balance(currency="JPY", floor_minor=None), destination=yen, amount_minor=1
    )

    def ids(query: str) -> set[int]:
        return set(pages(list_transactions(compiled(query), is_every=True), descending=False))

    involved = {between.pk, held.pk, to_yen.pk}
    everything = {each.pk for each in Transaction.objects.all()}
    assert ids(f"where=owner:is:{owner.key}") == involved
    assert ids(f"where=owner:one-of:{owner.key},{other.key}") == involved
    assert ids(f"where=owner:is-not:{owner.key}") == everything - involved
    assert ids(f"where=owner:is:{other.key}") == set()


def test_tabs_and_sums(books: tuple[Balance, Balance]) -> None:
    def kinds(tab: Tab) -> set[str]:
        found = list_transactions(tab=tab)
        return {Transaction.objects.get(pk=pk).kind for pk in pages(found, descending=True)}

    assert kinds(Tab.ALL) == kinds(Tab.POSTED) == {"POST", "HOLD"}
    assert kinds(Tab.INFLIGHT) == {"HOLD"}
    assert list_transactions(tab=Tab.INFLIGHT).count() == 2
    sums = list_transactions(compiled("where=amount:at-least:80")).sums()
    assert sums is not None
    assert [(each.currency, each.amount_minor, each.count) for each in sums] == [
        ("GBP", 1_250_00 + 80_00 + 80_00, 3),
        ("JPY", 15_000, 1),
    ]
    assert list_transactions().sums(maximum=3) is None


@pytest.mark.parametrize("sort", SORTS)
def test_count_and_sums_of_little_are_those_of_the_moment_of_its_page(db: None, sort: str) -> None:
    source, target = fill_books()
    found = list_transactions(compiled("where=amount:at-least:80"), sort=sort)

    rows = found.read(found.order(descending=True), None, 2)
    post_transfer(source=source, destination=target, amount_minor=90_00)

    assert (len(rows), found.count()) == (2, 3)
    assert [(each.currency, each.count) for each in found.sums() or ()] == [("GBP", 3), ("JPY", 1)]


@pytest.mark.parametrize("maximum", range(6))
def test_lines_that_are_too_many_are_counted_and_added_up_all_the_same(
    db: None, monkeypatch: pytest.MonkeyPatch, maximum: int
) -> None:
    """Of three transactions four lines pass."""
    monkeypatch.setattr(at_once, "LINES_MAX", maximum)
    fill_books()
    found = list_transactions(compiled("where=amount:at-least:80"))

    assert len(list(pages(found, descending=True, size=2))) == found.count() == 3
    assert found.count(maximum=2) == 2
    assert sum(each.count for each in found.sums() or ()) == 4


def test_what_few_passed_is_found_when_more_pass_later(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "LINES_MAX", 5)
    source, target = fill_books()
    query = compiled("where=amount:at-least:80")

    for count in (3, 4, 5, 6):
        found = list_transactions(query)
        assert len(list(pages(found, descending=True, size=2))) == found.count() == count
        assert sum(each.count for each in found.sums() or ()) == count + 1
        post_transfer(source=source, destination=target, amount_minor=90_00)


@pytest.mark.parametrize("maximum", [0, 10_000])
def test_sums_tell_what_of_them_is_not_in_the_books(
    db: None, monkeypatch: pytest.MonkeyPatch, maximum: int
) -> None:
    """Found at once, and added up in full."""
    monkeypatch.setattr(at_once, "LINES_MAX", maximum)
    source, target = fill_books()
    half = place_hold(source=source, destination=target, amount_minor=50_00)
    commit(half, 20_00)
    void(half)
    expire_hold(source=source, destination=target, amount_minor=7_00)

    events, every = list_transactions(), list_transactions(is_every=True)
    holds = list_transactions(compiled("where=kind:is:HOLD"))
    releases = list_transactions(compiled("where=kind:one-of:VOID,EXPIRY"), is_every=True)

    for each in (events, holds):
        pounds = (each.sums(maximum=None) or [])[0]
        assert (pounds.reserved_minor, pounds.released_minor) == (50_00, 9_00 + 30_00 + 7_00)
    (given_up,) = releases.sums(maximum=None) or [pounds]
    assert given_up.amount_minor == given_up.released_minor == 9_00 + 30_00 + 7_00
    assert (every.sums(maximum=None) or [])[0].released_minor == 2 * given_up.amount_minor
    yen = (events.sums(maximum=None) or [])[1]
    assert (yen.reserved_minor, yen.released_minor) == (0, 0)
