"""Texts are found by their numbers, through an index that must never leave one out."""

from __future__ import annotations

import random

import pytest

from search.fields import text_contains
from search.figures import has_long_number
from search.finding import find_transactions
from search.indexing import index_documents
from search.models import FoundTransaction
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer

FILL = """
INSERT INTO search_document (transaction_id, effective_at, created_at, line, kind, currency, amount,
                             text, metadata)
SELECT n, now(), now(), 1, 'POST', 'USD', n, 'ref-' || n || E'\\nbill ' || n || ' of may', '{}'
FROM generate_series(1, 30000) AS n
"""
LETTERS = "0123456789012345678901234567890123456789.,/-- aB٣"


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_each_part_of_a_text_is_found_where_it_stands(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.finding.NEWEST", 1)
    chance = random.Random(seed)
    source, target = make_balance(floor_minor=None), make_balance()
    texts = ["".join(chance.choices(LETTERS, k=12)).strip() for _ in range(40)]
    for number, text in enumerate(texts):
        reference = f"r{number}"
        post_transfer(source=source, destination=target, reference=reference, description=text)
    index_documents()
    asked = []
    for text in texts:
        start = chance.randrange(6)
        asked.append(text[start : start + chance.randint(5, 9)].strip())

    for part in asked:
        expected = {f"r{n}" for n, text in enumerate(texts) if part.lower() in text.lower()}
        found = FoundTransaction.objects.filter(text_contains(part))
        assert {each.transaction.reference for each in found} == expected
        hits = find_transactions(part, 100)
        assert {hit.reference for hit in hits if hit.why == "text"} == expected
    assert any(map(has_long_number, asked))
    assert not all(map(has_long_number, asked))


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("invoice 12345", True),
        ("1,250.00", True),
        ("2026-05", True),
        ("2026", False),
        ("12 345", False),
        ("-----", False),
        ("٣٣٣٣٣", False),
        ("", False),
    ],
)
def test_five_figures_in_a_row_lead(text: str, *, leads: bool) -> None:
    assert has_long_number(text) == leads


@pytest.mark.parametrize("text", ["29999", "bill 29999", "BILL 29999 of"])
def test_a_long_number_is_looked_up_among_figures_alone(
    own_database: OwnDatabase, text: str
) -> None:
    with own_database.owner(autocommit=True) as owner:
        owner.execute(FILL)
        owner.execute("VACUUM (ANALYZE) search_document")

    plan = FoundTransaction.objects.filter(text_contains(text)).explain()

    assert "document_figures" in plan
    assert "document_text" not in plan
