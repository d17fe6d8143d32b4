from __future__ import annotations

import pytest

from ledgers.models import Ledger
from tests.conftest import OwnDatabase
from tests.factories import make_ledger
from web.counting import count_exact, say_about


@pytest.mark.django_db
def test_small_table_is_counted() -> None:
    make_ledger()

    assert count_exact(Ledger.objects.all()) == "2"


@pytest.mark.django_db
def test_more_than_the_maximum_is_said_to_be_more() -> None:
    make_ledger(), make_ledger()

    assert count_exact(Ledger.objects.all(), maximum=2) == "2+"
    assert count_exact(Ledger.objects.filter(pk__gt=0), maximum=2) == "2+"
    assert count_exact(Ledger.objects.all(), maximum=3) == "3"


@pytest.mark.django_db
def test_filtered_rows_are_counted() -> None:
    make_ledger(name="One"), make_ledger(name="Two")

    assert count_exact(Ledger.objects.filter(name="One")) == "1"
    assert count_exact(Ledger.objects.none()) == "0"


def test_estimate_has_three_figures() -> None:
    assert [say_about(count) for count in (6, 999, 12_345, 1_234_567)] == [
        *("about 6", "about 999", "about 12,300", "about 1,230,000")
    ]


def test_table_known_to_be_large_is_not_counted(own_database: OwnDatabase) -> None:
    for _ in range(5):
        make_ledger()
    with own_database.owner(autocommit=True) as owner:
        owner.execute("ANALYZE ledgers_ledger")

    assert count_exact(Ledger.objects.all(), maximum=2) == "2+"
    assert count_exact(Ledger.objects.filter(is_general=True), maximum=2) == "1"
