"""The flow of a balance as a drawing: money comes in from the left and goes out to the right."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ledgers.money import format_amount
from reports.scales import format_compact

LEAST = 1.0
GAP = 12


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a drawing stand, in units of a pixel, and how long words may be."""

    css: str
    width: int
    label: int
    bar: int
    core: int
    thickness: int
    slot: int
    letters: int
    figures: int

    head = 34
    foot = 6
    space = 8


WIDE = Layout("hide-s", 760, 200, 6, 28, 190, 42, 27, 30)
NARROW = Layout("only-s", 350, 104, 4, 16, 150, 40, 15, 16)


@dataclass(frozen=True, slots=True)
class Stream:
    """Money of one party in one direction; `said` is read out, and shown at rest of a pointer."""

    name: str
    said: str
    minor: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A stream as drawn: its band, its bar, and its words."""

    url: str
    said: str
    name: str
    figure: str
    band: str
    bar: str
    text_x: str
    name_y: str
    figure_y: str


@dataclass(frozen=True, slots=True)
class Side:
    """The nodes of one direction below their sum."""

    nodes: list[Node]
    total: str
    text_x: str


@dataclass(frozen=True, slots=True)
class FlowDrawing:
    css: str
    width: int
    height: int
    incoming: Side
    outgoing: Side
    core: str
    head_y: str
    empty_y: str


@dataclass(frozen=True, slots=True)
class Column:
    """Where the parts of one direction stand from the outside inwards."""

    text_x: float
    bar_x: float
    outer_x: float
    core_x: float


@dataclass(frozen=True, slots=True)
class Canvas:
    """What both sides of a drawing share."""

    layout: Layout
    exponent: int
    middle: float


def draw_flow(
    incoming: Sequence[Stream], outgoing: Sequence[Stream], *, exponent: int, layout: Layout
) -> FlowDrawing:
    """Draw the streams, as wide as their amounts."""
    sums = [sum(stream.minor for stream in streams) for streams in (incoming, outgoing)]
    widths = [
        [_width(stream.minor, max(1, *sums), layout) for stream in streams]
        for streams in (incoming, outgoing)
    ]
    inner = max(layout.slot, *(_inner_height(each, layout) for each in widths))
    canvas = Canvas(layout, exponent, layout.head + inner / 2)
    left, right = _columns(layout)
    core = max(LEAST, *(sum(each) for each in widths))
    return FlowDrawing(
        css=layout.css,
        width=layout.width,
        height=round(layout.head + inner + layout.foot),
        incoming=_side(incoming, widths[0], left, canvas),
        outgoing=_side(outgoing, widths[1], right, canvas),
        core=_box(left.core_x, canvas.middle - core / 2, layout.core, core),
        head_y=_text(14),
        empty_y=_text(canvas.middle + 4),
    )


def cut_name(name: str, letters: int) -> str:
    """As much of a name as fits; letters of Chinese and the like are twice as wide."""
    room = letters
    for number, letter in enumerate(name):
        room -= 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if room < 0:
            return name[: max(0, number - 1)].rstrip() + "…"
    return name


def _columns(layout: Layout) -> tuple[Column, Column]:
    bar_x = layout.label + layout.space
    core_x = layout.width / 2 - layout.core / 2
    left = Column(layout.label, bar_x, bar_x + layout.bar, core_x)
    mirror = layout.width
    right = Column(
        mirror - left.text_x,
        mirror - left.outer_x,
        mirror - left.outer_x,
        mirror - left.core_x,
    )
    return left, right


def _width(minor: int, largest: int, layout: Layout) -> float:
    return max(LEAST, layout.thickness * (minor / largest))


def _slot(width: float, layout: Layout) -> float:
    return max(layout.slot, width + GAP)


def _inner_height(widths: Sequence[float], layout: Layout) -> float:
    return sum(_slot(each, layout) for each in widths)


def _side(
    streams: Sequence[Stream], widths: Sequence[float], column: Column, canvas: Canvas
) -> Side:
    """From the top down; on the inner side the bands lie on one another."""
    layout = canvas.layout
    top = canvas.middle - _inner_height(widths, layout) / 2
    inner = canvas.middle - sum(widths) / 2
    nodes = []
    for stream, width in zip(streams, widths, strict=True):
        slot = _slot(width, layout)
        outer = top + (slot - width) / 2
        nodes.append(
            Node(
                url=stream.url,
                said=stream.said,
                name=cut_name(stream.name, layout.letters),
                figure=_fitting(stream.minor, canvas.exponent, layout),
                band=_band(column, outer, inner, width),
                bar=_box(column.bar_x, outer, layout.bar, width),
                text_x=_text(column.text_x),
                name_y=_text(top + slot / 2 - 2),
                figure_y=_text(top + slot / 2 + 13),
            )
        )
        top += slot
        inner += width
    total = _fitting(sum(stream.minor for stream in streams), canvas.exponent, layout)
    return Side(nodes, total, _text(column.text_x))


def _band(column: Column, outer: float, inner: float, width: float) -> str:
    x, core_x = _text(column.outer_x), _text(column.core_x)
    half = _text((column.outer_x + column.core_x) / 2)
    high, deep = _text(outer), _text(inner)
    low, deepest = _text(outer + width), _text(inner + width)
    there = f"M{x} {high}C{half} {high} {half} {deep} {core_x} {deep}"
    return f"{there}V{deepest}C{half} {deepest} {half} {low} {x} {low}Z"


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{_text(x)} {_text(y)}h{_text(width)}v{_text(height)}h-{_text(width)}z"


def _fitting(minor: int, exponent: int, layout: Layout) -> str:
    """The amount as written, or in short where that is too long."""
    text = format_amount(minor, exponent)
    return text if len(text) <= layout.figures else format_compact(minor, exponent)


def _text(number: float) -> str:
    return f"{number:.1f}"
