"""A page as a tree, as far as a crawler needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})


@dataclass(eq=False)
class Node:
    """An element. `parts` are its texts and elements in their order."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    parent: Node | None = None
    parts: list[str | Node] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attrs.get("class", "").split()

    @property
    def children(self) -> list[Node]:
        return [part for part in self.parts if isinstance(part, Node)]

    def walk(self) -> Iterator[Node]:
        """This element and all within it, in the order of the page."""
        yield self
        for child in self.children:
            yield from child.walk()

    def above(self) -> Iterator[Node]:
        """This element and all that it stands in, from the inside."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def find(self, *tags: str) -> Iterator[Node]:
        return (node for node in self.walk() if node.tag in tags)

    def with_class(self, name: str) -> Iterator[Node]:
        return (node for node in self.walk() if name in node.classes)

    def is_within(self, name: str) -> bool:
        """Whether it stands in an element of this tag, ".class" or "#id"."""
        return any(
            name in (node.tag, f"#{node.attrs.get('id')}", *(f".{each}" for each in node.classes))
            for node in self.above()
        )

    def with_id(self, name: str) -> Node | None:
        return next((node for node in self.walk() if node.attrs.get("id") == name), None)

    def text(self) -> str:
        """What a person reads of it, with single spaces."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for part in self.parts:
            if isinstance(part, str):
                yield part
            elif part.tag not in ("script", "style", "template"):
                # Elements stand apart on the screen, be it by a margin.
                yield " "
                yield from part._texts()
                yield " "


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Node("")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.parts.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.parts.append(node)

    def handle_endtag(self, tag: str) -> None:
        for node in self.at.above():
            if node.tag == tag:
                self.at = node.parent or self.root
                return

    def handle_data(self, data: str) -> None:
        self.at.parts.append(data)


def parse(html: str) -> Node:
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root
