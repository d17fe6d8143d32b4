"""Typefaces of the machine, for the characters that the one we ship lacks.

A typeface with Chinese, Japanese and Korean weighs twenty megabytes. We ship none, and use what
the system has (on Debian: fonts-noto-cjk, fonts-symbola); a PDF holds the characters it shows.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDERS = (Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))
# The best first; these are known to be embedded well, a part at a time.
FILES = (
    "NotoSansCJK-Regular.ttc",
    "DroidSansFallbackFull.ttf",
    "NotoEmoji-Regular.ttf",
    "DejaVuSans.ttf",
    "Symbola_hint.ttf",
)


@dataclass(frozen=True)
class Typeface:
    """A file with a typeface, or with several: then the first of them."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem.lower()

    @cached_property
    def codes(self) -> Set[int]:
        """Of the characters that it shows."""
        with TTFont(self.path, fontNumber=0, lazy=True) as font:
            return (font.getBestCmap() or {}).keys()


def typefaces_of_system() -> list[Typeface]:
    """Those that are installed, in the order in which they serve."""
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in folder.rglob("*.tt[cf]"):
            found.setdefault(path.name, path)
    return [Typeface(found[name]) for name in FILES if name in found]
