"""The balances that scheduled entries name, as people know them: one query, whatever their number.

An indicator that has no balance yet is opened when the transaction is posted, and has no page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from balances.naming import name_balance
from web.addresses import url_of
from web.statements import fetch_all

PARTIES = """
SELECT ref.id, ref.indicator, ref.currency, b.public_id::text, b.indicator, i.name, l.name,
       l.public_id::text, c.code, coalesce(c.exponent, 0)
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS ref (id, indicator, currency)
LEFT JOIN balances_balance AS b
       ON b.id = coalesce(ref.id, balances_indicator(ref.indicator, ref.currency))
LEFT JOIN ledgers_ledger AS l ON l.id = b.ledger_id
LEFT JOIN ledgers_currency AS c ON c.code = coalesce(b.currency, ref.currency)
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
"""

# What names a balance: its primary key, or an indicator and a currency.
PartyKey = tuple[int | None, str | None, str | None]


class Party(NamedTuple):
    """A balance as one side of a scheduled transaction; without a page while it is not open."""

    name: str
    url: str
    ledger: str
    ledger_url: str
    currency: str
    exponent: int


def key_of(leg: dict[str, Any]) -> PartyKey:
    """What names the balance of an entry."""
    return leg.get("balance"), leg.get("indicator"), leg.get("currency")


def find_parties(legs: Iterable[dict[str, Any]]) -> dict[PartyKey, Party]:
    """The balances of these entries, by what names them."""
    keys = list({key_of(leg): None for leg in legs})
    columns = [list(column) for column in zip(*keys, strict=True)] or [[], [], []]
    return {row[:3]: _party(*row[1:]) for row in fetch_all(PARTIES, columns)}


def _party(
    indicator: str | None, currency: str | None, public_id: str | None, *found: Any
) -> Party:
    known_indicator, owner, ledger, ledger_id, code, exponent = found
    if public_id is None:
        return Party(indicator or "—", "", "", "", currency or "", int(exponent))
    return Party(
        name_balance(indicator=known_indicator, owner=owner, public_id=public_id),
        url_of("balances:detail", public_id),
        ledger,
        url_of("ledgers:detail", ledger_id),
        code,
        int(exponent),
    )
