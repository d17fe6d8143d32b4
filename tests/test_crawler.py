"""Every link of the demonstration books opens, and every figure is what it links to."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import NamedTuple

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from config.embedded import Cluster
from tests.conftest import cloned, pointed_at
from tests.crawling.books import make_crawled_books
from tests.crawling.crawler import Answer, Crawler, Fetch, Report, kind_of
from tests.crawling.figures import without_link
from tests.crawling.tree import Node
from tests.factories import make_client, make_user

# The admin's pages have tests of their own; what they count is counted by Django.
LEFT_OUT = ("/admin/",)
# Where a form leads, and no link does.
STARTS = (
    "/",
    "/balances/?as_of=2026-03-31",
    "/imports/",
    "/balances/?where=balance:greater:100|currency:is:JPY",
    "/search/?q=demo",
    "/search/?q=1,250.00",
    "/transactions/?where=amount:at-least:1000&where=effective:at-most:2026-06",
    "/trial-balance/?from=2026-02-01&as_of=2026-03-31",
)


class End(NamedTuple):
    """Figures that lead nowhere, and why: on pages of a kind ("" for all), `within` what."""

    path: str
    within: str
    why: str


ENDS = (
    End("", "tfoot", "what the rows above it add up to"),
    End("", ".added-up", "what the rows of the table above it add up to"),
    End("/balances/*/", ".register", "an entry and what came of it; its date leads to the record"),
    End("/balances/*/chart/", "tbody", "its row's balance leads to the statement that has it"),
    End("/balances/*/flow/", "tbody", "what went between two balances, which no page lists"),
    End("/balances/*/statement/", ".facts", "what the lines below it add up to"),
    End("/balances/*/statement/", ".register", "an entry; its date leads to the record"),
    End("/imports/*/", ".counts", "what became of the rows of a file, which stand in the file"),
    End("/imports/*/", ".review", "a balance as the import found and left it"),
    End("/imports/*/", ".refused", "the line of a row in the file"),
    End("/proof/", "#proof-report", "what a run counted in its time, which pages say no more"),
    End("/schedules/*/", "#entries", "what is to be posted: the record itself"),
    End("/transactions/*/", "#entry-table", "an entry: the record itself"),
    End("/transactions/*/", "#timeline", "its row's reference leads to the record"),
)


@pytest.fixture(scope="module")
def crawled(
    cluster: Cluster, template_database: str, django_db_blocker: DjangoDbBlocker
) -> Generator[Crawler, None, None]:
    """A crawler that has been everywhere, with its report."""
    blocker = django_db_blocker
    with cloned(cluster, template_database) as name, blocker.unblock(), pointed_at(name):
        clerk = make_user(is_staff=True)
        make_crawled_books(clerk)
        client = make_client(user=clerk, raise_request_exception=False)
        crawler = Crawler(fetching(client), left_out=LEFT_OUT)
        crawler.crawl(*STARTS)
        yield crawler


def fetching(client: Client) -> Fetch:
    def fetch(url: str) -> Answer:
        response = client.get(url, follow=True)
        try:
            html = response.getvalue().decode(errors="replace")
        except Exception:  # noqa: BLE001 -- a file that breaks off, for whatever reason
            return Answer(500)
        is_page = response.headers["Content-Type"].startswith("text/html")
        return Answer(response.status_code, html if is_page else "")

    return fetch


def test_every_figure_is_what_it_links_to(crawled: Crawler) -> None:
    assert not crawled.report.faults, "\n".join(map(str, crawled.report.faults))


@pytest.mark.parametrize("url", ["/", "/ledgers/", "/balances/", "/transactions/", "/identities/"])
def test_no_figure_stands_without_a_link(crawled: Crawler, url: str) -> None:
    page = crawled.opened[url]

    assert page is not None
    assert [place.text() for place in without_link(page)] == []


def test_only_the_ends_of_the_road_stand_without_a_link(crawled: Crawler) -> None:
    ends: set[End] = set()
    lost: list[str] = []
    for url, place in places_without_link(crawled):
        path = kind_of(url).partition("?")[0]
        found = [end for end in ENDS if end.path in ("", path) and place.is_within(end.within)]
        ends.update(found)
        lost += [] if found else [f"{url}: {place.text()}"]

    assert not lost, "\n".join(lost)
    assert ends == set(ENDS)


def places_without_link(crawled: Crawler) -> Iterator[tuple[str, Node]]:
    """Of every page that was opened, be it for a figure alone."""
    for url, page in crawled.opened.items():
        if page is not None:
            yield from ((url, place) for place in without_link(page))


def test_crawl_has_seen_each_kind_of_page(crawled: Crawler) -> None:
    report = crawled.report
    paths = {kind.partition("?")[0] for kind in report.kinds}

    assert report.is_complete
    assert {
        "/",
        "/audit/",
        "/balances/",
        "/balances/*/",
        "/balances/*/quick/",
        "/balances/*/statement/",
        "/entries/",
        "/identities/",
        "/identities/*/",
        "/imports/",
        "/imports/*/",
        "/ledgers/",
        "/ledgers/*/",
        "/ledgers/*/quick/",
        "/proof/",
        "/schedules/*/",
        "/transactions/",
        "/transactions/*/",
        "/transactions/*/quick/",
        "/transactions/duplicates/",
        "/trial-balance/",
    } <= paths
    assert report.figures["amount"] > 500
    assert report.figures["count"] > 30


HOME = """<main><a href="/list/">3</a> <a href="#part" data-figure="rows">2</a>
<table id="part"><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table></main>"""
LIST = """<main><table><thead><tr><th>Debit</th><th>Balance</th></tr></thead><tbody>
<tr><td><a href="/one/">5.00</a></td><td><a href="/one/">\u22125.00</a></td></tr></tbody>
<tfoot><tr><th>Total</th><td><a href="/one/">5.00</a><abbr title="Debit">Dr</abbr></td></tr></tfoot>
</table><div class="pager"><p>3 rows</p></div></main>"""
ONE = '<main><dl class="facts"><dd>\u22125.00<span class="ccy">GBP</span></dd></dl></main>'
TRUE = {"/": HOME, "/list/": LIST, "/one/": ONE}


def test_pages_that_say_the_truth_pass() -> None:
    report = crawl(TRUE)

    assert [str(fault) for fault in report.faults] == []
    assert report.figures.total() == 5
    assert report.pages == ["/", "/list/", "/one/"]


@pytest.mark.parametrize(
    ("path", "truth", "lie", "said"),
    [
        ("/list/", "3 rows", "4 rows", "the  3 ('3') is not what /list/ says"),
        ("/list/", "3 rows", "13 rows", "the  3 ('3') is not what /list/ says"),
        ("/", ">3<", ">View all 2<", "the count 2 ('View all 2') is not what /list/ says"),
        ("/", ">3<", ' data-figure="count">Look<', "no figure in a link that is marked as one"),
        ("/", "<tr><td>b</td></tr>", "", "the rows 2 ('2') is not what /#part says"),
        ("/", 'id="part"', "", "the rows 2 ('2') is not what /#part says"),
        ("/", 'id="part"', 'id="part"><i id="part"></i', "the id part stands 2 times"),
        ("/one/", "\u22125.00", "5.00", "the amount \u22125.00 ('\u22125.00') is not what /one/"),
        ("/one/", "\u22125.00", "\u22125.01", "the amount 5.00 ('5.00') is not what /one/ says"),
        ("/one/", "\u22125.00", "\u221215.00", "the amount 5.00 ('5.00') is not what /one/ says"),
        ("/one/", '<dl class="facts">', "<dl>", "the amount 5.00 ('5.00') is not what /one/ says"),
        ("/one/", "<main>", '<main><a href="#gone">below</a>', "nothing is at #gone"),
        ("/one/", "<main>", '<main><a href="/gone/">on</a>', "/gone/ answers 404"),
    ],
)
def test_a_page_that_lies_is_found(path: str, truth: str, lie: str, said: str) -> None:
    assert truth in TRUE[path]

    report = crawl({**TRUE, path: TRUE[path].replace(truth, lie)})

    assert any(said in str(fault) for fault in report.faults), report.faults


@pytest.mark.parametrize(("part", "is_lie"), [("Nothing yet.", False), ("5.00", True)])
def test_nothing_is_said_by_a_part_without_a_number(part: str, *, is_lie: bool) -> None:
    home = f'<main><a href="#part">0.00</a><p id="part">{part}</p></main>'

    assert bool(crawl({"/": home}).faults) == is_lie


def test_a_crawl_that_ends_early_says_so() -> None:
    assert not crawl(TRUE, most=2).is_complete


def crawl(pages: dict[str, str], *, most: int = 10) -> Report:
    def fetch(url: str) -> Answer:
        return Answer(200, pages[url]) if url in pages else Answer(404)

    return Crawler(fetch, most=most).crawl("/")
