from __future__ import annotations

import resource
from pathlib import Path

import pytest

from config.sharing import write_secret


def test_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"

    write_secret(path, "a secret")

    assert path.read_text() == "a secret"
    assert path.stat().st_mode & 0o777 == 0o600


def test_secret_that_does_not_fit_on_the_disk_leaves_no_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_secret(path, "a secret")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert not path.exists()
    write_secret(path, "a secret")
    assert path.read_text() == "a secret"
