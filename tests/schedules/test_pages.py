from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from schedules.due import post_due
from schedules.models import Schedule
from schedules.operations import schedule
from schedules.rows import format_rows
from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from tests.pages import (
    HTMX,
    SCRIPT,
    SLIDE_OVER,
    count_queries,
    hidden_value,
    is_whole_page,
    links_of,
    rows_of,
    text_of,
)
from tests.schedules.building import LATER, SOON, make_request, make_schedule, wait_until
from tests.transactions.living import exchange_request
from transactions.models import Transaction
from transactions.requests import CREDIT, DEBIT, HoldRequest, Indicator, Leg, PostingRequest

pytestmark = pytest.mark.django_db
RENT = Indicator("@Rent", "GBP")


@pytest.fixture
def clerk() -> Client:
    return make_client(user=make_user(username="ada"))


def page_of(kept: Schedule, step: str = "") -> str:
    return f"/schedules/{kept.key}/{step}"


def test_page_tells_what_will_be_posted_and_when(clerk: Client) -> None:
    target = make_balance(identity=make_identity(name="Northgate"))
    kept = make_schedule(
        source=RENT, destination=target, amount_minor=1_250_00, actor=make_user(username="grace")
    )

    response = clerk.get(page_of(kept))

    assert rows_of(response)[1:] == [
        ["@Rentnew", "", "1,250.00", ""],
        ["Northgate", target.ledger.name, "", "1,250.00"],
        ["Total, GBP", "", "1,250.00", "1,250.00"],
    ]
    said = text_of(response)
    assert "Created by grace" in said
    assert "in 2 days" in said or "in 3 days" in said
    assert {
        target.get_absolute_url(),
        page_of(kept, "cancellation/"),
        page_of(kept, "posting/"),
    } <= {*links_of(response)}
    assert '<a href="/transactions/" aria-current="true"' in response.content.decode()
    assert not is_whole_page(clerk.get(page_of(kept), headers=HTMX))
    assert clerk.get("/schedules/sch_00000000-0000-4000-8000-000000000000/").status_code == 404


def test_two_currencies_are_said_and_not_added_up(clerk: Client) -> None:
    schedule(exchange_request(), due_at=timezone.now() + LATER, actor=None)

    rows = rows_of(clerk.get("/transactions/?tab=scheduled"))

    assert "58.00 EUR, 50.00 GBP" in rows[1]


def test_page_of_a_rejected_schedule_says_why(clerk: Client) -> None:
    kept = make_schedule(source=make_balance(), destination=RENT, due_in=SOON)
    wait_until(kept.due_at)
    post_due()

    response = clerk.get(page_of(kept))

    assert "It was not posted. A balance would fall below the lowest figure it allows." in text_of(
        response
    )
    assert page_of(kept, "cancellation/") not in links_of(response)


def test_page_shows_terms_and_escapes_what_people_wrote(clerk: Client) -> None:
    legs = make_request(source=RENT, destination=make_balance()).legs
    due_at = timezone.now() + LATER
    request = HoldRequest(
        SCRIPT,
        legs,
        description=SCRIPT,
        metadata={SCRIPT: SCRIPT},
        overdraft_minor=5_00,
        expires_at=due_at + timedelta(days=1),
    )

    response = clerk.get(page_of(schedule(request, due_at=due_at, actor=None)))

    assert SCRIPT not in response.content.decode()
    assert "Held until" in text_of(response)
    assert "Allowed, up to 5.00 GBP below" in text_of(response)


def test_schedule_is_cancelled_after_a_question(clerk: Client) -> None:
    kept = make_schedule(source=RENT, destination=make_balance())

    question = clerk.get(page_of(kept, "cancellation/"), headers=SLIDE_OVER)
    answer = clerk.post(page_of(kept, "cancellation/"), follow=True)
    again = clerk.post(page_of(kept, "cancellation/"))

    assert "It will never be posted" in text_of(question)
    assert f"{kept.reference} will not be posted." in text_of(answer)
    assert "Cancelled by ada" in text_of(answer)
    assert again.status_code == 422
    assert "It was cancelled before." in text_of(again)
    assert clerk.get(page_of(kept, "posting/")).status_code == 422


def test_schedule_is_posted_early_after_a_review(clerk: Client) -> None:
    source, target = make_balance(opening_minor=5_00), make_balance()
    kept = make_schedule(source=source, destination=target, amount_minor=2_00)

    review = clerk.get(page_of(kept, "posting/"))
    token = {"token": hidden_value(review, "token")}
    answer = clerk.post(page_of(kept, "posting/"), token, follow=True)

    assert "2.00 GBP" in text_of(review)
    before_after = [row[1:] for row in rows_of(review)[1:]]
    assert before_after == [["5.00", "→", "3.00"], ["0.00", "→", "2.00"]]
    kept.refresh_from_db()
    assert kept.transaction is not None
    assert kept.transaction.get_absolute_url() in links_of(answer)
    assert clerk.post(page_of(kept, "posting/"), token).status_code == 422


def test_review_is_shown_again_when_a_figure_has_changed(clerk: Client) -> None:
    source, target = make_balance(opening_minor=5_00), make_balance()
    kept = make_schedule(source=source, destination=target, amount_minor=2_00)
    token = {"token": hidden_value(clerk.get(page_of(kept, "posting/")), "token")}
    post_transfer(source=source, destination=target, reference="meanwhile")

    for sent in (token, {"token": "forged"}, {}):
        again = clerk.post(page_of(kept, "posting/"), sent)
        assert again.status_code == 422
        assert "A balance has changed since you reviewed this." in text_of(again)

    kept.refresh_from_db()
    assert kept.state == "SCHEDULED"
    assert not Transaction.objects.filter(reference=kept.reference).exists()


def test_review_of_new_indicators_and_of_a_refusal(clerk: Client) -> None:
    to_new = make_schedule(source=RENT, destination=Indicator("@Another", "GBP"))
    poor = make_schedule(source=make_balance(), destination=RENT)

    review = clerk.get(page_of(to_new, "posting/"))
    refusal = clerk.get(page_of(poor, "posting/"))

    assert {row[0].partition("new")[0] for row in rows_of(review)[1:]} == {"@Rent", "@Another"}
    assert refusal.status_code == 422
    assert "below the lowest figure" in text_of(refusal)


def test_late_schedule_says_so(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedules.views.LATE", timedelta(0))
    kept = make_schedule(source=RENT, destination=make_balance(), due_in=SOON)
    wait_until(kept.due_at)

    assert "It is due and not posted yet" in text_of(clerk.get(page_of(kept)))


def test_rows_are_read_by_one_query(
    django_assert_num_queries: Any,
) -> None:
    target = make_balance(identity=make_identity(name="Northgate"))
    legs = [
        Leg(target.pk, DEBIT, 3_00),
        Leg(RENT, CREDIT, 1_00),
        Leg(Indicator("@Tax", "GBP"), CREDIT, 2_00),
    ]
    later = make_schedule(source=target, destination=RENT, due_in=LATER + LATER)
    split = schedule(PostingRequest("split", legs), due_at=timezone.now() + LATER, actor=None)

    with django_assert_num_queries(1):
        rows = format_rows([split, later], new=later.key)

    assert [(row["reference"], row["amount"], row["currency"]) for row in rows] == [
        ("split", "3.00", "GBP"),
        (later.reference, "1.00", "GBP"),
    ]
    assert [row["is_new"] for row in rows] == [False, True]
    assert "2 balances" in rows[0]["destination"]
    assert "Northgate" in rows[0]["source"]
    assert split.get_absolute_url() == rows[0]["url"]


def test_page_costs_the_same_for_any_number_of_entries(clerk: Client) -> None:
    target = make_balance()
    short = make_schedule(source=RENT, destination=target)
    legs = [Leg(Indicator(f"@Part {number}", "GBP"), DEBIT, 1) for number in range(40)]
    request = PostingRequest("long", [*legs, Leg(target.pk, CREDIT, 40)])
    long = schedule(request, due_at=timezone.now() + LATER, actor=None)
    clerk.get(page_of(short))

    assert count_queries(clerk, page_of(short)) == count_queries(clerk, page_of(long)) == 3
