"""Who may run Daybook: root, an ordinary user, and neither in the other's folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config import binaries
from config.embedded import Cluster
from tests.setup.running import ROOT, Up

ORDINARY = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
NOT_NEEDED = shutil.ignore_patterns(
    *("test", "tests", "site-packages", "dist-packages", "idlelib", "lib2to3", "tkinter"),
    *("ensurepip", "config-*", "*-stubs", "mypy*", "playwright*", "ruff*", "pip", "setuptools"),
    *("hypothesis*", "pygments", "_pytest", "greenlet", "include", "gis"),
)
PROJECT = shutil.ignore_patterns(".*", "__pycache__", "docs", "benchmarks")


@dataclass(frozen=True, slots=True)
class Home:
    """An ordinary user's folder, closed to others, with a checkout and a Python for it."""

    folder: Path
    python: str
    env: dict[str, str]

    @property
    def checkout(self) -> Path:
        return self.folder / "daybook"

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self.python, "manage.py", *arguments],
            cwd=self.checkout,
            env={**self.env, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            user=ORDINARY.pw_uid,
            group=ORDINARY.pw_gid,
            extra_groups=[],
        )


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="daybook-home-"))
    shutil.copytree(ROOT, folder / "daybook", ignore=PROJECT, symlinks=True)
    packages = Path(sysconfig.get_path("purelib"))
    shutil.copytree(packages, folder / "packages", ignore=_not_needed, symlinks=True)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(folder / "packages"),
        "DAYBOOK_VENV": "off",
    }
    python = os.path.realpath(sys.executable)
    if not _can_run(python):
        python = _copy_python(folder)
        env["PYTHONHOME"] = str(folder / "python")
        env["LD_LIBRARY_PATH"] = str(folder / "python" / "lib")
    _give(folder)
    yield Home(folder, python, env)
    shutil.rmtree(folder)


def _not_needed(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "locale" and "__init__.py" not in names:
        return {name for name in names if name != "en"}
    return NOT_NEEDED(folder, names)


def _can_run(python: str) -> bool:
    try:
        subprocess.run([python, "-c", "import json"], check=True, cwd="/", user=ORDINARY.pw_uid)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy_python(folder: Path) -> str:
    """Python itself lies in a closed folder, as below /root: a copy of what it needs."""
    source = Path(sys.base_prefix)
    python = folder / "python" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    shutil.copy(os.path.realpath(sys.executable), python)
    for library in source.glob("lib/libpython*"):
        (folder / "python" / "lib").mkdir(exist_ok=True)
        shutil.copy(library, folder / "python" / "lib")
    standard = Path(sysconfig.get_path("stdlib"))
    target = folder / "python" / standard.relative_to(source)
    shutil.copytree(standard, target, ignore=_not_needed, symlinks=True)
    return str(python)


def _give(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, ORDINARY.pw_uid, ORDINARY.pw_gid, follow_symlinks=False)


def test_ordinary_user_runs_up_in_a_folder_closed_to_others(home: Home) -> None:
    process = home.start("up")
    assert process.stdout
    running = Up(process, os.dup(process.stdout.fileno()), home.env)

    health = running.health()
    owners = {path.stat().st_uid for path in (home.checkout / ".data").iterdir()}
    running.end()

    assert health[0] == 200
    assert owners == {ORDINARY.pw_uid}
    assert home.folder.stat().st_mode & 0o777 == 0o700


def test_ordinary_user_is_told_whose_the_data_folder_is(home: Home) -> None:
    process = home.start("up", DAYBOOK_DATA="/")
    said = process.communicate(timeout=60)[0].decode()

    assert process.returncode == 1
    assert f"/ belongs to root, and you are {ORDINARY.pw_name}" in said


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder open to every account, in the place of /var/lib/daybook."""
    folder = Path(tempfile.mkdtemp(prefix="daybook-shared-"))
    folder.chmod(0o755)
    monkeypatch.setattr(binaries, "SHARED", folder)
    yield folder
    shutil.rmtree(folder)


def test_database_runs_where_user_namespaces_are_off(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"  # all but `unshare`
    programs.mkdir()
    (programs / "test").symlink_to(shutil.which("test") or "/usr/bin/test")
    monkeypatch.setenv("PATH", str(programs))

    with Cluster(tmp_path / "data") as cluster:
        assert cluster.process
        owner = Path(f"/proc/{cluster.process.pid}").stat().st_uid
        cluster.create_database("daybook")

    assert owner != 0
    with Cluster(tmp_path / "data") as again:
        assert again.has_database("daybook")
