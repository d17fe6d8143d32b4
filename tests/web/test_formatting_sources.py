"""Nothing but `web.formatting` and what stands on it writes a number or a date for a page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import LAYERS

ROOT = Path(__file__).resolve().parent.parent.parent
# Where a number becomes text for a drawing or for a terminal, not for a page.
FORMATS_ITSELF = {
    Path("web/formatting.py"),
    Path("ledgers/money.py"),
    Path("web/files/paper.py"),
}
PERCENT_FORMAT = re.compile(r"%\(\w+\)[\d.]*\.\d+f")
PYTHON_FORMATS = {"strftime", "date_format", "intcomma", "number_format", "localize"}
TEMPLATE_FORMATS = re.compile(
    r"\|\s*(date|time|floatformat|intcomma|naturaltime|naturalday|localize|timesince)\b"
)


def formatting_in(module: ast.Module) -> Iterator[int]:
    """Lines that write a date, or group or round a number, by themselves."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in PYTHON_FORMATS:
                yield node.lineno
        elif isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            spec = "".join(str(getattr(v, "value", "")) for v in node.format_spec.values)
            if "," in spec or "_" in spec or re.search(r"%[bBaA]", spec):
                yield node.lineno
        elif isinstance(node, ast.Constant) and PERCENT_FORMAT.search(str(node.value)):
            yield node.lineno


def test_no_view_formats_by_itself() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for layer in (*LAYERS, "config")
        for path in sorted((ROOT / layer).rglob("*.py"))
        if path.relative_to(ROOT) not in FORMATS_ITSELF
        for line in formatting_in(ast.parse(path.read_text()))
    }

    assert not found


def test_no_template_formats_by_itself() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for match in TEMPLATE_FORMATS.finditer(path.read_text())
    }

    assert not found


@pytest.mark.parametrize(
    "source",
    [
        'f"{count:,}"',
        '_("%(seconds).1f s")',
        'day.strftime("%d")',
        'date_format(day, "D")',
        'f"{day:%d %b}"',
    ],
)
def test_formatting_is_noticed(source: str) -> None:
    assert list(formatting_in(ast.parse(source)))
