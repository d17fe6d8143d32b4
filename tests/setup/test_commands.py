"""Management commands from a fresh clone: alone, beside each other, beside `up`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.local import migrate_if_needed
from tests.conftest import OwnDatabase
from tests.setup.running import ROOT, environment, run

COUNT = "from users.models import User; print(User.objects.count())"
SHELL = ["shell", "--no-imports", "-c"]
PRODUCTION = {
    "SECRET_KEY": "0kDSFvNNZ8yrgeGuzQ1xVnLLjBBmXHbW2-9RzTqPslYcAaEu5t7MwiJoKd",
    "DATABASE_URL": "postgresql://daybook_app@db.example/daybook",
    "ALLOWED_HOSTS": "books.example",
}


def test_command_alone_starts_and_stops_the_database_and_says_nothing(tmp_path: Path) -> None:
    result = run(*SHELL, COUNT, env=environment(tmp_path / "data"))

    assert (result.returncode, result.stdout, result.stderr) == (0, "0\n", "")
    assert not (tmp_path / "data" / "pgdata" / "postmaster.pid").exists()


def test_commands_alone_at_the_same_time_share_the_database(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "manage.py", *SHELL, COUNT],
            cwd=ROOT,
            env=environment(tmp_path / "data"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    answers = [process.communicate(timeout=60) for process in started]

    assert answers == [("0\n", "")] * 3
    assert not (tmp_path / "data" / "pgdata" / "postmaster.pid").exists()


def test_up_is_refused_while_a_command_uses_the_database(data: Path) -> None:
    command = subprocess.Popen(
        [sys.executable, "manage.py", *SHELL, f"{COUNT}; input()"],
        cwd=ROOT,
        env=environment(data),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with command:
        assert command.stdout
        command.stdout.readline()
        result = run("up", env=environment(data))
        command.communicate("\n")

    assert result.returncode == 1
    assert "in use by `shell`" in result.stderr


def test_command_connects_as_the_role_that_owns_nothing(data: Path) -> None:
    code = (
        "from django.db import connection; c = connection.cursor();"
        "c.execute('SELECT current_user, count(*) FROM pg_tables WHERE tableowner = current_user');"
        "print(c.fetchone())"
    )

    result = run(*SHELL, code, env=environment(data))

    assert result.stdout == "('daybook_app', 0)\n"


@pytest.mark.parametrize(("process", "timeout"), [("", "0"), ("web", "1min")])
def test_only_the_web_gives_up_on_a_query(
    process: str, timeout: str, tmp_path: Path, own_database: OwnDatabase
) -> None:
    env = environment(tmp_path, DATABASE_URL=own_database.url)
    env |= {"DAYBOOK_PROCESS": process} if process else {}
    code = (
        "from django.db import connection; c = connection.cursor();"
        "c.execute('SELECT current_setting(%s), current_setting(%s), current_setting(%s)',"
        " ['statement_timeout', 'lock_timeout', 'application_name']); print(c.fetchone())"
    )

    result = run(*SHELL, code, env=env)

    assert result.stdout == f"('{timeout}', '5s', 'daybook {process or 'shell'}')\n"


def test_migrate_twice_at_once_is_safe(tmp_path: Path, own_database: OwnDatabase) -> None:
    with own_database.owner(autocommit=True) as owner:
        owner.execute("DROP SCHEMA public CASCADE")
        owner.execute("CREATE SCHEMA public")
    env = environment(
        tmp_path, DATABASE_URL=own_database.url, DATABASE_OWNER_URL=own_database.owner_url
    )

    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    assert [process.communicate(timeout=60)[1] for process in started] == ["", ""]
    assert [process.returncode for process in started] == [0, 0]


def test_one_role_may_own_the_tables_and_serve(tmp_path: Path, own_database: OwnDatabase) -> None:
    env = environment(tmp_path, DATABASE_URL=own_database.owner_url)

    assert run("migrate", "--verbosity=0", env=env).returncode == 0
    assert run(*SHELL, COUNT, env=env).stdout == "0\n"


def test_help_starts_no_database(tmp_path: Path) -> None:
    result = run("migrate", "--help", env=environment(tmp_path / "data"))

    assert result.returncode == 0
    assert not (tmp_path / "data").exists()


def test_check_deploy_is_silent_with_production_values(tmp_path: Path) -> None:
    result = run("check", "--deploy", "--fail-level=DEBUG", env=environment(tmp_path, **PRODUCTION))

    assert result.stderr == ""
    assert result.stdout == "System check identified no issues (0 silenced).\n"


def test_settings_name_what_is_missing(tmp_path: Path) -> None:
    env = environment(tmp_path, DJANGO_SETTINGS_MODULE="config.settings")

    result = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "SECRET_KEY is not set; .env.example tells what it means" in result.stderr


def test_command_goes_on_where_the_first_migration_was_interrupted(
    own_database: OwnDatabase,
) -> None:
    with own_database.owner() as owner:
        owner.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM daybook_app")

    migrate_if_needed()

    with own_database.app() as app:
        assert app.execute("SELECT FROM django_migrations LIMIT 1").rowcount == 1


def test_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    result = run("check", env=environment(tmp_path, SECRET_KEY_FILE="/nowhere/key"))

    assert result.returncode == 1
    assert "SECRET_KEY_FILE: /nowhere/key cannot be read (No such file" in result.stderr
