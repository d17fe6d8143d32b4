"""Pages at a moment of the past: what they show, keep and do not offer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from balances.models import Balance
from tests.factories import (
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.pages import HTMX, count_queries, links_of, rows_of, text_of
from users.models import TimeZoneChoice

pytestmark = pytest.mark.django_db
MARCH = datetime(2025, 3, 10, 9, tzinfo=UTC)
APRIL = datetime(2025, 4, 10, 9, tzinfo=UTC)
AS_OF = "as_of=2025-03-31"


@pytest.fixture
def balance() -> Balance:
    """Northgate in Suppliers: 100.00 in March; in April 30.00 out, recorded before March's."""
    suppliers = make_ledger(name="Suppliers")
    northgate = make_balance(
        ledger=suppliers, identity=make_identity(name="Northgate"), floor_minor=None
    )
    other = make_balance(floor_minor=None)
    post_transfer(source=northgate, destination=other, amount_minor=30_00, effective_at=APRIL)
    post_transfer(source=other, destination=northgate, amount_minor=100_00, effective_at=MARCH)
    return northgate


def pages_of(balance: Balance) -> dict[str, str]:
    return {
        "balance": balance.get_absolute_url(),
        "ledger": balance.ledger.get_absolute_url(),
        "balances": f"/balances/?ledger={balance.ledger.key}",
        "trial balance": "/trial-balance/",
    }


def at(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def test_every_page_says_that_it_shows_the_past_and_offers_no_change(
    clerk: Client, balance: Balance
) -> None:
    for url in pages_of(balance).values():
        response = clerk.get(at(url, AS_OF))

        text = text_of(response)
        assert "As of 31 Mar 2025, 23:59 · with all that was recorded since UTC" in text
        assert "100.00" in text
        assert "70.00" not in text
        links = links_of(response)
        assert url in links, "back to now"
        assert not [
            link
            for link in links
            if ("/new/" in link and not link.startswith("/views/")) or "/metadata/" in link
        ]
        assert "Close balance" not in text


def test_pages_of_now_offer_the_past(clerk: Client, balance: Balance) -> None:
    for url in pages_of(balance).values():
        response = clerk.get(url)

        assert 'type="date" name="as_of"' in response.content.decode()
        assert "Back to now" not in text_of(response)
        assert "70.00" in text_of(response)
        assert [link for link in links_of(response) if link.endswith("/new/")]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("as_of=2025-02-30", "“2025-02-30” is not a date such as 2025-03-31. This page shows now."),
        ("as_of=2999-01-01", "1 Jan 2999 is in the future. This page shows now."),
        ("as_of=2999-01-01T10:00", "2999-01-01T10:00 is in the future. This page shows now."),
        ("known_at=0001-01-01T00:00%2B14:00", "is before the year 1900. This page shows now."),
        (f"as_of={'9' * 5000}", "is not a date such as 2025-03-31. This page shows now."),
        ("as_of=2025-03-31%00", "is not a date"),
    ],
)
def test_what_is_no_moment_of_the_past_shows_now(
    clerk: Client, balance: Balance, query: str, told: str
) -> None:
    for url in pages_of(balance).values():
        text = text_of(clerk.get(at(url, query)))

        assert told in text
        assert "70.00" in text
        assert "Back to now" not in text


def test_what_a_page_has_told_of_its_moment_is_not_told_again_on_the_next(
    clerk: Client, balance: Balance
) -> None:
    clerk.get("/balances/?as_of=2999-01-01")
    clerk.get("/tables/balances/counts/?as_of=2999-01-01", headers=HTMX)

    assert "is in the future" not in text_of(clerk.get("/ledgers/"))


def test_register_runs_by_effective_date_to_the_figure_of_that_moment(
    clerk: Client, balance: Balance
) -> None:
    rows = rows_of(clerk.get(at(balance.get_absolute_url(), AS_OF)))

    assert rows[1][0].startswith("10 Mar 2025")
    assert (rows[1][4], rows[1][-1]) == ("100.00", "100.00")
    assert rows[2][-1] == "0.00"
    assert rows[3][0] == "All entries"
    assert rows[3][-1] == "100.00"


def test_known_at_shows_what_stood_in_the_books(clerk: Client, balance: Balance) -> None:
    known = timezone.now().isoformat().replace("+", "%2B")
    post_transfer(source=make_balance(floor_minor=None), destination=balance, effective_at=MARCH)

    now = text_of(clerk.get(balance.get_absolute_url()))
    then = text_of(clerk.get(at(balance.get_absolute_url(), f"known_at={known}")))
    both = text_of(clerk.get(at(balance.get_absolute_url(), f"{AS_OF}&known_at={known}")))

    assert "71.00" in now
    assert "70.00" in then
    assert "As recorded by" in then
    assert "100.00" in both
    assert "101.00" not in both


def test_a_day_ends_in_the_zone_of_who_asks(balance: Balance) -> None:
    late = datetime(2025, 3, 31, 23, 30, tzinfo=UTC)  # 1 April in Oslo
    post_transfer(source=make_balance(floor_minor=None), destination=balance, effective_at=late)
    oslo = make_client(user=make_user(time_zone_choice=TimeZoneChoice.LOCAL))
    oslo.cookies["daybook_tz"] = "Europe/Oslo"
    url = at(balance.get_absolute_url(), AS_OF)

    assert "101.00" in text_of(make_client().get(url))
    text = text_of(oslo.get(url))
    assert "As of 31 Mar 2025, 23:59" in text
    assert "Europe/Oslo" in text
    assert "101.00" not in text


def test_links_tabs_sorting_and_pages_keep_the_moment(clerk: Client, balance: Balance) -> None:
    for _ in range(20):
        make_balance(ledger=balance.ledger)
    url = at(f"/balances/?ledger={balance.ledger.key}&sort=created", AS_OF)

    links = links_of(clerk.get(url))

    kept = [link for link in links if "cursor=" in link or "tab=internal" in link]
    kept += [link for link in links if "sort=" in link or "/bln_" in link or "/ldg_" in link]
    assert len(kept) > 40
    back_to_now = f"/balances/?ledger={balance.ledger.key}&sort=created"
    assert [link for link in kept if AS_OF not in link] == [back_to_now]
    assert f"/balances/?sort=created&{AS_OF}" in links, "the chip that is taken away"
    html = clerk.get(url).content.decode()
    assert 'name="as_of" form="balance-table-search" value="2025-03-31"' in html
    ledger = links_of(clerk.get(at(balance.ledger.get_absolute_url(), AS_OF)))
    for link in ledger:
        assert AS_OF in link or "/ldg_" in link or ("bln_" not in link and "balances/?" not in link)


@pytest.mark.parametrize("place", ["", "statement/"])
def test_counterparties_are_opened_at_the_same_moment(
    clerk: Client, balance: Balance, place: str
) -> None:
    other = Balance.objects.exclude(pk=balance.pk).get(entry_count=2)
    url = at(f"{balance.get_absolute_url()}{place}", f"from=2025-03-01&to=2025-03-31&{AS_OF}")

    links = [link for link in links_of(clerk.get(url)) if other.key in link]

    assert links == [f"{other.get_absolute_url()}?{AS_OF}"]


def test_totals_of_filtered_balances_are_the_sums_of_their_rows(
    clerk: Client, balance: Balance
) -> None:
    make_balance(ledger=balance.ledger)
    identity = balance.identity
    assert identity is not None
    for query in (
        f"ledger={balance.ledger.key}",
        f"identity={identity.key}",
        f"ledger={balance.ledger.key}&q=north",
    ):
        rows = rows_of(clerk.get(f"/balances/?{query}&{AS_OF}"))

        assert ["GBP", "0.00", "100.00", "100.00GBP"] in rows


def test_counts_that_are_not_of_that_moment_are_not_shown(clerk: Client, balance: Balance) -> None:
    make_balance(ledger=balance.ledger)

    text = text_of(clerk.get(at(f"/balances/?ledger={balance.ledger.key}", AS_OF)))
    ledger = text_of(clerk.get(at(balance.ledger.get_absolute_url(), AS_OF)))
    page = text_of(clerk.get(at(balance.get_absolute_url(), AS_OF)))

    assert "Inflight" not in text + ledger + page
    assert "View all 2" not in ledger
    assert "Latest transactions" not in ledger
    assert "1 entry" in page
    assert "transactions" not in page.partition("Register")[2].partition("Details")[0]


def test_tabs_of_the_past_count_the_balances_they_list(clerk: Client, balance: Balance) -> None:
    make_balance(indicator="@Fees")
    known = f"known_at={timezone.now().isoformat().replace('+', '%2B')}"
    make_balance(ledger=balance.ledger, currency="EUR")
    make_balance(indicator="@Later")

    for query, counts, words in (
        (AS_OF, ("5", "2"), "5 balances, also those opened since"),
        (known, ("3", "1"), "3 balances"),
        (f"{AS_OF}&{known}", ("3", "1"), "3 balances"),
        (f"{AS_OF}&tab=internal", ("5", "2"), "2 balances, also those opened since"),
        (f"{known}&tab=internal", ("3", "1"), "1 balance"),
        (f"ledger={balance.ledger.key}&{known}", ("1", "0"), "1 balance"),
        (f"{known}&where=currency:is:EUR", ("0", ""), "0 balances"),
        (f"{AS_OF}&q=north", ("1", "0"), "1 balance, also those opened since"),
    ):
        context = clerk.get(f"/balances/?{query}").context

        tabs = {tab["label"]: tab["count"] for tab in context["tabs"].links}
        assert (tabs["All"], tabs["Internal"]) == counts, query
        assert context["total"] == words
        assert words.startswith(f"{len(context['page'].rows)} "), query


def test_balances_that_were_opened_later_were_not_known(clerk: Client, balance: Balance) -> None:
    known = f"known_at={timezone.now().isoformat().replace('+', '%2B')}"
    later = make_balance(ledger=balance.ledger)

    for url in (f"/balances/?ledger={balance.ledger.key}", balance.ledger.get_absolute_url()):
        links = links_of(clerk.get(at(url, known)))

        assert not [link for link in links if later.key in link]
        assert [link for link in links if balance.key in link]


def test_before_the_first_balance_nothing_is_offered_but_now(
    clerk: Client, balance: Balance
) -> None:
    response = clerk.get("/balances/?known_at=2025-03-31")

    assert "No balance had been opened by then" in text_of(response)
    assert "Create balance" not in text_of(response)
    assert "/balances/" in links_of(response)


def test_the_past_costs_a_constant_number_of_queries(clerk: Client, balance: Balance) -> None:
    urls = [at(url, AS_OF) for url in pages_of(balance).values()]
    few = [count_queries(clerk, url) for url in urls]
    for _ in range(5):
        other = make_balance(ledger=balance.ledger, floor_minor=None)
        post_transfer(source=other, destination=balance, effective_at=MARCH)

    assert [count_queries(clerk, url) for url in urls] == few


def test_a_table_refreshes_within_its_moment(clerk: Client, balance: Balance) -> None:
    url = at(f"/balances/?ledger={balance.ledger.key}", AS_OF)

    html = clerk.get(url, headers=HTMX).content.decode()

    assert f'hx-get="/balances/?ledger={balance.ledger.key}&amp;{AS_OF}"' in html
    assert "100.00" in html
