"""The demonstration books, and beside them what else a page can show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from balances.models import Balance
from balances.operations import close_balance
from imports.operations import post_reviewed
from ledgers.models import Ledger
from reports.lookalikes import find_lookalikes
from reports.rolling import roll_up_days
from schedules.due import post_due
from schedules.models import Schedule
from schedules.operations import cancel, mark_seen
from tests.factories import make_balance, make_identity, make_ledger, post_transfer
from tests.imports.files import make_checked, make_rows
from tests.schedules.building import SOON, make_schedule, wait_until
from tests.transactions.acting import commit_part, make_hold
from transactions.demo import load_demo_books
from transactions.posting import post
from transactions.proof import run_proof
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, PostingRequest
from users.models import User

HOSTILE = "<b>“Ada”</b> & ’; --"


def make_crawled_books(actor: User) -> None:
    """Postings, holds in every state, schedules, exchanges; in currencies of 0 to 18 decimals."""
    load_demo_books(datetime(2026, 1, 5, 9, 30, tzinfo=UTC))
    roll_up_days()
    _hold_and_schedule(actor)
    _post_what_is_odd(actor)
    _import_files(actor)
    roll_up_days()
    find_lookalikes()
    run_proof(actor=actor)
    post_transfer(source=Indicator("@Bank", "EUR"), destination=_wallet("EUR"), amount_minor=7_77)


def _wallet(currency: str) -> Balance:
    wallets = Balance.objects.filter(currency=currency, identity__isnull=False)
    return wallets.order_by("pk")[0]


def _hold_and_schedule(actor: User) -> None:
    source, destination = _wallet("GBP"), make_balance(currency="GBP")
    for hours, reference in ((2, "soon"), (30, "tomorrow"), (24 * 30, "later")):
        expires_at = timezone.now() + timedelta(hours=hours)
        make_hold(
            source,
            destination,
            10_00,
            reference=f"crawl-hold-{reference}",
            effective_at=None,
            expires_at=expires_at,
        )
    commit_part(make_hold(source, destination, 12_00, reference="crawl-part"), 5_00, "crawl-5")

    def later(reference: str, due_in: timedelta, source: Balance = source) -> Schedule:
        return make_schedule(
            source=source,
            destination=destination,
            reference=reference,
            due_in=due_in,
            actor=actor,
        )

    poor = make_balance(currency="GBP")
    rejected = [later(f"crawl-rejected-{number}", SOON, poor) for number in range(3)]
    posted = later("crawl-scheduled", SOON)
    later("crawl-today", timedelta(seconds=30))
    later("crawl-later", timedelta(days=3))
    cancel(later("crawl-cancelled", timedelta(days=3)), actor=actor)
    wait_until(posted.due_at)
    post_due()
    mark_seen(rejected[0], actor=actor)


def _import_files(actor: User) -> None:
    """One that is imported, and one that waits, with rows that are there already and refused."""
    refused = [HOSTILE] * 5
    done = make_checked([*make_rows(25), refused], file_name=f"{HOSTILE}.csv", user=actor)
    assert post_reviewed(done, reviewed=done.report["outcome"])
    make_checked([*make_rows(27), refused], user=actor)


def _post_what_is_odd(actor: User) -> None:
    """Today and in the past, negative figures, a balance that is closed, names that are no text."""
    ledger: Ledger = make_ledger(name=HOSTILE, metadata={"region": "EU", "a": {"b": HOSTILE}})
    owner = make_identity(name=HOSTILE)
    cash = make_balance(
        ledger=ledger, identity=owner, normal_side=Balance.NormalSide.DEBIT, floor_minor=None
    )
    wallet = make_balance(ledger=ledger, identity=owner, floor_minor=None, opening_minor=1_000_00)
    for minor in (3_00, 4_00, 3_00):
        post_transfer(source=wallet, destination=cash, amount_minor=minor, effective_at=None)
    legs = [
        Leg(wallet.pk, DEBIT, 5_000_00),
        Leg(Indicator("@Odd", "GBP"), CREDIT, 4_999_99),
        Leg(Indicator("@Even", "GBP"), CREDIT, 1),
    ]
    post(PostingRequest(HOSTILE, legs, description=HOSTILE, metadata={"n": 1}), actor=actor)
    closed = make_balance(ledger=ledger, identity=owner, currency="JPY")
    close_balance(closed, at=timezone.now(), actor=actor)
    make_balance(currency="EUR", identity=make_identity())
