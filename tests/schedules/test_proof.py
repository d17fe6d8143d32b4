from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from schedules.due import post_due
from schedules.operations import cancel, schedule
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from tests.schedules.building import SOON, make_request, make_schedule, wait_until
from transactions.proof import CHECKS, run_proof
from transactions.requests import HoldRequest, Indicator

RENT = Indicator("@Rent", "GBP")
CONTENT = "posted schedules are their transactions"
DECIDED = "schedules are decided as they say"
POSTED = "UPDATE schedules_schedule SET {} WHERE reference = 'posted'"
TAMPERINGS = {
    POSTED.format("transaction_id = NULL"): {CONTENT, DECIDED},
    POSTED.format("transaction_id = {other}"): {CONTENT},
    POSTED.format("reference = 'other'"): {CONTENT},
    POSTED.format("due_at = due_at - interval '1 day'"): {CONTENT},
    POSTED.format("request = jsonb_set(request, '{{kind}}', '\"HOLD\"')"): {CONTENT},
    POSTED.format("request = jsonb_set(request, '{{legs,0,amount_minor}}', '\"x\"')"): {CONTENT},
    POSTED.format("request = jsonb_set(request, '{{legs}}', '7')"): {CONTENT},
    POSTED.format("state = 'CANCELLED'"): {DECIDED},
    POSTED.format("state = 'DONE'"): {DECIDED},
    "UPDATE schedules_schedule SET reason = '' WHERE state = 'REJECTED'": {DECIDED},
    "UPDATE schedules_schedule SET decided_at = NULL WHERE state = 'REJECTED'": {DECIDED},
    "UPDATE schedules_schedule SET decided_at = now() WHERE state = 'SCHEDULED'": {DECIDED},
}


@pytest.fixture
def other(own_database: OwnDatabase) -> int:
    """Schedules of every state; the primary key of a transaction that is none of theirs."""
    target, poor = make_balance(), make_balance()
    make_schedule(source=RENT, destination=target, reference="waiting")
    cancel(make_schedule(source=RENT, destination=target), actor=None)
    due_at = timezone.now() + SOON
    for request in (
        make_request(source=RENT, destination=target, reference="posted"),
        make_request(source=poor, destination=target),
        HoldRequest(
            "held",
            make_request(source=RENT, destination=target).legs,
            expires_at=due_at + timedelta(days=1),
        ),
    ):
        schedule(request, due_at=due_at, actor=None)
    wait_until(due_at)
    assert post_due() == 3
    return post_transfer(source=RENT, destination=target).pk


def test_whatever_is_tampered_with_is_named_by_the_proof(
    other: int, own_database: OwnDatabase
) -> None:
    assert run_proof(actor=None).is_ok
    with own_database.cluster.connect(own_database.name) as administrator:
        for tampering, expected in TAMPERINGS.items():
            with administrator.transaction(force_rollback=True):
                administrator.execute("SET LOCAL session_replication_role = replica")
                changed = administrator.execute(tampering.format(other=other))
                failing = {
                    check.name
                    for check in CHECKS
                    if administrator.execute(check.mismatches).fetchone()
                }

                assert changed.rowcount == 1
                assert failing == expected, tampering
