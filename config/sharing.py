"""The folder of a cluster, and how the processes that want it agree: by locks on its files.

One process at a time runs the cluster, and the others wait until it is prepared, use it beside
that one, or are told who has it. A lock ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import pwd
from pathlib import Path
from typing import IO

from config.binaries import EmbeddedPostgresError


class InUseError(EmbeddedPostgresError):
    """Another process runs the database of this folder."""


class SharedFolder:
    """The folder at `path`, which this process may reserve, or use beside who has it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        self._preparing: IO[str] | None = None

    @property
    def is_reserved(self) -> bool:
        """Whether this process has it."""
        return self._lock is not None

    def open(self) -> None:
        """Make the folder, or refuse one that belongs to somebody else."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o755)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"{self.path} cannot be made ({error.strerror}): "
                "set DAYBOOK_DATA to a folder of your own"
            ) from None
        owner = self.path.stat().st_uid
        if owner != os.geteuid() and os.geteuid() != 0:
            raise EmbeddedPostgresError(
                f"{self.path} belongs to {_user_name(owner)}, and you are "
                f"{_user_name(os.geteuid())}: run as {_user_name(owner)}, "
                "or set DAYBOOK_DATA to a folder of your own"
            )

    def reserve(self, purpose: str) -> None:
        """Keep other processes from running the cluster until `release`.

        Raises:
            InUseError: one does; the message tells what it announced.
        """
        self.open()
        lock = self._file("lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            lock.close()
            raise InUseError(f"{self.path} is in use by {holder}") from None
        self._lock = lock
        self.announce(f"`{purpose}` (process {os.getpid()})")
        self._preparing = self._file("preparing")
        fcntl.flock(self._preparing, fcntl.LOCK_EX)

    def announce(self, text: str) -> None:
        """What another process is told that wants to run the cluster."""
        assert self._lock is not None
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(text)
        self._lock.flush()

    def end_preparation(self) -> None:
        """Let those go on who wait: the cluster has what they need."""
        if self._preparing is not None:
            self._preparing.close()
            self._preparing = None

    def wait_until_prepared(self) -> None:
        with self._file("preparing") as preparing:
            fcntl.flock(preparing, fcntl.LOCK_SH)

    def release(self) -> None:
        self.end_preparation()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def use(self) -> IO[str]:
        """A file whose shared lock says that we use the cluster, until it is closed."""
        users = self._file("users")
        fcntl.flock(users, fcntl.LOCK_SH)
        return users

    def give_to_owner(self, path: Path) -> None:
        """Root in somebody's folder leaves nothing there that its owner could not use."""
        if os.geteuid() != 0 or self.path.stat().st_uid == 0:
            return
        owner = self.path.stat()
        os.chown(path, owner.st_uid, owner.st_gid)

    def _file(self, name: str) -> IO[str]:
        """A file to lock, which root leaves to the folder's owner."""
        path = self.path / name
        file = path.open("a+", encoding="utf-8")
        self.give_to_owner(path)
        return file


def write_secret(path: Path, text: str) -> None:
    """Write a file for its owner's eyes, whole or not at all: the disk may be full."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.touch(0o600)
    unfinished.write_text(text)
    unfinished.rename(path)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
