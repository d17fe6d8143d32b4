"""The proof as pages show it: a mark beside figures, and the report of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from transactions.models import ProofRun
from web.formatting import format_count, format_decimals, since_tag, time_tag
from web.statements import fetch_one

NUMBER_LENGTH_MAX = 18
LAST = """
SELECT is_ok, created_at,
       (SELECT count(*) FROM jsonb_array_elements(checks) AS c WHERE c -> 'mismatches' <> '[]')
FROM transactions_proofrun ORDER BY id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class ProofMark:
    """What the last proof found; `css` draws it: "", "failed" or "never"."""

    css: str
    text: str
    when: SafeString | str
    run_at: datetime | None = None
    failed_count: int = 0


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check of a run. `mismatches` holds at most a hundred; `more` says so in words."""

    name: str
    checked: str
    mismatches: tuple[str, ...]
    count: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the list of runs."""

    pk: int
    when: SafeString | str
    who: str
    is_ok: bool
    result: str
    seconds: str


def proof_mark() -> ProofMark:
    """What the last run found, for the corner of a page of figures."""
    run = fetch_one(LAST)
    if run is None:
        return ProofMark("never", _("not proved yet"), "")
    is_ok, created_at, failed_count = run
    text = _("recomputed") if is_ok else _("mismatches found")
    css = "" if is_ok else "failed"
    return ProofMark(css, text, since_tag(created_at), created_at, failed_count)


def find_run(number: str) -> ProofRun | None:
    """The run of this number, as it stands in the address."""
    if not (number.isascii() and number.isdecimal() and len(number) <= NUMBER_LENGTH_MAX):
        return None
    return _newest_first().select_related("actor").filter(pk=int(number)).first()


def last_run() -> ProofRun | None:
    return _newest_first().select_related("actor").first()


def check_lines(run: ProofRun) -> list[CheckLine]:
    """The checks of a run, those that failed first."""
    return sorted(map(_check_line, run.checks), key=lambda line: not line.mismatches)


def run_lines(*, size: int = 10) -> list[RunLine]:
    """The newest runs."""
    return [run_line(run) for run in _newest_first().select_related("actor")[:size]]


def run_line(run: ProofRun) -> RunLine:
    failed = sum(1 for check in run.checks if check["mismatches"])
    checks = len(run.checks)
    return RunLine(
        pk=run.pk,
        when=time_tag(run.created_at),
        who=run.actor.get_username() if run.actor else _("a command"),
        is_ok=run.is_ok,
        result=(
            ngettext("%(count)s check, all match", "%(count)s checks, all match", checks)
            if run.is_ok
            else ngettext("%(failed)s check failed", "%(failed)s checks failed", failed)
        )
        % {"count": checks, "failed": failed},
        seconds=_("%(seconds)s s") % {"seconds": format_decimals(run.duration_seconds, 1)},
    )


def _newest_first() -> QuerySet[ProofRun]:
    return ProofRun.objects.order_by("-pk")


def _check_line(check: Mapping[str, Any]) -> CheckLine:
    mismatches = tuple(check["mismatches"])
    # The names are stored in English, as `transactions.proof` writes them.
    return CheckLine(
        name=_(check["name"]),
        checked=format_count(check["checked"]),
        mismatches=mismatches,
        count=format_count(len(mismatches)),
    )
