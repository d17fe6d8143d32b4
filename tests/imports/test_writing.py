from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from imports.dates import DATE_STYLES
from imports.sample import Sample
from imports.writing import name_columns, write_mapping
from tests.imports.choosing import CHOICES, STATEMENT, lines_of, make_sample, sample_of
from transactions.importing.loading import parse_mapping
from transactions.importing.mapping import OWN_KEYS, ImportMapping, Lines, Negative

HOSTILE = (
    'The "best" {amount}',
    "{Date}",
    "日付",
    "Überweisung",
    "तारीख",
    "💰",
    "€",
    "2024",
    "file",
    "Line",
    "import_file",
    "class",
    "back\\slash",
    "control\x01\x7f",
    "don't]=#",
    "a" * 500,
    "[columns]",
    "Total!",
    "Total?",
)


def mapping_of(sample: Sample | None = None, **changes: Any) -> ImportMapping:
    text = write_mapping({**CHOICES, **changes}, sample or make_sample())
    return parse_mapping(text, name="test")


def test_file_is_read_as_was_chosen(tmp_path: Path) -> None:
    content = STATEMENT.encode()
    mapping = write_mapping(CHOICES, sample_of(content))

    rent, salary = lines_of(tmp_path, content, mapping)

    assert rent.effective_at == dt.datetime(2026, 1, 31, tzinfo=ZoneInfo("Europe/Oslo"))
    assert (rent.amount_minor, salary.amount_minor) == (-950_00, 2100_00)
    assert (rent.currency, rent.debit, rent.credit) == ("GBP", "@Uncategorised", "@Bank")
    assert rent.values["description"] == "Rent"


@pytest.mark.parametrize("header", HOSTILE)
def test_header_of_any_text_can_be_named(tmp_path: Path, header: str) -> None:
    quoted = header.replace('"', '""')
    content = f'Day,"{quoted}",Sum\n31/01/2026,Rent,1.00\n'.encode()
    uses = {"date": "Day", "amount": "Sum", "description": header, "extra": [header]}
    sample = sample_of(content)

    mapping = write_mapping({**CHOICES, **uses}, sample)

    [line] = lines_of(tmp_path, content, mapping)
    name = name_columns(sample.columns)[header]
    assert line.values[name] == "Rent"
    assert parse_mapping(mapping, name="test").transaction.metadata == (name,)


def test_names_of_columns_are_unique_identifiers_that_tell_the_header() -> None:
    names = name_columns(HOSTILE)

    assert len(set(names.values())) == len(HOSTILE)
    assert all(name.isidentifier() for name in names.values())
    assert not OWN_KEYS & set(names.values())
    assert [names[each] for each in ("日付", "Überweisung", "तारीख")] == [
        "日付",
        "überweisung",
        "तारीख",
    ]
    assert names['The "best" {amount}'] == "the_best_amount"
    assert [names[each] for each in ("💰", "2024", "file")] == ["column_6", "column_2024", "file_2"]
    assert [names[each] for each in ("Total!", "Total?")] == ["total", "total_2"]


def test_columns_without_use_are_left_out() -> None:
    mapping = mapping_of(description="")

    assert [column.name for column in mapping.columns] == ["date", "amount"]


@pytest.mark.parametrize("style", DATE_STYLES.values(), ids=DATE_STYLES)
def test_every_way_to_write_dates_reads_its_examples(style: Any) -> None:
    read = style.reader().read

    for date in style.dates:
        day = dt.datetime(2026, 1, 31, 9, 15, tzinfo=dt.UTC)
        for time in style.times:
            moment = read(day.strftime(f"{date}{time}"))
            assert moment is not None
            assert moment.date() == dt.date(2026, 1, 31)
            assert moment.time() in {dt.time(9, 15), dt.time(0)}


@pytest.mark.parametrize("key", DATE_STYLES)
def test_every_way_to_write_dates_stands_in_a_mapping(key: str) -> None:
    mapping = mapping_of(date_format=key)

    assert list(mapping.date.formats) == DATE_STYLES[key].formats
    assert mapping.date.time == dt.time(0)


def test_date_in_utc_keeps_its_zone() -> None:
    mapping = mapping_of(date_format="%Y-%m-%dT%H:%M:%S")

    assert mapping.date.zone == ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("changes", "negative"),
    [
        ({"negative": "refuse"}, Negative.REFUSE),
        ({"negative": "swap"}, Negative.SWAP),
        ({"negative": "refuse", "less": "Description"}, Negative.SWAP),
    ],
)
def test_what_is_paid_out_goes_the_other_way(changes: Any, negative: Negative) -> None:
    assert mapping_of(**changes).amount.negative is negative


def test_two_columns_of_amounts_are_one_taken_from_the_other(tmp_path: Path) -> None:
    content = b"Date,In,Out\n31/01/2026,,950.00\n02/02/2026,2100.00,\n03/02/2026,5.00,7.00\n"
    uses = {"amount": "In", "less": "Out", "description": ""}

    mapping = write_mapping({**CHOICES, **uses}, sample_of(content))

    lines = lines_of(tmp_path, content, mapping)
    assert [line.amount_minor for line in lines] == [-950_00, 2100_00, -2_00]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_semicolons_and_decimal_commas_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    content = "Datum;Empfänger;Betrag;Währung\n31.01.2026;Café;-1.234,50 €;eur\n".encode(encoding)
    uses = {
        **{"date": "Datum", "date_format": "%d.%m.%Y", "amount": "Betrag", "decimal": ","},
        **{"currency": "", "currency_column": "Währung", "description": "Empfänger", "signs": "€"},
    }

    mapping = write_mapping({**CHOICES, **uses}, sample_of(content))

    [line] = lines_of(tmp_path, content, mapping)
    assert (line.amount_minor, line.currency) == (-1234_50, "EUR")
    assert line.values["empfänger"] == "Café"


@pytest.mark.parametrize(
    ("changes", "reference", "lines"),
    [
        ({}, "bank-{file}-{line}", Lines.EACH),
        ({"together": True}, "bank-{file}-{line}", Lines.EACH),
        ({"begins": ""}, "{file}-{line}", Lines.EACH),
        ({"reference": "Description"}, "bank-{description}", Lines.EACH),
        ({"reference": "Description", "together": True}, "bank-{description}", Lines.TOGETHER),
    ],
)
def test_reference_is_a_column_or_the_file_and_the_line(
    changes: Any, reference: str, lines: Lines
) -> None:
    rules = mapping_of(**changes).transaction

    assert rules.reference.text == reference
    assert rules.lines is lines


def test_side_is_a_balance_an_indicator_or_one_for_each_value() -> None:
    key = "bln_a3f0c5b2-6d5e-4a57-9f0e-2b9d1c7e8f14"
    uses: Any = {"credit": "", "credit_column": "Description", "credit_ledger": 'The "{big}" one'}

    mapping = mapping_of(debit=key, credit_below_zero=True, **uses)

    assert mapping.debit.balance is not None
    assert mapping.debit.balance.text == key
    assert mapping.credit.owner is not None
    assert mapping.credit.owner.text == "{description}"
    assert mapping.credit.ledger == 'The "{big}" one'
    assert mapping.credit.may_go_below_zero
