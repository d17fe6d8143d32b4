"""What a person sends: a file, and how it is read where they know that already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from imports.models import NAME_LENGTH_MAX, Import
from imports.operations import BYTES_MAX, MAPPING_LENGTH_MAX
from transactions.importing.loading import parse_mapping
from transactions.importing.toml import MappingError

TABLES = ".csv,.txt,.tsv,text/csv"
# The ways to say how a file is read, beside the key of an import that was read so before.
COLUMNS, MAPPING = "columns", "mapping"


class UploadForm(forms.Form):
    """A file, and how it is read: by its columns, as one of `kinds` before, or by a mapping."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or another table of text, up to 10 MB."),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": TABLES}),
    )
    reading = forms.ChoiceField(
        label=gettext_lazy("How it is read"), initial=COLUMNS, widget=forms.RadioSelect
    )
    mapping_file = forms.FileField(
        label=gettext_lazy("Mapping file"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".toml"}),
        help_text=gettext_lazy("TOML, as the command import_transactions takes it."),
    )

    def __init__(self, *args: Any, kinds: Sequence[Import], **arguments: Any) -> None:
        super().__init__(*args, **arguments)
        self._kinds = {str(kind.public_id): kind for kind in kinds}
        reading = self.fields["reading"]
        assert isinstance(reading, forms.ChoiceField)
        reading.choices = [
            (COLUMNS, _("Choose its columns")),
            *((key, _("As “%s” before") % kind.name) for key, kind in self._kinds.items()),
            (MAPPING, _("By a mapping file")),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("reading") != MAPPING:
            self.errors.pop("mapping_file", None)
        elif "mapping_file" in cleaned:
            self._read_mapping(cleaned["mapping_file"])
        return cleaned

    def _read_mapping(self, file: UploadedFile[Any]) -> None:
        try:
            text = file.read(MAPPING_LENGTH_MAX + 1).decode()
            if len(text) > MAPPING_LENGTH_MAX:
                raise MappingError(_("This file is too long for a mapping."))
            parse_mapping(text, name=file.name or "")
        except UnicodeDecodeError:
            self.add_error("mapping_file", _("This file is not text in UTF-8."))
        except MappingError as error:
            self.add_error("mapping_file", str(error))
        else:
            self.cleaned_data["mapping"] = text

    @property
    def content(self) -> bytes:
        """The file, or so much of it that it is seen to be too large."""
        content: bytes = self.cleaned_data["file"].read(BYTES_MAX + 1)
        return content

    @property
    def mapping(self) -> str:
        """The mapping that came with it, or ""."""
        return str(self.cleaned_data.get("mapping", ""))

    @property
    def mapping_name(self) -> str:
        return PurePath(self.cleaned_data["mapping_file"].name).stem[:NAME_LENGTH_MAX]

    @property
    def kind(self) -> Import | None:
        """The import as which the file is read."""
        return self._kinds.get(self.cleaned_data["reading"])


class MappingTextForm(forms.Form):
    """A mapping as text, for who knows those of the command."""

    name = forms.CharField(label=gettext_lazy("Kind of file"), max_length=NAME_LENGTH_MAX)
    mapping = forms.CharField(
        label=gettext_lazy("Mapping"),
        max_length=MAPPING_LENGTH_MAX,
        strip=False,
        widget=forms.Textarea(attrs={"class": "code", "rows": 24, "spellcheck": "false"}),
    )
