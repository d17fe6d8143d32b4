from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client

from balances.filters import BalanceFilter
from balances.models import Balance
from balances.rows import ROWS
from tests.factories import (
    general_ledger,
    make_balance,
    make_identity,
    make_ledger,
    post_transfer,
)
from tests.pages import (
    HISTORY_RESTORE,
    HTMX,
    SCRIPT,
    count_queries,
    is_whole_page,
    links_of,
    rows_of,
    text_of,
)
from tests.transactions.living import place_hold
from web.pagination import Key

pytestmark = pytest.mark.django_db
URL = "/balances/"
HEAD = ["Owner or indicator", "Ledger", "Currency", "Balance", "Inflight", "Created", "Last 7 days"]


def names(client: Client, **query: str) -> list[str]:
    rows = rows_of(client.get(URL, query))
    start = rows.index(HEAD) if HEAD in rows else len(rows)
    return [row[0] for row in rows[start + 1 :]]


def test_balances_are_shown_newest_first_with_their_figures(clerk: Client) -> None:
    suppliers = make_ledger(name="Suppliers")
    make_balance(ledger=suppliers, identity=make_identity(name="Northgate"), opening_minor=17_100)
    make_balance(ledger=suppliers, currency="JPY", identity=make_identity(name="Tokyo"))

    rows = rows_of(clerk.get(URL))

    assert rows[0] == HEAD
    assert [row[0] for row in rows[1:]] == ["Tokyo", "@Funding", "Northgate"]
    assert rows[1][1:5] == ["Suppliers", "JPY", "0JPY", "0"]
    assert rows[2][3] == "−171.00GBP"
    assert rows[3][3] == "171.00GBP"


def test_on_a_phone_what_is_inflight_stands_below_the_balance(clerk: Client) -> None:
    payer, payee = make_balance(opening_minor=50_00), make_balance()
    place_hold(source=payer, destination=payee, amount_minor=7_00)

    html = clerk.get("/balances/?size=50").content.decode()

    notes = re.findall(r'<small class="note only-s">([^<]*)</small>', html)
    assert sorted(notes) == ["7.00 inflight", "−7.00 inflight"]


def test_debit_normal_balance_shows_debits_less_credits_and_says_so(clerk: Client) -> None:
    make_balance(indicator="@Cash", normal_side="DEBIT", opening_minor=50_00)

    row = next(row for row in rows_of(clerk.get(URL)) if row[0] == "@Cash")

    assert row[3] == "50.00DrGBP"


def test_balance_without_owner_shows_the_start_of_its_id(clerk: Client) -> None:
    balance = make_balance()

    assert names(clerk) == [f"{balance.key[:12]}…"]


def test_tabs_count_all_and_internal(clerk: Client) -> None:
    make_balance(opening_minor=1_00)
    make_balance(ledger=general_ledger())

    text = text_of(clerk.get(URL))

    assert "All3" in text.replace(" ", "")
    assert "Internal1" in text.replace(" ", "")
    assert names(clerk, tab="internal") == ["@Funding"]


def test_tab_counts_follow_the_filters(clerk: Client) -> None:
    ledger = make_ledger()
    make_balance(ledger=ledger, opening_minor=1_00)
    make_balance()

    text = text_of(clerk.get(URL, {"ledger": ledger.key})).replace(" ", "")

    assert "All1" in text
    assert "Internal0" in text


def test_filter_by_ledger_shows_totals_that_are_those_of_its_entries(clerk: Client) -> None:
    ledger = make_ledger(name="Suppliers")
    builders = make_balance(ledger=ledger, opening_minor=100_00)
    leisure = make_balance(ledger=ledger, opening_minor=20_00)
    make_balance(ledger=ledger, currency="EUR")
    make_balance(opening_minor=5_00)
    post_transfer(source=builders, destination=leisure, amount_minor=30_00)

    response = clerk.get(URL, {"ledger": ledger.key})

    rows = rows_of(response)
    assert ["EUR", "1", "0.00", "0.00", "0.00EUR"] in rows
    assert ["GBP", "2", "30.00", "150.00", "120.00GBP"] in rows
    assert "3 balances" in text_of(response)
    assert "Ledger: Suppliers" in text_of(response)


def test_filter_by_owner(clerk: Client) -> None:
    owner = make_identity(name="Northgate")
    make_balance(identity=owner)
    make_balance()

    assert names(clerk, identity=owner.key) == ["Northgate"]


def test_filter_by_currency_in_any_case(clerk: Client) -> None:
    make_balance(currency="EUR", identity=make_identity(name="Euro"))
    make_balance()

    assert names(clerk, currency="eur") == ["Euro"]


@pytest.mark.parametrize("text", ["north", "NORTHGATE", "gate B"])
def test_search_finds_part_of_an_owner(clerk: Client, text: str) -> None:
    make_balance(identity=make_identity(name="Northgate Builders"))
    make_balance(identity=make_identity(name="Meadow Homes"))

    assert names(clerk, q=text) == ["Northgate Builders"]


def test_search_finds_an_indicator_and_an_id(clerk: Client) -> None:
    treasury = make_balance(indicator="@Treasury")
    make_balance()

    assert names(clerk, q="treas") == ["@Treasury"]
    assert names(clerk, q=treasury.key) == ["@Treasury"]


def test_what_is_found_is_added_up_behind_many_others(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More are not added up than are counted: of those that pass, not of those before them."""
    monkeypatch.setattr("reports.balance_table.EXACT_MAX", 2)
    for _ in range(4):
        make_balance(ledger=make_ledger(), opening_minor=1_00)
    for _ in range(2):
        make_balance(identity=make_identity(name="Northgate"), opening_minor=10_00)
    make_balance(indicator="@Till", currency="JPY", floor_minor=None)

    found, internal = clerk.get(URL, {"q": "north"}), clerk.get(f"{URL}?tab=internal&currency=JPY")

    assert "2 balances" in text_of(found)
    assert "20.00GBP 2 balances" in text_of(found)
    assert "1 balance" in text_of(internal)


def test_each_filter_can_be_removed(clerk: Client) -> None:
    ledger = make_ledger()

    links = links_of(clerk.get(URL, {"ledger": ledger.key, "currency": "GBP"}))

    assert "/balances/?currency=GBP" in links
    assert f"/balances/?ledger={ledger.key}" in links


@pytest.mark.parametrize("name", ["ledger", "identity"])
@pytest.mark.parametrize("key", ["nonsense", "ldg_00000000-0000-0000-0000-000000000000", SCRIPT])
def test_filter_by_a_record_that_does_not_exist_shows_nothing(
    clerk: Client, name: str, key: str
) -> None:
    make_balance()

    response = clerk.get(URL, {name: key})

    assert "No such record" in text_of(response)
    assert "No balance passes these filters" in text_of(response)
    assert SCRIPT not in response.content.decode()


def test_empty_table_teaches(clerk: Client) -> None:
    assert "No balances yet" in text_of(clerk.get(URL))


def test_pages_of_twenty_hold_each_balance_once(clerk: Client) -> None:
    ledger = make_ledger()
    keys = [make_balance(ledger=ledger).key for _ in range(45)]

    seen: list[str] = []
    url = f"{URL}?ledger={ledger.key}"
    while url:
        response = clerk.get(url)
        html = response.content.decode()
        seen += re.findall(r'<td><a href="/balances/(bln_[^/"]+)/"', html)
        following = [link for link in links_of(response) if "cursor=" in link]
        url = following[-1] if 'rel="next"' in html else ""

    assert seen == keys[::-1]


def test_oldest_first(clerk: Client) -> None:
    make_balance(identity=make_identity(name="First"))
    make_balance(identity=make_identity(name="Second"))

    assert names(clerk, sort="created") == ["First", "Second"]


def test_bad_cursor_shows_the_first_page_and_says_so(clerk: Client) -> None:
    make_balance(identity=make_identity(name="First"))

    response = clerk.get(URL, {"cursor": "forged"})

    assert "no longer valid" in text_of(response)
    assert names(clerk) == ["First"]


def test_htmx_gets_the_table_alone(clerk: Client) -> None:
    response = clerk.get(URL, headers=HTMX)

    assert not is_whole_page(response)
    assert response.content.decode().strip().startswith('<div id="balance-table"')


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    assert is_whole_page(clerk.get(URL, headers=HISTORY_RESTORE))


def test_anonymous_is_sent_to_login(client: Client) -> None:
    assert client.get(URL).headers["Location"] == "/login/?next=/balances/"


def test_new_row_is_marked(clerk: Client) -> None:
    balance = make_balance()

    html = clerk.get(URL, {"new": balance.key}).content.decode()

    assert html.count('<tr class="new"') == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 4),  # the page, two counts, saved views
        ("?ledger={ledger}", 4),  # the ledger, the page, totals
        ("?tab=internal", 4),
        ("?q=a", 7),  # and the owners and indicators
    ],
)
def test_query_count_is_constant_in_rows(clerk: Client, query: str, expected: int) -> None:
    ledger = make_ledger()
    make_balance(ledger=ledger, identity=make_identity(name="a"), opening_minor=1)
    url = URL + query.format(ledger=ledger.key)
    few = count_queries(clerk, url)
    for number in range(25):
        make_balance(ledger=ledger, identity=make_identity(name=f"a{number}"), opening_minor=1)

    many = count_queries(clerk, url)

    assert many == few == expected


def test_names_are_shown_as_text(clerk: Client) -> None:
    make_balance(ledger=make_ledger(name=SCRIPT), identity=make_identity(name=SCRIPT))
    make_balance(identity=make_identity(name="شركة النور"))

    response = clerk.get(URL)

    assert SCRIPT not in response.content.decode()
    assert SCRIPT in text_of(response)
    assert "<bdi>شركة النور</bdi>" in response.content.decode()


@pytest.mark.parametrize("text", ["\x00", "%", "_", "'; DROP TABLE x", SCRIPT])
def test_search_takes_any_text(clerk: Client, text: str) -> None:
    make_balance(identity=make_identity(name="Northgate"))

    response = clerk.get(URL, {"q": text, "currency": text})

    assert response.status_code == 200
    assert SCRIPT not in response.content.decode()
    assert Balance.objects.count() == 1


def test_page_of_a_ledger_is_read_by_the_index_of_that_ledger() -> None:
    ledger = make_ledger()
    filtered, order = BalanceFilter(ledger=ledger).select_in_order(
        ROWS, [Key("created_at", descending=True)]
    )

    with connection.cursor() as cursor:
        # Nothing else but an index that gives the order would do in large books.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        plan = filtered.order_by(*(f"-{key.field}" for key in order))[:21].explain()

    assert [key.field for key in order] == ["ledger_id", "created_at"]
    assert "balance_ledger_created" in plan
    assert "balance_created" not in plan
