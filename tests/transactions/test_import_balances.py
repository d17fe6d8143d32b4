from __future__ import annotations

from pathlib import Path

import pytest

from balances.models import Balance
from balances.operations import close_balance
from identities.models import Identity
from identities.operations import change_identity
from ledgers.models import Ledger
from ledgers.operations import rename_ledger
from tests.factories import NOON, make_balance, make_identity, make_ledger
from tests.transactions.imports import (
    HEADERS,
    balance_of,
    make_row,
    reasons,
    run_import,
    treasury,
)
from transactions.importing.toml import MappingError

pytestmark = pytest.mark.django_db


def test_currency_can_come_from_a_column(tmp_path: Path) -> None:
    rows = [[*make_row("V1", amount="1,500"), "jpy"], [*make_row("V2"), "XXQ"]]

    report = run_import(
        tmp_path,
        rows,
        headers=[*HEADERS, "Currency"],
        columns__currency=["Currency"],
        amount__currency="{currency}",
    )

    assert balance_of("Acme Ltd", currency="JPY").balance_minor == 1500
    assert treasury("JPY").balance_minor == -1500
    assert reasons(report) == [(3, "there is no currency XXQ")]


def test_both_sides_can_be_made_from_columns(tmp_path: Path) -> None:
    run_import(
        tmp_path,
        [make_row(payee="Bolt", department="Parks")],
        debit={"ledger": "Departments", "owner": "{department}", "may_go_below_zero": True},
        credit={"indicator": "@{payee}"},
    )

    assert balance_of("Parks", ledger="Departments").balance_minor == -1000
    assert Balance.objects.get(indicator="@Bolt").balance_minor == 1000


def test_balances_are_opened_once_for_each_name(tmp_path: Path) -> None:
    rows = [
        make_row("V1", payee=" CgMs   Ltd. "),
        make_row("V2", payee="CgMs Ltd."),
        make_row("V3", payee="cgms ltd."),
        make_row("V4", payee="  "),
        make_row("V5", payee="Redacted"),
    ]

    run_import(tmp_path, rows)

    ledger = Ledger.objects.get(name="Payees")
    names = ledger.balances.values_list("identity__name", flat=True)
    assert sorted(map(str, names)) == ["(blank)", "CgMs Ltd.", "Redacted", "cgms ltd."]
    owner = Identity.objects.get(name="CgMs Ltd.")
    assert owner.kind == Identity.Kind.ORGANIZATION
    assert balance_of("CgMs Ltd.").transaction_count == 2
    assert balance_of("CgMs Ltd.").floor_minor is None


def test_ledger_identity_and_balance_that_exist_are_used(tmp_path: Path) -> None:
    ledger = make_ledger(name=" payees")
    identity = make_identity(name="Acme Ltd")
    balance = make_balance(ledger=ledger, identity=identity, floor_minor=None)

    run_import(tmp_path, [make_row()])

    balance.refresh_from_db()
    assert balance.balance_minor == 1000
    assert Identity.objects.count() == 1
    assert Ledger.objects.filter(is_general=False).count() == 1


def test_person_of_the_same_name_is_somebody_else(tmp_path: Path) -> None:
    person = make_identity(name="Acme Ltd", kind=Identity.Kind.PERSON)

    run_import(tmp_path, [make_row()])

    assert not person.balances.exists()


def test_owner_renamed_between_imports_keeps_its_balance(tmp_path: Path) -> None:
    run_import(tmp_path, [make_row("V1")])
    owner = Identity.objects.get()
    change_identity(owner, name="Acme plc", kind=owner.kind, email="", actor=None)

    again = run_import(tmp_path, [make_row("V1"), make_row("V2")])

    assert again.counts() == {"read": 2, "posted": 1, "present": 1, "refused": 0}
    assert balance_of("Acme plc").balance_minor == 2000


def test_ledger_renamed_between_imports_stays_in_use(tmp_path: Path) -> None:
    run_import(tmp_path, [make_row("V1")])
    ledger = Ledger.objects.get(name="Payees")
    rename_ledger(ledger, name="Vendors", actor=None)

    again = run_import(tmp_path, [make_row("V1"), make_row("V2")])

    assert again.counts() == {"read": 2, "posted": 1, "present": 1, "refused": 0}
    assert list(Ledger.objects.filter(is_general=False)) == [ledger]


def test_owner_cannot_have_a_balance_in_the_general_ledger(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="General Ledger holds indicators"):
        run_import(tmp_path, [make_row()], credit__ledger="General Ledger")


def test_refusal_of_the_engine_reaches_every_row_of_the_voucher(tmp_path: Path) -> None:
    run_import(tmp_path, [make_row("V1")])
    balance = balance_of("Acme Ltd")
    run_import(tmp_path, [make_row("V2", amount="-10.00")])
    close_balance(balance, at=NOON, actor=None)

    report = run_import(tmp_path, [make_row("V3_1"), make_row("V3_2")])

    assert reasons(report) == [
        (2, "One of the balances is closed."),
        (3, "One of the balances is closed."),
    ]


def test_floor_of_opened_balances_is_kept_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [make_row("V1", amount="-1"), make_row("V2"), make_row("V3", amount="-10")]

    report = run_import(tmp_path, rows, credit__may_go_below_zero=False)

    assert report.counts() == {"read": 3, "posted": 2, "present": 0, "refused": 1}
    assert reasons(report)[0][0] == 2
