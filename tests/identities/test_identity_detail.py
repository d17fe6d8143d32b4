from __future__ import annotations

import pytest
from django.test import Client

from identities.operations import change_identity
from tests.factories import make_balance, make_identity, make_ledger, make_user, post_transfer
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
from tests.transactions.living import reverse

pytestmark = pytest.mark.django_db


def test_balances_and_totals_are_shown(clerk: Client) -> None:
    identity = make_identity()
    wallets, savings = make_ledger(name="Wallets"), make_ledger(name="Savings")
    make_balance(ledger=wallets, identity=identity, opening_minor=10_00)
    make_balance(ledger=savings, identity=identity, opening_minor=2_50)
    make_balance(ledger=savings, opening_minor=99_00)

    rows = rows_of(clerk.get(identity.get_absolute_url()))

    assert ["GBP", "2", "0.00", "12.50", "12.50GBP"] in rows
    assert [row[:2] for row in rows if row[0] in ("Wallets", "Savings")] == [
        ["Savings", "2.50GBP"],
        ["Wallets", "10.00GBP"],
    ]


def test_counts_and_totals_link_to_the_filtered_table(clerk: Client) -> None:
    identity = make_identity()
    make_balance(identity=identity, opening_minor=1_00)

    links = links_of(clerk.get(identity.get_absolute_url()))

    assert links.count(f"/balances/?identity={identity.key}") == 2
    assert links.count(f"/balances/?identity={identity.key}&currency=GBP") == 6
    assert f"/balances/new/?identity={identity.key}" in links


def test_transactions_are_counted_once_as_the_table_that_they_lead_to_does(clerk: Client) -> None:
    identity = make_identity()
    wallet, savings = (make_balance(identity=identity, opening_minor=9_00) for _ in range(2))
    post_transfer(source=wallet, destination=savings, amount_minor=1_00, reference="both-sides")
    reverse(post_transfer(source=wallet, destination=make_balance(), amount_minor=2_00))
    post_transfer(
        source=make_balance(opening_minor=1_00), destination=make_balance(), reference="of-others"
    )
    table = f"/transactions/?where=owner:is:{identity.key}"

    region = f"{identity.get_absolute_url()}transactions/"
    page, found = clerk.get(region), clerk.get(table)

    assert region in links_of(clerk.get(identity.get_absolute_url()))
    assert table in links_of(page)
    assert table in links_of(clerk.get(f"{identity.get_absolute_url()}quick/"))
    assert "View all 4" in text_of(page)
    assert "4 transactions" in text_of(found)
    assert "both-sides" in text_of(page)
    assert "of-others" not in text_of(page) + text_of(found)


def test_profile_and_history_are_shown(clerk: Client) -> None:
    user = make_user(username="ada")
    identity = make_identity(name="Northgate", email="pay@northgate.example", actor=user)
    change_identity(
        identity, name="Northgate Ltd", kind="ORGANIZATION", email=identity.email, actor=user
    )

    text = text_of(clerk.get(identity.get_absolute_url()))

    for part in ("Organization", "pay@northgate.example", "Created by ada", "Changed by ada"):
        assert part in text
    assert "Name: “Northgate” → “Northgate Ltd”" in text


def test_names_and_metadata_are_shown_as_text(clerk: Client) -> None:
    identity = make_identity(name=SCRIPT, metadata={"a": SCRIPT})

    response = clerk.get(identity.get_absolute_url())

    assert SCRIPT not in response.content.decode()
    assert SCRIPT in text_of(response)


def test_identity_without_balances_says_so(clerk: Client) -> None:
    assert "None yet." in text_of(clerk.get(make_identity().get_absolute_url()))


def test_htmx_gets_the_figures_alone(clerk: Client) -> None:
    response = clerk.get(make_identity().get_absolute_url(), headers=HTMX)

    assert response.content.decode().strip().startswith('<div id="identity-figures"')


def test_history_restore_gets_the_whole_page(clerk: Client) -> None:
    assert is_whole_page(clerk.get(make_identity().get_absolute_url(), headers=HISTORY_RESTORE))


def test_query_count_is_constant_in_rows(clerk: Client) -> None:
    identity = make_identity()
    make_balance(identity=identity)
    few = count_queries(clerk, identity.get_absolute_url())
    for _ in range(12):
        make_balance(identity=identity)

    # identity, totals and their currencies, balances, history, proof
    assert count_queries(clerk, identity.get_absolute_url()) == few == 5
