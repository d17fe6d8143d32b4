"""Text that people type: names fit to store and show, and words to search for."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

SEARCH_LENGTH_MAX = 200
# The default-ignorable code points of Unicode, which `plain_name` leaves out as well.
NOBODY_SEES = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Right to left, and all that changes the direction of what follows.
DIRECTIONS = frozenset(
    {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
)
# The marks that open and close such a direction, which a name could leave open or close for us.
DIRECTION_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def validate_name(value: str) -> None:
    """Refuse control characters, and a name in which nothing can be seen.

    Raises:
        ValidationError: with the reason.
    """
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise ValidationError(
                _("This contains the control character U+%(code)04X. Remove it.")
                % {"code": ord(character)}
            )
    seen = NOBODY_SEES.sub("", value)
    if value and not any(unicodedata.category(each)[0] in "LNPS" for each in seen):
        raise ValidationError(_("Use at least one letter, figure or sign."))


def isolate(text: str) -> str:
    """The same, with marks around it that keep what it does to the direction of text inside.

    For sentences that are plain text; a page writes `<bdi>`.
    """
    has_own = any(unicodedata.bidirectional(each) in DIRECTIONS for each in text)
    return f"\u2068{text.translate(DIRECTION_MARKS)}\u2069" if has_own else text


class NameField(forms.CharField):
    """A name on one line, in any script; spaces around it are dropped."""

    def __init__(self, *, max_length: int = 200, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        # Says the same as the ones of CharField, and more clearly.
        self.validators = [
            each
            for each in self.validators
            if type(each).__name__ != "ProhibitNullCharactersValidator"
        ]
        self.validators.append(validate_name)
        self.widget.attrs |= {"dir": "auto", "autocomplete": "off"}


def search_text(request: HttpRequest, parameter: str = "q") -> str:
    """What to look for, from the address: trimmed, cut, and without what no text holds."""
    text = request.GET.get(parameter, "")[:SEARCH_LENGTH_MAX]
    return "".join(each for each in text if unicodedata.category(each) not in ("Cc", "Cs")).strip()
