"""What auditors read of an event: amounts with their currencies, names, and fields of requests."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from audit.recording import record
from balances.models import Balance
from ledgers.operations import add_currency
from schedules.operations import cancel, post_now, schedule
from tests.factories import make_balance, make_client, make_identity, make_ledger, make_user
from tests.files import body_of, read_csv
from tests.pages import HTMX, count_queries, rows_of, text_of
from tests.schedules.building import make_schedule
from tests.transactions.living import commit, place_hold
from transactions.requests import HoldRequest, Indicator, transfer
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/audit/"


@pytest.fixture
def berta() -> User:
    return make_user(username="berta", is_staff=True, is_superuser=True)


@pytest.fixture
def auditor(berta: User) -> Client:
    return make_client(user=berta)


def told(client: Client, action: str) -> str:
    """What the table says of the latest event of this kind, in one cell."""
    return str(rows_of(client.get(f"{URL}?where=action:is:{action}"))[1][4])


def exported(client: Client, action: str) -> tuple[str, dict[str, Any]]:
    """The same in a file, and as it is kept."""
    query = f"?where=action:is:{action}&columns=changes"
    heads, row, *_rest = read_csv(body_of(client.get(f"{URL}export.csv{query}")))
    assert heads[-2:] == ["Before and after", "As kept"]
    return row[-2].replace("'", ""), json.loads(row[-1])


def opened(**fields: Any) -> Balance:
    owner = make_identity(name="Northgate")
    return make_balance(ledger=make_ledger(name="Suppliers"), identity=owner, **fields)


def test_floor_is_an_amount_in_the_currency_of_its_balance(auditor: Client) -> None:
    add_currency(code="XTK", name="Token", exponent=18, kind="CRYPTO", actor=None)
    balance = opened(currency="XTK", floor_minor=-1_500_000_000_000_000_000)
    owner = balance.identity
    assert owner

    words, kept = exported(auditor, "balance.opened")

    assert told(auditor, "balance.opened") == (
        "Currency: “XTK”"
        "Floor: “−1.500000000000000000 XTK”"
        f"Owner: “Northgate, {owner.key}”"
        f"Ledger: “Suppliers, {balance.ledger.key}”"
        "Normal side: “Credit”"
    )
    assert "Floor: “-1.500000000000000000 XTK”; Owner: “Northgate, idt_" in words
    assert kept["after"]["floor_minor"] == "-1500000000000000000"


def test_change_of_a_floor_is_told_before_and_after_wherever_it_is_shown(
    auditor: Client, berta: User
) -> None:
    balance = opened(currency="JPY", floor_minor=-50_000)
    for before, after in (("-50000", "0"), ("0", None)):
        record(
            actor=berta,
            action="balance.changed",
            subject=balance.key,
            before={"floor_minor": before},
            after={"floor_minor": after},
        )
    event = AuditEvent.objects.filter(action="balance.changed").earliest("pk")

    lines = ("Floor: “−50,000 JPY” → “0 JPY”", "Floor: “0 JPY” → “no limit”")
    for page in (
        auditor.get(URL),
        auditor.get(URL, headers=HTMX),
        auditor.get(balance.get_absolute_url()),
    ):
        assert all(line in text_of(page) for line in lines)
    assert lines[0] in text_of(auditor.get(f"/admin/audit/auditevent/{event.pk}/change/"))
    assert exported(auditor, "balance.changed")[0] == lines[1]


def test_floor_of_a_currency_that_nobody_knows_any_more_is_in_minor_units(auditor: Client) -> None:
    record(actor=None, action="balance.changed", subject="bln_gone", after={"floor_minor": "7"})

    assert told(auditor, "balance.changed") == "Floor: “7 minor units”"


def test_request_of_a_schedule_is_told_in_fields(auditor: Client, berta: User) -> None:
    balance = opened(currency="EUR", floor_minor=None)
    due_at = timezone.now().replace(microsecond=0) + timedelta(days=3)
    expires_at = due_at + timedelta(days=1)
    legs = transfer(source=balance.pk, destination=Indicator("@Rent", "EUR"), amount_minor=12_50)
    request = HoldRequest(
        "rent", legs, metadata={"flat": "7b"}, overdraft_minor=1_00, expires_at=expires_at
    )
    schedule(request, due_at=due_at, actor=berta)

    words, kept = exported(auditor, "schedule.created")

    shown = told(auditor, "schedule.created")
    for line in (
        "Kind: “Hold”",
        "Debit: “Northgate 12.50 EUR”",
        "Credit: “@Rent 12.50 EUR”",
        "Overdraft: “1.00 EUR”",
        "Extra information, flat: “7b”",
        "Reference: “rent”",
    ):
        assert line in shown
        assert line in words
    assert f"Expires: “{expires_at.isoformat()}”" in words
    assert f"Due: “{due_at.isoformat()[:19]}" in words
    assert "amount_minor" not in shown + words
    assert kept["after"]["request"]["legs"][0]["amount_minor"] == "1250"


def test_many_entries_of_a_request_are_counted_on_the_page_and_whole_in_files(
    auditor: Client, berta: User
) -> None:
    source = opened(floor_minor=None)
    parts = [opened() for _number in range(5)]
    legs = [
        leg
        for part in parts
        for leg in transfer(source=source.pk, destination=part.pk, amount_minor=1_000_00)
    ]
    record(
        actor=berta,
        action="schedule.created",
        subject="sch_x",
        after={
            "request": {
                "kind": "POST",
                "metadata": {},
                "legs": [
                    {
                        "balance": leg.balance,
                        "direction": leg.direction.name,
                        "amount_minor": str(leg.amount_minor),
                    }
                    for leg in legs
                ],
            }
        },
    )

    assert "Credit: “5 balances; 5,000.00 GBP”" in told(auditor, "schedule.created")
    assert exported(auditor, "schedule.created")[0].count("Northgate 1000.00 GBP") == 10


def test_what_became_of_a_schedule_is_told_by_name(auditor: Client, berta: User) -> None:
    source = opened(floor_minor=None)
    posted, cancelled = (
        make_schedule(source=source, destination=Indicator("@Rent", "GBP")) for _number in range(2)
    )
    cancel(cancelled, actor=berta)
    transaction = post_now(posted, actor=berta).transaction
    assert transaction

    assert told(auditor, "schedule.cancelled") == "State: “Scheduled” → “Cancelled”"
    assert told(auditor, "schedule.posted") == (
        f"State: “Scheduled” → “Posted”Transaction: “{transaction.reference}, {transaction.key}”"
    )


def test_what_a_transaction_follows_is_told_by_name(auditor: Client, berta: User) -> None:
    held = place_hold(source=opened(floor_minor=None), destination=Indicator("@Rent", "GBP"))
    record(
        actor=berta,
        action="transaction.committed",
        subject=commit(held).key,
        after={"reference": "part", "description": "", "of": held.key},
    )

    assert told(auditor, "transaction.committed") == (
        f"Follows: “{held.reference}, {held.key}”Reference: “part”"
    )


@pytest.mark.parametrize(
    ("action", "after", "expected"),
    [
        ("identity.created", {"kind": "ORGANIZATION"}, "Kind: “Organization”"),
        ("identities.created", {"kind": "PERSON"}, "Kind: “Person”"),
        ("currency.added", {"kind": "CRYPTO"}, "Kind: “Crypto asset”"),
        ("bulk.started", {"table": "transactions"}, "Table: “Transactions”"),
        ("bulk.started", {"action": "commit"}, "Action: “Commit”"),
        ("export.finished", {"format": "csv"}, "Format: “CSV”"),
        ("export.finished", {"rows": 12345}, "Rows: “12,345”"),
        ("view.created", {"is_shared": True}, "Shared with the team: “yes”"),
        ("user.changed", {"permissions": ["a.b", "c.d"]}, "Permissions: “a.b, c.d”"),
        ("ledger.created", {"metadata": {"team": "x"}}, "Extra information, team: “x”"),
        ("balance.opened", {"ledger": "ldg_gone"}, "Ledger: “ldg_gone”"),
    ],
)
def test_values_are_told_as_people_say_them(
    auditor: Client, action: str, after: dict[str, Any], expected: str
) -> None:
    record(actor=None, action=action, subject="x", after=after)

    assert told(auditor, action) == expected


def test_what_differs_where_a_text_is_cut_is_still_told(auditor: Client) -> None:
    long = "x" * 70
    record(
        actor=None,
        action="ledger.metadata_changed",
        subject="ldg_x",
        before={f"{long}1": "a", "note": f"{long}1"},
        after={f"{long}2": "a", "note": f"{long}2"},
    )

    shown = told(auditor, "ledger.metadata_changed")

    cut = f"{'x' * 60}…"
    assert f"note: “{cut}” → “{cut}”" in shown
    assert f"{cut} removed, was “a”" in shown
    words, _kept = exported(auditor, "ledger.metadata_changed")
    assert f"note: “{long}1” → “{long}2”" in words


def test_statements_do_not_grow_with_the_events(auditor: Client, berta: User) -> None:
    def make() -> None:
        source = opened(floor_minor=-1_00)
        make_schedule(source=source, destination=Indicator("@Rent", "GBP"), actor=berta)
        floors = {"before": {"floor_minor": "0"}, "after": {"floor_minor": "-7"}}
        record(actor=berta, action="balance.changed", subject=source.key, **floors)

    make()
    few = count_queries(auditor, URL)
    for _number in range(4):
        make()

    assert count_queries(auditor, URL) == few <= 12
