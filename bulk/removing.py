"""Removing plans that were reviewed and never started; what was started stays for ever."""

from __future__ import annotations

from web.statements import fetch_row


def remove_old_plans() -> int:
    """Remove those that are older than a day, each in a transaction of its own; how many."""
    removed = 0
    while _remove_one():
        removed += 1
    return removed


def _remove_one() -> bool:
    (is_removed,) = fetch_row("SELECT bulk_remove_plan()")
    return bool(is_removed)
