from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from audit.models import AuditEvent
from ledgers.models import Ledger
from tests.conftest import OwnDatabase
from tests.factories import make_client, make_ledger, make_user
from tests.pages import SCRIPT, SLIDE_OVER, hidden_value, is_whole_page, text_of
from users.models import User

URL = "/ledgers/new/"


@pytest.fixture
def user(db: None) -> User:
    return make_user()


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


def filled(**changes: Any) -> dict[str, Any]:
    return {"public_id": str(uuid4()), "name": "Suppliers"} | changes


def own_ledgers() -> list[str]:
    ledgers = Ledger.objects.filter(is_general=False).order_by("pk")
    return list(ledgers.values_list("name", flat=True))


def test_form_is_a_page_with_an_id_drawn_for_it(clerk: Client) -> None:
    first, second = clerk.get(URL), clerk.get(URL)

    assert is_whole_page(first)
    assert hidden_value(first, "public_id") != hidden_value(second, "public_id")


def test_ledger_is_created_and_its_page_opened(clerk: Client, user: User) -> None:
    response = clerk.post(
        URL,
        filled(
            name="  Suppliers ",
            metadata_key=["region", ""],
            metadata_value=["EU", ""],
            metadata_json='{"address": {"city": "Oslo"}}',
        ),
    )

    ledger = Ledger.objects.get(name="Suppliers")
    assert response.status_code == 302
    assert response.headers["Location"] == ledger.get_absolute_url()
    assert ledger.metadata == {"region": "EU", "address": {"city": "Oslo"}}
    event = AuditEvent.objects.get(subject=ledger.key)
    assert (event.action, event.actor) == ("ledger.created", user)


def test_sent_twice_makes_one_ledger(clerk: Client) -> None:
    data = filled()

    locations = [clerk.post(URL, data).headers["Location"] for _ in range(2)]

    assert own_ledgers() == ["Suppliers"]
    assert len(set(locations)) == 1
    assert AuditEvent.objects.filter(action="ledger.created").count() == 1


def test_form_used_again_for_another_name_makes_nothing_and_says_so(clerk: Client) -> None:
    data = filled()
    clerk.post(URL, data)

    response = clerk.post(URL, data | {"name": "Wallets"}, follow=True)

    assert own_ledgers() == ["Suppliers"]
    assert "had created Suppliers before, so nothing was added" in text_of(response)


@pytest.mark.parametrize("name", ["Suppliers", "  sUPPLIERS", "Suppliers\u2009", "SUPPLIERS "])
def test_namesake_is_pointed_out_and_nothing_written(clerk: Client, name: str) -> None:
    namesake = make_ledger(name="Suppliers")

    response = clerk.post(URL, filled(name=name))

    html = response.content.decode()
    assert response.status_code == 422
    assert f'<a href="{namesake.get_absolute_url()}"><bdi>Suppliers</bdi></a>' in html
    assert '<input type="checkbox" name="is_namesake_meant"' in html
    assert own_ledgers() == ["Suppliers"]


def test_second_yes_creates_the_namesake(clerk: Client) -> None:
    make_ledger(name="Suppliers")

    response = clerk.post(URL, filled(is_namesake_meant="on"))

    assert response.status_code == 302
    assert own_ledgers() == ["Suppliers", "Suppliers"]


def test_second_yes_stays_in_sight_while_something_else_is_wrong(clerk: Client) -> None:
    response = clerk.post(URL, filled(is_namesake_meant="on", metadata_json="{"))

    assert response.status_code == 422
    assert '<input type="checkbox" name="is_namesake_meant"' in response.content.decode()


def test_namesake_with_markup_in_its_name_is_shown_as_text(clerk: Client) -> None:
    make_ledger(name=SCRIPT)

    response = clerk.post(URL, filled(name=SCRIPT))

    assert response.status_code == 422
    assert SCRIPT not in response.content.decode()


def test_slide_over_gets_the_form_alone(clerk: Client) -> None:
    response = clerk.get(URL, headers=SLIDE_OVER)

    assert not is_whole_page(response)
    assert 'hx-post="/ledgers/new/"' in response.content.decode()


def test_slide_over_closes_and_tells_the_table(clerk: Client) -> None:
    response = clerk.post(URL, filled(), headers=SLIDE_OVER)

    ledger = Ledger.objects.get(name="Suppliers")
    assert response.status_code == 204
    assert json.loads(response.headers["HX-Trigger"]) == {
        "slideOverDone": {
            "url": ledger.get_absolute_url(),
            "event": "ledgerCreated",
            "key": ledger.key,
        }
    }


def test_slide_over_shows_what_is_wrong(clerk: Client) -> None:
    response = clerk.post(URL, filled(name=""), headers=SLIDE_OVER)

    assert response.status_code == 422
    assert not is_whole_page(response)
    assert own_ledgers() == []


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u200b", "a" * 201, "bell\x07", "line\nbreak", "nul\x00", "\x1b[31m"],
)
def test_unfit_name_is_refused_and_nothing_written(clerk: Client, name: str) -> None:
    response = clerk.post(URL, filled(name=name))

    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert own_ledgers() == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"metadata_json": "{"},
        {"metadata_json": "[1]"},
        {"metadata_json": '{"a": "\\u0000"}'},
        {"metadata_json": '{"a": NaN}'},
        {"metadata_json": "[" * 5000},
        {"metadata_json": json.dumps({"a": "x" * 70_000})},
        {"metadata_key": ["a", "a"], "metadata_value": ["1", "2"]},
        {"metadata_key": [""], "metadata_value": ["no key"]},
        {"metadata_key": ["k" * 201], "metadata_value": ["x"]},
        {"metadata_key": ["k"], "metadata_value": ["bell\x07"]},
    ],
)
def test_unfit_metadata_is_refused_and_nothing_written(
    clerk: Client, metadata: dict[str, Any]
) -> None:
    response = clerk.post(URL, filled(**metadata))

    assert response.status_code == 422
    assert own_ledgers() == []


def test_megabyte_of_metadata_is_refused(clerk: Client) -> None:
    response = clerk.post(URL, filled(metadata_json=json.dumps({"a": "x" * 1_100_000})))

    assert response.status_code in (400, 413, 422)
    assert own_ledgers() == []


@pytest.mark.parametrize("public_id", ["", "nonsense", "ldg_1"])
def test_unfit_id_is_refused(clerk: Client, public_id: str) -> None:
    assert clerk.post(URL, filled(public_id=public_id)).status_code == 422


@pytest.mark.parametrize("name", ["شركة النور", "\u202egnirts", "日本", "O'Neil & Søns <b>"])
def test_name_in_any_script_is_kept_and_shown_as_text(clerk: Client, name: str) -> None:
    response = clerk.post(URL, filled(name=name), follow=True)

    assert own_ledgers() == [name]
    assert name in text_of(response)
    assert "<b>" not in response.content.decode().replace("<b></b>", "").partition("<main")[2]


def test_adding_a_row_without_scripts_keeps_what_was_typed(clerk: Client) -> None:
    data = filled(metadata_key=["region"], metadata_value=["EU"], metadata_add="1")

    response = clerk.post(URL, data)

    html = response.content.decode()
    assert response.status_code == 200
    assert 'value="Suppliers"' in html
    assert 'value="region"' in html
    assert hidden_value(response, "public_id") == data["public_id"]
    assert own_ledgers() == []


def test_name_may_come_from_the_address(clerk: Client) -> None:
    assert 'value="Payroll"' in clerk.get(URL, {"name": "Payroll"}).content.decode()


@pytest.mark.django_db
def test_anonymous_creates_nothing(client: Client) -> None:
    response = client.post(URL, filled())

    assert response.headers["Location"] == "/login/?next=/ledgers/new/"
    assert own_ledgers() == []


def test_request_from_another_site_is_refused(user: User) -> None:
    clerk = make_client(user=user, enforce_csrf_checks=True)

    assert clerk.post(URL, filled()).status_code == 403
    assert own_ledgers() == []


def test_sent_at_the_same_time_makes_one_ledger(own_database: OwnDatabase) -> None:
    user, data = make_user(), filled()
    clerks = [make_client(user=user) for _ in range(6)]
    together = threading.Barrier(len(clerks))

    def send(clerk: Client) -> str:
        together.wait()
        try:
            return clerk.post(URL, data).headers["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clerks)) as pool:
        locations = set(pool.map(send, clerks))

    assert len(locations) == 1
    assert own_ledgers() == ["Suppliers"]
    assert AuditEvent.objects.filter(action="ledger.created").count() == 1
