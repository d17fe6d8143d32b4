"""The chart as a drawing: where lines, bars and words stand. A template writes it as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypedDict

from reports.charts import Chart
from reports.scales import Scale, format_compact, scale_of, ticks_for

LETTER = 6.4
DOTS_MAX = 31
FINEST = 0.6


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a drawing, and of its two panels, in units of a pixel."""

    width: int
    balance_height: int
    flow_height: int
    label_every: int

    top = 10
    gap = 26
    foot = 34

    @property
    def height(self) -> int:
        return self.top + self.balance_height + self.gap + self.flow_height + self.foot


WIDE = Frame(width=760, balance_height=128, flow_height=84, label_every=1)
NARROW = Frame(width=350, balance_height=116, flow_height=76, label_every=2)


@dataclass(frozen=True, slots=True)
class Tick:
    y: str
    text_y: str
    label: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A path, or a dot at a point, of a part of the balance above or below zero."""

    path: str
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Dot:
    x: str
    y: str
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    y: str
    width: str
    height: str

    @property
    def path(self) -> str:
        return f"M{self.x} {self.y}h{self.width}v{self.height}h-{self.width}z"


class Band(TypedDict):
    """What a pointer rests on to be told the figures of a point; a mapping is quicker written."""

    x: str
    y: str
    width: str
    height: str
    title: str


@dataclass(frozen=True, slots=True)
class Word:
    """Something written below the axis, in up to two lines."""

    x: str
    text: str
    below: str


@dataclass(frozen=True, slots=True)
class Caption:
    """What is said of a point: below the axis, in up to two lines, and at rest of the pointer."""

    text: str
    below: str
    title: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that the template writes; every number is ready text."""

    css: str
    width: int
    height: int
    left: str
    right: str
    label_x: str
    balance_ticks: list[Tick]
    flow_ticks: list[Tick]
    areas: list[Shape]
    lines: list[Shape]
    dots: list[Dot]
    credit_bars: list[Bar]
    debit_bars: list[Bar]
    bands: list[Band]
    words: list[Word]
    words_y: str
    below_y: str

    # One path for all of a kind: each element of a template costs time.

    @property
    def ticks(self) -> list[Tick]:
        return [*self.balance_ticks, *self.flow_ticks]

    @property
    def grid(self) -> str:
        return "".join(f"M{self.left} {tick.y}H{self.right}" for tick in self.ticks)

    @property
    def zero(self) -> str:
        return "".join(f"M{self.left} {tick.y}H{self.right}" for tick in self.ticks if tick.is_zero)

    @property
    def credits(self) -> str:
        return "".join(bar.path for bar in self.credit_bars)

    @property
    def debits(self) -> str:
        return "".join(bar.path for bar in self.debit_bars)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each point's column stands."""

    left: float
    right: float
    count: int

    @property
    def width(self) -> float:
        return (self.right - self.left) / self.count

    def middle(self, number: int) -> float:
        return self.left + (number + 0.5) * self.width


def draw(chart: Chart, *, exponent: int, frame: Frame, captions: Sequence[Caption]) -> Drawing:
    """Draw the chart, each of its points with its caption."""
    balances = [point.closing_minor for point in chart.points]
    flows = [point.credit_minor for point in chart.points]
    flows += [-point.debit_minor for point in chart.points]
    balance_marks, flow_marks = ticks_for(balances, steps=4), ticks_for(flows, steps=3)
    balance_bottom = frame.top + frame.balance_height
    flow_top = balance_bottom + frame.gap
    balance = scale_of(balance_marks, top=frame.top, bottom=balance_bottom)
    flow = scale_of(flow_marks, top=flow_top, bottom=flow_top + frame.flow_height)
    balance_ticks = _ticks(balance_marks, balance, exponent)
    flow_ticks = _ticks(flow_marks, flow, exponent)
    letters = max(len(tick.label) for tick in (*balance_ticks, *flow_ticks))
    columns = Columns(14 + letters * LETTER, frame.width - 6, len(balances))
    runs = list(_runs([(columns.middle(n), each) for n, each in enumerate(balances)]))
    return Drawing(
        css="only-s" if frame is NARROW else "hide-s",
        width=frame.width,
        height=frame.height,
        left=_text(columns.left),
        right=_text(columns.right),
        label_x=_text(columns.left - 8),
        balance_ticks=balance_ticks,
        flow_ticks=flow_ticks,
        areas=[Shape(_area(run, balance), is_negative) for is_negative, run in runs],
        lines=[Shape(_line(run, balance), is_negative) for is_negative, run in runs],
        dots=_dots(balances, columns, balance),
        credit_bars=bars_of([point.credit_minor for point in chart.points], columns, flow),
        debit_bars=bars_of([-point.debit_minor for point in chart.points], columns, flow),
        bands=[] if frame is NARROW else _bands(captions, columns, frame),
        words=_words(captions, columns, frame),
        words_y=_text(frame.height - 18),
        below_y=_text(frame.height - 4),
    )


def _ticks(marks: Sequence[int], scale: Scale, exponent: int) -> list[Tick]:
    return [
        Tick(
            y=_text(scale.y(mark)),
            text_y=_text(scale.y(mark) + 4),
            label=format_compact(mark, exponent),
            is_zero=mark == 0,
        )
        for mark in marks
    ]


Run = list[tuple[float, int]]


def _runs(points: Run) -> Iterator[tuple[bool, Run]]:
    """The line in parts that stay on one side of zero, each ending where it crosses."""
    run = points[:1]
    is_negative = points[0][1] < 0
    for (x, minor), (next_x, next_minor) in pairwise(points):
        if (next_minor < 0) != is_negative:
            crossing = x + (next_x - x) * (minor / (minor - next_minor))
            yield is_negative, [*run, (crossing, 0)]
            run, is_negative = [(crossing, 0)], next_minor < 0
        run.append((next_x, next_minor))
    yield is_negative, run


def _line(run: Run, scale: Scale) -> str:
    return "M" + "L".join(f"{_text(x)} {_text(scale.y(minor))}" for x, minor in run)


def _area(run: Run, scale: Scale) -> str:
    zero = _text(scale.y(0))
    return f"{_line(run, scale)}L{_text(run[-1][0])} {zero}L{_text(run[0][0])} {zero}Z"


def _dots(balances: Sequence[int], columns: Columns, scale: Scale) -> list[Dot]:
    """One for each month; of ninety days, the last alone."""
    first = 0 if len(balances) <= DOTS_MAX else len(balances) - 1
    return [
        Dot(_text(columns.middle(number)), _text(scale.y(minor)), minor < 0)
        for number, minor in enumerate(balances)
        if number >= first
    ]


def bars_of(amounts: Sequence[int], columns: Columns, scale: Scale) -> list[Bar]:
    """A bar in each column, from zero up or down; what is not nothing is at least a hairline."""
    zero, width = scale.y(0), columns.width * 0.56
    bars = []
    for number, minor in enumerate(amounts):
        if not minor:
            continue
        y = scale.y(minor)
        height = max(abs(zero - y), FINEST)
        top = zero - height if minor > 0 else zero
        x = columns.middle(number) - width / 2
        bars.append(Bar(_text(x), _text(top), _text(width), _text(height)))
    return bars


def _bands(captions: Sequence[Caption], columns: Columns, frame: Frame) -> list[Band]:
    height = _text(frame.height - frame.foot - frame.top)
    top, width = _text(frame.top), _text(columns.width)
    return [
        {
            "x": _text(columns.left + number * columns.width),
            "y": top,
            "width": width,
            "height": height,
            "title": caption.title,
        }
        for number, caption in enumerate(captions)
    ]


def _words(captions: Sequence[Caption], columns: Columns, frame: Frame) -> list[Word]:
    """On a narrow drawing every second word, counted from the last."""
    words = [
        Word(_text(columns.middle(number)), caption.text, caption.below)
        for number, caption in enumerate(captions)
        if caption.text
    ]
    return words[:: -frame.label_every][::-1]


def _text(number: float) -> str:
    return f"{number:.1f}"
