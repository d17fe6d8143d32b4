from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from schedules.due import post_due
from tests.factories import make_balance, make_client, make_ledger, make_user, post_transfer
from tests.pages import (
    HISTORY_RESTORE,
    HTMX,
    SCRIPT,
    count_queries,
    hidden_value,
    is_whole_page,
    links_of,
    rows_of,
    text_of,
)
from tests.schedules.building import SOON, make_schedule, wait_until
from tests.transactions.acting import commit_part, make_hold
from transactions.models import ProofRun
from transactions.proof import run_proof

pytestmark = pytest.mark.django_db


def test_first_run_teaches_the_steps(clerk: Client) -> None:
    text = text_of(clerk.get("/"))

    for step in ("Create a ledger", "Open balances in it", "Post a transaction"):
        assert step in text
    assert "Latest transactions" not in text


def test_books_without_a_transaction_say_so(clerk: Client) -> None:
    make_ledger()

    assert "Nothing has been posted yet." in text_of(clerk.get("/"))


def test_counts_are_those_of_the_books(clerk: Client) -> None:
    ledger = make_ledger()
    source = make_balance(ledger=ledger, opening_minor=5_00)
    destination = make_balance(ledger=ledger)
    post_transfer(source=source, destination=destination)

    text = text_of(clerk.get("/"))

    # With the General Ledger and @Funding in it.
    for count in ("Ledgers2", "Balances3", "Transactions2"):
        assert count in text.replace(" ", "")
    assert "Create a ledger" not in text


def test_latest_transactions_and_ledgers_are_shown(clerk: Client) -> None:
    source = make_balance(ledger=make_ledger(name=SCRIPT), opening_minor=5_00)
    post_transfer(source=source, destination=make_balance(), reference="wage-1")

    response = clerk.get("/")

    assert "wage-1" in [row[1] for row in rows_of(response)]
    assert SCRIPT in [row[0] for row in rows_of(response)]
    assert SCRIPT not in response.content.decode()


@pytest.mark.parametrize("is_many", [False, True])
def test_largest_ledgers_come_first_here_and_in_the_table(
    clerk: Client, monkeypatch: pytest.MonkeyPatch, *, is_many: bool
) -> None:
    if is_many:
        monkeypatch.setattr("dashboard.figures.count_exact", lambda _rows: "10,000+")
    small, large = make_ledger(), make_ledger()
    source = make_balance(ledger=large, opening_minor=5_00)
    post_transfer(source=source, destination=make_balance(ledger=small))
    post_transfer(source=source, destination=make_balance(ledger=large))

    home = clerk.get("/")
    table = clerk.get(link_of(home, "sort=-transactions"))

    sizes = [row for row in rows_of(home) if row[0] in (small.name, large.name)]
    assert sizes == [[large.name, "2", "3"], [small.name, "1", "1"]]
    assert [row[:3] for row in rows_of(table) if row[0] in (small.name, large.name)] == sizes


def test_proof_is_marked(clerk: Client) -> None:
    assert "not proved yet" in text_of(clerk.get("/"))

    run_proof(actor=None)

    assert "recomputed just now" in text_of(clerk.get("/"))


def test_htmx_gets_the_figures_alone(clerk: Client) -> None:
    response = clerk.get("/", headers=HTMX)

    assert response.content.decode().strip().startswith('<div id="home-figures"')


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    assert is_whole_page(clerk.get("/", headers=HISTORY_RESTORE))


def test_anonymous_is_sent_to_login(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/login/?next=/"


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    make_balance(opening_minor=1_00)
    few = count_queries(clerk, "/")
    for _ in range(12):
        make_balance(opening_minor=1_00)

    # ledgers, transactions, balances, proof, counts of schedules,
    # possible duplicates, movement, latest transactions (3), largest ledgers
    assert count_queries(clerk, "/") == few == 11


def test_query_count_is_constant_in_what_needs_a_person(clerk: Client) -> None:
    source, destination = make_balance(floor_minor=None), make_balance()
    seen = []
    for times in (1, 6):
        for number in range(times):
            expires_at = timezone.now() + timedelta(hours=2)
            make_hold(source, destination, reference=f"H-{times}-{number}", expires_at=expires_at)
            make_schedule(source=source, destination=destination, due_in=timedelta(seconds=1))
        seen.append(count_queries(clerk, "/"))

    # and the holds; the first that are due today, and their parties
    assert seen == [14, 14]


def test_nothing_needs_a_person_in_proved_books(clerk: Client) -> None:
    make_balance(opening_minor=5_00)
    run_proof(actor=None)

    assert "Needs attention Nothing needs you now." in text_of(clerk.get("/"))


def test_rejected_schedules_are_told_until_somebody_has_seen_to_them(clerk: Client) -> None:
    kept = [
        make_schedule(source=make_balance(), destination=make_balance(), due_in=SOON)
        for _number in range(3)
    ]
    wait_until(timezone.now() + 2 * SOON)
    post_due()

    response = clerk.get("/")
    assert "3 scheduled transactions were rejected" in text_of(response)
    assert "3 transactions" in text_of(clerk.get(link_of(response, "tab=rejected")))

    page = clerk.post(f"/schedules/{kept[0].key}/seen/", follow=True)
    assert f"{kept[0].reference} is marked as seen." in text_of(page)
    assert "Seen to by clerk" in text_of(page)
    response = clerk.get("/")
    assert "2 scheduled transactions were rejected" in text_of(response)
    assert "2 transactions" in text_of(clerk.get(link_of(response, "tab=rejected")))

    late = make_schedule(source=make_balance(), destination=make_balance(), due_in=SOON)
    wait_until(late.due_at)
    post_due()
    page = clerk.post("/schedules/seen/", {"until": hidden_value(response, "until")}, follow=True)
    assert "2 rejected schedules are marked as seen." in text_of(page)
    assert "1 scheduled transaction was rejected" in text_of(page)
    assert AuditEvent.objects.filter(action="schedule.seen", actor__isnull=False).count() == 3


@pytest.mark.parametrize("until", ["", "soon", "2026-01-01", "2026-13-01T00:00:00Z"])
def test_nothing_is_marked_as_seen_up_to_no_moment(clerk: Client, until: str) -> None:
    page = clerk.post("/schedules/seen/", {"until": until}, follow=True)

    assert "Nothing was marked" in text_of(page)


def test_what_was_not_rejected_is_not_marked_as_seen(clerk: Client) -> None:
    kept = make_schedule(source=make_balance(), destination=make_balance())

    response = clerk.post(f"/schedules/{kept.key}/seen/")

    assert response.status_code == 422
    assert "It was not rejected." in text_of(response)


def test_holds_soon_to_expire_are_told_as_their_table_does(clerk: Client) -> None:
    source, destination = make_balance(floor_minor=None), make_balance()
    later = make_hold(source, destination, expires_at=timezone.now() + timedelta(hours=48))
    endless = make_hold(source, destination, reference="endless")
    ended = make_hold(
        source, destination, reference="ended", expires_at=timezone.now() + timedelta(hours=1)
    )
    commit_part(ended, None, "C-1")
    held = [
        make_hold(
            source,
            destination,
            reference=f"soon-{minutes}",
            expires_at=timezone.now() + timedelta(minutes=minutes),
        )
        for minutes in range(1, 7)
    ]

    response = clerk.get("/")
    table = clerk.get(link_of(response, "tab=inflight"))

    section = response.content.decode().split('id="attention"')[1].split("</section>")[0]
    assert "6 holds expire by the end of tomorrow" in section
    assert "the first 5" in section
    shown = [each for each in (*held, later, endless, ended) if each.get_absolute_url() in section]
    assert shown == held[:5]
    assert "6 transactions" in text_of(table)
    assert {each.reference for each in held} == {
        row[1].removesuffix("Hold") for row in rows_of(table)[1:]
    }


def test_schedules_due_today_are_those_of_the_persons_day() -> None:
    clerk = make_client(user=make_user(time_zone_choice="local"))
    clerk.cookies["daybook_tz"] = "Pacific/Kiritimati"
    zone = ZoneInfo("Pacific/Kiritimati")
    source, destination = make_balance(floor_minor=None), make_balance()
    midnight = datetime.combine(
        datetime.now(zone).date() + timedelta(days=1), time.min, tzinfo=zone
    )
    for name, due_at in (("last", midnight - timedelta(milliseconds=1)), ("next", midnight)):
        due_in = due_at - timezone.now()
        make_schedule(source=source, destination=destination, reference=name, due_in=due_in)

    response = clerk.get("/")
    text = text_of(response)

    assert "1 scheduled transaction is due today" in text
    assert "1 transaction" in text_of(clerk.get(link_of(response, "due:is:today")))
    section = text.split("Needs attention")[1].split("Latest transactions")[0]
    assert "last" in section
    assert "next" not in section


def test_proof_that_failed_is_told_with_its_number_of_checks(clerk: Client) -> None:
    make_balance(opening_minor=5_00)
    checks = [
        {"name": "Balances", "checked": 2, "mismatches": ["#1"]},
        {"name": "Entries", "checked": 2, "mismatches": []},
    ]
    ProofRun.objects.create(is_ok=False, duration_seconds=1, checks=checks)

    assert "The books do not match: 1 check failed" in text_of(clerk.get("/"))
    assert "1 check failed" in text_of(clerk.get("/proof/"))


def link_of(response: Any, part: str) -> str:
    return next(link for link in links_of(response) if part in link)
