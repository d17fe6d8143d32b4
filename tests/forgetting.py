"""What a process remembers between requests, beside what follows from its code alone."""

from __future__ import annotations

from collections import OrderedDict

import pytest
from django.core.cache import cache

from search import remembered
from web import live


def forget_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process that has just been started.

    What it has seen of another database, or of rows that a test has rolled back, would mislead it.
    """
    monkeypatch.setattr(live, "WATCH", live.Watch())
    for name in ("_SAID", "_ENTERED"):
        monkeypatch.setattr(live, name, {})
    for name in ("_many", "_few", "_sparse"):
        monkeypatch.setattr(remembered, name, OrderedDict())
    cache.clear()
