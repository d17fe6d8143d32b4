"""Makes `.venv` and starts the command again inside it, with nothing but Python itself.

Read by any Python 3.7 or newer, so that an old one can say what is needed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import Any

OLDEST = (3, 11)
NEWER_NAMES = ("python3.13", "python3.12", "python3.14", "python3.11")


def enter_environment(root: str, extras: tuple[str, ...]) -> None:
    """Return in an environment that has the project's packages, or do not return.

    Somebody's own environment with Django is taken as it is. Otherwise `.venv` of the
    checkout is made or brought up to date, and the command starts anew inside it.
    """
    venv = os.path.join(root, ".venv")
    inside = os.path.realpath(sys.prefix) == os.path.realpath(venv)
    if not inside and (os.environ.get("DAYBOOK_VENV") == "off" or _own_environment()):
        return
    if sys.version_info < OLDEST:
        _start_newer_python()
    with open(os.path.join(root, "pyproject.toml"), "rb") as project:
        fcntl.flock(project, fcntl.LOCK_EX)  # two commands in a fresh clone: one installs
        _make_environment(root, venv, extras, sys.version if inside else _version_of(venv))
    if not inside:
        python = os.path.join(venv, "bin", "python")
        os.execv(python, [python, os.path.join(root, "manage.py"), *sys.argv[1:]])


def _own_environment() -> bool:
    if sys.prefix == sys.base_prefix:
        return False
    try:
        import django  # noqa: F401
    except ImportError:
        return False
    return True


def _start_newer_python() -> None:
    for name in NEWER_NAMES:
        python = shutil.which(name)
        if python and subprocess.call([python, "-c", "pass"], stderr=subprocess.DEVNULL) == 0:
            os.execv(python, [python, *sys.argv])
    sys.exit(
        "Python {}.{} or newer is needed; this is Python {}.".format(
            *OLDEST, sys.version.split(maxsplit=1)[0]
        )
    )


def _version_of(venv: str) -> str | None:
    """What the Python of the environment calls itself; None where it is none that runs.

    Its own and not ours: a command by another Python must not take away what `up` runs on.
    """
    command = [os.path.join(venv, "bin", "python"), "-c", "import sys; print(sys.version)"]
    try:
        return subprocess.check_output(command, stderr=subprocess.DEVNULL, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _make_environment(root: str, venv: str, extras: tuple[str, ...], version: str | None) -> None:
    wanted, _lines = _requirements(root, extras, version)
    stamp = os.path.join(venv, "installed.json")
    installed = _read_stamp(stamp)
    if installed.get("hash") == wanted and set(extras) <= set(installed.get("extras", [])):
        return
    if not os.access(root, os.W_OK):
        sys.exit(f"{root} cannot be written by you: use a checkout of your own.")
    kept = {*extras, *installed.get("extras", [])}
    if version is None or installed.get("python") != version:
        _create(venv)
        version = sys.version
    wanted, requirements = _requirements(root, tuple(sorted(kept)), version)
    _install(venv, requirements)
    with open(stamp, "w", encoding="utf-8") as file:
        json.dump({"hash": wanted, "python": version, "extras": sorted(kept)}, file)


def _requirements(root: str, extras: tuple[str, ...], version: str | None) -> tuple[str, list[str]]:
    """What to install, and a hash that changes when any requirement or the Python does."""
    import tomllib

    with open(os.path.join(root, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    optional = project["optional-dependencies"]
    chosen = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    everything = json.dumps([version, project["dependencies"], optional], sort_keys=True)
    return hashlib.sha256(everything.encode()).hexdigest(), chosen


def _read_stamp(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            stamp: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return {}
    return stamp


def _create(venv: str) -> None:
    _say("Creating .venv ...")
    uv = shutil.which("uv")
    if uv:
        _run([uv, "venv", "-q", "--clear", "--python", sys.executable, venv])
        return
    # A child, so that an interrupted or refused `ensurepip` leaves no traceback of ours.
    code = subprocess.call([sys.executable, "-m", "venv", "--clear", venv], stdout=sys.stderr)
    if code != 0:
        shutil.rmtree(venv, ignore_errors=True)
        sys.exit(
            "This Python cannot make a virtual environment. On Debian and Ubuntu:\n"
            "    apt-get install python3-venv\n"
            "or install uv. Then run this command again."
        )


def _install(venv: str, requirements: list[str]) -> None:
    _say("Installing dependencies ...")
    python = os.path.join(venv, "bin", "python")
    uv = shutil.which("uv")
    if uv:
        _run([uv, "pip", "install", "-q", "--python", python, *requirements])
        return
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _run([*pip, "--no-warn-script-location", *requirements])


def _run(command: list[str]) -> None:
    code = subprocess.call(command, stdout=sys.stderr)
    if code != 0:
        sys.exit(f"Set-up failed: {' '.join(command[:4])} ... ended with status {code}.")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
