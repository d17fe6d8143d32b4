"""The form in which a person says how the rows of a file become transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from imports.sample import Sample


class ColumnsForm(forms.Form):
    """How a file is read; `imports/_columns.html` draws it. `initial` is what was chosen before.

    Choices of columns are their headers as `sample` has them.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        sample: Sample,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self._sample = sample

    @property
    def name(self) -> str:
        """The kind of file."""
        return str(self.cleaned_data["name"])

    def mapping(self) -> str:
        """The mapping as TOML, once the form is valid."""
        raise NotImplementedError

    def choices(self) -> dict[str, Any]:
        """What was chosen, to open the form with again."""
        raise NotImplementedError


def suggest(sample: Sample, file_name: str) -> dict[str, Any]:
    """What the form of a file begins with, as far as its rows tell."""
    return {}
