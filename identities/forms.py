from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from identities.models import Identity
from web.metadata import MetadataField
from web.text import NameField


class ProfileForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Identity.Kind.choices,
        widget=forms.RadioSelect,
        initial=Identity.Kind.ORGANIZATION,
    )
    name = NameField(
        label=_("Name"), help_text=_("As it should stand on statements, such as “Northgate Ltd”.")
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class IdentityForm(ProfileForm):
    """A new identity. `public_id` is drawn when the form is shown: sent twice, it makes one."""

    public_id = forms.UUIDField(widget=forms.HiddenInput)
    metadata = MetadataField()
