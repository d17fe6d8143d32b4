from __future__ import annotations

from django import forms

from users.models import Theme, TimeZoneChoice


class PreferencesForm(forms.Form):
    """One or both preferences; what is not sent stays as it is."""

    theme = forms.ChoiceField(choices=Theme.choices, required=False)
    time_zone_choice = forms.ChoiceField(choices=TimeZoneChoice.choices, required=False)
