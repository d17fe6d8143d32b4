from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Model
from django.http import Http404

from balances.models import Balance
from ledgers.models import Ledger
from tests.factories import make_balance, make_identity, make_ledger
from web.records import find_record, get_record_or_404

pytestmark = pytest.mark.django_db


def values_of(record: Model) -> dict[str, Any]:
    return {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields}


def test_record_is_the_one_that_a_queryset_reads() -> None:
    ledger = make_ledger(metadata={"region": {"north": [1, None]}})

    found = get_record_or_404(Ledger, ledger.public_id)

    assert found == ledger
    assert values_of(found) == values_of(Ledger.objects.get(pk=ledger.pk))


def test_figures_are_whole_numbers() -> None:
    balance = make_balance(opening_minor=12_345)

    found = get_record_or_404(Balance, balance.public_id)

    assert (found.credit_minor, type(found.credit_minor)) == (12_345, int)
    assert values_of(found) == values_of(Balance.objects.get(pk=balance.pk))


def test_related_records_come_along_in_one_statement(django_assert_num_queries: Any) -> None:
    balance = make_balance(identity=make_identity(name="Ada"))

    with django_assert_num_queries(1):
        found = get_record_or_404(Balance, balance.public_id, "ledger", "currency", "identity")
        names = found.ledger.name, found.currency.code, found.identity and found.identity.name

    assert names == (balance.ledger.name, balance.currency.code, "Ada")
    assert values_of(found.ledger) == values_of(Ledger.objects.get(pk=balance.ledger_id))


def test_related_record_may_be_missing() -> None:
    balance = make_balance(indicator="@Fees")

    assert get_record_or_404(Balance, balance.public_id, "identity").identity is None


def test_unknown_record_is_none_or_not_found() -> None:
    assert find_record(Ledger, uuid4()) is None
    with pytest.raises(Http404):
        get_record_or_404(Ledger, uuid4())
