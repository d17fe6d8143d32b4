"""What no state of the books could make right is refused by name, and writes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests.books import snapshot
from tests.factories import make_balance
from transactions.errors import InvalidRequestError, UnknownBalanceError
from transactions.models import Transaction
from transactions.posting import post, post_many
from transactions.previews import preview
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, Outcome, PostingRequest, transfer

pytestmark = pytest.mark.django_db

EAST = timezone(timedelta(hours=14))
LEGS = transfer(source=Indicator("@A", "GBP"), destination=Indicator("@B", "GBP"), amount_minor=100)


def _between(
    source: object = LEGS[0].balance,
    destination: object = LEGS[1].balance,
    amount_minor: Any = 100,
) -> list[Leg]:
    return transfer(source=source, destination=destination, amount_minor=amount_minor)  # type: ignore[arg-type]


def _nested(levels: int) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for _ in range(levels):
        nested = {"a": nested}
    return nested


MALFORMED: dict[str, dict[str, Any]] = {
    "no reference": {"reference": ""},
    "blank reference": {"reference": " \t\N{EM SPACE}"},
    "reference of 201": {"reference": "x" * 201},
    "reference with NUL": {"reference": "a\0b"},
    "reference with half a character": {"reference": "\ud800"},
    "reference with a line break": {"reference": "a\nb"},
    "reference with an escape": {"reference": "a\x1b[31m"},
    "description with an escape": {"description": "a\x1b[31m"},
    "description of 10,001": {"description": "x" * 10_001},
    "description with NUL": {"description": "a\0b"},
    "description with half a character": {"description": "\udfff"},
    "no legs": {"legs": []},
    "one leg": {"legs": LEGS[:1]},
    "1,001 legs": {"legs": [*LEGS * 500, LEGS[0]]},
    "zero": {"legs": _between(amount_minor=0)},
    "negative": {"legs": _between(amount_minor=-1)},
    "39 digits": {"legs": _between(amount_minor=10**38)},
    "40 digits": {"legs": _between(amount_minor=10**40 - 1)},
    "float": {"legs": _between(amount_minor=1.5)},
    "fraction": {"legs": _between(amount_minor=Decimal("0.5"))},
    "not a number": {"legs": _between(amount_minor=float("nan"))},
    "infinite": {"legs": _between(amount_minor=float("inf"))},
    "direction 0": {"legs": [Leg(leg.balance, 0, 5) for leg in LEGS]},  # type: ignore[arg-type]
    "direction 2": {"legs": [Leg(LEGS[0].balance, 2, 5), Leg(LEGS[1].balance, DEBIT, 10)]},  # type: ignore[arg-type]
    "indicator without a name": {"legs": _between(Indicator("", "GBP"))},
    "indicator without @": {"legs": _between(Indicator("Revenue", "GBP"))},
    "indicator of @ alone": {"legs": _between(Indicator("@", "GBP"))},
    "indicator of 101": {"legs": _between(Indicator("@" + "x" * 100, "GBP"))},
    "indicator with NUL": {"legs": _between(Indicator("@a\0b", "GBP"))},
    "indicator with control characters": {"legs": _between(Indicator("@a\x1b\n", "GBP"))},
    "indicator with half a character": {"legs": _between(Indicator("@\ud800", "GBP"))},
    "metadata with NUL": {"metadata": {"a": "x\0y"}},
    "metadata key with NUL": {"metadata": {"a\0": "y"}},
    "metadata with half a character": {"metadata": {"a": ["\ud800"]}},
    "metadata with NaN": {"metadata": {"a": float("nan")}},
    "metadata with infinity": {"metadata": {"a": float("-inf")}},
    "metadata that is no JSON": {"metadata": {"a": {1, 2}}},
    "metadata of a megabyte": {"metadata": {"a": "x" * 1_000_000}},
    "metadata too deep": {"metadata": _nested(5_000)},
    "year 1 east of the year 0": {"effective_at": datetime(1, 1, 1, tzinfo=EAST)},
    "year 1 that is not everywhere": {"effective_at": datetime(1, 1, 1, 23, tzinfo=UTC)},
    "the last day": {"effective_at": datetime(9999, 12, 31, tzinfo=UTC)},
}


@pytest.mark.parametrize("given", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_request_is_refused_and_writes_nothing(given: dict[str, Any]) -> None:
    request = PostingRequest(**{"reference": "R-1", "legs": LEGS} | given)
    before = snapshot()

    for act in (post, preview):
        with pytest.raises(InvalidRequestError):
            act(request)

    assert snapshot() == before


@pytest.mark.parametrize("given", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_request_leaves_the_rest_of_its_batch_alone(given: dict[str, Any]) -> None:
    malformed = PostingRequest(**{"reference": "R-1", "legs": LEGS} | given)
    sound = [PostingRequest(reference=reference, legs=LEGS) for reference in ("R-0", "R-2")]

    results = post_many([sound[0], malformed, sound[1]])

    assert [result.outcome for result in results] == [
        Outcome.POSTED,
        Outcome.REFUSED,
        Outcome.POSTED,
    ]
    assert isinstance(results[1].error, InvalidRequestError)


@pytest.mark.parametrize("pk", [-1, 0, 10**9, 2**63 - 1, 2**63, 2**70])
def test_balance_that_does_not_exist_is_refused(pk: int) -> None:
    request = PostingRequest(
        reference="R-1",
        legs=transfer(source=make_balance(floor_minor=None).pk, destination=pk, amount_minor=1),
    )

    with pytest.raises(UnknownBalanceError):
        post(request)
    assert isinstance(post_many([request])[0].error, UnknownBalanceError)


@pytest.mark.parametrize("currency", ["ZZZ", "", "gbp", "GBP ", "G\0P", "\ud800"])
def test_indicator_in_an_unknown_currency_is_refused(currency: str) -> None:
    request = PostingRequest(
        reference="R-1",
        legs=transfer(
            source=Indicator("@A", currency), destination=Indicator("@B", "GBP"), amount_minor=1
        ),
    )

    with pytest.raises((UnknownBalanceError, InvalidRequestError)):
        post(request)
    assert isinstance(post_many([request])[0].error, UnknownBalanceError | InvalidRequestError)


HOSTILE = [
    "'; DROP TABLE transactions_entry; --",
    "<script>alert(1)</script>",
    "\N{RIGHT-TO-LEFT OVERRIDE}tnuoma",
    "عميل ١٢٣",
    "a\\tb\\nc\\.\\N",
    "\\.",
    "\\N",
    "\\",
    "{1,2}",
    "%s %(x)s {0}",
    "\u2028\u2029",
    "🏦" * 50,
    "e\N{COMBINING ACUTE ACCENT}",
    "\"quoted\" 'text' $$body$$",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_stored_as_it_was_given(text: str) -> None:
    requests = [
        PostingRequest(
            reference=f"{text}{number}",
            legs=LEGS,
            description=f"{text}\n\t{text}",
            metadata={text: [text]},
        )
        for number in (1, 2)
    ]

    post(requests[0])
    post_many(requests[1:])

    for request in requests:
        stored = Transaction.objects.get(reference=request.reference)
        assert (stored.description, stored.metadata) == (f"{text}\n\t{text}", {text: [text]})


def test_thousand_legs_that_do_not_balance_are_refused() -> None:
    before = snapshot()
    legs = [*LEGS * 499, Leg(LEGS[0].balance, DEBIT, 100), Leg(LEGS[1].balance, CREDIT, 101)]

    results = post_many([PostingRequest(reference="R-1", legs=legs)])

    assert results[0].error
    assert results[0].error.code == "unbalanced"
    # The indicators that it names may have been opened; no money has moved.
    assert snapshot()[-1] == before[-1]
