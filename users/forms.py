from __future__ import annotations

from django import forms

from users.models import (
    Contrast,
    DateFormat,
    Motion,
    NumberFormat,
    Shortcuts,
    Theme,
    TimeZoneChoice,
)


class PreferencesForm(forms.Form):
    """Some of the preferences; what is not sent stays as it is."""

    theme = forms.ChoiceField(choices=Theme.choices, required=False)
    contrast = forms.ChoiceField(choices=Contrast.choices, required=False)
    motion = forms.ChoiceField(choices=Motion.choices, required=False)
    shortcuts = forms.ChoiceField(choices=Shortcuts.choices, required=False)
    time_zone_choice = forms.ChoiceField(choices=TimeZoneChoice.choices, required=False)
    number_format = forms.ChoiceField(choices=NumberFormat.choices, required=False)
    date_format = forms.ChoiceField(choices=DateFormat.choices, required=False)
