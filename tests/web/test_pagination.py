from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat, Lower
from django.test import Client

from tests.factories import NOON, make_user
from users.models import User
from web.pagination import BadCursorError, Key, KeysetPage, paginate, paginate_request

pytestmark = pytest.mark.django_db

NEWEST = (Key("date_joined", descending=True), Key("id", descending=True))
OLDEST = (Key("date_joined"), Key("id"))
MIXED = (Key("date_joined", descending=True), Key("username"), Key("id"))


def _people(count: int, *, same_time: int = 3) -> None:
    """People of whom each `same_time` in a row joined in the same moment."""
    for number in range(count):
        joined = NOON + timedelta(hours=number // same_time)
        make_user(username=f"u{(number * 7) % count:02}", date_joined=joined)


def _walk(
    queryset: QuerySet[Any, Any], order: tuple[Key, ...], size: int
) -> tuple[list[KeysetPage], list[Any]]:
    """All pages from first to last, and all rows again on the way back from the last."""
    pages = [paginate(queryset, order=order, cursor=None, size=size)]
    while cursor := pages[-1].next_cursor:
        pages.append(paginate(queryset, order=order, cursor=cursor, size=size))
    page, rows = pages[-1], list(pages[-1].rows)
    while page.previous_cursor:
        page = paginate(queryset, order=order, cursor=page.previous_cursor, size=size)
        rows = page.rows + rows
    return pages, rows


@pytest.mark.parametrize("order", [NEWEST, OLDEST, MIXED, (Key("username"), Key("id"))])
def test_pages_hold_every_row_once_in_order_both_ways(order: tuple[Key, ...]) -> None:
    _people(12)
    names = [f"-{key.field}" if key.descending else key.field for key in order]
    expected = list(User.objects.order_by(*names))

    pages, rows_back = _walk(User.objects.all(), order, size=4)

    assert [row for page in pages for row in page.rows] == expected
    assert [len(page.rows) for page in pages] == [4, 4, 4]
    assert rows_back == expected


def test_first_page_has_no_previous_and_last_no_next() -> None:
    _people(5)

    pages, _ = _walk(User.objects.all(), NEWEST, size=3)

    assert [bool(page.previous_cursor) for page in pages] == [False, True]
    assert [bool(page.next_cursor) for page in pages] == [True, False]


def test_a_table_of_one_full_page_has_no_neighbours() -> None:
    _people(3)

    page = paginate(User.objects.all(), order=NEWEST, cursor=None, size=3)

    assert (page.next_cursor, page.previous_cursor) == (None, None)


def test_an_empty_table_is_an_empty_page() -> None:
    assert paginate(User.objects.all(), order=NEWEST, cursor=None) == KeysetPage(rows=[])


@pytest.mark.parametrize("kind", ["dicts", "tuples"])
def test_rows_may_be_dicts_and_named_tuples_with_annotations(kind: str) -> None:
    _people(5)
    people = User.objects.annotate(lowered=Lower("username"))
    order = (Key("lowered"), Key("id"))
    values = people.values("lowered", "id")
    rows = values if kind == "dicts" else people.values_list("lowered", "id", named=True)

    _, all_rows = _walk(rows, order, size=2)

    assert [tuple(row.values() if kind == "dicts" else row) for row in all_rows] == [
        tuple(row.values()) for row in values.order_by("lowered", "id")
    ]


def test_rows_added_on_top_do_not_move_the_next_page() -> None:
    _people(6)
    first = paginate(User.objects.all(), order=NEWEST, cursor=None, size=3)
    expected = list(User.objects.order_by("-date_joined", "-id"))[3:6]

    make_user(date_joined=NOON + timedelta(days=9))
    second = paginate(User.objects.all(), order=NEWEST, cursor=first.next_cursor, size=3)

    assert second.rows == expected


def test_going_back_to_the_start_shows_a_whole_first_page() -> None:
    _people(6)
    first = paginate(User.objects.all(), order=NEWEST, cursor=None, size=3)
    second = paginate(User.objects.all(), order=NEWEST, cursor=first.next_cursor, size=3)
    newest = make_user(date_joined=NOON + timedelta(days=9))
    before = paginate(User.objects.all(), order=NEWEST, cursor=second.previous_cursor, size=3)

    start = paginate(User.objects.all(), order=NEWEST, cursor=before.previous_cursor, size=3)

    assert start.rows[0] == newest
    assert len(start.rows) == 3
    assert start.previous_cursor is None


def test_one_direction_is_one_row_comparison(django_assert_num_queries: Any) -> None:
    _people(6)
    first = paginate(User.objects.all(), order=NEWEST, cursor=None, size=3)

    with django_assert_num_queries(1) as queries:
        paginate(User.objects.all(), order=NEWEST, cursor=first.next_cursor, size=3)

    sql = queries.captured_queries[0]["sql"]
    assert '("users_user"."date_joined", "users_user"."id") < (' in sql
    assert " OR " not in sql
    assert "OFFSET" not in sql


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (Value("o'neil \\ %s ø"), ["o'neil \\ %s ø"] * 3),
        (Concat(Value("a"), Value(" x")), ["a x"] * 3),
        (F("id") * 10**12, None),
    ],
)
def test_key_values_survive_the_cursor(expression: Any, values: list[str] | None) -> None:
    _people(3)
    people = User.objects.annotate(key=expression)

    _, rows = _walk(people, (Key("key"), Key("id")), size=1)

    assert len(rows) == 3
    assert values is None or [row.key for row in rows] == values


def _cursor() -> str:
    page = paginate(User.objects.all(), order=NEWEST, cursor=None, size=1)
    assert page.next_cursor
    return page.next_cursor


@pytest.mark.parametrize("text", ["x", ".", "\x00", "é", "W10.x", "x" * 5000, "%00", "null"])
def test_malformed_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursorError):
        paginate(User.objects.all(), order=NEWEST, cursor=text)


def test_changed_cursor_and_cursor_of_another_order_are_refused() -> None:
    _people(3)
    cursor = _cursor()

    for bad in (cursor[:-1], "A" + cursor, cursor.replace(cursor[5], "_", 1) + "="):
        with pytest.raises(BadCursorError):
            paginate(User.objects.all(), order=NEWEST, cursor=bad)
    with pytest.raises(BadCursorError):
        paginate(User.objects.all(), order=OLDEST, cursor=cursor)


def test_cursor_needs_no_quoting_in_an_address() -> None:
    _people(3)

    assert not set(_cursor()) - set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    )


def test_bad_cursor_in_the_address_shows_page_one_and_says_so(client: Client) -> None:
    _people(3)
    client.force_login(make_user())
    request = client.get("/login/", {"cursor": "nonsense"}).wsgi_request

    page = paginate_request(request, User.objects.all(), order=NEWEST, size=2)

    assert len(page.rows) == 2
    assert [str(message) for message in get_messages(request)] == [
        "That page link is no longer valid. This is the first page."
    ]


def test_page_begins_after_a_start_and_shows_the_last_page_behind_the_end() -> None:
    for number in range(5):
        make_user(username=f"u{number}")
    people, order = User.objects.all(), [Key("username"), Key("id")]

    begun = paginate(people, order=order, cursor=None, size=2, start=["u2", 0])
    behind = paginate(people, order=order, cursor=None, size=2, start=["z", 0])

    assert [row.username for row in begun.rows] == ["u2", "u3"]
    before = paginate(people, order=order, cursor=begun.previous_cursor, size=2)
    assert [row.username for row in before.rows] == ["u0", "u1"]
    assert [row.username for row in behind.rows] == ["u3", "u4"]
    assert behind.next_cursor is None
