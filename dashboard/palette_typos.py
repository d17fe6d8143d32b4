"""How far a word as it was typed is from a word that was meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORD = re.compile(r"[^\W_]+")


def is_near(words: Sequence[str], name: str) -> bool:
    """Whether each word, with a slip or two, begins a word of the name.

    A slip is a letter too much, too few, another, or two swapped; one in four or five letters,
    two in longer words that begin right, none in shorter ones.
    """
    targets = WORD.findall(name.lower())
    return all(
        any(slips(word, target) <= _allowed(word, target) for target in targets)
        for word in ("".join(WORD.findall(typed.lower())) for typed in words)
    )


def slips(word: str, target: str) -> int:
    """The slips between `word` and the nearest beginning of `target`."""
    before: list[int] = []
    row = list(range(len(target) + 1))
    for i, letter in enumerate(word, 1):
        previous, before = before, row
        row = [i]
        for j, other in enumerate(target, 1):
            best = min(row[-1] + 1, before[j] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == target[j - 2] and word[i - 2] == other:
                best = min(best, previous[j - 2] + 1)
            row.append(best)
    return min(row)


def _allowed(word: str, target: str) -> int:
    if len(word) < 4:
        return 0
    return 2 if len(word) > 5 and word[0] == target[0] else 1
