"""The rows of a transactions table as files have them: exact, and the same for everyone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from ledgers.money import format_plain
from transactions.models import Transaction
from transactions.row_details import read_details
from transactions.rows import (
    Amount,
    Fetched,
    Party,
    are_twins,
    describe_part,
    fetch_rows,
    read_amounts,
    read_parties,
    say_side,
)
from web.statements import fetch_all

DESCRIPTIONS = "SELECT id, description FROM transactions_transaction WHERE id = ANY (%s)"


def plain_rows(
    transaction_ids: Sequence[int], *, has_metadata: bool
) -> list[tuple[dict[str, str], Mapping[str, object]]]:
    """The cells of these transactions by the table's columns, and their extra information.

    Amounts are in major units without grouping, moments in ISO 8601. What a transaction debits
    in several currencies is no number, and stands with their codes: "EUR 80.00; GBP 70.00".
    """
    fetched = fetch_rows(transaction_ids)
    parties = read_parties(
        {pk for row in fetched.values() for pk in (row.source_id, row.destination_id)}
    )
    details = read_details(transaction_ids, has_metadata=has_metadata)
    descriptions: dict[int, str] = dict(fetch_all(DESCRIPTIONS, [list(transaction_ids)]))
    amounts = read_amounts(row.id for row in fetched.values() if row.currency_count > 1)
    kinds = {value: str(label) for value, label in Transaction.Kind.choices}
    rows: list[tuple[dict[str, str], Mapping[str, object]]] = []
    for pk in transaction_ids:
        row, told = fetched[pk], details[pk]
        source, destination = parties[row.source_id], parties[row.destination_id]
        is_twin = are_twins(row, source, destination)
        cells = {
            "effective": row.effective_at.isoformat(),
            "reference": row.reference,
            "description": descriptions[pk],
            "from": _say_side(source, row.source_count, with_ledger=is_twin),
            "to": _say_side(destination, row.destination_count, with_ledger=is_twin),
            "status": ", ".join(str(state.word) for state in row.states()),
            **_money(row, source, amounts.get(pk, ())),
            "created": told.created_at.isoformat(),
            "created_by": told.actor or _("system"),
            "kind": kinds[row.kind],
            "parent": told.parent_reference,
            "batch": told.batch,
            "id": f"txn_{row.public_id}",
        }
        rows.append((cells, told.metadata))
    return rows


def _say_side(party: Party, count: int, *, with_ledger: bool) -> str:
    side = say_side(party, count)
    return f"{side} ({party.ledger})" if with_ledger else side


def _money(row: Fetched, source: Party, amounts: Sequence[Amount]) -> dict[str, str]:
    if row.currency_count == 1:
        amount = format_plain(int(row.amount_minor), source.exponent)
        part = describe_part(row, format_plain(row.part_minor(), source.exponent))
        return {"amount": amount, "currency": source.currency, "part": part}
    several = "; ".join(
        f"{each.currency} {format_plain(each.minor, each.exponent)}" for each in amounts
    )
    return {"amount": "", "currency": several, "part": ""}
