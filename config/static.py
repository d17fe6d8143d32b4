"""Collects the static files, unless none has changed since the last time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_static() -> None:
    stamp = Path(settings.STATIC_ROOT) / "collected"
    sources = _fingerprint()
    if stamp.exists() and stamp.read_text() == sources:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(sources)


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{django.VERSION} {settings.STORAGES['staticfiles']}".encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{storage.path(name)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
