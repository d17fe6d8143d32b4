"""Follow every link from page to page, and see whether each says what it leads to."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from tests.crawling.figures import figure_of, says
from tests.crawling.tree import Node, parse

KEY = re.compile(r"\b(?:ldg|bln|txn|idt|sch|exp)_[0-9a-f-]{36}|[0-9a-f]{8}-[0-9a-f-]{27}")
# What an address says of which records, as opposed to of what kind the page is.
RECORDS = {
    *("cursor", "q", "open", "look", "after", "from", "to", "as_of", "known_at", "expect"),
    *("sort", "count", "size", "columns", "next", "at"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered, redirects followed; `html` is "" for anything else than a page."""

    status: int
    html: str = ""


Fetch = Callable[[str], Answer]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong on which page."""

    page: str
    what: str

    def __str__(self) -> str:
        return f"{self.page}: {self.what}"


@dataclass
class Report:
    """What a crawl found. `figures` counts those compared, by kind."""

    faults: list[Fault] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    figures: Counter[str] = field(default_factory=Counter)
    is_complete: bool = True


@dataclass
class Crawler:
    """`each` is how many pages of one kind are read for their links, and `of_path` of one path.

    Every figure on a page that is read is compared with what it leads to. `most` is how many
    pages are opened at all; the report says if that was not enough.
    """

    fetch: Fetch
    each: int = 2
    of_path: int = 8
    most: int = 3_000
    left_out: tuple[str, ...] = ()
    report: Report = field(default_factory=Report)
    opened: dict[str, Node | None] = field(default_factory=dict)

    def crawl(self, *starts: str) -> Report:
        waiting = deque(starts)
        counts: Counter[str] = Counter()
        while waiting:
            url = waiting.popleft()
            kind = kind_of(url)
            path = kind.partition("?")[0]
            is_enough = counts[kind] >= self.each or counts[path] >= self.of_path
            if is_enough or url in self.report.pages:
                continue
            counts.update((kind, path))
            page = self._open(url, source=url)
            if page is not None:
                self.report.pages.append(url)
                self.report.kinds.add(kind)
                waiting += self._read(page, url)
        return self.report

    def _read(self, page: Node, url: str) -> list[str]:
        """Check the page, and say where it leads."""
        self.report.faults += [Fault(url, what) for what in check_ids(page)]
        targets = [node.attrs["data-quick"] for node in page.walk() if node.attrs.get("data-quick")]
        for link in page.find("a"):
            target = urljoin(url, link.attrs.get("href", ""))
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or parts.path.startswith(self.left_out or ("\0",)):
                continue
            targets.append(urldefrag(target).url)
            if what := self._check(page, link, url, target):
                self.report.faults.append(Fault(url, what))
        return targets

    def _check(self, page: Node, link: Node, url: str, target: str) -> str:
        """What is wrong with the link, if anything."""
        address, fragment = urldefrag(target)
        is_here = address == urldefrag(url).url
        try:
            figure = figure_of(link)
        except ValueError as error:
            return str(error)
        if figure is None:
            is_lost = is_here and fragment and page.with_id(fragment) is None
            return f"nothing is at #{fragment}" if is_lost else ""
        self.report.figures[figure.kind] += 1
        opened = page if is_here else self._open(address, source=url)
        if opened is None or says(opened, figure, fragment=fragment):
            return ""
        return f"the {figure.kind} {figure.text} ({link.text()!r}) is not what {target} says"

    def _open(self, url: str, *, source: str) -> Node | None:
        """The page; None for what is none, or cannot be opened."""
        if url in self.opened:
            return self.opened[url]
        if len(self.opened) >= self.most:
            self.report.is_complete = False
            return None
        answer = self.fetch(url)
        is_fine = answer.status < 400
        if not is_fine:
            self.report.faults.append(Fault(source, f"{url} answers {answer.status}"))
        self.opened[url] = parse(answer.html) if answer.html and is_fine else None
        return self.opened[url]


def kind_of(url: str) -> str:
    """What pages have in common that differ in their records alone."""
    parts = urlsplit(url)
    names = [
        f"{name}={'*' if name in RECORDS or KEY.search(value) else value}"
        for name, value in parse_qsl(parts.query)
    ]
    return f"{KEY.sub('*', parts.path)}?{'&'.join(sorted(names))}"


def check_ids(page: Node) -> list[str]:
    """Ids that stand more than once."""
    ids = Counter(node.attrs["id"] for node in page.walk() if node.attrs.get("id"))
    return [f"the id {name} stands {times} times" for name, times in ids.items() if times > 1]
