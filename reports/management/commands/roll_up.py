from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reports.rolling import forget_days, roll_up_days
from web.formatting import format_count


class Command(BaseCommand):
    help = "Roll entries up into day totals, which figures at past moments are read from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anew", action="store_true", help="forget the day totals first")

    def handle(self, *_args: object, **options: Any) -> None:
        if options["anew"]:
            forget_days()
        rolled = roll_up_days()
        told = ngettext(
            "%(count)s entry rolled up.", "%(count)s entries rolled up.", rolled.entry_count
        )
        self.stdout.write(told % {"count": format_count(rolled.entry_count)})
        if not rolled.is_complete:
            self.stdout.write(_("Others are at work; the rest follows when this runs again."))
