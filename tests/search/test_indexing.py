"""What is found is the same before, while and after documents are made of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from io import StringIO
from random import Random

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.db import transaction as db_transaction

from audit.metadata import change_metadata
from ledgers.models import Currency
from search.indexing import Indexed, forget_documents, index_documents
from search.models import Document, FoundTransaction, Mark, Word
from tests.at_once import under_way
from tests.books import assert_sound
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from tests.search.building import amounts_of, fill_books, post_exchange, read_found
from tests.transactions.living import place_hold
from transactions.models import Transaction
from transactions.proof import run_proof


def mark() -> int:
    return Mark.objects.get().transaction_id


def test_found_is_the_same_with_no_half_and_all_documents(own_database: OwnDatabase) -> None:
    fill_books()
    before = read_found()

    with db_transaction.atomic():  # half: the next run is to make the rest
        index_documents(chunk=4)
        Document.objects.filter(transaction_id__gte=before[len(before) // 2][0]).delete()
    half = read_found()
    indexed = index_documents()

    assert Document.objects.count() == len(before)
    assert 0 < indexed.count < len(before)
    assert before == half == read_found()
    assert mark() == Transaction.objects.latest("pk").pk
    assert run_proof(actor=None).is_ok
    assert index_documents() == Indexed(0)


@pytest.mark.django_db
@pytest.mark.parametrize("is_indexed", [True, False])
def test_amount_is_what_was_debited_or_held_in_major_units(*, is_indexed: bool) -> None:
    Currency.objects.create(code="WEI", name="Wei", exponent=18, kind="CRYPTO")
    sides = [make_balance(currency="WEI", floor_minor=None) for _ in range(2)]
    huge = post_transfer(source=sides[0], destination=sides[1], amount_minor=10**37 + 1)
    held = place_hold(source=sides[0], destination=sides[1], amount_minor=5)
    exchange = post_exchange()

    if is_indexed:
        index_documents()

    assert amounts_of(huge) == [("WEI", Decimal("10000000000000000000.000000000000000001"))]
    assert amounts_of(held) == [("WEI", Decimal("5E-18"))]
    assert amounts_of(exchange) == [("GBP", Decimal(80)), ("JPY", Decimal(15_000))]


@pytest.mark.parametrize("is_first", [True, False])
def test_what_was_under_way_is_found_and_made_up_for(
    own_database: OwnDatabase, *, is_first: bool
) -> None:
    """A posting drew its number before one that has ended since, and ends after a run."""
    first, second, third, fourth = (make_balance(floor_minor=None) for _ in range(4))

    with under_way(
        partial(post_transfer, source=first, destination=second),
        partial(post_transfer, source=third, destination=fourth),
        is_first=is_first,
    ):
        indexed = index_documents(patience_seconds=0.05)
        stood = mark()

    assert (indexed.count, stood) == (1, 0)
    assert indexed.pending
    assert len(read_found()) == 2
    assert index_documents(pending=indexed.pending).count == 1
    assert mark() == Transaction.objects.latest("pk").pk
    assert run_proof(actor=None).is_ok


def test_indexing_keeps_up_with_postings_and_changes(own_database: OwnDatabase) -> None:
    balances = [make_balance(floor_minor=None) for _ in range(8)]
    done = threading.Event()
    seen: list[bool] = []

    def post_and_change(seed: int) -> None:
        random = Random(seed)
        for number in range(25):
            source, destination = random.sample(balances, 2)
            posted = post_transfer(
                source=source, destination=destination, metadata={"seed": seed, "state": "new"}
            )
            if number % 2:
                change_metadata(posted, changes={"state": f"{number}"}, actor=None)
            found = FoundTransaction.objects.filter(transaction=posted).values_list("metadata")
            posted.refresh_from_db()
            seen.append([row[0] for row in found] == [posted.metadata])
        connection.close()

    def fill(chunk: int) -> None:
        pending = None
        while not done.is_set():
            pending = index_documents(pending=pending, patience_seconds=0.02, chunk=chunk).pending
            with connection.cursor() as cursor:  # in one statement, that is at one moment
                cursor.execute(
                    "SELECT (SELECT count(*) FROM transactions_transaction),"
                    " (SELECT count(*) FROM search_found),"
                    " (SELECT count(DISTINCT transaction_id) FROM search_found)"
                )
                seen.append(len(set(cursor.fetchone())) == 1)
        connection.close()

    with ThreadPoolExecutor(7) as pool:
        fillers = [pool.submit(fill, chunk) for chunk in (3, 20, 1000)]
        for poster in [pool.submit(post_and_change, seed) for seed in range(4)]:
            poster.result()
        done.set()
        for filler in fillers:
            filler.result()

    assert all(seen)
    index_documents()
    assert Document.objects.count() == 100
    assert_sound()
    assert run_proof(actor=None).is_ok


def test_a_run_that_is_killed_leaves_nothing_wrong(own_database: OwnDatabase) -> None:
    fill_books()
    before = read_found()
    found = []

    def kill(count: int) -> None:
        with own_database.cluster.connect(own_database.name) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                " AND pid <> pg_backend_pid()",
                [own_database.name],
            )

    with pytest.raises(Exception, match=r"terminat|closed"):
        index_documents(chunk=3, progress=kill)
    connection.close()
    found.append(read_found())

    assert Document.objects.count() < len(before)
    index_documents()
    assert [*found, read_found()] == [before] * 2
    assert run_proof(actor=None).is_ok


def test_a_change_waits_for_the_run_that_read_what_it_changes(own_database: OwnDatabase) -> None:
    fill_books()
    changed = Transaction.objects.latest("pk")
    with own_database.app() as filler, ThreadPoolExecutor(1) as pool:
        filler.execute("SELECT FROM search_mark FOR UPDATE")
        filler.execute(
            "INSERT INTO search_document (transaction_id, effective_at, created_at, actor_id, line,"
            " kind, currency, amount, text, metadata) SELECT transaction_id, effective_at,"
            " created_at, actor_id, line, kind, currency, amount, text, metadata"
            " FROM search_missing(0, %s)",
            [changed.pk],
        )

        def change() -> None:
            change_metadata(changed, changes={"is": "changed"}, actor=None)
            connection.close()

        changing = pool.submit(change)
        threading.Event().wait(0.3)
        assert not changing.done()
        filler.commit()
        changing.result()

    documents = Document.objects.filter(transaction=changed).values_list("metadata", flat=True)
    assert list(documents) == [{"is": "changed"}] * 2
    assert run_proof(actor=None).is_ok


def test_proof_finds_what_was_tampered_with_and_a_new_copy_mends_it(
    own_database: OwnDatabase,
) -> None:
    fill_books()
    index_documents()
    before = read_found()
    with own_database.owner() as owner:
        owner.execute("UPDATE search_document SET amount = amount + 1 WHERE kind = 'HOLD'")
        owner.execute("DELETE FROM search_document WHERE kind = 'VOID'")
    (check,) = [each for each in run_proof(actor=None).checks if "search" in each["name"]]
    told = StringIO()

    call_command("index_documents", anew=True, stdout=told)

    assert len(check["mismatches"]) == 3
    assert told.getvalue() == f"{Transaction.objects.count()} transactions indexed.\n"
    assert read_found() == before
    assert run_proof(actor=None).is_ok


def test_the_web_cannot_change_what_a_document_says_of_money(own_database: OwnDatabase) -> None:
    with own_database.app() as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("UPDATE search_document SET amount = 1")


@pytest.mark.django_db
def test_words_of_descriptions_are_kept_and_none_with_figures() -> None:
    source, target = make_balance(floor_minor=None), make_balance()
    for description in ("Rent (May): flat 7b, Łódź", "Direct-debit rent 2025", "x1y2z3a4 or so"):
        post_transfer(source=source, destination=target, description=description)

    index_documents()

    words = set(Word.objects.values_list("word", flat=True))
    assert words == {"rent", "flat", "łódź", "direct-debit"}
    forget_documents()
    assert not Word.objects.exists()
