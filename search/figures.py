"""Numbers in texts, by which a transaction is found sooner than by words: see docs/adr/0013."""

from __future__ import annotations

import re

# In SQL, of a text: each five in a row of figures and what stands between them.
FIGURES = "search_figures"
_LONG = re.compile(r"(?:[.,/-]*[0-9]){5}")
_SHORT = re.compile(r"\d{4,}")


def has_long_number(text: str) -> bool:
    """Whether it holds five figures in a row, as in "250.00"; the index of figures leads there."""
    return bool(_LONG.search(text))


def lead_of(text: str) -> str:
    """What of it leads an index of letters to few: its longest figures, or all of it.

    The other letters, which many texts hold, would only make the index work.
    """
    return max(_SHORT.findall(text), key=len, default=text)
