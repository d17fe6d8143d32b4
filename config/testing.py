"""A pytest plugin: a throw-away cluster and the settings that tests need.

It is named by `-p` in pyproject.toml, because pytest-django reads the settings before any
conftest. A worker of pytest-xdist finds the cluster of the process that started it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from config.embedded import ADMIN_ROLE, OWNER_ROLE, Cluster

CLUSTER = "DAYBOOK_TEST_CLUSTER"
SERVER = {
    # Some tests open two hundred connections at once, in each of up to four processes.
    "max_connections": "900",
    # It would count rows that no test commits, and plans would depend on when it came by.
    "autovacuum": "off",
}
# Of a failure, said at once; the whole of it stands at the end.
LAST_LINES = 12
ENVIRONMENT = {
    "SECRET_KEY": "only-for-tests",
    "DEBUG": "false",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "CSRF_TRUSTED_ORIGINS": "",
    "DAYBOOK_HTTPS": "false",
    "DAYBOOK_PROCESS": "test",
    "DAYBOOK_STATIC_HASHED": "false",
}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    os.environ.update(ENVIRONMENT)
    if CLUSTER not in os.environ:
        _start_cluster(early_config)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Teller(config))


class _Teller:
    """Says why a test failed as soon as it did: a run that is ended early has said it as well."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            last_lines = report.longreprtext.splitlines()[-LAST_LINES:]
            terminal.write_line(f"\n{report.nodeid} failed in its {report.when}:", red=True)
            terminal.write_line("\n".join(last_lines))


def _start_cluster(config: pytest.Config) -> None:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 closed inside
    base = Path(tempfile.mkdtemp(prefix="daybook-test-", dir=memory))
    # Whoever runs the server for root must get in; what is inside is closed.
    base.chmod(0o755)
    cluster = Cluster(base, durable=False, options=SERVER)

    def stop() -> None:
        cluster.stop()
        shutil.rmtree(base, ignore_errors=True)

    config.add_cleanup(stop)
    cluster.start("test")
    static = base / "static"
    static.mkdir()
    os.environ["STATIC_ROOT"] = str(static)
    os.environ[CLUSTER] = str(base)
    os.environ["DATABASE_URL"] = cluster.url(ADMIN_ROLE)
    os.environ["DATABASE_OWNER_URL"] = cluster.url(ADMIN_ROLE, OWNER_ROLE)
