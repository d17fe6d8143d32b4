from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.test import Client

from audit.models import AuditEvent
from ledgers.models import Ledger
from tests.factories import general_ledger, make_client, make_ledger, make_user
from tests.pages import SCRIPT, SLIDE_OVER, is_whole_page, text_of
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


def rename_url(ledger: Ledger) -> str:
    return f"{ledger.get_absolute_url()}name/"


def metadata_url(ledger: Ledger) -> str:
    return f"{ledger.get_absolute_url()}metadata/"


def info_url(ledger: Ledger) -> str:
    return f"{ledger.get_absolute_url()}info/"


def test_ledger_is_renamed(clerk: Client, user: User) -> None:
    ledger = make_ledger(name="Suppliers")

    response = clerk.post(rename_url(ledger), {"name": "Vendors"})

    ledger.refresh_from_db()
    assert response.headers["Location"] == ledger.get_absolute_url()
    assert ledger.name == "Vendors"
    event = AuditEvent.objects.get(subject=ledger.key, action="ledger.renamed")
    assert (event.actor, event.before, event.after) == (
        user,
        {"name": "Suppliers"},
        {"name": "Vendors"},
    )


def test_rename_form_holds_the_present_name(clerk: Client) -> None:
    response = clerk.get(rename_url(make_ledger(name="Suppliers")))

    assert 'value="Suppliers"' in response.content.decode()


def test_same_name_in_other_case_needs_no_second_yes(clerk: Client) -> None:
    ledger = make_ledger(name="suppliers")

    clerk.post(rename_url(ledger), {"name": "Suppliers"})

    ledger.refresh_from_db()
    assert ledger.name == "Suppliers"


def test_name_of_another_ledger_needs_a_second_yes(clerk: Client) -> None:
    make_ledger(name="Suppliers")
    ledger = make_ledger(name="Wallets")

    refused = clerk.post(rename_url(ledger), {"name": "suppliers"})
    meant = clerk.post(rename_url(ledger), {"name": "suppliers", "is_namesake_meant": "on"})

    assert (refused.status_code, meant.status_code) == (422, 302)


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\x00b"])
def test_unfit_name_changes_nothing(clerk: Client, name: str) -> None:
    ledger = make_ledger(name="Suppliers")

    response = clerk.post(rename_url(ledger), {"name": name})

    ledger.refresh_from_db()
    assert response.status_code == 422
    assert ledger.name == "Suppliers"


def test_general_ledger_may_be_renamed(clerk: Client) -> None:
    clerk.post(rename_url(general_ledger()), {"name": "House books"})

    assert general_ledger().name == "House books"


def test_metadata_is_shown_as_rows_and_json(clerk: Client) -> None:
    ledger = make_ledger(metadata={"region": "EU", "tiers": [1, 2]})

    html = clerk.get(metadata_url(ledger)).content.decode()

    assert 'name="metadata_key" value="region"' in html
    assert "&quot;tiers&quot;" in html


def test_metadata_is_merged_and_a_key_taken_out_is_removed(clerk: Client, user: User) -> None:
    ledger = make_ledger(metadata={"region": "EU", "tier": "gold", "address": {"city": "Oslo"}})
    # Another person adds a key after the form was opened.
    Ledger.objects.filter(pk=ledger.pk).update(metadata=ledger.metadata | {"audited": True})

    clerk.post(
        metadata_url(ledger),
        {
            "metadata_shown": ["region", "tier", "address"],
            "metadata_key": ["region", "since"],
            "metadata_value": ["Nordics", "2025"],
            "metadata_json": json.dumps({"address": {"city": "Bergen"}}),
        },
    )

    ledger.refresh_from_db()
    assert ledger.metadata == {
        "region": "Nordics",
        "since": "2025",
        "address": {"city": "Bergen"},
        "audited": True,
    }
    event = AuditEvent.objects.filter(action="ledger.metadata_changed").latest("pk")
    assert event.actor == user


def test_removing_a_row_without_scripts_saves_nothing_yet(clerk: Client) -> None:
    ledger = make_ledger(metadata={"region": "EU"})
    data = {
        "metadata_shown": ["region"],
        "metadata_key": ["region"],
        "metadata_value": ["EU"],
        "metadata_remove": "0",
    }

    response = clerk.post(metadata_url(ledger), data)

    ledger.refresh_from_db()
    assert response.status_code == 200
    assert 'name="metadata_key" value="region"' not in response.content.decode()
    assert 'name="metadata_shown" value="region"' in response.content.decode()
    assert ledger.metadata == {"region": "EU"}


def test_unfit_metadata_changes_nothing(clerk: Client) -> None:
    ledger = make_ledger(metadata={"region": "EU"})

    response = clerk.post(metadata_url(ledger), {"metadata_json": "{"})

    ledger.refresh_from_db()
    assert response.status_code == 422
    assert ledger.metadata == {"region": "EU"}


def test_full_info_holds_the_whole_record(clerk: Client) -> None:
    ledger = make_ledger(name="Suppliers", metadata={"address": {"city": SCRIPT}})

    response = clerk.get(info_url(ledger))

    text = text_of(response)
    assert SCRIPT not in response.content.decode()
    for part in (ledger.key, "Suppliers", SCRIPT, f'"id": "{ledger.key}"', "UTC"):
        assert part in text


@pytest.mark.parametrize("url_of", [rename_url, metadata_url, info_url])
def test_each_opens_in_the_slide_over(clerk: Client, url_of: object) -> None:
    assert callable(url_of)
    response = clerk.get(url_of(make_ledger()), headers=SLIDE_OVER)

    assert response.status_code == 200
    assert not is_whole_page(response)


@pytest.mark.parametrize("part", ["", "name/", "metadata/", "info/"])
def test_unknown_ledger_is_not_found(clerk: Client, part: str) -> None:
    assert clerk.get(f"/ledgers/ldg_{uuid4()}/{part}").status_code == 404


@pytest.mark.parametrize("part", ["", "name/", "metadata/", "info/"])
def test_anonymous_is_sent_to_login(client: Client, part: str) -> None:
    url = f"{make_ledger().get_absolute_url()}{part}"

    assert client.get(url).headers["Location"] == f"/login/?next={url}"
