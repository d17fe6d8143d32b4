from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from web.metadata import MetadataEditField


class MetadataForm(forms.Form):
    metadata = MetadataEditField(
        label=_("Keys and values"),
        help_text=_("A key taken out here is removed; keys that others add meanwhile stay."),
    )
