"""The project's settings, with a page that says "ok" beside its own."""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
