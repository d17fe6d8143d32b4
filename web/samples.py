"""Made-up content for the style guide."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def styleguide_context(request: HttpRequest) -> dict[str, Any]:
    return {}
