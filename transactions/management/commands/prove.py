from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from transactions.models import ProofRun
from transactions.proof import run_proof
from web.formatting import format_count, format_decimals


class Command(BaseCommand):
    help = "Recompute every figure from the entries and compare; exits 1 on any mismatch."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: object, **options: Any) -> None:
        run = run_proof(actor=None, progress=self._show_progress)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": run.is_ok, "checks": run.checks}))
        else:
            self._write_report(run)
        if not run.is_ok:
            sys.exit(1)

    def _show_progress(self, name: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"… {name}")

    def _write_report(self, run: ProofRun) -> None:
        for check in run.checks:
            mark = "✗" if check["mismatches"] else "✓"
            self.stdout.write(f"{mark} {check['name']}: {format_count(check['checked'])}")
            for mismatch in check["mismatches"]:
                self.stdout.write(f"    {mismatch}")
        verdict = _("Everything matches.") if run.is_ok else _("The books do not match.")
        self.stdout.write(f"{verdict} ({format_decimals(run.duration_seconds, 1)} s)")
