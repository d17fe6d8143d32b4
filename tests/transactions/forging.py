"""SQL that writes entries past the posting function, sound or forged."""

from __future__ import annotations

from tests.attacks.conftest import Attacker

ENTRY = (
    "INSERT INTO transactions_entry (transaction_id, balance_id, ledger_id, position,"
    " effective_at, direction, amount_minor, running_minor)"
)
TRANSACTION = (
    "INSERT INTO transactions_transaction (public_id, reference, kind, status, description,"
    " entry_count, effective_at, created_at, metadata)"
)


def forge(
    *,
    amounts: tuple[int, int] = (100, 100),
    directions: tuple[int, int] = (-1, 1),
    reference: str = "forged",
    kind: str = "POST",
    status: str = "POSTED",
    entry_count: int = 2,
    shift: str = "0",
    entry_shift: str = "0",
    ledger: str = "%(ledger)s",
    balances: tuple[str, str] = ("%(source)s", "%(target)s"),
    positions: tuple[int, int] = (3, 3),
    running: tuple[int, int] = (-1100, 1100),
    more: str = "",
    beside: str = "",
) -> str:
    """One statement that writes all that posting writes; sound unless told otherwise."""
    return f"""
        WITH {beside} written AS (
            {TRANSACTION}
            VALUES (gen_random_uuid(), '{reference}', '{kind}', '{status}', '', {entry_count},
                    clock_timestamp() + interval '{shift}', clock_timestamp(), '{{}}')
            RETURNING id, effective_at
        )
        {ENTRY}
        SELECT w.id, e.balance, {ledger}, e.position, w.effective_at + interval '{entry_shift}',
               e.direction, e.amount, e.running
        FROM written AS w, (VALUES
            ({balances[0]}, {positions[0]}, {directions[0]}, {amounts[0]}, {running[0]}),
            ({balances[1]}, {positions[1]}, {directions[1]}, {amounts[1]}, {running[1]})
            {more}
        ) AS e (balance, position, direction, amount, running)
    """


def filled(attacker: Attacker, query: str, **ids: int) -> str:
    """The statement with `ids`, and those of the books that the attacker is given."""
    return query % {
        "ledger": attacker.ledger,
        "source": attacker.source,
        "target": attacker.target,
        "posted": attacker.posted,
        **ids,
    }
