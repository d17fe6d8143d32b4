"""Removing plans that were reviewed and never started; what was started stays for ever."""

from __future__ import annotations

from web.statements import fetch_one


def remove_old_plans() -> int:
    """Remove those that are older than a day, each in a transaction of its own; how many."""
    removed = 0
    while _remove_one():
        removed += 1
    return removed


def _remove_one() -> bool:
    row = fetch_one("SELECT bulk_remove_plan()", [])
    assert row is not None
    return bool(row[0])
