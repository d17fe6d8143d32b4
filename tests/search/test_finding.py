"""What the search box finds among transactions, with and without documents."""

from __future__ import annotations

from typing import Any

import pytest

from search.finding import FoundHit, find_transactions
from search.indexing import index_documents
from tests.factories import make_balance, post_transfer
from tests.search.building import post_exchange
from transactions.models import Transaction

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["filled", "not filled", "beyond the newest"])
def books(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some transactions; for the last, each is found by its index."""
    source, target = make_balance(floor_minor=None), make_balance()
    transactions: list[tuple[str, str, int, dict[str, Any]]] = [
        ("INV-2025-0041", "Invoice settled: Łódź office", 1_250_00, {"order": 4711}),
        ("INV-2025-0042", "Card payment 100%_\\", 100_00, {"bill": {"lines": ["A-1", "B-2"]}}),
        ("salary-may", "Salaries in May", 80_00, {"channel": 'say "web"'}),
    ]
    for reference, description, amount_minor, metadata in transactions:
        post_transfer(
            source=source,
            destination=target,
            amount_minor=amount_minor,
            reference=reference,
            description=description,
            metadata=metadata,
        )
    if request.param != "not filled":
        index_documents()
    if request.param == "beyond the newest":
        post_transfer(source=source, destination=target, description="The newest")
        monkeypatch.setattr("search.finding.NEWEST", 1)


def found(text: str) -> list[tuple[str, str]]:
    return [(hit.reference, str(hit.why)) for hit in find_transactions(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-00", [("INV-2025-0042", "text"), ("INV-2025-0041", "text")]),
        ("SALARIES in", [("salary-may", "text")]),
        ("łódź", [("INV-2025-0041", "text")]),
        ("ŁÓDŹ OFF", [("INV-2025-0041", "text")]),
        ("0%_\\", [("INV-2025-0042", "text")]),
        ("office Łódź 2025", [("INV-2025-0041", "similar")]),
        ("office Łódź 2026", []),
        ("1,250.00", [("INV-2025-0041", "amount")]),
        ("gbp 100", [("INV-2025-0042", "amount")]),
        ("100 EUR", []),
        ("4711", [("INV-2025-0041", "metadata")]),
        ("B-2", [("INV-2025-0042", "metadata")]),
        ('say "web"', [("salary-may", "metadata")]),
        ("nobody knows this", []),
        ("", []),
    ],
)
def test_found_by_text_amount_and_extra_information(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", ['"', "'; --", "$.** ? (@ == 1)", "%s %d {}", "\\", "1e5", "٣"])
def test_hostile_text_is_only_text(text: str) -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    for reference, words in [("odd", f"paid {text} twice"), ("even", "paid twice")]:
        post_transfer(source=source, destination=target, reference=reference, description=words)

    find_transactions(text)

    assert [hit.reference for hit in find_transactions(f"paid {text} twice")] == ["odd"]


def test_newest_come_first_and_no_more_than_asked_for() -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    many = [post_transfer(source=source, destination=target, description="dense") for _ in range(5)]

    assert [hit.reference for hit in find_transactions("dense", 3)] == [
        each.reference for each in reversed(many[2:])
    ]


def test_a_hit_tells_what_it_is() -> None:
    exchange = post_exchange(pounds_minor=80_00, yen=15_000)

    (hit,) = find_transactions(exchange.reference)

    assert hit == FoundHit(
        exchange.public_id,
        exchange.reference,
        "",
        exchange.effective_at,
        "80.00 GBP, 15,000 JPY",
        hit.why,
    )
    assert hit.get_absolute_url() == exchange.get_absolute_url()


@pytest.mark.parametrize("text", ["invocie", "Invocie setled", "saleries in may", "paymnet 100"])
def test_misspelt_words_are_taken_for_those_that_descriptions_hold(text: str) -> None:
    index_documents()  # words are known once they are filled

    hits = find_transactions(text)

    assert {str(hit.why) for hit in hits} == {"similar"}
    assert len(hits) == 1
    assert Transaction.objects.count() > 2
