from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from balances.models import Balance
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
    SLIDE_OVER,
    count_queries,
    is_whole_page,
    links_of,
    rows_of,
    text_of,
)
from transactions.models import Entry
from transactions.posting import post
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, PostingRequest

pytestmark = pytest.mark.django_db


def facts_of(response: Any) -> dict[str, str]:
    """Each term of the page with its value, links to the glossary aside."""
    pairs = re.findall(
        r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", response.content.decode(), re.DOTALL
    )
    return {
        re.sub(r"<a .*</a>|<[^>]*>", "", term, flags=re.DOTALL).strip(): " ".join(
            re.sub(r"<[^>]*>", "", value).split()
        )
        for term, value in pairs
    }


def register(client: Client, balance: Balance) -> list[list[str]]:
    """The rows of entries: reference, counterparty, debit, credit and running figure."""
    rows = rows_of(client.get(balance.get_absolute_url()))
    return [[row[1], row[2], row[3], row[4], row[6]] for row in rows[1:] if row[1:2] != [""]]


def test_six_figures_owner_ledger_and_id(clerk: Client) -> None:
    owner = make_identity(name="Northgate")
    balance = make_balance(
        ledger=make_ledger(name="Suppliers"), identity=owner, opening_minor=500_00
    )
    post_transfer(source=balance, destination=make_balance(), amount_minor=120_50)

    response = clerk.get(balance.get_absolute_url())

    facts = facts_of(response)
    assert facts["Balance"] == "379.50GBP"
    assert (facts["Credits"], facts["Debits"]) == ("500.00", "120.50")
    assert {facts[f"Inflight{part}"] for part in ("", " credits", " debits")} == {"0.00"}
    assert "Credit-normal: credits less debits" in text_of(response)
    assert balance.key in text_of(response)
    assert {owner.get_absolute_url(), balance.ledger.get_absolute_url()} <= set(links_of(response))


def test_debit_normal_balance_counts_debits_less_credits(clerk: Client) -> None:
    cash = make_balance(indicator="@Cash", normal_side="DEBIT", opening_minor=80_00)
    post_transfer(source=make_balance(floor_minor=None), destination=cash, amount_minor=30_00)

    response = clerk.get(cash.get_absolute_url())

    assert facts_of(response)["Balance"] == "50.00GBP"
    assert "Debit-normal: debits less credits" in text_of(response)
    assert [row[4] for row in register(clerk, cash)] == ["50.00", "80.00"]


def test_register_shows_entries_newest_first_with_the_running_balance(clerk: Client) -> None:
    balance = make_balance(identity=make_identity(name="Northgate"), floor_minor=None)
    treasury = Indicator("@Treasury", "GBP")
    post_transfer(source=treasury, destination=balance, amount_minor=100_00, reference="in")
    other = make_balance(identity=make_identity(name="Meadow"))
    post_transfer(source=balance, destination=other, amount_minor=130_25, reference="out")

    rows = register(clerk, balance)

    assert rows == [
        ["out", "Meadow", "130.25", "", "−30.25"],
        ["in", "@Treasury", "", "100.00", "100.00"],
    ]


def test_register_is_what_the_entries_say(clerk: Client) -> None:
    balance = make_balance(opening_minor=10_00)
    for number in range(8):
        post_transfer(source=balance, destination=make_balance(), amount_minor=1_00 + number)

    rows = register(clerk, balance)

    entries = Entry.objects.filter(balance=balance).order_by("-position")
    assert [row[4] for row in rows] == [f"{entry.running_minor / 100:.2f}" for entry in entries]
    assert sum(float(row[2] or 0) for row in rows) == pytest.approx(8.28)


def test_counterparties_are_those_of_the_opposite_side(clerk: Client) -> None:
    payroll = make_balance(floor_minor=None, identity=make_identity(name="Payroll"))
    workers = [make_balance() for _ in range(3)]
    legs = [Leg(payroll.pk, DEBIT, 3_00), *(Leg(each.pk, CREDIT, 1_00) for each in workers)]
    post(PostingRequest("payroll", legs))

    assert register(clerk, payroll)[0][:2] == ["payroll", "3 balances"]
    assert register(clerk, workers[0])[0][:2] == ["payroll", "Payroll"]


def test_counterparty_of_an_exchange_is_the_one_in_the_same_currency(clerk: Client) -> None:
    pounds, euros = make_balance(floor_minor=None), make_balance(currency="EUR")
    legs = [
        Leg(pounds.pk, DEBIT, 50_00),
        Leg(Indicator("@Liquidity", "GBP"), CREDIT, 50_00),
        Leg(Indicator("@Liquidity", "EUR"), DEBIT, 58_00),
        Leg(euros.pk, CREDIT, 58_00),
    ]
    post(PostingRequest("exchange", legs))

    assert register(clerk, pounds) == [["exchange", "@Liquidity", "50.00", "", "−50.00"]]
    assert register(clerk, euros) == [["exchange", "@Liquidity", "", "58.00", "58.00"]]


def test_several_entries_of_one_transaction_are_lines_of_their_own(clerk: Client) -> None:
    supplier = make_balance(floor_minor=None)
    legs = [
        Leg(supplier.pk, CREDIT, 5_00),
        Leg(supplier.pk, DEBIT, 1_00),
        Leg(Indicator("@Treasury", "GBP"), DEBIT, 4_00),
    ]
    post(PostingRequest("voucher", legs))

    rows = register(clerk, supplier)

    assert rows == [
        ["voucher", "@Treasury", "1.00", "", "4.00"],
        ["voucher", "@Treasury", "", "5.00", "5.00"],
    ]
    assert "View 1 transaction" in text_of(clerk.get(supplier.get_absolute_url()))
    assert "2 entries" in text_of(clerk.get(supplier.get_absolute_url()))


def test_register_pages_join_by_the_figure_brought_forward(clerk: Client) -> None:
    balance = make_balance(floor_minor=None)
    for _ in range(25):
        post_transfer(source=make_balance(floor_minor=None), destination=balance)

    first = clerk.get(balance.get_absolute_url())
    following = next(link for link in links_of(first) if "cursor=" in link)
    second = clerk.get(following)

    forward = next(row for row in rows_of(first) if "Brought forward" in row)
    rest = rows_of(second)[1:]
    assert forward[-1] == rest[0][-1] == "5.00"
    assert "Opened at" in text_of(second)
    assert len([row for row in rest if row[1]]) == 5


def test_register_fragment(clerk: Client) -> None:
    balance = make_balance(opening_minor=1_00)

    response = clerk.get(balance.get_absolute_url(), headers=HTMX | {"HX-Target": "register"})

    assert not is_whole_page(response)
    assert response.content.decode().strip().startswith('<div id="register"')


def test_figures_refresh_when_a_transaction_is_posted(clerk: Client) -> None:
    balance = make_balance(opening_minor=1_00)

    response = clerk.get(balance.get_absolute_url(), headers=HTMX)

    assert response.content.decode().strip().startswith('<div id="balance-figures"')
    assert 'hx-trigger="transactionPosted from:body"' in response.content.decode()


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    balance = make_balance()

    assert is_whole_page(clerk.get(balance.get_absolute_url(), headers=HISTORY_RESTORE))


def test_links_to_its_transactions_and_to_posting(clerk: Client) -> None:
    balance = make_balance(opening_minor=1_00)

    links = links_of(clerk.get(balance.get_absolute_url()))

    assert f"/transactions/?balance={balance.key}" in links
    assert f"/transactions/new/?source={balance.key}" in links


@pytest.mark.parametrize(
    ("floor_minor", "told"), [(0, "0.00"), (-5_00, "−5.00"), (None, "No limit")]
)
def test_floor_is_told(clerk: Client, floor_minor: int | None, told: str) -> None:
    balance = make_balance(floor_minor=floor_minor)

    assert facts_of(clerk.get(balance.get_absolute_url()))["Floor"] == told


def test_query_count_is_constant_in_entries(clerk: Client) -> None:
    balance = make_balance(opening_minor=1_00)
    few = count_queries(clerk, balance.get_absolute_url())
    for _ in range(25):
        post_transfer(source=make_balance(floor_minor=None), destination=balance)

    many = count_queries(clerk, balance.get_absolute_url())

    assert many == few == 4  # balance, entries, counterparties, history


def test_texts_are_shown_as_text(clerk: Client) -> None:
    owner = make_identity(name=SCRIPT)
    balance = make_balance(identity=owner, metadata={SCRIPT: SCRIPT}, floor_minor=None)
    other = make_balance(identity=make_identity(name="شركة النور"))
    post_transfer(source=balance, destination=other, reference=SCRIPT, description=SCRIPT)

    html = clerk.get(balance.get_absolute_url()).content.decode()

    assert SCRIPT not in html
    assert html.count(escape(SCRIPT)) >= 4
    assert "<bdi>شركة النور</bdi>" in html


def test_anonymous_is_sent_to_login(client: Client) -> None:
    balance = make_balance()

    for part in ("", "info/", "metadata/", "closing/"):
        url = balance.get_absolute_url() + part
        assert client.get(url).headers["Location"] == f"/login/?next={url}"


@pytest.mark.parametrize("part", ["", "info/", "metadata/"])
def test_unknown_balance_is_not_found(clerk: Client, part: str) -> None:
    url = f"/balances/bln_00000000-0000-0000-0000-000000000000/{part}"

    assert clerk.get(url).status_code == 404


def test_full_info_holds_everything_as_json(clerk: Client) -> None:
    balance = make_balance(
        ledger=general_ledger(), currency="JPY", opening_minor=1250, metadata={"a": {"b": 1}}
    )

    response = clerk.get(f"{balance.get_absolute_url()}info/")

    found = re.search(r"<pre[^>]*>(.*?)</pre>", response.content.decode(), re.DOTALL)
    assert found
    record = json.loads(found[1].replace("&quot;", '"'))
    assert record["id"] == balance.key
    assert record["balance"] == {"amount": "1250", "minor": "1250"}
    assert record["metadata"] == {"a": {"b": 1}}
    assert record["entries"] == record["transactions"] == 1


def test_full_info_in_the_slide_over(clerk: Client) -> None:
    balance = make_balance()

    assert not is_whole_page(clerk.get(f"{balance.get_absolute_url()}info/", headers=SLIDE_OVER))
