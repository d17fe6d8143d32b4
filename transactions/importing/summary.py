"""A report of an import in words."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ledgers.models import Currency
from ledgers.money import format_amount
from transactions.importing.report import FileReport, Report
from web.formatting import format_count


def summarize(report: Report, *, is_dry_run: bool) -> Iterator[str]:
    """The lines to print: each file with what was refused and left unused, then the total."""
    for file in report.files:
        yield f"{file.source.path}"
        yield f"  {_counts(file)}"
        yield from (f"  {note}" for note in _notes(file))
    if len(report.files) > 1:
        yield ngettext("%(count)d file", "%(count)d files", len(report.files)) % {
            "count": len(report.files)
        }
        yield f"  {_counts(report)}"
    if is_dry_run:
        yield _("This was a dry run: nothing was changed.")


def _counts(part: FileReport | Report) -> str:
    counts = _(
        "rows read %(read)s, posted %(posted)s (transactions: %(transactions)s),"
        " already there %(present)s, refused %(refused)s"
    ) % {
        "read": format_count(part.read),
        "posted": format_count(part.posted),
        "transactions": format_count(part.transactions_posted),
        "present": format_count(part.present),
        "refused": format_count(part.refused),
    }
    exponents = dict(Currency.objects.filter(pk__in=part.net_minor).values_list("code", "exponent"))
    nets = ", ".join(
        f"{code} {format_amount(minor, exponents[code])}"
        for code, minor in sorted(part.net_minor.items())
    )
    return f"{counts}; {_('net')} {nets}" if nets else counts


def _notes(file: FileReport) -> Iterator[str]:
    if file.source.header_line > 1:
        yield _("the header is on line %d; what is above it was not read") % file.source.header_line
    if file.source.unused:
        yield _("columns without use: %s") % ", ".join(file.source.unused)
    for refusal in file.first_refusals:
        yield _("line %(line)d refused: %(reason)s") % {
            "line": refusal.row.line,
            "reason": refusal.reason,
        }
    more = file.refused - len(file.first_refusals)
    if more:
        yield ngettext("and %(count)d more row", "and %(count)d more rows", more) % {"count": more}
    if file.refused_rows.written:
        yield _("refused rows are in %s") % file.refused_rows.written
