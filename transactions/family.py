"""What belongs together: a business event, and everything that followed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypedDict

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.naming import link_tag
from ledgers.money import LONG, format_amount
from transactions.models import Hold, Transaction
from transactions.rows import SAID_MAX, read_amounts, say_several
from transactions.states import AS_WRITTEN, OF_HOLD, REVERSED, State
from web.addresses import url_of
from web.formatting import active_dates, format_count
from web.statements import fetch_all

PAGE_SIZE = 50

# Up to the head, and down to all that follows; in the order in which it was recorded. The amounts
# are debits: of entries, and where there are none, of reservations.
FAMILY = """
WITH RECURSIVE line AS (
    SELECT t.id, coalesce(t.parent_id, t.reverses_id) AS of_id
    FROM transactions_transaction AS t WHERE t.id = %(id)s
    UNION ALL
    SELECT t.id, coalesce(t.parent_id, t.reverses_id)
    FROM line JOIN transactions_transaction AS t ON t.id = line.of_id
), family AS (
    SELECT line.id FROM line WHERE line.of_id IS NULL
    UNION ALL
    SELECT f.id
    FROM family CROSS JOIN LATERAL (
        SELECT t.id FROM transactions_transaction AS t WHERE t.parent_id = family.id
        UNION ALL
        SELECT t.id FROM transactions_transaction AS t WHERE t.reverses_id = family.id
    ) AS f
)
SELECT t.id, t.public_id::text, t.reference, left(t.description, 120), t.kind, t.status,
       t.effective_at, t.created_at, u.username, o.public_id::text, o.reference,
       o.parent_id IS NULL AND o.reverses_id IS NULL, s.currencies, s.code, c.exponent, s.debits,
       h.total_minor, h.committed_minor, h.released_minor, h.ended_as,
       EXISTS (SELECT FROM transactions_transaction AS v WHERE v.reverses_id = t.id),
       (SELECT count(*) FROM family)
FROM (
    SELECT family.id FROM family WHERE family.id > %(after)s ORDER BY family.id LIMIT %(limit)s
) AS f
JOIN transactions_transaction AS t ON t.id = f.id
LEFT JOIN users_user AS u ON u.id = t.actor_id
LEFT JOIN transactions_transaction AS o ON o.id = coalesce(t.parent_id, t.reverses_id)
LEFT JOIN transactions_hold AS h ON h.transaction_id = t.id
CROSS JOIN LATERAL (
    SELECT count(DISTINCT b.currency) AS currencies, min(b.currency) AS code,
           sum(l.amount_minor) AS debits
    FROM (
        SELECT e.balance_id, e.amount_minor FROM transactions_entry AS e
        WHERE e.transaction_id = t.id AND e.direction = -1
        UNION ALL
        SELECT r.balance_id, r.amount_minor FROM transactions_reservation AS r
        WHERE r.transaction_id = t.id AND r.direction = -1 AND r.kind <> 'COMMIT'
    ) AS l
    JOIN balances_balance AS b ON b.id = l.balance_id
) AS s
LEFT JOIN ledgers_currency AS c ON c.code = s.code
ORDER BY t.id
"""


class Fetched(NamedTuple):
    """A row of FAMILY; `of_…` is what it acts on."""

    id: int
    public_id: str
    reference: str
    description: str
    kind: str
    status: str
    effective_at: datetime
    created_at: datetime
    username: str | None
    of_public_id: str | None
    of_reference: str | None
    is_of_head: bool
    currencies: int
    code: str
    exponent: int
    debits: int
    total_minor: int | None
    committed_minor: int
    released_minor: int
    ended_as: str
    is_reversed: bool
    family_size: int


class FamilyRow(TypedDict):
    """One record of the timeline as the page prints it; `of` says "of" with a link, or nothing."""

    url: str
    is_current: bool
    is_new: bool
    shape: str
    kind: str
    note: str
    reference: str
    description: str
    of: SafeString | str
    amount: str
    currency: str
    is_long: bool
    effective: SafeString | str
    recorded: SafeString | str
    who: str


@dataclass(frozen=True, slots=True)
class Family:
    """A page of what belongs together. `head_id` is known on the first page alone."""

    rows: list[FamilyRow]
    keys: list[str]
    count: int
    head_id: int | None
    next_key: str

    @property
    def total(self) -> str:
        counted = ngettext("%(count)s record", "%(count)s records", self.count)
        return counted % {"count": format_count(self.count)}


def read_family(transaction: Transaction, *, after: int = 0, new: str = "") -> Family:
    """The event that a transaction belongs to: its head and all followers, as recorded.

    At most `PAGE_SIZE` of them, beginning after the primary key `after`. The one with the key
    `new` is marked.
    """
    parameters = {"id": transaction.pk, "after": after, "limit": PAGE_SIZE + 1}
    fetched = [Fetched(*row) for row in fetch_all(FAMILY, parameters)]
    shown = fetched[:PAGE_SIZE]
    return Family(
        rows=_format_rows(shown, current=transaction.pk, new=new),
        keys=[f"txn_{row.public_id}" for row in shown],
        count=shown[0].family_size if shown else 0,
        head_id=shown[0].id if shown and not after else None,
        next_key=f"txn_{shown[-1].public_id}" if len(fetched) > PAGE_SIZE else "",
    )


def _format_rows(fetched: Sequence[Fetched], *, current: int, new: str) -> list[FamilyRow]:
    dates = active_dates()
    kinds = dict(Transaction.Kind.choices)
    several = read_amounts(row.id for row in fetched if 1 < row.currencies <= SAID_MAX)
    rows: list[FamilyRow] = []
    for row in fetched:
        state, is_hold = _state_of(row), row.kind == Transaction.Kind.HOLD
        amount = (
            format_amount(int(row.debits), row.exponent)
            if row.currencies == 1
            else say_several(several.get(row.id, ()), row.currencies)
        )
        rows.append(
            {
                "url": url_of("transactions:detail", row.public_id),
                "is_current": row.id == current,
                "is_new": f"txn_{row.public_id}" == new,
                "shape": state.shape,
                "kind": str(kinds[row.kind]),
                "note": str(state.word) if is_hold or row.is_reversed else "",
                "reference": row.reference,
                "description": row.description,
                "of": _link_to_original(row),
                "amount": amount,
                "currency": row.code if row.currencies == 1 else "",
                "is_long": len(amount) > LONG,
                "effective": dates.time_tag(row.effective_at),
                "recorded": dates.time_tag(row.created_at),
                "who": row.username or _("system"),
            }
        )
    return rows


def _state_of(row: Fetched) -> State:
    if row.is_reversed:
        return REVERSED
    if row.total_minor is None:
        return AS_WRITTEN[row.status]
    hold = Hold(
        total_minor=row.total_minor,
        committed_minor=row.committed_minor,
        released_minor=row.released_minor,
        ended_as=row.ended_as,
    )
    return OF_HOLD[hold.state]


def _link_to_original(row: Fetched) -> SafeString | str:
    """What it acts on, unless that is the head, which stands above all."""
    if row.of_public_id is None or row.is_of_head:
        return ""
    link = link_tag(url_of("transactions:detail", row.of_public_id), row.of_reference or "")
    return format_html(_("of {original}"), original=link)
