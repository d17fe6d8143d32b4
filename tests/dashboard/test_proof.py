from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_balance, make_client, make_user
from tests.pages import HTMX, SCRIPT, count_queries, rows_of, text_of
from transactions.models import ProofRun
from transactions.proof import run_proof

pytestmark = pytest.mark.django_db
URL = "/proof/"


@pytest.fixture
def clerk() -> Client:
    return make_client(user=make_user(username="ada"))


def failed_run(mismatch: str = "bln_1: credits 5") -> ProofRun:
    return ProofRun.objects.create(
        is_ok=False,
        duration_seconds=1.25,
        checks=[
            {"name": "running totals", "checked": 12_000, "mismatches": [mismatch]},
            {"name": "a sound check", "checked": 3, "mismatches": []},
        ],
    )


def test_books_never_proved_say_so(clerk: Client) -> None:
    text = text_of(clerk.get(URL))

    assert "The books have not been proved yet" in text
    assert "Run the proof" in text


def test_proof_is_run_and_shown(clerk: Client) -> None:
    make_balance(opening_minor=5_00)

    response = clerk.post(URL, follow=True)

    run = ProofRun.objects.get()
    text = text_of(response)
    assert response.redirect_chain == [(URL, 302)]
    assert run.actor is not None
    assert run.actor.get_username() == "ada"
    assert "Everything matches." in text
    assert f"{len(run.checks)} checks, all match" in text
    assert ["Transactions balance in each currency", "1", "0"] in rows_of(response)


def test_mismatches_are_named_first_and_as_text(clerk: Client) -> None:
    failed_run(SCRIPT)

    response = clerk.get(URL)

    rows = rows_of(response)
    assert rows[1] == [f"Running totals{SCRIPT}", "12,000", "1"]
    assert rows[2] == ["A sound check", "3", "0"]
    assert "1 check failed" in text_of(response)
    assert SCRIPT not in response.content.decode()


def test_failed_proof_shows_beside_the_figures(clerk: Client) -> None:
    failed_run()

    response = clerk.get("/")

    assert "mismatches found" in text_of(response)
    assert 'class="proof failed"' in response.content.decode()


def test_earlier_run_can_be_looked_at(clerk: Client) -> None:
    earlier = failed_run()
    run_proof(actor=None)

    latest, looked_at = clerk.get(URL), clerk.get(URL, {"run": earlier.pk})

    assert "1.2 s" in text_of(looked_at)
    assert "Running totalsbln_1: credits 5" not in text_of(latest)
    assert "Running totalsbln_1: credits 5" in text_of(looked_at)


@pytest.mark.parametrize("number", ["x", "-1", "0", "9" * 18, "9" * 5000, "١"])
def test_unknown_run_shows_the_last(clerk: Client, number: str) -> None:
    failed_run()

    assert "1 check failed" in text_of(clerk.get(URL, {"run": number}))


def test_getting_the_page_runs_nothing(clerk: Client) -> None:
    clerk.get(URL)

    assert not ProofRun.objects.exists()


def test_htmx_gets_the_report_alone(clerk: Client) -> None:
    response = clerk.get(URL, headers=HTMX)

    assert response.content.decode().strip().startswith('<div id="proof-report"')


def test_anonymous_runs_nothing(client: Client) -> None:
    response = client.post(URL)

    assert response.headers["Location"] == "/login/?next=/proof/"
    assert not ProofRun.objects.exists()


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    failed_run()
    few = count_queries(clerk, URL)
    for _ in range(12):
        failed_run()

    assert count_queries(clerk, URL) == few == 2  # last run, runs
