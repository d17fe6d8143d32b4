"""What a person enters for many records at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bulk.models import Run
from transactions.errors import FutureDateError
from transactions.forms.asking import EARLIEST, DescriptionField
from web.metadata import MetadataField


class FollowForm(forms.Form):
    """Why the transactions are committed, voided or reversed; each record of it says so."""

    description = DescriptionField(label=gettext_lazy("Description"), required=False)

    def content(self) -> dict[str, Any]:
        return {"description": self.cleaned_data["description"]}


class DatedForm(FollowForm):
    effective_date = forms.DateField(
        label=gettext_lazy("Effective date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: now."),
    )

    def clean_effective_date(self) -> Any:
        day = self.cleaned_data["effective_date"]
        if day and day < EARLIEST:
            raise forms.ValidationError(_("The earliest date is 1 January 1900."))
        if day and day > timezone.localdate():
            raise forms.ValidationError(str(FutureDateError()))
        return day

    def content(self) -> dict[str, Any]:
        day = self.cleaned_data["effective_date"]
        start = timezone.make_aware(datetime.combine(day, time.min)) if day else None
        return {**super().content(), "effective_at": start.isoformat() if start else ""}


class MetadataForm(forms.Form):
    metadata = MetadataField(
        label=gettext_lazy("Keys and values"),
        help_text=gettext_lazy("Added to each record; a key that is there gets the new value."),
    )

    def clean_metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = self.cleaned_data["metadata"]
        if not metadata:
            raise forms.ValidationError(_("Give at least one key and its value."))
        return metadata

    def content(self) -> dict[str, Any]:
        return {"changes": self.cleaned_data["metadata"]}


BulkForm = FollowForm | MetadataForm
FORMS: Mapping[str, type[BulkForm]] = {
    Run.Action.COMMIT: DatedForm,
    Run.Action.VOID: FollowForm,
    Run.Action.REVERSE: DatedForm,
    Run.Action.METADATA: MetadataForm,
}
