"""Rows of a table as HTML, rendered one by one.

So a row that has been shown before need not be rendered again: a function whose text follows from
its arguments, an `active_reader` among them, keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


def render_row(template_name: str, row: Mapping[str, Any]) -> SafeString:
    """The row by a template that is `{% each rows %}` and nothing else."""
    return render_to_string(template_name, {"rows": [row]})


def join_rows(rows: Iterable[SafeString]) -> SafeString:
    """All of them, as the page prints them."""
    return SafeString("".join(rows))
