"""What became of holds and postings, tampered with: the proof names each of its checks."""

from __future__ import annotations

from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from tests.transactions.living import commit, place_hold, refund, reverse, void
from transactions import proof_lifecycle
from transactions.proof import CHECKS, run_proof

INFLIGHT = "inflight figures equal their reservations"
HOLDS = "holds equal their reservations"
TAKEN = "no more is taken from a hold than it reserves"
BELONGING = "reservations belong to a transaction, a balance and its ledger"
COMPLETE = "holds, commits, voids and expiries have all of their reservations"
COMMITS = "commits post what their holds reserved"
KINDS = "what follows a transaction is of a kind that may"
REVERSALS = "reversals post the same entries the other way round"
REFUNDS = "refunds do not exceed their originals"

TAMPERINGS = {
    "UPDATE balances_balance SET inflight_debit_minor = 0 WHERE inflight_debit_minor > 0": {
        INFLIGHT
    },
    "UPDATE transactions_hold SET committed_minor = 41 WHERE transaction_id = {held}": {HOLDS},
    "UPDATE transactions_hold SET ended_as = 'EXPIRY' WHERE transaction_id = {voided}": {HOLDS},
    "UPDATE transactions_reservation SET amount_minor = 101 WHERE transaction_id = {commit}": {
        INFLIGHT,
        HOLDS,
        TAKEN,
        COMMITS,
    },
    "UPDATE transactions_reservation SET ledger_id = 1 WHERE transaction_id = {held}": {BELONGING},
    "UPDATE transactions_reservation SET hold_id = {voided} WHERE transaction_id = {commit}": {
        HOLDS,
        TAKEN,
        BELONGING,
    },
    "DELETE FROM transactions_reservation WHERE transaction_id = {held} AND direction = 1": {
        INFLIGHT,
        TAKEN,
        COMPLETE,
    },
    "DELETE FROM transactions_reservation WHERE transaction_id = {commit}": {
        INFLIGHT,
        HOLDS,
        COMPLETE,
        COMMITS,
    },
    "UPDATE transactions_entry SET amount_minor = 39 WHERE transaction_id = {commit}": {COMMITS},
    "UPDATE transactions_transaction SET parent_id = {sale} WHERE id = {commit}": {KINDS},
    "UPDATE transactions_transaction SET parent_id = {commit} WHERE id = {voiding}": {KINDS},
    "UPDATE transactions_entry SET amount_minor = 29 WHERE transaction_id = {reversal}": {
        REVERSALS
    },
    "UPDATE transactions_transaction SET reverses_id = {sale} WHERE id = {reversal}": {
        REVERSALS,
        REFUNDS,
    },
    "UPDATE transactions_entry SET amount_minor = 51 WHERE transaction_id = {refund}": {REFUNDS},
    "UPDATE transactions_transaction SET parent_id = {mistake} WHERE id = {refund}": {REFUNDS},
}


def live() -> dict[str, int]:
    """A hold committed in part, one voided, a sale refunded in part, a mistake reversed."""
    source, target = make_balance(opening_minor=1000), make_balance(opening_minor=1000)
    held, voided = (
        place_hold(source=source, destination=target, amount_minor=100) for _number in range(2)
    )
    sale, mistake = (
        post_transfer(source=source, destination=target, amount_minor=minor) for minor in (50, 30)
    )
    made = {
        "held": held,
        "commit": commit(held, 40),
        "voided": voided,
        "voiding": void(voided),
        "sale": sale,
        "refund": refund(sale, 20),
        "mistake": mistake,
        "reversal": reverse(mistake),
    }
    return {name: each.pk for name, each in made.items()}


def test_every_tampering_with_a_life_is_named_by_the_proof(own_database: OwnDatabase) -> None:
    made = live()

    assert run_proof(actor=None).is_ok
    assert set().union(*TAMPERINGS.values()) == {check.name for check in proof_lifecycle.CHECKS}
    with own_database.cluster.connect(own_database.name) as administrator:
        for tampering, expected in TAMPERINGS.items():
            with administrator.transaction(force_rollback=True):
                administrator.execute("SET LOCAL session_replication_role = replica")
                changed = administrator.execute(tampering.format(**made))
                failing = {
                    check.name
                    for check in CHECKS
                    if administrator.execute(check.mismatches).fetchone()
                }

                assert changed.rowcount > 0, tampering
                assert expected - failing == set(), tampering
