"""What a type-ahead answers: a list of options for `ComboboxInput`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

SUGGESTIONS_MAX = 10


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One option: `value` goes into the input, `label` is read, `hint` tells twins apart."""

    value: str
    label: str
    hint: str = ""


def render_suggestions(request: HttpRequest, suggestions: Sequence[Suggestion]) -> HttpResponse:
    """The options for `?q=`, best first; give at most `SUGGESTIONS_MAX`."""
    return render(request, "components/_suggestions.html", {"suggestions": suggestions})
