"""What was tried for accessibility, and with what result: keep docs/accessibility.md in step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TRIED_ON = date(2026, 11, 23)


@dataclass(frozen=True, slots=True)
class Trial:
    what: Promise
    result: Promise


TRIALS = (
    Trial(
        _("axe on 39 pages, target sizes included, in light, dark and high contrast"),
        _("Nothing found; in high contrast neither with the rule for 7 to 1."),
    ),
    Trial(
        _("axe on the same pages with forced colours, and where the device asks for contrast"),
        _("Nothing found."),
    ),
    Trial(
        _("A window of 320 by 256, which is 400 % of 1280 by 1024"),
        _("No page scrolls sideways; wide tables do, in their frame."),
    ),
    Trial(
        _("Text spacing of WCAG 1.4.12, at 320 and 1366 wide"),
        _("Nothing is cut off or overlaps."),
    ),
    Trial(
        _("The Tab key through every page, at 1366 and 320 wide"),
        _("Focus is always visible and never covered."),
    ),
    Trial(
        _("Posting, holding, committing and reversing by keyboard alone"),
        _("Works; the slide-over takes the focus and gives it back."),
    ),
    Trial(
        _("The same without scripts"),
        _("Works; every action is a link or a form."),
    ),
    Trial(
        _("axe on 31 pages in Firefox 153 and in WebKitGTK 2.50, the engine of Safari"),
        _("Nothing found, nothing scrolls sideways; transactions are entered and posted."),
    ),
    Trial(
        _("Tables and forms read out by Orca 43 in Firefox"),
        _("Landmarks, headings, rows, columns and orders are read; tabs tell their counts."),
    ),
)
GAPS = (
    _("No trial with people who use assistive technology."),
    _("Orca 43 says nothing when a form opens beside the page; as a page of its own it is read."),
    _("NVDA, JAWS, VoiceOver and Safari itself are not tried by us."),
    _("A wide table has to be scrolled sideways at 400 %; choosing fewer columns helps."),
    _("PDF statements carry no tags. CSV and spreadsheets hold the same figures."),
    _("The pages of the operator are those of the Django admin, with its own limits."),
    _("Everything is in English so far, whatever the language of the browser."),
)
