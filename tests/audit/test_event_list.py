"""The audit trail as a table: whole, filtered, and only for those who may read it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.recording import record
from bulk.models import Run
from exports.models import Export
from identities.models import Identity
from identities.operations import change_identity
from tests.factories import (
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.files import body_of, read_csv
from tests.pages import SCRIPT, count_queries, links_of, rows_of, text_of
from tests.schedules.building import make_schedule
from users.models import User
from users.saved_views import save_view
from web import counting

pytestmark = pytest.mark.django_db
URL = "/audit/"
FOLDERS = {
    "bln": "balances",
    "idt": "identities",
    "ldg": "ledgers",
    "sch": "schedules",
    "txn": "transactions",
}


@pytest.fixture
def berta() -> User:
    return make_user(username="berta", is_staff=True)


@pytest.fixture
def auditor(berta: User) -> Client:
    return make_client(user=berta)


@pytest.fixture
def renamed(berta: User) -> Identity:
    identity = make_identity(name="Northgate", actor=berta)
    change_identity(
        identity, name="Southgate", kind=identity.kind, email=identity.email, actor=berta
    )
    return identity


def test_each_change_is_a_line_with_before_and_after(auditor: Client, renamed: Identity) -> None:
    response = auditor.get(URL)

    latest, first = rows_of(response)[1:3]
    assert latest[1:4] == ["berta", "Changed Identity", "Southgate"]
    assert latest[4] == "Name: “Northgate” → “Southgate”"
    assert first[2] == "Created Identity"
    assert renamed.get_absolute_url() in links_of(response)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?where=action:is:identity.changed", 1),
        ("?where=thing:is:identity", 2),
        ("?where=thing:is:ledger", 0),
        ("?where=who:is:berta", 2),
        ("?where=who:contains:BERT&where=when:is:today", 2),
        ("?where=when:is:last-year", 0),
        ("?where=subject:is:{key}", 2),
        ("?q={key}", 2),
        ("?q=bert", 2),
        ("?q=nobody", 0),
        ("?sort=subject", 2),
        ("?sort=-record", 2),
        ("?sort=-who", 2),
        ("?sort=action", 2),
        ("?sort=number", 2),
        ("?jump=2999-01-01", 2),
        ("?where=nonsense:is:1", 0),
    ],
)
def test_filters(auditor: Client, renamed: Identity, query: str, expected: int) -> None:
    rows = rows_of(auditor.get(URL + query.format(key=renamed.key)))[1:]

    assert len([row for row in rows if row[3] == "Southgate"]) == expected


def record_of_each_kind(actor: User) -> dict[str, str]:
    """An event about one record of each kind; their names by their keys."""
    owner, source = make_identity(name="Northgate"), make_balance(floor_minor=None)
    balance = make_balance(ledger=make_ledger(name="Suppliers"), identity=owner)
    records: dict[Any, str] = {
        balance.ledger: "Suppliers",
        owner: "Northgate",
        balance: "Northgate GBP",
        make_balance(indicator="@Bank"): "@Bank GBP",
        post_transfer(source=source, destination=balance, reference="rent"): "rent",
        make_schedule(source=source, destination=balance, reference="wages"): "wages",
        save_view(owner=actor, table="ledgers", name="Mine", query=""): "Mine",
    }
    named = {each.key: name for each, name in records.items()}
    named |= {f"user_{actor.pk}": actor.username, "user_0": "user_0", "XTK": "XTK"}
    for key in named:
        record(actor=actor, action="thing.changed", subject=key)
    return named


def test_records_are_called_as_they_are_now_and_have_an_id(auditor: Client, berta: User) -> None:
    named = record_of_each_kind(berta)
    query = "?where=action:is:thing.changed"

    response = auditor.get(f"{URL}{query}&columns=record,subject")
    _heads, *lines = read_csv(body_of(auditor.get(f"{URL}export.csv{query}")))

    assert {row[4]: row[3] for row in rows_of(response)[1:]} == named
    assert {line[3]: line[4].lstrip("'") for line in lines if line[3]} == named
    pages = {f"/{folder}/{key}/" for key in named if (folder := FOLDERS.get(key[:3]))}
    assert len(pages) == 6
    assert pages <= set(links_of(response))


def test_rows_open_records_that_have_a_panel_beside_the_table(auditor: Client, berta: User) -> None:
    named = record_of_each_kind(berta)

    html = auditor.get(f"{URL}?where=action:is:thing.changed").content.decode()

    opened = dict(re.findall(r'data-row="([^"]*)" data-page="[^"]*" data-quick="([^"]*)"', html))
    folders = {key: folder for key in named if (folder := FOLDERS.get(key[:3]))}
    assert opened == {key: f"/{folder}/{key}/quick/" for key, folder in folders.items()}
    for key, address in opened.items():
        assert f'data-looked="{key}"' in auditor.get(address).content.decode()


def test_what_was_done_to_many_is_called_by_what_it_was(auditor: Client, berta: User) -> None:
    run = Run.objects.create(user=berta, table="transactions", action="void", item_count=12)
    export = Export.objects.create(
        public_id=uuid4(), user=berta, table="balances", kind="csv", query="tab=internal"
    )
    record(actor=berta, action="bulk.started", subject=run.key)
    record(actor=berta, action="export.finished", subject=export.key)
    batch_id = uuid4()
    files = {"files": ["june.csv", "july.csv"]}
    record(actor=None, action="transactions.imported", subject=f"batch_{batch_id}", after=files)
    few = count_queries(auditor, URL)
    record(actor=berta, action="export.finished", subject=export.key)

    response = auditor.get(URL)

    named = ["Void: 12 records", "Balances, CSV", "june.csv, july.csv"]
    assert [row[3] for row in rows_of(response)[:1:-1]] == named
    imported = f"/transactions/?where=batch:is:{batch_id}"
    assert {"/balances/?tab=internal", imported} <= set(links_of(response))
    assert auditor.get(imported).status_code == 200
    assert count_queries(auditor, URL) == few


def test_reversal_of_a_batch_says_by_which_run(auditor: Client, berta: User) -> None:
    run = Run.objects.create(user=berta, table="transactions", action="reverse", item_count=1)
    told = {"run": run.key, "count": 1}

    record(actor=berta, action="transaction.batch_reversed", subject="txn_0", after=told)

    assert f"“Reverse: 1 record, {run.key}”" in text_of(auditor.get(URL))


@pytest.mark.parametrize("sort", ["record", "-record"])
def test_pages_by_record_hold_each_event_once_in_both_directions(
    auditor: Client, berta: User, sort: str
) -> None:
    for name in map(str, range(9)):
        identity = make_identity(name=name, actor=berta)
        for renamed in (f"{name} & Co", f"{name} Ltd", name):
            change_identity(
                identity, name=renamed, kind=identity.kind, email=identity.email, actor=berta
            )
    address = f"{URL}?sort={sort}&size=20&columns=record,subject,number"

    forward = _walk(auditor, address, "next")
    assert _walk(auditor, forward[-1].address, "prev")[-1].rows == forward[0].rows

    seen = [(row[4], int(row[5])) for page in forward for row in page.rows]
    assert len(forward) == 2
    assert seen == sorted(set(seen), reverse=sort.startswith("-"))
    assert len(seen) == AuditEvent.objects.count() == 36
    assert "Sorted by the ids of records" in text_of(auditor.get(address))


class Walked(NamedTuple):
    address: str
    rows: list[list[str]]


def _walk(client: Client, address: str, way: str) -> list[Walked]:
    """The pages from this one on, as their links lead."""
    walked: list[Walked] = []
    while address:
        response = client.get(address)
        walked.append(Walked(address, rows_of(response)[1:]))
        link = re.search(rf'rel="{way}" href="([^"]*)"', response.content.decode())
        address = unescape(link[1]) if link else ""
    return walked


def test_more_events_than_are_counted_sort_by_record_along_an_index(
    auditor: Client, renamed: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "EXACT_MAX", 1)

    by_action = auditor.get(f"{URL}?sort=action")
    with CaptureQueriesContext(connection) as queries:
        by_record = auditor.get(f"{URL}?sort=-record")

    assert "rows or fewer to sort by What." in text_of(by_action)
    assert "to sort by Record" not in text_of(by_record)
    (page,) = [each["sql"] for each in queries if "LIMIT 21" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {page}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan Backward using audit_subject" in plan
    assert "Sort" not in plan


def test_what_was_before_and_after_has_no_order(auditor: Client, renamed: Identity) -> None:
    page = auditor.get(f"{URL}?sort=changes")

    assert "This table cannot be sorted by Before and after." in text_of(page)
    assert not any("sort=changes" in link for link in links_of(auditor.get(URL)))


def test_only_who_may_see_it_can_open_count_filter_or_export_it(renamed: Identity) -> None:
    clerk, reader = make_user(), make_user()
    reader.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    pages = (URL, "/tables/audit/counts/", "/tables/audit/filters/", f"{URL}export.csv")

    for page in pages:
        assert (page, make_client(user=clerk).get(page).status_code) == (page, 403)
        assert (page, make_client(user=reader).get(page).status_code) == (page, 200)


def test_history_of_a_record_leads_to_all_of_it(auditor: Client, renamed: Identity) -> None:
    all_of_it = f"{URL}?where=subject:is:{renamed.key}"

    assert all_of_it in links_of(auditor.get(renamed.get_absolute_url()))
    assert len(rows_of(auditor.get(all_of_it))) == 3
    assert all_of_it not in links_of(make_client().get(renamed.get_absolute_url()))


def test_texts_are_shown_as_text_and_rows_cost_no_statement(auditor: Client, berta: User) -> None:
    make_ledger(name="First", actor=berta)
    few = count_queries(auditor, URL)
    for _number in range(25):
        make_identity(name=SCRIPT, actor=berta)

    assert few == count_queries(auditor, URL) == 4
    html = auditor.get(URL).content.decode()
    assert SCRIPT not in html
    assert SCRIPT in text_of(auditor.get(URL))
