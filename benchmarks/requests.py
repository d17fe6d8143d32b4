"""Random requests to post, of the shape that the filled books hold."""

from __future__ import annotations

import random
from collections.abc import Iterator

from transactions.requests import PostingRequest, transfer

AMOUNT_MAX_MINOR = 50_000
TOO_MUCH_MINOR = 10**15
HOT_BALANCE = 10


def random_requests(
    balances: int, *, hot: float = 0.0, refused: float = 0.0
) -> Iterator[PostingRequest]:
    """Transfers between two balances, uniform over all of them.

    The share `hot` touches one and the same balance; the share `refused` asks
    for more than the floor of its source allows.
    """
    chance = random.Random()  # noqa: S311 not for secrets
    while True:
        source = HOT_BALANCE if chance.random() < hot else chance.randint(1, balances)
        # Balances whose numbers end alike have the same currency.
        distance = 10 * chance.randint(1, balances // 10 - 1)
        legs = [source, 1 + (source - 1 + distance) % balances]
        chance.shuffle(legs)
        amount_minor = chance.randint(1, AMOUNT_MAX_MINOR)
        if chance.random() < refused:
            amount_minor = TOO_MUCH_MINOR
        yield PostingRequest(
            reference=f"PAY-{chance.getrandbits(56):014X}",
            legs=transfer(source=legs[0], destination=legs[1], amount_minor=amount_minor),
            description="Card payment",
            metadata={"channel": "web", "order": 1_234_567},
        )
