"""What a page answers when its database is gone, and when its static files are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection
from django.db import transaction as db_transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from config.postgresql.errors import is_database_lost
from config.storage import HashedStaticStorage
from tests.conftest import OwnDatabase
from tests.factories import PASSWORD, make_balance, make_client, make_user
from tests.pages import text_of
from tests.setup.running import ROOT, environment, run
from users.sessions import SessionStore

ALLOW = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"


def lose(database: OwnDatabase) -> None:
    with database.cluster.connect() as admin:
        admin.autocommit = True
        admin.execute(ALLOW.format(database.name, "false"))
        admin.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s",
            [database.name],
        )


@pytest.fixture
def losing(own_database: OwnDatabase) -> Iterator[OwnDatabase]:
    yield own_database
    connection.close()
    with own_database.cluster.connect() as admin:
        admin.autocommit = True
        admin.execute(ALLOW.format(own_database.name, "true"))


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "not to be had"])
def test_page_without_a_database_answers_503_and_when_to_ask_again(
    losing: OwnDatabase, ended: bool
) -> None:
    visitor = make_client()
    visitor.raise_request_exception = False
    lose(losing)
    if not ended:
        connection.close()

    response = visitor.get(reverse("ledgers:list"))

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "The database does not answer" in text_of(response)


def test_page_without_a_database_is_told_in_one_line(
    losing: OwnDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = make_client()
    visitor.raise_request_exception = False
    lose(losing)

    visitor.get(reverse("ledgers:list"))

    (told,) = caplog.records
    assert told.getMessage().startswith("The database does not answer at /ledgers/: ")
    assert told.exc_info is None


def test_command_without_a_database_says_so_in_words(tmp_path: Path) -> None:
    url = f"postgresql://nobody@/nothing?host={tmp_path}"

    result = run("prove", env=environment(tmp_path, DATABASE_URL=url))

    assert result.returncode == 1
    assert "prove: the database does not answer: " in result.stderr
    assert "Traceback" not in result.stderr


def test_import_that_loses_its_database_could_not_run(losing: OwnDatabase, tmp_path: Path) -> None:
    demo = ROOT / "demo"
    paper = tmp_path / "voucher.csv"
    paper.write_bytes(next(demo.glob("*.csv")).read_bytes())
    lose(losing)

    with pytest.raises(CommandError, match="Run the import again") as refused:
        call_command("import_transactions", str(paper), mapping=demo / "oxford.toml")

    assert refused.value.returncode == 2


def test_signing_in_without_a_database_answers_503(losing: OwnDatabase) -> None:
    user = make_user()
    visitor = Client(raise_request_exception=False)
    lose(losing)

    response = visitor.post(reverse("login"), {"username": user.username, "password": PASSWORD})

    assert response.status_code == 503


def test_session_that_cannot_be_saved_tells_of_the_lost_database(losing: OwnDatabase) -> None:
    store = SessionStore()
    store["theme"] = "dark"
    store.save()
    lose(losing)

    with pytest.raises(OperationalError) as lost:
        store.save()

    assert is_database_lost(lost.value)


@pytest.mark.django_db
def test_session_that_was_deleted_meanwhile_is_not_saved_again() -> None:
    store = SessionStore()
    store["theme"] = "dark"
    store.save()
    SessionStore(store.session_key).delete()

    with pytest.raises(UpdateError):
        store.save()


def execute(statements: str) -> None:
    with connection.cursor() as cursor:
        for each in statements.split("; "):
            cursor.execute(each)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 / 0",
        "SELECT nothing",
        "SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)",
        "UPDATE users_user SET username = NULL",
    ],
)
def test_refusal_of_the_database_is_no_loss(statement: str) -> None:
    make_balance()
    make_user()

    with pytest.raises(DatabaseError) as refused, db_transaction.atomic():
        execute(statement)

    assert not is_database_lost(refused.value)


@pytest.fixture
def uncollected(settings: Settings, tmp_path: Path) -> Settings:
    """Hashed names are asked for, and no file was ever collected."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "config.storage.HashedStaticStorage"}
    }
    return settings


@pytest.mark.django_db
@pytest.mark.usefixtures("uncollected")
def test_pages_stand_without_their_static_files() -> None:
    visitor = make_client()

    page = visitor.get(reverse("ledgers:list"))
    missing = visitor.get("/nowhere/")

    assert (page.status_code, missing.status_code) == (200, 404)
    assert "/static/css/app.css" in page.content.decode()


@pytest.mark.usefixtures("uncollected")
def test_missing_static_files_are_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    storage = HashedStaticStorage()

    addresses = [storage.url(name) for name in ("css/app.css", "js/app.js", "css/app.css")]

    assert addresses == ["/static/css/app.css", "/static/js/app.js", "/static/css/app.css"]
    assert caplog.text.count("No static files were collected: run `manage.py collectstatic`") == 1


def test_page_of_a_bug_stands_without_its_static_files(
    uncollected: Settings, losing: OwnDatabase
) -> None:
    visitor = make_client()
    visitor.raise_request_exception = False
    lose(losing)

    response = visitor.get(reverse("ledgers:list"))

    assert response.status_code == 503
    assert "/static/css/app.css" in response.content.decode()


def test_page_of_a_bug_is_bare_words_where_one_style_was_not_collected(
    uncollected: Settings, losing: OwnDatabase, tmp_path: Path
) -> None:
    """As after an update without `collectstatic`."""
    collected = {"css/app.css": "css/app.0123456789ab.css"}
    manifest = {"paths": collected, "version": "1.1", "hash": ""}
    (tmp_path / "staticfiles.json").write_text(json.dumps(manifest))
    visitor = make_client()
    visitor.raise_request_exception = False
    lose(losing)

    response = visitor.get(reverse("ledgers:list"))

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "<h1>Something broke on our side</h1>" in response.content.decode()
