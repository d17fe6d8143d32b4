from __future__ import annotations

import pytest
from django.db.models import TextField, Value
from django.db.models.functions import Cast

from tests.factories import make_user
from users.models import User

pytestmark = pytest.mark.django_db

SIZES = [2**15 - 1, 2**15, 2**31 - 1, 2**31, 10**12, 2**63 - 1, -(2**31) - 1, 10**37]


@pytest.mark.parametrize("number", SIZES)
def test_number_in_an_expression_keeps_its_digits(number: int) -> None:
    make_user()

    people = User.objects.annotate(text=Cast(Value(number), TextField()))

    assert [person.text for person in people] == [str(number)]
