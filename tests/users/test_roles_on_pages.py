"""What a reader may not do is not offered, on any page; and what another sees is not shown."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from pytest_django import DjangoDbBlocker

from config.embedded import Cluster
from tests.conftest import cloned, pointed_at
from tests.crawling.books import make_crawled_books
from tests.crawling.crawler import Crawler
from tests.crawling.tree import Node
from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from tests.pages import SLIDE_OVER, text_of
from tests.test_crawler import STARTS, fetching
from users.models import Role
from users.roles import ALLOWED, BEGINNINGS


@pytest.fixture(scope="module")
def crawled(
    cluster: Cluster, template_database: str, django_db_blocker: DjangoDbBlocker
) -> Generator[Crawler, None, None]:
    """A reader who has been everywhere."""
    blocker = django_db_blocker
    with cloned(cluster, template_database) as name, blocker.unblock(), pointed_at(name):
        make_crawled_books(make_user())
        reader = make_user(role=Role.READER)
        client = make_client(user=reader, raise_request_exception=False)
        crawler = Crawler(fetching(client), each=1, of_path=3)
        crawler.crawl(*STARTS, "/shortcuts/", "/help/", "/exports/", "/bulk/", "/preferences/")
        yield crawler


def test_no_link_leads_a_reader_to_a_refusal(crawled: Crawler) -> None:
    refused = [fault for fault in crawled.report.faults if "answers 403" in fault.what]
    offered = set(_offered(crawled, _asked_by))

    assert not refused, "\n".join(map(str, refused))
    assert len(offered) > 25
    assert not offered & BEGINNINGS


def test_no_button_offers_a_reader_what_would_be_refused(crawled: Crawler) -> None:
    sent = set(_offered(crawled, _sent_by))

    assert sent == ALLOWED & sent
    assert sent > {"dashboard:proof", "bulk:export", "bulk:ticked", "users:preferences", "logout"}


def _offered(crawled: Crawler, of: Callable[[Node], list[str]]) -> Iterator[str]:
    """The views to which the elements of all pages lead."""
    for url, page in crawled.opened.items():
        for node in page.walk() if page is not None else ():
            for address in of(node):
                with suppress(Resolver404):
                    yield resolve(urlsplit(urljoin(url, address)).path).view_name


def _asked_by(node: Node) -> list[str]:
    return [node.attrs[name] for name in ("href", "hx-get", "data-quick") if name in node.attrs]


def _sent_by(node: Node) -> list[str]:
    is_form = node.tag == "form" and node.attrs.get("method") == "post"
    # The form around ticked rows says where it leads on each of its buttons.
    action = [node.attrs["action"]] if is_form and "action" in node.attrs else []
    return action + [node.attrs[name] for name in ("formaction", "hx-post") if name in node.attrs]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/ledgers/", "/balances/", "/transactions/", "/identities/", "/help/"]
)
def test_who_take_turns_are_each_offered_their_own(path: str) -> None:
    clients = [make_client(), make_client(user=make_user(role=Role.READER))] * 2

    pages = [client.get(path).content.decode() for client in clients]

    new, create = reverse("ledgers:create"), reverse("transactions:create")
    assert [f'href="{new}"' in page for page in pages] == [True, False, True, False]
    assert [f'href="{create}"' in page for page in pages] == [True, False, True, False]
    assert [">Read only<" in page for page in pages] == [False, True, False, True]
    assert [">Reader<" in page for page in pages] == [False, True, False, True]
    assert [">Bookkeeper<" in page for page in pages] == [True, False, True, False]


@pytest.mark.django_db
def test_records_offer_each_their_own_in_turns() -> None:
    balance = make_balance(identity=make_identity(), floor_minor=None)
    posted = post_transfer(source=balance, destination=make_balance())
    clients = [make_client(), make_client(user=make_user(role=Role.READER))] * 2
    assert balance.identity

    for url, begun in [
        (posted.get_absolute_url(), "reverse"),
        (balance.get_absolute_url(), "closing"),
        (balance.ledger.get_absolute_url(), "name"),
        (balance.identity.get_absolute_url(), "edit"),
    ]:
        pages = [client.get(url).content.decode() for client in clients]
        for page in (f'"{url}{begun}/"', f'"{url}metadata/"'):
            assert [page in each for each in pages] == [True, False, True, False]


@pytest.mark.django_db
def test_a_reader_on_empty_books_is_not_told_to_fill_them() -> None:
    page = text_of(make_client(user=make_user(role=Role.READER)).get("/"))

    assert "The books are empty" in page
    assert "Three steps" not in page


@pytest.fixture
def reading(db: None) -> Client:
    return make_client(user=make_user(role=Role.READER))


@pytest.mark.parametrize("text", ["", "new", "Northgate", "1,250.00"])
def test_search_offers_a_reader_nothing_to_create(reading: Client, text: str) -> None:
    for name in ("dashboard:palette", "dashboard:search"):
        page = reading.get(reverse(name), {"q": text})

        assert "New " not in text_of(page)
        assert "/new/" not in page.content.decode().replace('href="/views/', "")


def test_search_offers_a_reader_the_proof(reading: Client) -> None:
    box = reading.get(reverse("dashboard:palette"), {"q": "proof"})

    assert "Run the proof" in text_of(box)


def test_keys_that_begin_a_change_are_not_told_to_a_reader(reading: Client) -> None:
    told = text_of(reading.get(reverse("dashboard:shortcuts"), headers=SLIDE_OVER))

    assert "Go to the source balance" in told
    for key in ("New ledger", "Create", "Open the form to void it", "Post what is reviewed"):
        assert key not in told


def test_help_leads_a_reader_to_what_they_may_open(reading: Client) -> None:
    page = reading.get("/help/")

    assert "How do I post a payment?" in text_of(page)
    assert reverse("transactions:create") not in page.content.decode()
