"""Made-up books for a demonstration, posted through the engine like any others."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from balances.models import Balance
from balances.operations import open_balance
from identities.models import Identity
from identities.operations import create_identity
from ledgers.models import Currency, Ledger
from ledgers.operations import add_currency, create_ledger
from transactions.lifecycle import (
    commit_many,
    hold_many,
    refund_many,
    reverse_many,
    void_many,
)
from transactions.models import Entry, Transaction
from transactions.posting import post_many
from transactions.requests import (
    CREDIT,
    DEBIT,
    Following,
    HoldRequest,
    Indicator,
    Leg,
    PostingRequest,
    Result,
    transfer,
)

# Under it a name always gives the same public id, so that nothing is made twice.
NAMES = uuid.UUID("c2bb3f4e-27a5-4a0e-8e57-9c1a4ad1c0de")
TOKEN = "DAYT"  # noqa: S105 a currency's code
TOKEN_UNIT = 10**18

PERSON, ORGANIZATION = Identity.Kind.PERSON, Identity.Kind.ORGANIZATION
# Who has wallets, and what is paid into each of them every month.
CUSTOMERS: list[tuple[str, str, dict[str, int]]] = [
    ("Amara Okafor", PERSON, {"GBP": 1_250_00, "EUR": 300_00}),
    ("Bruno Keller", PERSON, {"EUR": 2_480_50}),
    ("Chiyo Tanaka", PERSON, {"JPY": 184_000, TOKEN: 12 * TOKEN_UNIT + 1}),
    ("Daria Novak", PERSON, {"EUR": 960_00, TOKEN: TOKEN_UNIT * 3 // 2}),
    ("Elin Sørensen", PERSON, {"GBP": 715_25}),
    ("Northgate Bakery", ORGANIZATION, {"GBP": 8_400_00}),
    ("Hanami Travel", ORGANIZATION, {"JPY": 1_250_000, "EUR": 4_100_00}),
]
MONTHS = 9
MONTH = timedelta(days=30)
# Within a month, counted from its deposits.
PAYMENTS = timedelta(days=4, hours=3, minutes=10)
MONTH_END = timedelta(days=23, hours=7, minutes=45)
# From the first deposits to the last payments, and to the last month's end.
LAST_PAYMENTS = (MONTHS - 1) * MONTH + PAYMENTS
WHOLE = (MONTHS - 1) * MONTH + MONTH_END
# Who holds how much for whom, and what for.
HOLDS = {
    "hotel": ("Bruno Keller", "Hanami Travel", "EUR", 240_00, "Deposit for a hotel"),
    "fuel": ("Elin Sørensen", "Northgate Bakery", "GBP", 100_00, "Deliveries of the week"),
    "tickets": ("Daria Novak", "Hanami Travel", "EUR", 64_00, "Two tickets"),
}

Wallets = dict[tuple[str, str], int]


def load_demo_books(first_day: datetime | None = None) -> None:
    """Make customers' wallets and nine months of payments; again changes nothing.

    The months begin at `first_day`; by themselves they end the day before they are loaded first.
    Some of the last go on living: holds that are inflight, partly committed and voided, a
    payment that was reversed, and one that was refunded in part.
    """
    wallets = _open_wallets()
    first_day = _first_loaded() or first_day or _so_that_they_end_yesterday()
    last_day = first_day + LAST_PAYMENTS
    _sound(post_many(_requests(wallets, first_day)))
    held = dict(zip(HOLDS, _sound(hold_many(_holds(wallets, last_day))), strict=True))
    payments = Transaction.objects.in_bulk(
        [f"demo-payment-{last_day:%Y-%m-%d}-{number}" for number in (4, 7)],
        field_name="reference",
    )
    refunded, reversed_ = sorted(payments.values(), key=lambda payment: payment.reference)
    day = last_day + timedelta(days=2)
    _sound(commit_many([_following(held["fuel"], "commit", 40_00, "Bill of the day", day)]))
    _sound(void_many([_following(held["tickets"], "void", None, "Sold out", day)]))
    _sound(refund_many([_following(refunded.pk, "refund", 100_00, "One night less", day)]))
    mistaken = _following(reversed_.pk, "reversal", None, "Paid to the wrong person", day)
    _sound(reverse_many([mistaken]))


def _first_loaded() -> datetime | None:
    """When the deposits of books that are there already began."""
    name, _kind, deposits = CUSTOMERS[0]
    first = Entry.objects.filter(balance__public_id=_key("balance", name, next(iter(deposits))))
    return first.order_by("position").values_list("effective_at", flat=True).first()


def _so_that_they_end_yesterday() -> datetime:
    morning = timezone.now().replace(hour=9, minute=30, second=0, microsecond=0)
    return morning - timedelta(days=1 + WHOLE.days)


def _sound(results: Iterable[Result]) -> list[int]:
    """The transactions, all of which were written, now or before."""
    pks = []
    for result in results:
        if result.error:
            raise result.error
        assert result.transaction_id is not None  # refused without an error
        pks.append(result.transaction_id)
    return pks


def _key(*names: str) -> uuid.UUID:
    return uuid.uuid5(NAMES, " ".join(names))


def _open_wallets() -> Wallets:
    if not Currency.objects.filter(code=TOKEN).exists():
        add_currency(
            code=TOKEN, name="Daybook Token", exponent=18, kind=Currency.Kind.CRYPTO, actor=None
        )
    ledger = create_ledger(
        name="Customer Wallets",
        metadata={"use": "Money held for customers", "owner": {"team": "Payments", "floor": 3}},
        public_id=_key("ledger"),
        actor=None,
    )
    return {
        (name, code): _open_wallet(ledger, _identity(name, kind), code).pk
        for name, kind, deposits in CUSTOMERS
        for code in deposits
    } | {("Northgate Bakery", "EUR"): _open_credit_line(ledger).pk}


def _identity(name: str, kind: str) -> Identity:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.com"
    return create_identity(
        name=name, kind=kind, email=email, public_id=_key("identity", name), actor=None
    )


def _open_wallet(ledger: Ledger, identity: Identity, code: str) -> Balance:
    return open_balance(
        ledger=ledger,
        currency=Currency.objects.get(code=code),
        identity=identity,
        metadata={"product": "wallet"},
        public_id=_key("balance", identity.name, code),
        actor=None,
    )


def _open_credit_line(ledger: Ledger) -> Balance:
    """A balance that may go below zero, down to 1,000 euros."""
    return open_balance(
        ledger=ledger,
        currency=Currency.objects.get(code="EUR"),
        identity=_identity("Northgate Bakery", ORGANIZATION),
        floor_minor=-1_000_00,
        metadata={"product": "credit line"},
        public_id=_key("balance", "Northgate Bakery", "EUR"),
        actor=None,
    )


def _requests(wallets: Wallets, first_day: datetime) -> Iterator[PostingRequest]:
    for month in range(MONTHS):
        day = first_day + month * MONTH
        yield from _deposits(wallets, day)
        yield from _payments(wallets, day + PAYMENTS)
        yield from _month_end(wallets, day + MONTH_END)


def _deposits(wallets: Wallets, day: datetime) -> Iterator[PostingRequest]:
    for name, _kind, deposits in CUSTOMERS:
        for code, amount_minor in deposits.items():
            yield PostingRequest(
                reference=f"demo-deposit-{day:%Y-%m-%d}-{name}-{code}".lower().replace(" ", "-"),
                legs=transfer(
                    source=Indicator("@Bank", code),
                    destination=wallets[name, code],
                    amount_minor=amount_minor,
                ),
                description=f"Deposit of {name}",
                effective_at=day,
                metadata={"channel": "bank transfer"},
            )


def _payments(wallets: Wallets, day: datetime) -> Iterator[PostingRequest]:
    """Between customers, some with a fee of one in a hundred beside the amount."""
    for number, (payer, payee, code, amount_minor) in enumerate(
        [
            ("Amara Okafor", "Northgate Bakery", "GBP", 42_60),
            ("Elin Sørensen", "Northgate Bakery", "GBP", 18_00),
            ("Bruno Keller", "Hanami Travel", "EUR", 899_00),
            ("Daria Novak", "Hanami Travel", "EUR", 415_30),
            ("Chiyo Tanaka", "Hanami Travel", "JPY", 96_000),
            ("Chiyo Tanaka", "Daria Novak", TOKEN, TOKEN_UNIT // 4 + 1),
            ("Northgate Bakery", "Bruno Keller", "EUR", 75_00),
        ],
        start=1,
    ):
        fee_minor = amount_minor // 100
        yield PostingRequest(
            reference=f"demo-payment-{day:%Y-%m-%d}-{number}",
            legs=[
                Leg(wallets[payer, code], DEBIT, amount_minor + fee_minor),
                Leg(wallets[payee, code], CREDIT, amount_minor),
                Leg(Indicator("@Fees", code), CREDIT, fee_minor),
            ],
            description=f"{payer} pays {payee}",
            effective_at=day + timedelta(hours=number),
            metadata={"channel": "app"},
        )


def _month_end(wallets: Wallets, day: datetime) -> Iterator[PostingRequest]:
    """An exchange through liquidity balances, and a payout."""
    yield PostingRequest(
        reference=f"demo-exchange-{day:%Y-%m-%d}",
        legs=[
            *transfer(
                source=wallets["Amara Okafor", "EUR"],
                destination=Indicator("@Liquidity", "EUR"),
                amount_minor=115_00,
            ),
            *transfer(
                source=Indicator("@Liquidity", "GBP"),
                destination=wallets["Amara Okafor", "GBP"],
                amount_minor=100_00,
            ),
        ],
        description="Exchange of EUR 115.00 into GBP 100.00",
        effective_at=day,
        metadata={"rate": "0.869565"},
    )
    yield PostingRequest(
        reference=f"demo-payout-{day:%Y-%m-%d}",
        legs=transfer(
            source=wallets["Hanami Travel", "EUR"],
            destination=Indicator("@Bank", "EUR"),
            amount_minor=3_000_00,
        ),
        description="Payout to Hanami Travel",
        effective_at=day + timedelta(hours=1),
        metadata={"channel": "bank transfer"},
    )


def _holds(wallets: Wallets, last_day: datetime) -> list[HoldRequest]:
    return [
        HoldRequest(
            reference=f"demo-hold-{name}",
            legs=transfer(
                source=wallets[payer, code],
                destination=wallets[payee, code],
                amount_minor=amount_minor,
            ),
            description=description,
            effective_at=last_day + timedelta(days=1),
        )
        for name, (payer, payee, code, amount_minor, description) in HOLDS.items()
    ]


def _following(
    transaction_id: int, name: str, amount_minor: int | None, description: str, day: datetime
) -> Following:
    return Following(
        transaction_id=transaction_id,
        reference=f"demo-{name}",
        amount_minor=amount_minor,
        description=description,
        effective_at=day,
    )
