"""Rows that are kept formatted: each reader gets their own, and what changed is shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils.safestring import SafeString

from identities.operations import change_identity
from tests.factories import make_balance, make_client, make_identity, make_user, post_transfer
from tests.pages import text_of
from transactions.models import Transaction
from web.sorting import Column
from web.tables.definition import TableRow, render_rows

pytestmark = pytest.mark.django_db

# Half an hour before midnight in UTC, which is the next day further east.
LATE = datetime(2025, 1, 3, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("path", ["/transactions/", "/entries/"])
def test_readers_who_take_turns_see_their_own_style(path: str) -> None:
    _post_late(amount_minor=1_234_56)
    points = make_client()
    commas = make_client(user=make_user(number_format="comma", date_format="iso"))

    texts = [text_of(client.get(path)) for client in (points, commas, points, commas)]

    assert ["1,234.56" in text for text in texts] == [True, False, True, False]
    assert ["1.234,56" in text for text in texts] == [False, True, False, True]
    assert ["3 Jan 2025" in text for text in texts] == [True, False, True, False]
    assert ["2025-01-03" in text for text in texts] == [False, True, False, True]


def test_a_day_is_that_of_the_readers_zone() -> None:
    _post_late(amount_minor=100)
    there, here = make_client(user=make_user(time_zone_choice="local")), make_client()
    there.cookies["daybook_tz"] = "Asia/Tokyo"

    days = [text_of(client.get("/transactions/")) for client in (here, there, here)]

    assert ["3 Jan 2025" in day for day in days] == [True, False, True]
    assert ["4 Jan 2025" in day for day in days] == [False, True, False]


@pytest.mark.parametrize("path", ["/balances/", "/transactions/", "/entries/", "/identities/"])
def test_a_new_name_is_shown_at_once(path: str) -> None:
    owner = make_identity(name="Ada Before")
    post_transfer(source=make_balance(floor_minor=None), destination=make_balance(identity=owner))
    client = make_client()
    assert "Ada Before" in text_of(client.get(path))

    change_identity(owner, name="Ada After", kind=owner.kind, email=owner.email, actor=make_user())

    text = text_of(client.get(path))
    assert "Ada After" in text
    assert "Ada Before" not in text


def test_a_figure_moves_with_the_next_posting() -> None:
    source, destination = make_balance(floor_minor=None), make_balance()
    client = make_client()
    for amount_minor, shown in [(1_00, "1.00"), (2_00, "3.00"), (4_00, "7.00")]:
        post_transfer(source=source, destination=destination, amount_minor=amount_minor)

        assert shown in text_of(client.get(f"/balances/?ledger={destination.ledger.key}"))


def test_only_the_new_row_is_marked_and_only_once() -> None:
    transaction = _post_late(amount_minor=100)
    client = make_client()

    marks = [
        client.get(path).content.count(b'class="new"')
        for path in ("/transactions/", f"/transactions/?new={transaction.key}", "/transactions/")
    ]

    assert marks == [0, 1, 0]


def test_a_text_like_ready_html_that_was_shown_before_is_escaped() -> None:
    columns = [Column("name", "Name")]
    ready = TableRow("", "", {"name": SafeString("<b>Ada</b>")})
    text = TableRow("", "", {"name": "<b>Ada</b>"})

    shown = [render_rows([row], columns) for row in (ready, text, ready)]

    assert ["<b>Ada</b>" in html for html in shown] == [True, False, True]


def _post_late(*, amount_minor: int) -> Transaction:
    return post_transfer(
        source=make_balance(floor_minor=None),
        destination=make_balance(),
        amount_minor=amount_minor,
        effective_at=LATE,
    )
