"""What lists under conditions read, and what is remembered of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db import transaction as db_transaction
from django.utils import timezone

from audit.metadata import change_metadata
from search import at_once, listing
from search.indexing import index_documents
from search.listing import list_transactions
from search.models import FoundTransaction
from search.parts import columns_asked, lasts
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from tests.search.building import compiled
from web.planned import fetch_planned
from web.statements import Parameters, Row

DOCUMENTS = 30_000
FILL = """
INSERT INTO search_document (transaction_id, effective_at, created_at, actor_id, line, kind,
                             currency, amount, text, metadata)
SELECT n, now() - n * interval '1 minute', now() - n * interval '1 minute', NULL, 1, 'POST',
       CASE WHEN n % 1000 = 0 THEN 'EUR' ELSE 'USD' END, n % 977,
       'ref-' || n || E'\\npayment ' || n, jsonb_build_object('order', n, 'channel', n % 3)
FROM generate_series(1, {count}) AS n
"""
READ = """
SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'search_document'
"""
QUERIES = (
    "",
    "where=currency:is:EUR",
    "where=currency:is:USD&where=effective:less:{month}",
    "where=amount:between:100,400",
    "where=amount:is:76",
    "where=metadata.channel:is:1",
    "where=metadata.order:is:777",
    "where=metadata.none:has-key",
    "where=text:contains:payment",
    "where=text:contains:payment 29999",
    "where=text:contains:nothing",
    "where=status:is:reversed",
    "where=kind:is:REFUND",
    "where=created_by:not-empty",
)


def fill_documents(database: OwnDatabase, count: int) -> None:
    """No transaction stands behind these documents, which nothing looks at here."""
    with database.owner(autocommit=True) as owner:
        owner.execute(FILL.format(count=count))
        owner.execute("VACUUM (ANALYZE) search_document")


def read_so_far() -> int:
    """How many documents this transaction has read."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        return int(cursor.fetchone()[0])


def test_a_page_reads_little_whatever_is_asked(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In proportion to these few.
    monkeypatch.setattr(listing, "CHEAP", 50.0)
    monkeypatch.setattr(listing, "FEW", 500)
    monkeypatch.setattr(listing, "EXACT_MAX", 900)
    monkeypatch.setattr(at_once, "LINES_MAX", 1_000)
    monkeypatch.setattr(listing, "STRETCHES", ((200, 4), (2_000, 40)))
    fill_documents(own_database, DOCUMENTS)
    month = (timezone.now() - timedelta(days=10)).date().isoformat()

    with db_transaction.atomic():
        for query in QUERIES:
            for sort in ("effective", "amount", "created"):
                found = list_transactions(compiled(query.format(month=month)), sort=sort)
                before = read_so_far()
                found.read(found.order(descending=True), None, 21)
                assert (query, sort, read_so_far() - before < 4_000) == (query, sort, True)


def test_what_is_counted_and_added_up_is_read_from_indexes_alone(own_database: OwnDatabase) -> None:
    fill_documents(own_database, DOCUMENTS)

    many = FoundTransaction.objects.filter(
        amount__range=(100, 400), kind__in=("POST", "HOLD"), line=1
    )
    # To count them, no document has to be read.
    assert "Index Only Scan using document_amount" in many.values("line")[:900].explain()
    # Nor to add up the few that indexes lead to.
    wanted = many.values("line", "currency", "amount", "transaction_id", "effective_at")
    dear = wanted.filter(effective_at__lt=timezone.now())
    assert "Index Only Scan using document_amount" in dear.explain()
    week = (timezone.now() - timedelta(days=12), timezone.now() - timedelta(days=11))
    dated = wanted.filter(effective_at__range=week)
    assert "Index Only Scan using document_effective" in dated.explain()
    of_one = dated.filter(currency="EUR")
    assert "Index Only Scan using document_currency" in of_one.explain()


def test_what_has_been_found_to_be_many_is_not_counted_again(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it may have become less: extra information changes, and what is asked of others."""
    monkeypatch.setattr(listing, "EXACT_MAX", 900)
    monkeypatch.setattr(at_once, "LINES_MAX", 1_000)
    fill_documents(own_database, 5_000)

    def rows_read(query: str) -> int:
        found = list_transactions(compiled(query))
        with db_transaction.atomic():
            before = read_so_far()
            found.read(found.order(descending=True), None, 21)
            assert found.count(maximum=901) == 901
            return read_so_far() - before

    lasting = "where=text:contains:payment"
    informed = f"{lasting}&where=metadata.channel:one-of:0,1"
    asking = f"{lasting}&where=followers:is:no"
    nearly = "where=text:contains:ref-1&where=amount:less:850"
    for query in (lasting, informed, nearly):
        assert rows_read(query) > 900 > rows_read(query)
    assert rows_read(asking) > 900 < rows_read(asking)
    other = post_transfer(source=make_balance(floor_minor=None), destination=make_balance())
    change_metadata(other, changes={"is": "changed"}, actor=None)
    assert rows_read(lasting) < 900
    assert rows_read(informed) > 900 > rows_read(informed)


def test_what_lay_far_apart_is_looked_for_in_a_long_stretch_at_once(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "EXACT_MAX", 90)
    monkeypatch.setattr(at_once, "LINES_MAX", 100)
    monkeypatch.setattr(listing, "STRETCHES", ((200, 4), (2_000, 40)))
    fill_documents(own_database, 20_000)
    month = (timezone.now() - timedelta(days=3)).date().isoformat()
    found = list_transactions(compiled(f"where=amount:less:10&where=effective:less:{month}"))
    stretches = []

    def fetch(sql: str, parameters: Parameters) -> list[Row]:
        stretches.extend(re.findall(r"LIMIT (200|2000)\b", sql))
        return fetch_planned(sql, parameters)

    monkeypatch.setattr(listing, "fetch_planned", fetch)
    # Ten in a row pass, then none for 967.
    first = found.read(found.order(descending=True), None, 15)
    again = found.read(found.order(descending=True), None, 15)

    assert first == again
    assert len(first) == 15
    assert stretches == ["200", "2000", "2000"]


def test_a_change_that_was_under_way_while_many_were_counted_is_seen_when_it_ends(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "EXACT_MAX", 3)
    monkeypatch.setattr(at_once, "LINES_MAX", 4)
    source, target = make_balance(floor_minor=None), make_balance()
    for _ in range(4):
        posted = post_transfer(source=source, destination=target, metadata={"flat": "7b"})
    index_documents()
    with own_database.owner(autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE) search_document")
    query = compiled("where=metadata.flat:is:7b")

    def count() -> int:
        found = list_transactions(query)
        found.read(found.order(descending=True), None, 2)
        return found.count(maximum=4)

    with own_database.app() as other:
        other.execute(
            "UPDATE transactions_transaction SET metadata = '{}' WHERE id = %s", [posted.pk]
        )
        assert [count(), count()] == [4, 4]
        other.commit()

    assert count() == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("where=amount:at-least:80&where=effective:is:2025", True),
        ("where=currency:is:GBP|text:contains:rent 20251", True),
        ("where=reference:is-not:WRONG-1&where=created_by:empty", True),
        ("where=metadata.flat:is:7", True),
        ("where=amount:is:1|metadata.flat:contains:7", True),
        ("where=amount:is:1|metadata.flat:greater:7&where=batch:empty", True),
        ("where=status:is:reversed", False),
        ("where=status:is:inflight|amount:is:1", False),
        ("where=followers:is:no", False),
    ],
)
def test_conditions_that_what_passes_will_always_pass(db: None, query: str, expected: bool) -> None:
    assert lasts(compiled(query)) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", set()),
        ("where=amount:at-least:80&where=effective:is:2025", {"amount", "effective_at"}),
        ("where=currency:is:GBP|text:contains:rent 20251", {"currency", "text"}),
        ("where=metadata.flat:greater:7", {"metadata"}),
        ("where=created_by:empty&where=reference:is:WRONG-1", {"actor_id", "transaction_id"}),
    ],
)
def test_conditions_tell_what_of_a_document_they_look_at(
    db: None, query: str, expected: set[str]
) -> None:
    assert set(columns_asked(compiled(query))) == expected


def test_of_what_asks_live_tables_all_is_looked_at(db: None) -> None:
    everything = {field.attname for field in FoundTransaction._meta.local_fields} - {"pk"}

    assert set(columns_asked(compiled("where=followers:is:no"))) == everything
