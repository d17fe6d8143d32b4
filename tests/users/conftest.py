from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def patient_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tabs count is tested here; that it is given up in time, in tests/web."""
    monkeypatch.setattr("web.tables.tabs.COUNT_MILLISECONDS", 60_000)
    monkeypatch.setattr("web.tables.tabs.COUNTS_SECONDS", 60.0)
