from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from benchmarks import live, pages, posting
from benchmarks.cluster import ProgramError
from benchmarks.data import FULL, HUGE, QUICK, Size
from benchmarks.report import Result, line
from config.binaries import EmbeddedPostgresError

Run = Callable[[Size, set[str], Callable[[str], None]], Iterator[Result]]
PARTS: dict[str, tuple[Run, list[str]]] = {
    "posting": (posting.run, list(posting.WORKS)),
    "pages": (pages.run, list(pages.WORKS)),
    "live": (live.run, list(live.WORKS)),
}
CANNOT_RUN = 2


class Command(BaseCommand):
    help = (
        "Measure the speed against yardsticks of the same run, in a database of its own; "
        "docs/performance.md tells how. Exits 1 below a floor."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", choices=PARTS)
        sizes = parser.add_mutually_exclusive_group()
        sizes.add_argument("--quick", action="store_true", help="a smaller run, for a first look")
        sizes.add_argument("--huge", action="store_true", help="ten million transactions")
        parser.add_argument("--json", action="store_true", help="print the results as JSON")
        names = ", ".join(name for _run, works in PARTS.values() for name in works)
        parser.add_argument(
            "--only", action="append", metavar="NAME", help=f"measure this alone: {names}"
        )

    def handle(self, *_args: object, part: str, **options: Any) -> None:
        run, known = PARTS[part]
        names = set(options["only"] or known)
        if unknown := names - set(known):
            raise CommandError(_("There is no %s in bench %s.") % (", ".join(unknown), part))
        size = QUICK if options["quick"] else HUGE if options["huge"] else FULL
        results = []
        try:
            for result in run(size, names, self._show_progress):
                results.append(result)
                if not options["json"]:
                    self._show_progress("")
                    self.stdout.write(line(result))
                    self.stdout.flush()
        except (EmbeddedPostgresError, ProgramError) as error:
            raise CommandError(str(error), returncode=CANNOT_RUN) from error
        if options["json"]:
            self.stdout.write(json.dumps({"results": [each.as_json() for each in results]}))
        if not all(result.is_ok for result in results):
            sys.exit(1)

    def _show_progress(self, text: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{text}", ending="")
            self.stderr.flush()
