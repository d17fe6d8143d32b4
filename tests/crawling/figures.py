"""The figures that links carry, and those that a page says.

A link carries a figure when its whole text is a number, when it says to show so many ("View all
12"), or when it is marked with `data-figure`, which says of what: "count", "amount", or "rows" for
as many rows as a part of the page has. Unmarked, one with decimals or a currency beside it is an
amount; any other may be either.

A page says a count in the line below its table, an amount among its facts, at the foot of a table
or among its sums. Part of a page is what a link with a fragment leads to: there each figure counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.crawling.tree import Node

NUMBER = r"[-\u2212+]?\d[\d,]*(?:\.\d+)?\+?"
WHOLE = re.compile(rf"(?:about )?({NUMBER})")
VIEW = re.compile(rf"View (?:all )?((?:about )?{NUMBER})\b.*")
FIRST = re.compile(rf"(?<![\w.-])({NUMBER})(?![\w-])")
SIDES = ("debit", "credit")


@dataclass(frozen=True, slots=True)
class Figure:
    """`text` as it stands on the page; `is_size` when its column says the sign.

    `kind` is "" where it may be a count as well as an amount.
    """

    kind: str
    text: str
    is_size: bool = False


def figure_of(link: Node) -> Figure | None:
    """The figure that the link carries, if any."""
    said = link.text()
    kind = link.attrs.get("data-figure")
    if kind == "none":
        return None
    found = (WHOLE.fullmatch(said) or VIEW.fullmatch(said)) or (
        FIRST.search(said) if kind else None
    )
    if found is None:
        if kind:
            raise ValueError(f"no figure in a link that is marked as one: {said!r}")
        return None
    if any(node.tag in ("bdi", "time", "nav") or "id" in node.classes for node in link.walk()):
        return None
    text = found[1]
    if not kind:
        kind = "count" if VIEW.fullmatch(said) else _kind_of(link, text)
    return Figure(kind, text, is_size=_is_size(link))


def _kind_of(link: Node, text: str) -> str:
    cell = link.parent
    has_currency = cell is not None and any(
        "ccy" in node.classes and node.text().isupper() for node in cell.walk()
    )
    return "amount" if "." in text or has_currency else ""


def _is_size(link: Node) -> bool:
    """Whether its column, or a word beside it, says debit or credit instead of a sign."""
    cell = next((node for node in link.above() if node.tag == "td"), None)
    table = next((node for node in link.above() if node.tag == "table"), None)
    if cell is None or cell.parent is None or table is None:
        return False
    if any(node.attrs.get("title", "").lower() in SIDES for node in cell.find("abbr")):
        return True
    heads = [node for node in table.find("thead") for node in node.find("th")]
    place = cell.parent.children.index(cell)
    return place < len(heads) and any(side in heads[place].text().lower() for side in SIDES)


def says(page: Node, figure: Figure, *, fragment: str = "") -> bool:
    """Whether the page says the figure, or the part of it that a fragment names."""
    part = page.with_id(fragment) if fragment else next(page.find("main"), page)
    if part is None:
        return False
    if figure.kind == "rows":
        return _number(figure.text) == str(_count_rows(part))
    if fragment:
        # Without a number it says that there is nothing.
        nothing = {figure.text} if not figure.text.strip("0.") else set()
        said = {*_numbers(part)} or nothing
        counted = {str(_count_rows(part))} if figure.kind != "amount" else set()
    else:
        said = _said_amounts(part) if figure.kind != "count" else set()
        counted = _said_counts(part) if figure.kind != "amount" else set()
    wanted, said = _number(figure.text), said | counted
    if figure.is_size:
        return wanted.lstrip("-") in {number.lstrip("-") for number in said}
    return wanted in said


def _said_counts(part: Node) -> set[str]:
    """Of the table: its foot; nothing at all means none."""
    feet = list(part.with_class("pager"))
    if feet:
        return {number for node in feet for number in _numbers(node.children[0])[:1]}
    return {"0"} if any(part.with_class("empty")) else _facts(part)


def _said_amounts(part: Node) -> set[str]:
    feet = [*part.find("tfoot"), *part.with_class("sums")]
    return {number for node in feet for number in _numbers(node)} | _facts(part)


def _facts(part: Node) -> set[str]:
    return {
        number
        for facts in part.with_class("facts")
        for node in facts.find("dd")
        for number in _numbers(node)
    }


def _numbers(node: Node) -> list[str]:
    return [_number(text) for text in FIRST.findall(node.text())]


def _count_rows(part: Node) -> int:
    """The rows of its table; of its feet, where it has nothing else."""
    bodies = [row for body in part.find("tbody") for row in body.find("tr")]
    return len(bodies or [row for foot in part.find("tfoot") for row in foot.find("tr")])


def _number(text: str) -> str:
    return text.removeprefix("about ").replace(",", "").replace("\u2212", "-").lstrip("+")


def without_link(page: Node) -> list[Node]:
    """The figures in columns of numbers, and the large ones above, that lead nowhere."""
    part = next(page.find("main"), page)
    places = [*part.with_class("num"), *part.with_class("big")]
    return [
        place
        for place in places
        if place.tag in ("td", "dd", "span")
        and _numbers(place)
        and not any(_numbers(link) for link in place.find("a"))
    ]
