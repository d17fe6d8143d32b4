"""`{% load quick %}`: tags for what would otherwise be most of the cost of a page.

Django walks a template node by node and looks each name up through layers of context, which
is flexible, and slow for a hundred cells, forty words to translate and twenty addresses. Load
it last: `{% translate %}`, `{% url %}` and `{% include %}` are Django's, and remember what they
answered.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import UUID

from django import template
from django.template.base import (
    FilterExpression,
    Node,
    NodeList,
    Parser,
    Template,
    TextNode,
    Token,
    VariableNode,
)
from django.template.defaulttags import IfNode, URLNode
from django.template.defaulttags import url as django_url
from django.template.exceptions import TemplateSyntaxError
from django.template.loader_tags import IncludeNode, do_include
from django.templatetags.i18n import TranslateNode, do_translate
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from web.addresses import url_of, url_with_names

register = template.Library()

Row = Mapping[str, Any]
# So many texts of one `{% fixed … %}` or `{% each … %}` are kept, then it begins anew.
VARIANTS_MAX = 512


class FixedNode(Node):
    # Nothing inside is a block, so Django need not look for them with each page.
    child_nodelists = ()

    def __init__(self, nodelist: NodeList, names: Sequence[str]) -> None:
        self.nodelist = nodelist
        self.names = names
        self.texts: dict[tuple[Hashable, ...], SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        values = [context[name] for name in self.names]
        key = (_language(context), *values)
        text = self.texts.get(key)
        if text is None:
            if len(self.texts) >= VARIANTS_MAX:
                self.texts.clear()
            known = dict(zip(self.names, values, strict=True))
            text = self.texts[key] = self.nodelist.render(context.new(known))
        return text


def _language(context: template.Context) -> str | None:
    """That of the request, which has looked it up already; of a text for no one, the active one."""
    request = getattr(context, "request", None)
    return getattr(request, "LANGUAGE_CODE", None) or get_language()


@register.tag
def fixed(parser: Parser, token: Token) -> Node:
    """`{% fixed %}…{% endfixed %}`: what depends on the language alone, rendered once.

    For words, addresses without arguments, heads of tables. No variable is known inside, so
    that nothing of one page can appear on another. `{% fixed shell %}` knows the variables that
    it names, which must be hashable, and is rendered once for each of their values.
    """
    _tag, *names = token.split_contents()
    nodelist = parser.parse(("endfixed",))
    parser.delete_first_token()
    return FixedNode(nodelist, names)


@register.tag
def translate(parser: Parser, token: Token) -> Node:
    """Django's; a constant text is translated once for each language."""
    node: TranslateNode = do_translate(parser, token)
    is_constant = token.split_contents()[1][0] in "\"'" and not node.filter_expression.filters
    if node.asvar or node.message_context or not is_constant:
        return node
    return FixedNode(NodeList([node]), ())


class AddressNode(Node):
    def __init__(self, node: URLNode, name: str) -> None:
        self.node = node
        self.name = name

    def render(self, context: template.Context) -> str:
        if not self.node.args:
            return url_of(self.name)
        arguments = [argument.resolve(context) for argument in self.node.args]
        if len(arguments) == 1 and isinstance(arguments[0], UUID):
            return url_of(self.name, arguments[0])
        if all(isinstance(argument, str) for argument in arguments):
            return escape(url_with_names(self.name, *arguments))
        return str(self.node.render(context))


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Django's; the addresses of pages, by a public id, by texts or without, are found out once."""
    node: URLNode = django_url(parser, token)
    name = node.view_name.var
    if node.asvar or node.kwargs or not isinstance(name, str):
        return node
    return AddressNode(node, name)


class KnownIncludeNode(Node):
    """Keeps the template it includes, as the loader keeps the one that this stands in."""

    def __init__(self, node: IncludeNode, name: str) -> None:
        self.node = node
        self.name = name
        self.found: Template | None = None

    def render(self, context: template.Context) -> SafeString:
        if self.found is None:
            assert context.template is not None  # bound while it renders
            self.found = context.template.engine.get_template(self.name)
        values = {name: value.resolve(context) for name, value in self.node.extra_context.items()}
        if self.node.isolated_context:
            return self.found.render(context.new(values))
        with context.push(**values):
            return self.found.render(context)


@register.tag
def include(parser: Parser, token: Token) -> Node:
    """Django's; a template whose name is constant is looked up once."""
    node: IncludeNode = do_include(parser, token)
    name = node.template.var
    if node.template.filters or not isinstance(name, str):
        return node
    return KnownIncludeNode(node, name)


@dataclass(frozen=True, slots=True)
class Field:
    """`{{ name }}`: the row's value of that name, escaped unless it is ready HTML."""

    name: str

    def render(self, row: Row, context: template.Context) -> str:
        value = row[self.name]
        return value if isinstance(value, SafeString) else escape(str(value))


@dataclass(frozen=True, slots=True)
class Choice:
    """`{% if name %}…{% else %}…{% endif %}`."""

    name: str
    yes: Sequence[Part]
    no: Sequence[Part]

    def render(self, row: Row, context: template.Context) -> str:
        return _render(self.yes if row[self.name] else self.no, row, context)


@dataclass(frozen=True, slots=True)
class Fixed:
    """`{% translate %}` of a constant, or `{% fixed %}`: what the language alone decides."""

    node: FixedNode

    def render(self, row: Row, context: template.Context) -> str:
        return self.node.render(context)


Part = str | Field | Choice | Fixed


class EachNode(Node):
    def __init__(self, rows: FilterExpression, parts: Sequence[Part]) -> None:
        self.rows = rows
        self.parts = parts
        self.texts: dict[tuple[Hashable, ...], str] = {}

    def render(self, context: template.Context) -> SafeString:
        language = _language(context)
        rows = self.rows.resolve(context)
        text = "".join([self._text(row, language, context) for row in rows])
        return mark_safe(text)  # noqa: S308 -- every field was escaped

    def _text(self, row: Row, language: str | None, context: template.Context) -> str:
        """What follows from the row and the language, kept."""
        values = row.values()
        # By types as well: a text and ready HTML that look alike are not the same.
        key = (language, *row, *values, *map(type, values))
        text = self.texts.get(key)
        if text is None:
            if len(self.texts) >= VARIANTS_MAX:
                self.texts.clear()
            text = self.texts[key] = _render(self.parts, row, context)
        return text


@register.tag
def each(parser: Parser, token: Token) -> EachNode:
    """`{% each rows %}…{% endeach %}`: a loop over rows that hold ready strings by name.

    Inside, `{{ name }}` is a field of the row, and `{% if name %}` asks for one. There are no
    filters, dots or comparisons: what they would say, the row holds already. Nothing else of the
    page is known, so that a row which was printed before is not rendered again.
    """
    _tag, rows = token.split_contents()
    nodelist = parser.parse(("endeach",))
    parser.delete_first_token()
    return EachNode(parser.compile_filter(rows), _parts(nodelist))


def _render(parts: Sequence[Part], row: Row, context: template.Context) -> str:
    return "".join([part if isinstance(part, str) else part.render(row, context) for part in parts])


def _parts(nodelist: NodeList) -> list[Part]:
    return [_part(node) for node in nodelist]


def _part(node: Node) -> Part:
    if isinstance(node, TextNode):
        return node.s
    if isinstance(node, VariableNode):
        return Field(_name(node.filter_expression.token))
    if isinstance(node, IfNode):
        return _choice(node.conditions_nodelists)
    if isinstance(node, FixedNode) and not node.names:
        return Fixed(node)
    raise TemplateSyntaxError("inside {% each %} stand fields, choices and fixed texts only")


def _choice(branches: Sequence[tuple[Any, NodeList]]) -> Choice:
    (condition, yes), *rest = branches
    no: Sequence[Part] = []
    if rest:
        no = _parts(rest[0][1]) if rest[0][0] is None else [_choice(rest)]
    return Choice(_name(getattr(condition, "text", str(condition))), _parts(yes), no)


def _name(text: str) -> str:
    """The text, if it is a bare name.

    Raises:
        TemplateSyntaxError: it is more than that.
    """
    if not text.isidentifier():
        raise TemplateSyntaxError(f"“{text}”: inside {{% each %}} stand names of fields only")
    return text
