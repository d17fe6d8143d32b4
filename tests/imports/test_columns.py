from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from balances.models import Balance
from balances.operations import close_balance
from imports.checking import Checked
from imports.columns import ColumnsForm, suggest
from imports.operations import post_reviewed, set_mapping, upload
from imports.sample import read_sample
from ledgers.models import Ledger
from tests.factories import (
    NOON,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
)
from tests.imports.choosing import CHOICES, HEADERS, ROWS, fill, make_sample, sample_of
from transactions.importing.mapping import Negative
from transactions.models import Transaction

pytestmark = pytest.mark.django_db
EVERYWHERE = ("date", "amount", "less", "currency_column", "description", "reference", "extra")


def suggested(text: str, file_name: str = "statement.csv") -> dict[str, Any]:
    return suggest(sample_of(text.encode()), file_name)


def owners(side: str, **changes: Any) -> dict[str, Any]:
    """The choices for a balance for each value of a column."""
    return {
        side: "",
        f"{side}_column": "Description",
        f"{side}_ledger": "Payees",
        **{f"{side}_{name}": value for name, value in changes.items()},
    }


def test_form_with_the_plain_choices_is_valid() -> None:
    form = fill()

    assert form.is_valid(), form.errors
    assert form.name == "Bank statement"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"extra": ["Description", "Amount"], "reference": "Description", "together": True},
        owners("credit", below_zero=True),
        owners("debit") | {"debit_below_zero": False, "less": "", "negative": "refuse"},
        {"timezone": "UTC", "signs": "£ US$", "begins": ""},
    ],
)
def test_form_opens_again_as_it_was_sent(changes: dict[str, Any]) -> None:
    form = fill(**changes)
    assert form.is_valid(), form.errors

    again = ColumnsForm(sample=make_sample(), initial=form.choices())

    assert form.choices() == CHOICES | changes
    assert {name: again[name].value() for name in again.fields} == CHOICES | changes


def test_record_that_was_named_opens_again_by_its_key() -> None:
    balance = make_balance(currency="GBP", identity=make_identity(name="Acme Ltd"))
    ledger = make_ledger(name="Suppliers")
    form = fill(debit="acme ltd", currency="gbp", **owners("credit", ledger=ledger.key))

    assert form.is_valid(), form.errors
    choices = form.choices()

    assert choices["debit"] == balance.key
    assert choices["currency"] == "GBP"
    assert choices["credit_ledger"] == "Suppliers"


def test_indicator_is_written_as_the_house_does() -> None:
    make_balance(indicator="@Bank")

    form = fill(credit="@BANK")

    assert form.is_valid()
    assert form.choices()["credit"] == "@Bank"


def test_choices_that_another_file_does_not_have_are_left_out() -> None:
    sample = make_sample(("date", "Text", "Sum"))
    choices = {**CHOICES, "extra": ["Amount", "DATE"], "reference": None, "gone": 1}

    form = ColumnsForm(sample=sample, initial=choices)

    values = {name: form[name].value() for name in EVERYWHERE}
    assert values == {
        **dict.fromkeys(EVERYWHERE, ""),
        "date": "date",
        "extra": ["date"],
    }
    assert form["currency"].value() == "GBP"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"kind": ""}, "kind", "required"),
        ({"kind": "a" * 101}, "kind", "at most 100"),
        ({"timezone": "Mars/Olympus"}, "timezone", "no time zone Mars/Olympus"),
        ({"date": ""}, "date", "required"),
        ({"date": "Datum"}, "date", "not one of the available choices"),
        ({"date_format": ""}, "date_format", "required"),
        ({"date_format": "%Y-%m-%d"}, "date_format", "one has “31/01/2026”"),
        ({"amount": ""}, "amount", "required"),
        ({"amount": "Description"}, "amount", "'Rent' cannot be read"),
        ({"amount": "Date"}, "amount", "the column of the date"),
        ({"less": "Amount"}, "less", "is the first one"),
        ({"less": "Description"}, "less", "'Rent' cannot be read"),
        ({"decimal": ""}, "decimal", "required"),
        ({"decimal": ","}, "amount", "'-950.00' cannot be read"),
        ({"negative": ""}, "negative", "required"),
        ({"currency": ""}, "currency", "Choose a currency"),
        ({"currency": "Taler"}, "currency", "not in the registry"),
        ({"currency_column": "Amount"}, "currency_column", "not both"),
        (
            {"currency": "", "currency_column": "Description"},
            "currency_column",
            "one has “Rent”",
        ),
        ({"debit": ""}, "debit", "Name a balance"),
        ({"debit": "nobody"}, "debit", "No open balance"),
        ({"debit": "@{date}"}, "debit", "Leave out { and }"),
        ({"credit": "@a@b"}, "credit", "Write one @"),
        ({"credit": "@uncategorised"}, "credit", "balance that is debited"),
        ({"debit_column": "Description", "debit_ledger": "A"}, "debit_column", "not both"),
        (owners("credit", ledger=""), "credit_ledger", "Name the ledger"),
        (owners("credit", column=""), "credit_column", "Choose the column"),
        (owners("credit", ledger="general ledger"), "credit_ledger", "holds indicators"),
        (
            owners("credit", ledger="ldg_a3f0c5b2-6d5e-4a57-9f0e-2b9d1c7e8f14"),
            "credit_ledger",
            "No ledger",
        ),
        (owners("debit") | owners("credit", ledger="payees"), "credit_column", "debited ones"),
        ({"begins": "{voucher}-"}, "begins", "Leave out { and }"),
        ({"begins": "a" * 61}, "begins", "at most 60"),
        ({"extra": ["Nothing"]}, "extra", "not one of the available choices"),
    ],
)
def test_mistake_stands_at_its_field(changes: dict[str, Any], field: str, message: str) -> None:
    form = fill(**changes)

    assert list(form.errors) == [field]
    assert message in str(form.errors.as_data()[field][0].messages[0])


def test_paid_out_with_a_minus_is_refused_rather_than_added() -> None:
    sample = make_sample(("Date", "In", "Out"), [("31/01/2026", "", "-950.00")])

    form = fill(sample, amount="In", less="Out", description="")

    assert list(form.errors) == ["less"]


def test_balance_in_another_currency_is_refused_with_the_reason() -> None:
    euros = make_balance(currency="EUR")

    form = fill(credit=euros.key)

    assert form.errors == {"credit": ["This balance is in EUR, and the amounts are in GBP."]}


def test_balance_in_a_currency_that_no_row_has_is_refused() -> None:
    yen = make_balance(currency="JPY")
    sample = make_sample((*HEADERS, "Ccy"), [(*row, "eur") for row in ROWS])

    form = fill(sample, credit=yen.key, currency="", currency_column="Ccy")

    assert form.errors == {"credit": ["This balance is in JPY, and none of the first rows is."]}


def test_closed_balance_is_refused() -> None:
    closed = make_balance(indicator="@Bank")
    close_balance(closed, at=NOON, actor=None)

    form = fill(credit="@bank")

    assert form.errors == {"credit": ["The balance of @Bank is closed."]}


def test_balance_is_not_moved_to_itself_by_another_name() -> None:
    bank = make_balance(indicator="@Bank")

    form = fill(debit=bank.key, credit="@bank")

    assert list(form.errors) == ["credit"]


def test_one_of_several_of_a_name_is_offered_to_choose_from() -> None:
    for _count in range(2):
        make_balance(identity=make_identity(name="Acme Ltd"))

    form = fill(credit="Acme Ltd")

    page = render_to_string("imports/_columns.html", {"form": form})
    assert page.count('<button class="btn" name="credit" value="bln_') == 2


def test_older_ledger_of_the_same_name_is_told_of() -> None:
    make_ledger(name="Payees")
    younger = Ledger.objects.create(name="payees")

    form = fill(**owners("credit", ledger=younger.key))

    assert list(form.errors) == ["credit_ledger"]


def test_dates_count_from_their_beginning_in_the_zone_of_the_reader() -> None:
    with timezone.override("Asia/Tokyo"):
        form = ColumnsForm(sample=make_sample())

        assert form["timezone"].value() == "Asia/Tokyo"
        assert "from its beginning in Asia/Tokyo" in str(form["date_format"].help_text)


def test_kind_keeps_the_zone_of_whoever_chose_first() -> None:
    with timezone.override("Asia/Tokyo"):
        form = ColumnsForm(sample=make_sample(), initial=CHOICES)

    assert form["timezone"].value() == "Europe/Oslo"


@pytest.mark.parametrize(
    ("dates", "style"),
    [
        (["31/01/2026", "02/02/2026"], "%d/%m/%Y"),
        (["01/31/2026", "02/02/2026"], "%m/%d/%Y"),
        (["2026-01-31", "2026-02-01 14:30:05"], "%Y-%m-%d"),
        (["2026-01-31T09:15:00.123Z"], "%Y-%m-%dT%H:%M:%S"),
        (["1.2.2026", "Closing", "3.2.2026"], "%d.%m.%Y"),
        (["01 May 2026", "02 May 2026"], "%d %b %Y"),
        (["31-Jan-26"], "%d-%b-%y"),
        (["20260131"], "%Y%m%d"),
        (["02/03/2026", "05/05/2026"], ""),
        (["02/03/26"], ""),
    ],
)
def test_way_dates_are_written_is_suggested_where_the_rows_tell(
    dates: list[str], style: str
) -> None:
    chosen = suggested("Nr,Booked,Amount\n" + "".join(f"x,{date},1.00\n" for date in dates))

    assert (chosen["date"], chosen["date_format"]) == ("Booked", style)


def test_form_says_why_no_way_to_write_dates_is_suggested() -> None:
    sample = make_sample(rows=[("02/03/2026", "Rent", "1.00")])

    form = ColumnsForm(sample=sample, initial=suggest(sample, "a.csv"))

    help_text = str(form["date_format"].help_text)
    assert "do not tell which it is: 31/01/2026, 01/31/2026." in help_text


@pytest.mark.parametrize(
    ("amounts", "decimal"),
    [
        (["1,234.56", "7.00"], "."),
        (["1.234,56", "7,00"], ","),
        (["12", "1 000"], ","),
        (["1.234", "2.500"], ""),
        (["1.234", "2.500,5"], ","),
    ],
)
def test_decimal_sign_is_suggested_where_the_rows_tell(amounts: list[str], decimal: str) -> None:
    chosen = suggested("Date;Amount\n" + "".join(f"31/01/2026;{each}\n" for each in amounts))

    assert chosen["decimal"] == decimal


def test_decimals_of_the_currency_tell_which_sign_they_have() -> None:
    chosen = suggested("Date;Amount GBP\n31/01/2026;1.234\n")

    assert (chosen["currency"], chosen["decimal"]) == ("GBP", ",")


def test_bank_statement_is_understood() -> None:
    chosen = suggested(
        "Transaction ID,Date,Account number,Narrative,Paid in,Paid out,Balance,Ccy\n"
        "a1,31/01/2026,12345678,Rent,,£950.00,1.00,GBP\n"
        "a2,01/02/2026,12345678,Salary,£2100.00,,2.00,GBP\n",
        "Barclays_2026-01 statement (2).csv",
    )

    assert chosen == {
        "kind": "Barclays statement",
        "begins": "barclays-statement-",
        "date": "Date",
        "date_format": "%d/%m/%Y",
        "amount": "Paid in",
        "less": "Paid out",
        "signs": "£",
        "currency_column": "Ccy",
        "decimal": ".",
        "credit_below_zero": True,
        "reference": "Transaction ID",
        "description": "Narrative",
        "extra": ["Account number", "Balance"],
    }


@pytest.mark.parametrize(("amount", "may"), [("-1.00", True), ("(1.00)", True), ("1.00", False)])
def test_credited_balances_may_go_below_zero_where_amounts_do(amount: str, may: bool) -> None:
    chosen = suggested(f"Date,Amount\n31/01/2026,{amount}\n")

    assert chosen["credit_below_zero"] is may


@pytest.mark.parametrize(
    ("file_name", "kind"),
    [
        ("20260131.csv", ""),
        ("export-Jan-2026.csv", "export"),
        ("N26 Umsätze.2026.csv", "N26 Umsätze"),
        ("a" * 150 + ".csv", "a" * 100),
    ],
)
def test_kind_is_the_name_of_the_file_without_dates_and_numbers(file_name: str, kind: str) -> None:
    chosen = suggested("Date,Amount\n31/01/2026,1.00\n", file_name)

    assert chosen["kind"] == kind
    assert len(chosen["begins"]) <= 60


@pytest.mark.parametrize(
    "text",
    ["Date,Amount\n", "A,B\nx,y\n", "💰,{x}\n-,=\n", 'Date,"Paid ""in"""\n31/01/2026,\n'],
)
def test_file_that_tells_little_opens_the_form_all_the_same(text: str) -> None:
    sample = sample_of(text.encode())

    form = ColumnsForm(sample=sample, initial=suggest(sample, "x.csv"))

    assert "<select" in render_to_string("imports/_columns.html", {"form": form})


def test_hostile_header_is_shown_and_sent_as_it_is() -> None:
    header = "<b>\"{x}' & \x01"
    sample = make_sample(("Date", header, "Amount"))

    form = fill(sample, description=header, extra=[header])

    assert form.is_valid(), form.errors
    assert form.choices()["description"] == header
    assert "<b>" not in render_to_string("imports/_columns.html", {"form": form})


def test_every_visible_field_is_drawn_once() -> None:
    form = ColumnsForm(sample=make_sample())

    drawn = [field.name for part in form.parts() for row in part.rows for field in row]

    assert sorted(drawn) == sorted(field.name for field in form.visible_fields())


def test_queries_do_not_grow_with_rows(django_assert_max_num_queries: Callable[..., Any]) -> None:
    for count in (1, 200):
        sample = make_sample(rows=ROWS * count)
        with django_assert_max_num_queries(5):
            form = ColumnsForm(sample=sample, initial=suggest(sample, "a.csv") | CHOICES)
            render_to_string("imports/_columns.html", {"form": form})
        with django_assert_max_num_queries(12):
            assert fill(sample, **owners("credit")).is_valid()


def test_statement_is_uploaded_mapped_checked_and_imported() -> None:
    bank = make_balance(
        indicator="@Bank", normal_side=Balance.NormalSide.DEBIT, opening_minor=5000_00
    )
    content = (
        "Datum;Empfänger;Eingang;Ausgang\r\n31.01.2026;Café Zürich;;4,50\r\n"
        "01.02.2026;Kunde AG;1.200,00;\r\n02.02.2026;Unlesbar;x;\r\n"
    ).encode("cp1252")
    import_ = upload(user=make_user(), file_name="Konto 2026-02.csv", content=content)
    sample = read_sample(import_)
    initial = suggest(sample, import_.file_name)
    sent = {"currency": "EUR", "debit": "@Bank", "negative": Negative.SWAP}

    form = ColumnsForm(
        {
            **initial,
            **sent,
            "currency": "GBP",
            **owners("credit"),
            "credit_column": "Empfänger",
            "credit_below_zero": "on",
            "description": "Empfänger",
        },
        sample=sample,
        initial=initial,
    )
    assert form.is_valid(), form.errors
    set_mapping(import_, mapping=form.mapping(), name=form.name, choices=form.choices())
    import_.refresh_from_db()

    checked = Checked.of(import_)
    assert checked is not None
    assert (checked.read, checked.posted, checked.refused) == (3, 2, 1)
    assert checked.opened == 2
    assert post_reviewed(import_, reviewed=checked.outcome)
    bank.refresh_from_db()
    assert bank.debit_minor - bank.credit_minor == 5000_00 - 4_50 + 1200_00
    posted = Transaction.objects.get(reference="konto-Konto 2026-02.csv-3")
    assert posted.description == "Kunde AG"
    assert ColumnsForm(sample=sample, initial=import_.choices)["date"].value() == "Datum"
