from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from audit.models import AuditEvent
from identities.models import Identity
from tests.factories import make_client, make_identity, make_user
from tests.pages import SCRIPT, SLIDE_OVER, hidden_value, is_whole_page, text_of
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/identities/new/"


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


def filled(**changes: Any) -> dict[str, Any]:
    return {"public_id": str(uuid4()), "kind": "ORGANIZATION", "name": "Northgate"} | changes


def test_identity_is_created_and_its_page_opened(clerk: Client, user: User) -> None:
    response = clerk.post(
        URL,
        filled(email="pay@northgate.example", metadata_key="vat", metadata_value="GB123"),
    )

    identity = Identity.objects.get()
    assert response.headers["Location"] == identity.get_absolute_url()
    assert (identity.name, identity.kind) == ("Northgate", "ORGANIZATION")
    assert (identity.email, identity.metadata) == ("pay@northgate.example", {"vat": "GB123"})
    assert AuditEvent.objects.get(action="identity.created").actor == user


def test_sent_twice_makes_one_identity(clerk: Client) -> None:
    data = filled()

    for _ in range(2):
        clerk.post(URL, data)

    assert Identity.objects.count() == 1


def test_form_used_again_for_another_name_makes_nothing_and_says_so(clerk: Client) -> None:
    data = filled()
    clerk.post(URL, data)

    response = clerk.post(URL, data | {"name": "Meadow"}, follow=True)

    assert Identity.objects.get().name == "Northgate"
    assert "nothing was added" in text_of(response)


def test_slide_over_closes_and_tells_the_table(clerk: Client) -> None:
    response = clerk.post(URL, filled(), headers=SLIDE_OVER)

    assert response.status_code == 204
    assert "identityCreated" in response.headers["HX-Trigger"]


def test_slide_over_gets_the_form_alone(clerk: Client) -> None:
    assert not is_whole_page(clerk.get(URL, headers=SLIDE_OVER))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a\x00b"},
        {"name": "x" * 201},
        {"kind": "ROBOT"},
        {"kind": ""},
        {"email": "nobody"},
        {"email": f"{'x' * 250}@example.org"},
        {"metadata_json": "{"},
        {"public_id": "1"},
    ],
)
def test_bad_input_is_refused_and_nothing_written(clerk: Client, changes: dict[str, Any]) -> None:
    response = clerk.post(URL, filled(**changes))

    assert response.status_code == 422
    assert not Identity.objects.exists()


def test_profile_is_edited(clerk: Client, user: User) -> None:
    identity = make_identity(name="Northgate", email="old@northgate.example")
    url = f"{identity.get_absolute_url()}edit/"

    form = clerk.get(url).content.decode()
    response = clerk.post(url, {"name": "Northgate Ltd", "kind": "ORGANIZATION", "email": ""})

    identity.refresh_from_db()
    assert 'value="old@northgate.example"' in form
    assert response.headers["Location"] == identity.get_absolute_url()
    assert (identity.name, identity.email) == ("Northgate Ltd", "")
    assert AuditEvent.objects.get(action="identity.changed").actor == user


def test_bad_edit_changes_nothing(clerk: Client) -> None:
    identity = make_identity(name="Northgate")

    response = clerk.post(f"{identity.get_absolute_url()}edit/", {"name": "", "kind": "PERSON"})

    identity.refresh_from_db()
    assert response.status_code == 422
    assert (identity.name, identity.kind) == ("Northgate", "ORGANIZATION")


def test_metadata_is_merged(clerk: Client) -> None:
    identity = make_identity(metadata={"vat": "GB123", "tier": "gold"})
    data = {"metadata_shown": ["vat", "tier"], "metadata_key": "vat", "metadata_value": "GB999"}

    clerk.post(f"{identity.get_absolute_url()}metadata/", data)

    identity.refresh_from_db()
    assert identity.metadata == {"vat": "GB999"}


def test_adding_a_row_without_scripts_keeps_what_was_typed(clerk: Client) -> None:
    data = filled(metadata_key="vat", metadata_value="", metadata_add="1")

    response = clerk.post(URL, data)

    assert response.status_code == 200
    assert 'value="Northgate"' in response.content.decode()
    assert hidden_value(response, "public_id") == data["public_id"]


@pytest.mark.parametrize("part", ["", "edit/", "metadata/", "info/"])
def test_unknown_identity_is_not_found(clerk: Client, part: str) -> None:
    assert clerk.get(f"/identities/idt_{uuid4()}/{part}").status_code == 404


@pytest.mark.parametrize("part", ["", "edit/", "metadata/", "info/"])
def test_anonymous_is_sent_to_login(client: Client, part: str) -> None:
    url = f"{make_identity().get_absolute_url()}{part}"

    assert client.get(url).headers["Location"] == f"/login/?next={url}"


def test_full_info_holds_the_whole_record(clerk: Client) -> None:
    identity = make_identity(name="Northgate", email="pay@north.example", metadata={"vat": SCRIPT})
    url = f"{identity.get_absolute_url()}info/"

    response = clerk.get(url)

    text = text_of(response)
    assert SCRIPT not in response.content.decode()
    for part in (identity.key, "Northgate", "pay@north.example", SCRIPT, f'"id": "{identity.key}"'):
        assert part in text
    assert not is_whole_page(clerk.get(url, headers=SLIDE_OVER))


def test_identities_are_suggested_by_name_email_and_id(clerk: Client) -> None:
    identity = make_identity(name="Northgate", email="pay@north.example")
    make_identity(name=SCRIPT)

    for text in ("northg", "pay@", identity.key):
        html = clerk.get("/identities/suggest/", {"q": text}).content.decode()

        assert html.count('role="option"') == 1
        assert identity.key in html
    assert SCRIPT not in clerk.get("/identities/suggest/").content.decode()
