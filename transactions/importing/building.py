"""From the lines of a voucher to the transaction they ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from transactions.checks import LEGS_MAX
from transactions.importing.grouping import Group
from transactions.importing.lines import Line, LineReader, RefusedLineError
from transactions.importing.mapping import (
    DATE_KEY,
    FALLBACK_KEY,
    FILE,
    FILE_KEY,
    LINES_KEY,
    REFUSED_KEY,
    Entries,
    ImportMapping,
    Incomplete,
    Lines,
)
from transactions.importing.reading import Row


class Target(NamedTuple):
    """The balance a leg is for: of the debit or credit side, by its owner or indicator."""

    is_debit: bool
    name: str
    currency: str


class DraftLeg(NamedTuple):
    """A leg whose balance may not exist yet; above zero it is a credit."""

    target: Target
    signed_minor: int


class Draft(NamedTuple):
    """A transaction to post for `rows`, whose amounts add up to `net_minor` per currency."""

    reference: str
    description: str
    effective_at: dt.datetime
    metadata: Mapping[str, Any]
    legs: Sequence[DraftLeg]
    rows: Sequence[Row]
    net_minor: Mapping[str, int]


class Refusal(NamedTuple):
    """A row that is not posted, and why."""

    row: Row
    reason: str


class Built(NamedTuple):
    """What became of a group: a draft, refused rows, or both."""

    draft: Draft | None
    refusals: list[Refusal]


def lines_max(mapping: ImportMapping) -> int:
    """The most lines of a voucher whose entries fit into one transaction."""
    is_net = Entries.NET in {mapping.debit.entries, mapping.credit.entries}
    return LEGS_MAX - 1 if is_net else LEGS_MAX // 2


def build(group: Group, reader: LineReader, mapping: ImportMapping) -> Built:
    """Read a group's rows and make the transaction of those that can be posted."""
    if len(group.rows) > lines_max(mapping) or not group.is_whole:
        return Built(None, refuse(group.rows, _too_long(lines_max(mapping))))
    lines: list[Line] = []
    refusals: list[Refusal] = []
    losses: list[Row] = []
    for row in group.rows:
        try:
            lines.append(reader.read(row))
        except RefusedLineError as error:
            refusals.append(Refusal(row, str(error)))
            if error.is_loss:
                losses.append(row)
    if len(lines) > 1 and mapping.transaction.lines is Lines.EACH:
        refusals += refuse([line.row for line in lines[1:]], _same_reference(lines[0], group))
        del lines[1:]
    elif lines and losses and mapping.transaction.incomplete is Incomplete.REFUSE:
        refusals += refuse([line.row for line in lines], _incomplete(losses[0]))
        lines = []
    if not lines:
        return Built(None, refusals)
    draft = _draft(group.reference, lines, losses, mapping)
    if not _moves(draft.legs):
        reason = _("nothing moves: the lines of this voucher cancel out on one balance")
        return Built(None, refusals + refuse(draft.rows, reason))
    return Built(draft, refusals)


def _moves(legs: Sequence[DraftLeg]) -> bool:
    """Whether the legs touch more than one balance."""
    return bool(legs) and any(leg.target != legs[0].target for leg in reversed(legs))


def refuse(rows: Sequence[Row], reason: str) -> list[Refusal]:
    """The same refusal for each row."""
    return [Refusal(row, reason) for row in rows]


def _too_long(count: int) -> str:
    return _(
        "the voucher has more than %(count)d lines, the most that one transaction can hold"
    ) % {"count": count}


def _same_reference(first: Line, group: Group) -> str:
    return _("line %(line)d has the same reference, %(reference)s") % {
        "line": first.row.line,
        "reference": group.reference,
    }


def _incomplete(lost: Row) -> str:
    return _("line %d of the same voucher is refused") % lost.line


def _draft(
    reference: str, lines: Sequence[Line], losses: Sequence[Row], mapping: ImportMapping
) -> Draft:
    net_minor: dict[str, int] = {}
    for line in lines:
        net_minor[line.currency] = net_minor.get(line.currency, 0) + line.amount_minor
    return Draft(
        reference=reference,
        description=mapping.transaction.description.render(lines[0].values),
        effective_at=max([line.effective_at for line in lines]),
        metadata=_metadata(lines, losses, mapping),
        legs=_legs(lines, mapping),
        rows=[line.row for line in lines],
        net_minor=net_minor,
    )


def _legs(lines: Sequence[Line], mapping: ImportMapping) -> list[DraftLeg]:
    """Entries for each line as it comes, then the net ones; a negative line swaps sides."""
    legs = []
    nets: dict[Target, int] = {}
    is_debit_net = mapping.debit.entries is Entries.NET
    is_credit_net = mapping.credit.entries is Entries.NET
    for line in lines:
        debit = Target(True, line.debit, line.currency)
        if is_debit_net:
            nets[debit] = nets.get(debit, 0) - line.amount_minor
        else:
            legs.append(DraftLeg(debit, -line.amount_minor))
        credit = Target(False, line.credit, line.currency)
        if is_credit_net:
            nets[credit] = nets.get(credit, 0) + line.amount_minor
        else:
            legs.append(DraftLeg(credit, line.amount_minor))
    return legs + [DraftLeg(target, minor) for target, minor in nets.items() if minor]


def _metadata(
    lines: Sequence[Line], losses: Sequence[Row], mapping: ImportMapping
) -> dict[str, Any]:
    """Each column's text, or, where the lines differ, each text with the lines that have it."""
    first = lines[0].values
    metadata: dict[str, Any] = dict(mapping.transaction.constants)
    for name in mapping.transaction.metadata:
        text = first[name]
        if len(lines) > 1 and any(line.values[name] != text for line in lines):
            metadata[name] = _lines_by_text(lines, name)
        elif text:
            metadata[name] = text
    metadata[FILE_KEY] = first[FILE]
    metadata[LINES_KEY] = [line.row.line for line in lines]
    if undated := [line for line in lines if not line.is_dated]:
        metadata[FALLBACK_KEY] = undated[0].effective_at.date().isoformat()
        metadata[DATE_KEY] = undated[0].values[mapping.date.column]
    if losses:
        metadata[REFUSED_KEY] = [row.line for row in losses]
    return metadata


def _lines_by_text(lines: Sequence[Line], name: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for line in lines:
        if text := line.values[name]:
            found.setdefault(text, []).append(line.row.line)
    return found
