"""How far somebody has seen a database table: its newest rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.db.models import Q

# So many of the newest ids are looked at: of transactions at the same time, one with a lower id
# may be committed after one with a higher.
WINDOW = 64
# Who has not seen more than so many is told of no single one.
SPAN = 10_000
MARK = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest rows of a database table: the last id, and which of those below it were there.

    In `there`, bit n stands for the id `newest - n`.
    """

    newest: int = 0
    there: int = 1

    @classmethod
    def of(cls, ids: Sequence[int]) -> Self:
        """From the newest ids, in any order."""
        if not ids:
            return cls()
        newest = max(ids)
        return cls(newest, sum(1 << (newest - pk) for pk in ids if newest - pk < WINDOW))

    @classmethod
    def read(cls, text: str) -> Self | None:
        match = MARK.fullmatch(text)
        if match is None:
            return None
        newest, there = (int(part, 16) for part in match.groups())
        return cls(newest, there) if newest < 2**63 else None

    def __str__(self) -> str:
        return f"{self.newest:x}-{self.there:x}"

    def lacks(self, pk: int) -> bool:
        """Whether the row with this id was not there."""
        below = self.newest - pk
        return below < 0 or (below < WINDOW and not self.there >> below & 1)

    def missing(self) -> list[int]:
        """The ids below the newest that were not there."""
        below = range(1, min(WINDOW, self.newest))
        return [self.newest - n for n in below if not self.there >> n & 1]

    def added_since(self, key: str) -> Q:
        """The rows that were not there, by their id at `key`."""
        return Q(**{f"{key}__gt": self.newest}) | Q(**{f"{key}__in": self.missing()})
