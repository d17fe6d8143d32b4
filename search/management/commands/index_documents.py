from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from search.indexing import forget_documents, index_documents
from web.formatting import format_count

BUSY_SECONDS = 60.0
PAUSE_SECONDS = 0.1
TELL_EACH = 100_000


class Command(BaseCommand):
    help = "Copy what is searched of transactions: what filters and text search read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anew", action="store_true", help="forget the copy first")

    def handle(self, *_args: object, **options: Any) -> None:
        if options["anew"]:
            forget_documents()
        ends, total = time.monotonic() + BUSY_SECONDS, 0
        while True:
            indexed = index_documents(progress=self._tell)
            total += indexed.count
            if indexed.is_complete or time.monotonic() > ends:
                break
            time.sleep(PAUSE_SECONDS)
        told = ngettext("%(count)s transaction indexed.", "%(count)s transactions indexed.", total)
        self.stdout.write(told % {"count": format_count(total)})
        if not indexed.is_complete:
            self.stdout.write(_("Others are at work; the rest follows when this runs again."))

    def _tell(self, count: int) -> None:
        if count and count % TELL_EACH == 0:
            self.stderr.write(_("%(count)s so far …") % {"count": format_count(count)})
