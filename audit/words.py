"""The words of the audit trail: what was done, to what, and which part of it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

WORDS = {
    "created": gettext_lazy("Created"),
    "renamed": gettext_lazy("Renamed"),
    "changed": gettext_lazy("Changed"),
    "opened": gettext_lazy("Opened"),
    "closed": gettext_lazy("Closed"),
    "reopened": gettext_lazy("Reopened"),
    "posted": gettext_lazy("Posted"),
    "held": gettext_lazy("Held"),
    "committed": gettext_lazy("Committed"),
    "voided": gettext_lazy("Voided"),
    "expired": gettext_lazy("Expired"),
    "reversed": gettext_lazy("Reversed"),
    "refunded": gettext_lazy("Refunded"),
    "batch_reversed": gettext_lazy("Whole batch reversed"),
    "batch_refused": gettext_lazy("Reversal of the whole batch refused"),
    "cancelled": gettext_lazy("Cancelled"),
    "rejected": gettext_lazy("Rejected"),
    "seen": gettext_lazy("Seen to"),
    "dismissed": gettext_lazy("Said to be no duplicate"),
    "exported": gettext_lazy("Exported"),
    "started": gettext_lazy("Started"),
    "ended": gettext_lazy("Ended"),
    "metadata_changed": gettext_lazy("Extra information changed"),
    "added": gettext_lazy("Added"),
    "imported": gettext_lazy("Imported"),
    "finished": gettext_lazy("Finished"),
    "failed": gettext_lazy("Failed"),
    "deleted": gettext_lazy("Deleted"),
    "password_changed": gettext_lazy("Password changed"),
}
THINGS: Sequence[tuple[str, str | Promise]] = (
    ("ledger", gettext_lazy("Ledger")),
    ("balance", gettext_lazy("Balance")),
    ("identity", gettext_lazy("Identity")),
    ("transaction", gettext_lazy("Transaction")),
    ("schedule", gettext_lazy("Scheduled transaction")),
    ("batch", gettext_lazy("Batch")),
    ("currency", gettext_lazy("Currency")),
    ("statement", gettext_lazy("Statement")),
    ("export", gettext_lazy("Export")),
    ("bulk", gettext_lazy("Bulk action")),
    ("view", gettext_lazy("Saved view")),
    ("user", gettext_lazy("User")),
    ("group", gettext_lazy("Group")),
)
# As events name what is done with many at once.
MANY = {
    "balances": "balance",
    "identities": "identity",
    "transactions": "transaction",
}
FIELDS = {
    "action": gettext_lazy("Action"),
    "as_of": gettext_lazy("As of"),
    "cause": gettext_lazy("Cause"),
    "count": gettext_lazy("How many"),
    "currency": gettext_lazy("Currency"),
    "description": gettext_lazy("Description"),
    "done": gettext_lazy("Done"),
    "due_at": gettext_lazy("Due"),
    "earlier": gettext_lazy("Earlier transaction"),
    "email": gettext_lazy("E-mail"),
    "expected": gettext_lazy("Rows expected"),
    "exponent": gettext_lazy("Decimals"),
    "files": gettext_lazy("Files"),
    "filter": gettext_lazy("Filter"),
    "first_name": gettext_lazy("First name"),
    "floor_minor": gettext_lazy("Floor"),
    "format": gettext_lazy("Format"),
    "from": gettext_lazy("From"),
    "groups": gettext_lazy("Groups"),
    "identity": gettext_lazy("Owner"),
    "indicator": gettext_lazy("Indicator"),
    "is_active": gettext_lazy("Active"),
    "is_shared": gettext_lazy("Shared with the team"),
    "is_staff": gettext_lazy("Staff"),
    "is_superuser": gettext_lazy("Superuser"),
    "kind": gettext_lazy("Kind"),
    "known_at": gettext_lazy("As recorded by"),
    "last_name": gettext_lazy("Last name"),
    "ledger": gettext_lazy("Ledger"),
    "lines": gettext_lazy("Lines"),
    "mapping": gettext_lazy("Mapping"),
    "metadata": gettext_lazy("Extra information"),
    "name": gettext_lazy("Name"),
    "of": gettext_lazy("Follows"),
    "normal_side": gettext_lazy("Normal side"),
    "permissions": gettext_lazy("Permissions"),
    "position": gettext_lazy("Position"),
    "posted": gettext_lazy("Posted"),
    "present": gettext_lazy("Already there"),
    "problem": gettext_lazy("Why not"),
    "query": gettext_lazy("Address of the filter"),
    "read": gettext_lazy("Read"),
    "reason": gettext_lazy("Reason"),
    "reason_code": gettext_lazy("Code of the reason"),
    "records": gettext_lazy("Records"),
    "reference": gettext_lazy("Reference"),
    "refused": gettext_lazy("Refused"),
    "request": gettext_lazy("Request"),
    "rows": gettext_lazy("Rows"),
    "run": gettext_lazy("Bulk action"),
    "state": gettext_lazy("State"),
    "symbol": gettext_lazy("Symbol"),
    "table": gettext_lazy("Table"),
    "to": gettext_lazy("To"),
    "transaction_id": gettext_lazy("Transaction"),
    "transactions": gettext_lazy("Transactions"),
    "username": gettext_lazy("Username"),
    "zone": gettext_lazy("Time zone"),
}


def name_action(action: str) -> str:
    """`ledger.renamed` in words; as it stands if there are none."""
    return str(WORDS.get(action.partition(".")[2], action))


def name_thing(action: str) -> str:
    """What kind of record `ledger.renamed` is about, in words."""
    thing = action.partition(".")[0]
    return str(dict(THINGS).get(MANY.get(thing, thing), thing))
