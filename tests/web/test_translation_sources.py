"""Every text that a person reads goes through gettext: in templates, Python and JavaScript."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.utils.translation.template import templatize

from tests.test_architecture import LAYERS

ROOT = Path(__file__).resolve().parent.parent.parent
WORD = re.compile(r"[^\W\d_]{2,}")
READ_ATTRIBUTES = {"title", "placeholder", "alt", "label", "aria-label", "aria-description"}
# Names, keys of a keyboard and formats, which are the same in every language.
SAME_EVERYWHERE = {
    *("Daybook", "GitHub", "Esc", "Enter", "Ctrl", "CSV", "XLSX", "PDF", "JSON", "JSONL", "Lines"),
    *("nbsp", "times", "middot", "rarr", "larr"),
}
NOT_READ = {"script", "style", "code", "kbd"}


class _Reader(HTMLParser):
    """Collects what a browser shows or reads out, with the line it stands on."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_READ:
            self.inside.append(tag)
        for name, value in attrs:
            is_button = tag == "input" and name == "value" and dict(attrs).get("type") == "submit"
            if value and (name in READ_ATTRIBUTES or is_button):
                self._note(value)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self._note(data)

    def _note(self, text: str) -> None:
        if text[0] != "{" and set(WORD.findall(text)) - SAME_EVERYWHERE:
            self.found.append((self.getpos()[0], " ".join(text.split())))


def untranslated_in_template(source: str) -> list[tuple[int, str]]:
    """Texts outside of `{% translate %}` and `{% blocktranslate %}`; tags leave their lines."""
    kept, is_translated = [], False
    for token in Lexer(source).tokenize():
        first = token.contents.split(maxsplit=1)[0] if token.contents.strip() else ""
        if token.token_type == TokenType.BLOCK and first in ("blocktranslate", "comment"):
            is_translated = True
        elif token.token_type == TokenType.BLOCK and first in ("endblocktranslate", "endcomment"):
            is_translated = False
        elif token.token_type == TokenType.TEXT and not is_translated:
            kept.append(token.contents)
            continue
        kept.append("\n" * token.contents.count("\n") if is_translated else " ")
    reader = _Reader()
    reader.feed("".join(kept))
    return reader.found


def test_templates_show_translated_text_only() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if "styleguide" not in path.name
        for line, text in untranslated_in_template(path.read_text())
    }

    assert not found


GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "format_lazy"}
# A sentence or a label: a capital, then small letters, and not a name in the code.
READS_LIKE_TEXT = re.compile(r"[“\"]?[A-Z][a-z’']+([ ,.:;?!…][^_/=<>]*)?")
READ_KEYWORDS = {
    *("label", "help_text", "verbose_name", "verbose_name_plural", "heading", "empty_label"),
    *("description", "short_description", "lead", "placeholder"),
}
SHOWN_BY = {
    *("ValidationError", "success", "error", "warning", "info", "add_error", "PermissionDenied"),
    "Http404",
}
# What is written for programmers and operators: a traceback, a log, a terminal, a database.
FOR_OPERATORS = {
    *("ValueError", "TypeError", "RuntimeError", "AssertionError", "LookupError", "KeyError"),
    *("ImproperlyConfigured", "CommandError", "TemplateSyntaxError", "Error", "Warning"),
    *("debug", "exception", "critical", "write", "add_argument", "ArgumentParser", "print"),
    "StatementMismatchError",
}


def untranslated_in_python(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts given to what a person sees, that no gettext has around them."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        is_log = isinstance(node.func, ast.Attribute) and "log" in ast.unparse(node.func.value)
        if name in GETTEXT or name in FOR_OPERATORS or is_log:
            continue
        given: list[ast.expr] = [word.value for word in node.keywords if word.arg in READ_KEYWORDS]
        if name in SHOWN_BY or name.endswith("Error"):
            given += node.args
        for value in given:
            for text in _texts(value):
                yield value.lineno, text


def _texts(value: ast.expr) -> Iterator[str]:
    """The constants of a value that read like text, also those put together with others."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        if READS_LIKE_TEXT.fullmatch(value.value.strip()):
            yield value.value
    elif isinstance(value, ast.JoinedStr):
        if any(_is_sentence(part) for part in value.values):
            yield ast.unparse(value)
    elif isinstance(value, ast.BinOp):
        yield from _texts(value.left)
        if not isinstance(value.op, ast.Mod):
            yield from _texts(value.right)
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)
    elif isinstance(value, ast.List | ast.Tuple):
        for each in value.elts:
            yield from _texts(each)


def _is_sentence(part: ast.expr) -> bool:
    return (
        isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and bool(re.search(r"[A-Za-z]{2,} [a-z]{2,}", part.value))
    )


def test_python_shows_translated_text_only() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for layer in LAYERS
        for path in sorted((ROOT / layer).rglob("*.py"))
        if not {"migrations", "management", "demo.py"} & set(path.parts)
        for line, text in untranslated_in_python(ast.parse(path.read_text()))
    }

    assert not found


SCRIPT_TEXT = re.compile(r"""(["'`])([A-Z][a-z]+[^"'`]*)\1""")
# Values that the browser defines, not texts.
SCRIPT_VALUES = re.compile(
    r"[A-Z][a-zA-Z]+|Content-Type|HX-[\w-]+|X-[\w-]+|(Control|Meta|Alt|Shift)\+.*"
)


def untranslated_in_script(source: str) -> list[str]:
    """Texts in a script: they belong into a `data-` attribute that the template translates."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
    texts = [match[2] for match in SCRIPT_TEXT.finditer(code)]
    return [text for text in texts if not SCRIPT_VALUES.fullmatch(text)]


def test_scripts_hold_no_text() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in sorted((ROOT / "static" / "js").rglob("*.js"))
        for text in untranslated_in_script(path.read_text())
    }

    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "<p>Nothing here</p>",
        '<a title="Go on" href="/">{% translate "Go" %}</a>',
        '<button aria-label="Close">×</button>',
        "{% if page %}<th>Amount</th>{% endif %}",
        '<p>{% translate "All" %} and more</p>',
    ],
)
def test_text_in_a_template_is_noticed(source: str) -> None:
    assert untranslated_in_template(source)


@pytest.mark.parametrize(
    "source",
    [
        '<p>{% translate "Nothing here" %}</p>',
        "{% blocktranslate %}Nothing <b>here</b>{% endblocktranslate %}",
        "{# why #}<kbd>Esc</kbd> × <code>bln_</code>",
        '<p class="lead" id="here">{{ text }}</p>',
    ],
)
def test_translated_text_in_a_template_is_fine(source: str) -> None:
    assert not untranslated_in_template(source)


@pytest.mark.parametrize(
    "source",
    [
        'messages.error(request, "Nothing was saved.")',
        'forms.CharField(label="Name")',
        'raise ValidationError("Enter a name.")',
        'raise LedgerError(f"{name} is taken already")',
        'form.add_error("name", "This name is taken.")',
    ],
)
def test_text_in_python_is_noticed(source: str) -> None:
    assert list(untranslated_in_python(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        'messages.error(request, _("Nothing was saved."))',
        'forms.CharField(label=gettext_lazy("Name"))',
        'raise ValueError("This is for a programmer.")',
        'form.add_error("name", str(error))',
    ],
)
def test_translated_text_in_python_is_fine(source: str) -> None:
    assert not list(untranslated_in_python(ast.parse(source)))


# Their names are kept in English with each run; where they are written they are marked.
PROOFS = Path("dashboard/proofs.py")


def unextractable(module: ast.Module) -> Iterator[int]:
    """Lines that translate something else than a literal, which `makemessages` cannot find."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in GETTEXT - {"format_lazy"} and node.args:
            count = 2 if node.func.id.startswith("ngettext") else 1
            if not all(isinstance(each, ast.Constant) for each in node.args[:count]):
                yield node.lineno


def test_every_translated_text_can_be_extracted() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for layer in LAYERS
        for path in sorted((ROOT / layer).rglob("*.py"))
        if path.relative_to(ROOT) != PROOFS
        for line in unextractable(ast.parse(path.read_text()))
    }
    for path in sorted((ROOT / "templates").rglob("*.html")):
        # Raises where `makemessages` would stop.
        templatize(path.read_text(), origin=str(path))

    assert not found


def test_names_of_the_checks_of_a_proof_can_be_extracted() -> None:
    names = [
        node.args[0]
        for path in sorted(ROOT.glob("*/proof*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Check"
    ]

    assert len(names) > 20
    assert all(ast.unparse(name).startswith("gettext_noop(") for name in names)


def test_a_text_that_cannot_be_extracted_is_noticed() -> None:
    assert list(unextractable(ast.parse('_(f"{name} is taken")')))
