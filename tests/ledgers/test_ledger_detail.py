from __future__ import annotations

import pytest
from django.test import Client

from ledgers.money import format_amount
from ledgers.operations import rename_ledger
from tests.factories import (
    general_ledger,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
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
from transactions.proof import run_proof
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db


def test_figures_are_those_of_the_entries(clerk: Client) -> None:
    ledger = make_ledger(name="Suppliers")
    builders = make_balance(ledger=ledger, identity=make_identity(name="Northgate"))
    leisure = make_balance(ledger=ledger, currency="JPY")
    post_transfer(source=Indicator("@Treasury", "GBP"), destination=builders, amount_minor=1_250_00)
    post_transfer(source=builders, destination=Indicator("@Fees", "GBP"), amount_minor=50_40)
    post_transfer(source=Indicator("@Treasury", "JPY"), destination=leisure, amount_minor=9000)

    rows = rows_of(clerk.get(ledger.get_absolute_url()))

    assert ["GBP", "1", "50.40", "1,250.00", "1,199.60GBP"] in rows
    assert ["JPY", "1", "0", "9,000", "9,000JPY"] in rows
    assert ["Northgate", "1,199.60GBP", "0.00"] in [row[:3] for row in rows]


def test_every_count_and_total_links_to_the_filtered_table(clerk: Client) -> None:
    ledger = make_ledger()
    make_balance(ledger=ledger, opening_minor=5_00)

    links = links_of(clerk.get(ledger.get_absolute_url()))

    # In the facts, and in "View all".
    assert links.count(f"/balances/?ledger={ledger.key}") == 2
    assert links.count(f"/transactions/?ledger={ledger.key}") == 2
    # The net in the facts; code, count, debits, credits and net in the totals.
    assert links.count(f"/balances/?ledger={ledger.key}&currency=GBP") == 6
    assert f"/balances/new/?ledger={ledger.key}" in links


def test_linked_tables_show_the_same_figures(clerk: Client) -> None:
    ledger = make_ledger()
    source = make_balance(ledger=ledger, opening_minor=5_00)
    destination = make_balance(ledger=ledger)
    make_balance(opening_minor=1_00)
    post_transfer(source=source, destination=destination)

    balances = text_of(clerk.get(f"/balances/?ledger={ledger.key}"))
    transactions = text_of(clerk.get(f"/transactions/?ledger={ledger.key}"))

    assert "2 balances" in balances
    assert "2 transactions" in transactions


def test_latest_transactions_come_first_and_once(clerk: Client) -> None:
    ledger = make_ledger()
    source = make_balance(ledger=ledger, opening_minor=5_00)
    destination = make_balance(ledger=ledger)
    for number in range(12):
        post_transfer(
            source=source, destination=destination, amount_minor=1, reference=f"wage-{number:02}"
        )

    references = [
        row[1] for row in rows_of(clerk.get(ledger.get_absolute_url())) if "wage" in str(row)
    ]

    assert references == [f"wage-{number:02}" for number in range(11, 1, -1)]


def test_first_ten_balances_are_shown(clerk: Client) -> None:
    ledger = make_ledger()
    for number in range(12):
        make_balance(ledger=ledger, identity=make_identity(name=f"Owner {number:02}"))

    response = clerk.get(ledger.get_absolute_url())

    owners = [row[0] for row in rows_of(response) if row[0].startswith("Owner ")]
    assert owners == [f"Owner {number:02}" for number in range(11, 1, -1)]
    assert "View all 12" in text_of(response)


def test_new_balance_is_marked(clerk: Client) -> None:
    ledger = make_ledger()
    balance = make_balance(ledger=ledger)
    make_balance(ledger=ledger)

    html = clerk.get(ledger.get_absolute_url(), {"new": balance.key}).content.decode()

    assert html.count('<tr class="new">') == 1


def test_debit_normal_balance_is_shown_from_its_side(clerk: Client) -> None:
    ledger = make_ledger()
    make_balance(ledger=ledger, normal_side="DEBIT", opening_minor=7_00)

    rows = rows_of(clerk.get(ledger.get_absolute_url()))

    assert ["GBP", "1", "7.00", "0.00", "−7.00GBP"] in rows
    assert "7.00GBP Dr" in [row[1] for row in rows if len(row) == 5]


def test_empty_ledger_says_what_comes(clerk: Client) -> None:
    text = text_of(clerk.get(make_ledger().get_absolute_url()))

    assert "A balance holds the money of one currency" in text
    assert "Create balance" in text


def test_general_ledger_carries_its_mark(clerk: Client) -> None:
    assert "General Ledgerdefault" in text_of(clerk.get(general_ledger().get_absolute_url()))


def test_proof_is_marked(clerk: Client) -> None:
    ledger = make_ledger()
    before = text_of(clerk.get(ledger.get_absolute_url()))
    run_proof(actor=None)

    after = text_of(clerk.get(ledger.get_absolute_url()))

    assert "not proved yet" in before
    assert "recomputed just now" in after


def test_history_tells_what_was_changed_and_by_whom(clerk: Client) -> None:
    user = make_user(username="ada")
    ledger = make_ledger(name="Old", actor=user)
    rename_ledger(ledger, name=SCRIPT, actor=user)

    response = clerk.get(ledger.get_absolute_url())

    text = text_of(response)
    assert "Created by ada" in text
    assert f"Name: “Old” → “{SCRIPT}”" in text
    assert SCRIPT not in response.content.decode()


def test_metadata_is_shown_as_text(clerk: Client) -> None:
    ledger = make_ledger(metadata={SCRIPT: {"inner": [SCRIPT]}})

    response = clerk.get(ledger.get_absolute_url())

    assert SCRIPT not in response.content.decode()
    assert SCRIPT in text_of(response)


def test_htmx_gets_the_figures_alone(clerk: Client) -> None:
    response = clerk.get(make_ledger().get_absolute_url(), headers=HTMX)

    assert response.content.decode().strip().startswith('<div id="ledger-figures"')


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    assert is_whole_page(clerk.get(make_ledger().get_absolute_url(), headers=HISTORY_RESTORE))


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    ledger = make_ledger()
    make_balance(ledger=ledger, identity=make_identity(), opening_minor=1_00)
    few = count_queries(clerk, ledger.get_absolute_url())
    for _ in range(12):
        make_balance(ledger=ledger, identity=make_identity(), opening_minor=1_00)

    many = count_queries(clerk, ledger.get_absolute_url())

    # ledger, totals, exponents, balances, latest transactions (3), history, proof
    assert many == few == 8


def test_figures_of_38_digits_are_exact(clerk: Client) -> None:
    ledger = make_ledger()
    minor = 12_345_678_901_234_567_890_123_456_789_012_345_67
    make_balance(ledger=ledger, opening_minor=minor)

    text = text_of(clerk.get(ledger.get_absolute_url()))

    # The net of its currency above, and below it in the totals; the balance; the transaction.
    assert text.count(format_amount(minor, 2)) >= 4
