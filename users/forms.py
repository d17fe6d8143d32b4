from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users.models import (
    Contrast,
    DateFormat,
    Motion,
    NumberFormat,
    Shortcuts,
    Theme,
    TimeZoneChoice,
)


def _choice(choices: Any, label: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices,
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.RadioSelect,
    )


class PreferencesForm(forms.Form):
    """Some of the preferences; what is not sent stays as it is."""

    theme = _choice(Theme.choices, _("Theme"))
    contrast = _choice(
        Contrast.choices,
        _("Contrast"),
        _("High: black on white or the reverse, and strong lines. System: as the device says."),
    )
    motion = _choice(Motion.choices, _("Motion"), _("Reduced: nothing slides or fades."))
    shortcuts = _choice(Shortcuts.choices, _("Keyboard shortcuts without Ctrl"))
    number_format = _choice(
        NumberFormat.choices,
        _("Numbers"),
        _("How amounts are shown, and read where you type them. Files stay as programs read them."),
    )
    date_format = _choice(DateFormat.choices, _("Dates"))
    time_zone_choice = _choice(TimeZoneChoice.choices, _("Times"))
