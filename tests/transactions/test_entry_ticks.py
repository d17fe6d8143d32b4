"""Ticked entries: what they add up to, and their file; nothing else is done with them at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from balances.models import Balance
from tests.factories import make_balance, make_identity, make_user, post_transfer
from tests.files import body_of, read_csv, read_xlsx
from tests.pages import rows_of, text_of
from transactions.entry_keys import entry_key, parse_entry_key
from transactions.models import Entry
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db
URL = "/entries/"
COLUMNS = "columns=effective,reference,balance,debit,credit,running,id"


@pytest.fixture
def wallet() -> Balance:
    """With entries in pounds of 20.00, 7.50 and -5.00; beside it, one in yen."""
    wallet = make_balance(identity=make_identity(name="Northgate"))
    treasury = Indicator("@Treasury", "GBP")
    post_transfer(source=treasury, destination=wallet, amount_minor=20_00, reference="one")
    post_transfer(source=treasury, destination=wallet, amount_minor=7_50, reference="two")
    post_transfer(source=wallet, destination=treasury, amount_minor=5_00, reference="three")
    yen = make_balance(currency="JPY")
    post_transfer(source=Indicator("@Vault", "JPY"), destination=yen, amount_minor=900)
    return wallet


def keys_on(page: Any) -> list[str]:
    """What the boxes of a page send, in the order of its rows."""
    return re.findall(r'name="key" value="([^"]*)"', page.content.decode())


def add_up(keys: Sequence[str]) -> str:
    """What the bar is to say of these entries, counted anew."""
    entries = Entry.objects.filter(pk__in=[parse_entry_key(key) for key in keys])
    said = []
    for currency in ("GBP", "JPY"):
        of_it = entries.filter(balance__currency=currency).values_list("direction", "amount_minor")
        moved = [direction * amount for direction, amount in of_it]
        sums = [-sum(each for each in moved if each < 0), sum(each for each in moved if each > 0)]
        if moved:
            figures = zip(
                (*sums, sums[1] - sums[0]),
                ("debits", "credits", "credits less debits"),
                strict=True,
            )
            said += [f"{_shown(minor, currency)}{currency} {label}" for minor, label in figures]
    return " ".join([str(len(keys)), *said])


def _shown(minor: Decimal | int, currency: str) -> str:
    number = f"{minor / 100:,.2f}" if currency == "GBP" else f"{minor:,}"
    return number.replace("-", "\N{MINUS SIGN}")


def test_each_row_has_a_box_of_its_own(clerk: Client, wallet: Balance) -> None:
    page = clerk.get(f"{URL}?{COLUMNS}")

    keys = keys_on(page)
    assert len(set(keys)) == len(keys) == Entry.objects.count() == 8
    assert keys == [row[-1] for row in rows_of(page)[1:]]
    labels = re.findall(r'aria-label="Tick ([^"]*)"', page.content.decode())
    assert "three, Northgate, Debit 5.00 GBP" in labels
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("ticked", [slice(0, 1), slice(1, 6), slice(0, 8)])
def test_bar_says_what_the_ticked_entries_add_up_to(
    clerk: Client, wallet: Balance, ticked: slice
) -> None:
    keys = keys_on(clerk.get(URL))[ticked]

    said = text_of(clerk.post(f"{URL}ticked/", {"key": keys}))

    assert said == add_up(keys)


@pytest.mark.parametrize("query", ["", "where=direction:is:debit", "where=currency:is:JPY&size=20"])
def test_bar_says_what_all_of_the_filter_add_up_to(
    clerk: Client, wallet: Balance, query: str
) -> None:
    keys = keys_on(clerk.get(f"{URL}?{query}"))

    said = text_of(clerk.post(f"{URL}ticked/", {"all": "1", "query": query, "key": keys[:1]}))

    assert said == add_up(keys)


def test_all_of_a_balance_are_those_of_the_balance(clerk: Client, wallet: Balance) -> None:
    query = f"balance={wallet.key}"

    said = text_of(clerk.post(f"{URL}ticked/", {"all": "1", "query": query}))

    assert said == "3 5.00GBP debits 27.50GBP credits 22.50GBP credits less debits"


@pytest.mark.parametrize("sort", ["-effective", "credit", "-reference", "id"])
@pytest.mark.parametrize("is_of_balance", [False, True])
def test_file_holds_the_ticked_rows_as_the_screen_shows_them(
    clerk: Client, wallet: Balance, sort: str, is_of_balance: bool
) -> None:
    scope = f"&balance={wallet.key}" if is_of_balance else ""
    query = f"{COLUMNS}&sort={sort}{scope}&q=t"
    shown = rows_of(clerk.get(f"{URL}?{query}"))[1:]
    ticked = [row for row in shown if row[1] in ("two", "three")]

    posted = {"key": [row[-1] for row in ticked], "query": query}
    file = clerk.post(f"{URL}bulk/export/", posted, follow=True)

    head, *lines = read_csv(body_of(file))
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    told = [each for each in rows if each["Id"].startswith("ent_")]
    assert [each["Id"] for each in told] == [row[-1] for row in ticked]
    for line, row in zip(told, ticked, strict=True):
        assert [line["Reference"], line["Balance"].lstrip("'")] == row[1:3]
        amounts = [f"{line[name]}GBP" if line[name] else "" for name in ("Debit", "Credit")]
        assert amounts == [row[3], row[4]]
    totals = next(each for each in rows if "Total GBP" in each.values())
    debits, credits = (
        sum(Decimal(each[name] or 0) for each in told) for name in ("Debit", "Credit")
    )
    assert (Decimal(totals["Debit"]), Decimal(totals["Credit"])) == (debits, credits)


def test_ticked_entries_come_in_every_kind_of_file(clerk: Client, wallet: Balance) -> None:
    (key,) = keys_on(clerk.get(f"{URL}?balance={wallet.key}&where=reference:is:two"))
    posted = {"key": key, "query": COLUMNS}

    files = {
        kind: body_of(clerk.post(f"{URL}bulk/export/", {**posted, "kind": kind}, follow=True))
        for kind in ("csv", "xlsx", "jsonl")
    }

    assert key in files["csv"].decode()
    assert key in [cell for row in read_xlsx(files["xlsx"]) for cell in row]
    assert f'"id": "{key}"' in files["jsonl"].decode().replace('":"', '": "')
    assert not any(b"three" in files[kind] for kind in ("csv", "jsonl"))
    assert clerk.post(f"{URL}bulk/export/", {**posted, "kind": "exe"}).status_code == 404


def test_a_whole_page_of_ticked_entries_makes_a_short_address(
    clerk: Client, wallet: Balance
) -> None:
    treasury = Indicator("@Treasury", "GBP")
    for _number in range(47):
        post_transfer(source=treasury, destination=wallet, amount_minor=1_00)
    keys = keys_on(clerk.get(f"{URL}?size=100"))
    assert len(keys) == 100

    address = clerk.post(f"{URL}bulk/export/", {"key": keys})["Location"]
    said = text_of(clerk.post(f"{URL}ticked/", {"key": keys}))

    assert len(address) < 2_000
    assert len(read_csv(body_of(clerk.get(address)))) == 1 + 100 + 1 + 2
    assert said == add_up(keys)


@pytest.mark.parametrize(
    "key",
    [
        *("nonsense", "ent_", "ent_0", "ent_-1", "ent_1.5", "ent_01", "ent_٣", "ent_1\0", "12"),
        *("ent_9999999999999999999", "txn_00000000-0000-0000-0000-000000000000", "ent_1' OR 1=1"),
    ],
)
def test_what_is_no_key_of_an_entry_is_refused_with_words(
    clerk: Client, wallet: Balance, key: str
) -> None:
    posted = {"key": [entry_key(Entry.objects.values_list("pk", flat=True)[0]), key]}

    said = text_of(clerk.post(f"{URL}ticked/", posted))
    page = clerk.post(f"{URL}bulk/export/", posted, follow=True)

    assert "not an id such as ent_…" in said or "not possible" in said
    assert said.replace("\0", "") in text_of(page).replace("\0", "")
    assert "Nothing is exported: mend the filter first." in text_of(page)
    assert rows_of(page) == []


def test_an_entry_that_there_is_not_passes_nothing(clerk: Client, wallet: Balance) -> None:
    key = entry_key(10**18 - 1)

    assert text_of(clerk.post(f"{URL}ticked/", {"key": key})) == "0"
    assert "Nothing passes these filters" in text_of(clerk.get(f"{URL}?where=id:is:{key}"))


def test_nothing_ticked_is_said_and_keeps_the_page(clerk: Client, wallet: Balance) -> None:
    query = f"balance={wallet.key}&sort=credit"

    page = clerk.post(f"{URL}bulk/export/", {"query": query}, follow=True)

    assert page.redirect_chain[-1][0] == f"{URL}?{query}"
    assert "Tick at least one row." in text_of(page)
    assert text_of(clerk.post(f"{URL}ticked/", {})) == "Tick at least one row."


@pytest.mark.parametrize("action", ["metadata", "reverse", "void", "commit"])
def test_nothing_but_a_file_is_made_of_ticked_entries(
    clerk: Client, wallet: Balance, action: str
) -> None:
    page = clerk.get(URL).content.decode()

    assert clerk.post(f"{URL}bulk/{action}/", {"all": "1"}).status_code == 404
    assert set(re.findall(r'formaction="(/entries/[^"]*)"', page)) == {f"{URL}bulk/export/"}


def test_who_is_not_signed_in_learns_nothing_of_ticked_entries(wallet: Balance) -> None:
    stranger, posted = Client(), {"key": entry_key(Entry.objects.values_list("pk", flat=True)[0])}
    make_user()

    for address in (f"{URL}ticked/", f"{URL}bulk/export/"):
        assert stranger.post(address, posted)["Location"].startswith("/login/")


@pytest.mark.parametrize("number", [1, 12, 10**18 - 1])
def test_keys_are_read_as_they_are_written(number: int) -> None:
    assert parse_entry_key(entry_key(number)) == number
    assert parse_entry_key(f" {entry_key(number).upper()} ") == number
