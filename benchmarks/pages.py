"""placeholder"""

from __future__ import annotations

WORKS = {}


def run(size, names, say):
    return iter(())
