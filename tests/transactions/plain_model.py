"""A plain model of the books, against which any sequence of calls is held."""

from __future__ import annotations

from dataclasses import dataclass, field

# Normal side and floor of each balance; the last two are in another currency.
BALANCES = [
    ("CREDIT", None),
    ("CREDIT", 0),
    ("DEBIT", 0),
    ("CREDIT", -50),
    ("CREDIT", None),
    ("CREDIT", 0),
]
CURRENCIES = ["GBP"] * 4 + ["EUR"] * 2
# Only an exchange moves this one.
EXCHANGED = 4
Moves = dict[int, int]


@dataclass
class Kept:
    """What the model keeps of a transaction: signed amounts by place of the balance."""

    moves: Moves
    kind: str
    left: Moves = field(default_factory=dict)
    refunds: list[Kept] = field(default_factory=list)
    is_reversed: bool = False
    is_ended: bool = False
    is_over: bool = False

    def take(self, taken: Moves) -> None:
        """Commit so much of a hold."""
        for place, moved in taken.items():
            self.left[place] -= moved
        self.left = {place: moved for place, moved in self.left.items() if moved}

    @property
    def refundable(self) -> Moves:
        """What has not been given back, or no longer is."""
        left = dict(self.moves)
        for refund in self.refunds:
            if not refund.is_reversed:
                for place, moved in refund.moves.items():
                    left[place] += moved
        return {place: moved for place, moved in left.items() if moved}

    @property
    def may_be_reversed(self) -> bool:
        is_done = self.is_reversed or self.kind == "REVERSAL"
        return not is_done and all(refund.is_reversed for refund in self.refunds)

    def may_be_refunded(self, amount: int | None) -> bool:
        """Whether so much is left to give back; an exchange is given back whole."""
        if self.kind not in ("POST", "COMMIT") or self.is_reversed:
            return False
        left = debits(self.refundable)
        return left > 0 and (amount is None or (amount <= left and EXCHANGED not in self.moves))


@dataclass
class Model:
    """The books as a person with a pencil would keep them."""

    raw: list[int] = field(default_factory=lambda: [0] * len(BALANCES))
    held_credit: list[int] = field(default_factory=lambda: [0] * len(BALANCES))
    held_debit: list[int] = field(default_factory=lambda: [0] * len(BALANCES))
    moved: list[tuple[int, Moves]] = field(default_factory=list)

    def lowers(self, place: int, moved: int) -> bool:
        return moved < 0 if BALANCES[place][0] == "CREDIT" else moved > 0

    def room(self, place: int) -> int | None:
        """How much the balance may still fall on its normal side; None is without end."""
        side, floor = BALANCES[place]
        if floor is None:
            return None
        if side == "CREDIT":
            return self.raw[place] - self.held_debit[place] - floor
        return -self.raw[place] - self.held_credit[place] - floor

    def allows(self, moves: Moves, overdraft: int = 0) -> bool:
        for place, moved in moves.items():
            room = self.room(place)
            if room is not None and self.lowers(place, moved) and room + overdraft < abs(moved):
                return False
        return True

    def move(self, moves: Moves, days_ago: int = 0) -> None:
        self.moved.append((days_ago, moves))
        for place, moved in moves.items():
            self.raw[place] += moved

    def raw_before(self, days_ago: int) -> list[int]:
        """What the balances had come to when the day so long ago began."""
        earlier = [moves for days, moves in self.moved if days > days_ago]
        return [sum(moves.get(place, 0) for moves in earlier) for place in range(len(BALANCES))]

    def reserve(self, moves: Moves, sign: int) -> None:
        for place, moved in moves.items():
            held = self.held_credit if moved > 0 else self.held_debit
            held[place] += sign * abs(moved)

    def commit(self, kept: Kept, amount: int | None, days_ago: int = 0) -> Kept:
        """Post so much of a hold, or what is left of it."""
        taken = parts(kept.left, amount)
        self.reserve(taken, -1)
        self.move(taken, days_ago)
        kept.take(taken)
        return Kept(taken, "COMMIT")


def parts(moves: Moves, amount: int | None) -> Moves:
    """`amount` of the debits and as much of the credits, in order of the places given."""
    if amount is None:
        return dict(moves)
    taken: Moves = {}
    for sign in (-1, 1):
        side = {place: abs(moved) for place, moved in moves.items() if moved * sign > 0}
        total, passed = sum(side.values()), 0
        for place, minor in side.items():
            before = passed * amount // total
            passed += minor
            if part := passed * amount // total - before:
                taken[place] = sign * part
    return {place: taken[place] for place in moves if place in taken}


def journal(debited: Moves, credited: Moves) -> Moves | None:
    """Debits and credits on different balances, made equal at the first of the smaller side."""
    credited = {place: minor for place, minor in credited.items() if place not in debited}
    if not credited:
        return None
    missing = sum(debited.values()) - sum(credited.values())
    smaller = credited if missing > 0 else debited
    smaller[next(iter(smaller))] += abs(missing)
    return {**{place: -minor for place, minor in debited.items()}, **credited}


def debits(moves: Moves) -> int:
    return -sum(moved for moved in moves.values() if moved < 0)
