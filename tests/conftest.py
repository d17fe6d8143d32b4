"""The tests' databases: one per process from a migrated template, more where a test asks."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connection, connections
from django.test import Client
from django.test.testcases import LiveServerThread
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser
from pytest_django import DjangoDbBlocker, Settings

from config.embedded import APP_ROLE, OWNER_ROLE, Cluster, create_database, drop_database
from config.testing import CLUSTER
from tests.browsing import launched_browser
from tests.factories import make_client
from tests.forgetting import forget_all

TEMPLATE = "daybook_template"
BUILDING = "daybook_building"
LOCK = 7_239_140_552

_numbers = count(1)

# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("unhurried")


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """A database of one test, whose commits are real; gone after the test."""

    name: str
    cluster: Cluster

    @property
    def url(self) -> str:
        return self.cluster.url(self.name, APP_ROLE)

    @property
    def owner_url(self) -> str:
        return self.cluster.url(self.name, OWNER_ROLE)

    def app(self, **options: Any) -> psycopg.Connection[Any]:
        """A connection as the role of the web."""
        return psycopg.connect(self.url, **options)

    def owner(self, **options: Any) -> psycopg.Connection[Any]:
        """A connection as the tables' owner, whom the triggers must stop as well."""
        return psycopg.connect(self.owner_url, **options)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Passwords are slow to hash by design, and almost every test makes a user."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of many databases run in one process, which has one in real life."""
    forget_all(monkeypatch)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The throw-away cluster that this run's databases live in."""
    return Cluster(Path(os.environ[CLUSTER]), durable=False)


@pytest.fixture(scope="session")
def template_database(
    cluster: Cluster, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> str:
    """The name of a migrated database that nobody is connected to, made once per run."""
    with cluster.connect() as admin, django_db_blocker.unblock():
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if not cluster.has_database(TEMPLATE):
            drop_database(admin, BUILDING)  # left by a worker that failed
            create_database(admin, BUILDING)
            with pointed_at(BUILDING):
                call_command("migrate", verbosity=0)
            admin.execute(f"ALTER DATABASE {BUILDING} RENAME TO {TEMPLATE}")
    return TEMPLATE


@pytest.fixture(scope="session")
def django_db_setup(
    cluster: Cluster, template_database: str, django_db_blocker: DjangoDbBlocker
) -> Generator[None, None, None]:
    """Let `db` work in a database of this process, as the role of the web."""
    blocker = django_db_blocker
    with cloned(cluster, template_database) as name, blocker.unblock(), pointed_at(name):
        blocker.block()
        yield
        blocker.restore()


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out when it takes too long would depend on how busy the machine is.

    Rolling up and filling documents wait for all transactions on the server, also those of tests
    beside this one.
    """
    monkeypatch.setattr("reports.rolling.PATIENCE_SECONDS", 300.0)
    monkeypatch.setattr("search.indexing.PATIENCE_SECONDS", 300.0)
    monkeypatch.setattr("web.tables.tabs.COUNT_MILLISECONDS", 60_000)
    monkeypatch.setattr("web.tables.tabs.COUNTS_SECONDS", 60.0)
    endless = "SELECT set_config('statement_timeout', '0', true)"
    monkeypatch.setattr("dashboard.palette_names.PATIENCE", endless)


@pytest.fixture
def own_database(
    cluster: Cluster, template_database: str, django_db_blocker: DjangoDbBlocker
) -> Generator[OwnDatabase, None, None]:
    """A fresh database for this test, where Django in every thread commits for real."""
    blocker = django_db_blocker
    with cloned(cluster, template_database) as name, blocker.unblock(), pointed_at(name):
        yield OwnDatabase(name, cluster)


class _Server(ThreadedWSGIServer):
    """Ends when all requests have: none is to meet the next test's database, or its log."""

    daemon_threads = False


class _ServerThread(LiveServerThread):
    server_class = _Server


@pytest.fixture
def own_server(own_database: OwnDatabase) -> Generator[str, None, None]:
    """The address of a server of this process that works in the test's own database."""
    thread = _ServerThread("127.0.0.1", StaticFilesHandler, connections_override={})
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()


@pytest.fixture(scope="session")
def browser() -> Generator[Browser, None, None]:
    """One Chromium for the whole run; `tests.browsing.opened_page` opens a page in it."""
    with launched_browser() as browser:
        yield browser


@contextmanager
def cloned(cluster: Cluster, template: str) -> Iterator[str]:
    name = f"daybook_{os.getpid()}_{next(_numbers)}"
    with cluster.connect() as admin:
        create_database(admin, name, template=template)
    try:
        yield name
    finally:
        with cluster.connect() as admin:
            drop_database(admin, name)


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Django's connection to database `name`; the settings are shared by all threads."""
    connection.close()
    settings = connections.settings["default"]
    before = settings["NAME"]
    settings["NAME"] = connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        settings["NAME"] = connection.settings_dict["NAME"] = before


@pytest.fixture
def clerk() -> Client:
    """Somebody who is signed in."""
    return make_client()
