from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from config.postgresql.errors import is_database_lost
from transactions.errors import BusyError
from transactions.importing.loading import load_mapping
from transactions.importing.reading import SourceError
from transactions.importing.report import FileReport
from transactions.importing.running import import_files
from transactions.importing.summary import summarize
from transactions.importing.toml import MappingError
from web.formatting import format_count

CANNOT_RUN = 2


class Command(BaseCommand):
    help = (
        "Post the rows of CSV files as transactions, as a mapping says; docs/importing.md tells "
        "how. Exits 1 if a row was refused, 2 if the import could not run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV files")
        parser.add_argument(
            "--mapping", required=True, type=Path, metavar="FILE.toml", help="how to read them"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="tell what would happen and change nothing"
        )
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")
        parser.add_argument(
            "--refused",
            type=Path,
            metavar="FOLDER",
            help="where <file>.refused.csv is written; beside each file by default",
        )

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            report = import_files(
                options["files"],
                mapping=load_mapping(options["mapping"]),
                dry_run=options["dry_run"],
                refused_folder=options["refused"],
                on_progress=self._show_progress if sys.stderr.isatty() else None,
            )
        except (MappingError, SourceError, BusyError, OSError) as error:
            raise CommandError(str(error), returncode=CANNOT_RUN) from error
        except DatabaseError as error:
            if not is_database_lost(error):
                raise
            said = _("The database went away. Run the import again, and it posts what is left.")
            raise CommandError(said, returncode=CANNOT_RUN) from error
        if options["json"]:
            self.stdout.write(json.dumps(report.counts()))
        else:
            self.stdout.write("\n".join(summarize(report, is_dry_run=options["dry_run"])))
        if report.refused:
            sys.exit(1)

    def _show_progress(self, report: FileReport) -> None:
        done = report.posted + report.present + report.refused
        counts: Mapping[str, object] = {
            "file": report.source.path.name,
            "done": format_count(done),
            "read": format_count(report.read),
        }
        end = "\n" if done == report.read else ""
        text = _("%(file)s: %(done)s of %(read)s rows") % counts
        self.stderr.write(f"\r{text}", ending=end)
        self.stderr.flush()
