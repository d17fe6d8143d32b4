"""Readers see everything and change nothing: at every address there is, known or not yet."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from django.db import transaction as db_transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from bulk.doing import plan
from exports.models import Export
from ledgers.models import Ledger
from tests.factories import (
    PASSWORD,
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.imports.files import make_checked
from tests.pages import SLIDE_OVER, text_of
from tests.schedules.building import make_schedule
from tests.users.addresses import Address, all_addresses
from transactions.models import ProofRun, Transaction
from users.models import Role, SavedView, User
from users.roles import ALLOWED, BEGINNINGS
from users.saved_views import save_view

pytestmark = pytest.mark.django_db

REFUSED = "you may read the books, not change them"
# Files leave a record of who took them.
FILES = re.compile(r"exports:file|.*-(csv|xlsx|pdf)")


@pytest.fixture
def reader() -> User:
    return make_user(username="auditor", role=Role.READER)


@pytest.fixture
def reading(reader: User) -> Client:
    """A browser in which the reader is signed in."""
    return make_client(user=reader)


@pytest.fixture
def records(reader: User) -> dict[str, UUID]:
    """The public id of one record of each kind."""
    source = make_balance(floor_minor=None)
    balance = make_balance(identity=make_identity())
    posted = post_transfer(source=source, destination=balance)
    run = plan(user=reader, table="transactions", action="reverse", records=[posted.pk], content={})
    view = save_view(owner=reader, table="transactions", name="Mine", query="")
    assert balance.identity
    return {
        "ldg": balance.ledger.public_id,
        "bln": balance.public_id,
        "idt": balance.identity.public_id,
        "txn": posted.public_id,
        "sch": make_schedule(source=source, destination=balance).public_id,
        "bulk": run.public_id,
        "imports": make_checked().public_id,
        "users": view.public_id,
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_reader_is_refused_whatever_could_change_something(reading: Client, method: str) -> None:
    addresses = [each for each in all_addresses() if each.view_name not in ALLOWED]

    answers = {each.view_name: reading.generic(method, each.url).status_code for each in addresses}

    assert len(answers) > 60
    assert {name for name, status in answers.items() if status != 403} == set()


def test_the_list_of_what_is_allowed_names_addresses_that_exist() -> None:
    names = {each.view_name for each in all_addresses()}

    assert names > ALLOWED | BEGINNINGS
    assert not ALLOWED & BEGINNINGS


def test_every_form_that_is_sent_is_one_of_the_allowed_or_a_beginning(clerk: Client) -> None:
    """A view that takes both methods shows what it is sent."""
    others = [each for each in all_addresses() if each.view_name not in ALLOWED]

    shown = {each.view_name for each in others if {"GET", "POST"} <= _methods_of(clerk, each)}

    assert shown == BEGINNINGS


def _methods_of(client: Client, address: Address) -> set[str]:
    """What a view answers, which it says when it is asked otherwise."""
    response = client.put(address.url)
    assert response.status_code == 405, f"{address.view_name} does not say its methods"
    return set(response["Allow"].split(", "))


@pytest.mark.parametrize("name", sorted(BEGINNINGS))
def test_reader_is_refused_the_page_that_begins_a_change(
    reading: Client, records: dict[str, UUID], name: str
) -> None:
    url = next(each.url for each in all_addresses(records) if each.view_name == name)

    page, beside = reading.get(url), reading.get(url, headers=SLIDE_OVER)

    assert (page.status_code, beside.status_code) == (403, 403)
    assert REFUSED in text_of(page)
    assert "Ask an operator for the role of a bookkeeper" in text_of(page)


def test_nothing_is_written_by_what_a_reader_reads(
    reading: Client, records: dict[str, UUID]
) -> None:
    addresses = [each for each in all_addresses(records) if not FILES.fullmatch(each.view_name)]

    with db_transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        answers = {each.view_name: reading.get(each.url).status_code for each in addresses}

    assert set(answers.values()) <= {200, 204, 302, 400, 403, 404, 405}
    assert {name for name, status in answers.items() if status == 403} - BEGINNINGS == {
        "audit:list",
        "web:styleguide",
        "web:styleguide-suggest",
    }
    read = ["dashboard:home", "ledgers:detail", "balances:detail", "transactions:detail"]
    read += ["balances:quick", "bulk:run", "schedules:detail", "balances:statement", "web:counts"]
    read += ["imports:list", "imports:detail", "imports:file"]
    assert {name: answers[name] for name in read} == dict.fromkeys(read, 200)


def test_nothing_is_posted_by_a_reader_who_has_the_review_of_a_bookkeeper(reading: Client) -> None:
    source, destination = make_balance(floor_minor=None), make_balance()
    before = Transaction.objects.count()

    response = reading.post(
        reverse("transactions:review"),
        {"source": source.key, "destination": destination.key, "amount": "1", "reference": "R-1"},
    )

    assert response.status_code == 403
    assert Transaction.objects.count() == before


def test_reader_who_was_a_bookkeeper_is_refused_at_once(reader: User, reading: Client) -> None:
    new = reverse("ledgers:create")
    User.objects.filter(pk=reader.pk).update(role=Role.BOOKKEEPER)
    assert reading.get(new).status_code == 200

    User.objects.filter(pk=reader.pk).update(role=Role.READER)

    assert reading.post(new, {"name": "Wages"}).status_code == 403
    assert not Ledger.objects.filter(name="Wages").exists()


def test_a_form_that_is_sent_beside_a_table_is_refused_too(reading: Client) -> None:
    response = reading.post(reverse("ledgers:create"), {"name": "Wages"}, headers=SLIDE_OVER)

    assert response.status_code == 403
    assert not Ledger.objects.filter(name="Wages").exists()


def test_reader_has_preferences_and_a_password_of_their_own(reader: User, reading: Client) -> None:
    new = "b4ttery st4ple"
    passwords = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}

    reading.post(reverse("users:preferences"), {"theme": "dark"})
    reading.post(reverse("users:table-choices", args=["ledgers"]), {"do": "reset"})
    reading.post(reverse("password_change"), passwords)

    reader.refresh_from_db()
    assert reader.theme == "dark"
    assert reader.check_password(new)
    assert reading.post(reverse("logout")).status_code == 302
    assert reading.get("/").status_code == 302


def test_reader_signs_in_again_where_they_are_signed_in_already(reading: Client) -> None:
    answer = reading.post(reverse("login"), {"username": "auditor", "password": PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_reader_takes_the_books_away_as_files_and_that_is_recorded(
    reader: User, reading: Client
) -> None:
    make_ledger(name="Suppliers")

    file = reading.get(reverse("exports:file", args=["ledgers", "csv"]))

    assert b"Suppliers" in file.getvalue()
    assert Export.objects.get().user == reader
    assert AuditEvent.objects.filter(actor=reader, action__startswith="export").exists()


def test_reader_adds_up_and_exports_ticked_rows(reading: Client) -> None:
    posted = post_transfer(source=make_balance(floor_minor=None), destination=make_balance())
    ticked = {"key": posted.key}

    sums = reading.post(reverse("bulk:ticked", args=["transactions"]), ticked)
    file = reading.post(reverse("bulk:export", args=["transactions"]), ticked)

    assert "1.00GBP" in text_of(sums)
    assert file["Location"].startswith("/transactions/export.csv?")


def test_reader_has_the_books_proved(reader: User, reading: Client) -> None:
    response = reading.post(reverse("dashboard:proof"), follow=True)

    assert "Everything matches." in text_of(response)
    assert ProofRun.objects.get().actor == reader


def test_view_of_a_reader_is_theirs_alone(reader: User, reading: Client) -> None:
    new = reverse("users:view-create", args=["identities"])
    form = reading.get(new)

    reading.post(f"{new}?where=kind:is:PERSON", {"name": "People", "is_shared": "on"})

    view = SavedView.objects.get()
    assert (view.owner, view.is_shared) == (reader, False)
    assert "your views are for you alone" in text_of(form)


def test_reader_changes_and_deletes_a_view_of_their_own(reader: User, reading: Client) -> None:
    view = save_view(owner=reader, table="identities", name="People", query="")

    reading.post(reverse("users:view-edit", args=[view.public_id]), {"name": "All"})
    view.refresh_from_db()
    assert view.name == "All"

    reading.post(reverse("users:view-delete", args=[view.public_id]))
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("is_staff", [False, True])
def test_what_is_shared_stays_as_it_is_for_readers(reader: User, is_staff: bool) -> None:
    others = save_view(
        owner=make_user(), table="identities", name="Ours", query="sort=name", is_shared=True
    )
    own = save_view(owner=reader, table="identities", name="Mine", query="", is_shared=True)
    User.objects.filter(pk=reader.pk).update(is_staff=is_staff)
    client = make_client(user=User.objects.get(pk=reader.pk))

    for view in (own, others):
        page = client.get(f"/identities/?sort=-name&view={view.public_id}")
        assert "Edit view" not in text_of(page)
        for action in ("edit", "query", "deletion"):
            assert client.post(f"/views/{view.public_id}/{action}/").status_code == 403


def test_the_database_knows_no_other_role(reader: User) -> None:
    with pytest.raises(IntegrityError, match="user_role_known"), db_transaction.atomic():
        User.objects.filter(pk=reader.pk).update(role="OWNER")


def test_a_superuser_is_never_a_reader(reader: User) -> None:
    with pytest.raises(IntegrityError, match="user_superuser_no_reader"), db_transaction.atomic():
        User.objects.filter(pk=reader.pk).update(is_superuser=True)


def test_who_is_made_by_a_command_may_post() -> None:
    operator = User.objects.create_superuser("first", password=PASSWORD)

    assert operator.role == Role.BOOKKEEPER
    assert make_client(user=operator).get(reverse("ledgers:create")).status_code == 200
