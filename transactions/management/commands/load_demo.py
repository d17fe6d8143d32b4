from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from transactions.demo import load_demo_books
from transactions.importing.loading import load_mapping
from transactions.importing.running import import_files
from transactions.importing.summary import summarize


class Command(BaseCommand):
    help = "Load demonstration books, described in demo/README.md; again changes nothing."

    def handle(self, *_args: object, **_options: Any) -> None:
        folder = settings.BASE_DIR / "demo"
        report = import_files(
            sorted(folder.glob("*.csv")), mapping=load_mapping(folder / "oxford.toml")
        )
        load_demo_books()
        self.stdout.write("\n".join(summarize(report, is_dry_run=False)))
        self.stdout.write(_("The demonstration books are loaded."))
