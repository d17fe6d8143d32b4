"""What others have added to a table, or changed in it, since it was read; told to who shows it.

Each of them asks every second or so, and almost always nothing was added. So each process looks
for the newest rows at most every `FRESH_SECONDS`, whoever asks, and an answer comes with a ticket:
who shows that of the newest rows is told "nothing new" from memory, before sessions and users are
read. A ticket is only given to who is signed in, cannot be guessed, and ends after half a minute.
Only when something was added is it counted, under the filters of the address. Nothing is asked
for the sake of changes: what changes a row (a commit, a decision) is itself a row that is added.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol, Self, runtime_checkable

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from web.formatting import format_count
from web.statements import fetch_one
from web.tables.definition import Table, find_table
from web.tables.state import TableState, read_state

PATH = "/live/"
FRESH_SECONDS = 0.25
TICKET_SECONDS = (20.0, 40.0)
# So many of the newest ids are looked at: of transactions at the same time, one with a lower id
# may be committed after one with a higher.
WINDOW = 64
# Beyond so many rows they are not counted under the filter, and beyond so many not shown as such.
SPAN = 10_000
SHOWN_MAX = 99
SAID_MAX = 500
NEWEST = "ARRAY(SELECT id FROM {table} ORDER BY id DESC LIMIT {window})"
MARK = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})", re.ASCII)
TICKET = re.compile(r"(\w{1,63})-([0-9a-f]{1,10})-([0-9a-f]{40,64})", re.ASCII)


GetResponse = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest rows of a database table: the last id, and which of those below it were there.

    In `there`, bit n stands for the id `newest - n`.
    """

    newest: int = 0
    there: int = 1

    @classmethod
    def of(cls, ids: Sequence[int]) -> Self:
        """From the newest ids, in any order."""
        if not ids:
            return cls()
        newest = max(ids)
        return cls(newest, sum(1 << (newest - pk) for pk in ids if newest - pk < WINDOW))

    @classmethod
    def read(cls, text: str) -> Self | None:
        match = MARK.fullmatch(text)
        if match is None:
            return None
        newest, there = (int(part, 16) for part in match.groups())
        return cls(newest, there) if newest < 2**63 else None

    def __str__(self) -> str:
        return f"{self.newest:x}-{self.there:x}"

    def added_since(self, key: str) -> Q:
        """The rows that were not there, by their id at `key`."""
        below = range(1, min(WINDOW, self.newest))
        missing = [self.newest - n for n in below if not self.there >> n & 1]
        return Q(**{f"{key}__gt": self.newest}) | Q(**{f"{key}__in": missing})


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told: "" for nothing. `is_new` when there are rows that were not there."""

    words: str = ""
    is_new: bool = False


_SAID: dict[Hashable, News] = {}


@runtime_checkable
class Changing(Protocol):
    """A table that knows which rows are new, and which of those before were changed."""

    def select_new(self, state: TableState, since: Mark) -> QuerySet[Any, Any]: ...

    def select_changed(self, state: TableState, since: Mark) -> QuerySet[Any, Any]: ...


class Watch:
    """The newest rows of all tables that are watched, as this process has last seen them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._marks: dict[str, Mark] = {}
        self._seen_at = 0.0

    def __contains__(self, table: str) -> bool:
        return table in self._marks

    def mark(self, table: str) -> Mark:
        """At most `FRESH_SECONDS` old; older while another thread is looking."""
        is_known = table in self
        is_fresh = is_known and time.monotonic() - self._seen_at < FRESH_SECONDS
        if not is_fresh and self._lock.acquire(blocking=not is_known):
            try:
                seen_at = time.monotonic()
                self._marks = read_marks(sorted({table, *self._marks}))
                self._seen_at = seen_at
            finally:
                self._lock.release()
        return self._marks[table]

    def look(self, table: str) -> Mark:
        """As it is now; from here on the table is watched."""
        marks = read_marks([table])
        self._marks = self._marks | marks
        return marks[table]


WATCH = Watch()


def read_marks(tables: Sequence[str]) -> dict[str, Mark]:
    """The newest rows of these database tables as they are now, in one statement."""
    arrays = [
        NEWEST.format(table=connection.ops.quote_name(table), window=WINDOW) for table in tables
    ]
    row = fetch_one(f"SELECT {', '.join(arrays)}")
    assert row is not None  # one row of arrays
    return {table: Mark.of(ids) for table, ids in zip(tables, row, strict=True)}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins to watch; it has to be read before the rows are."""

    mark: Mark
    ticket: str


def start_watching(table: Table) -> Start | None:
    """None for a table that is not watched."""
    if not table.watches:
        return None
    mark = WATCH.look(table.watches)
    return Start(mark, make_ticket(table.watches, mark))


def make_ticket(table: str, mark: Mark) -> str:
    """Proof of having been told of this mark; the ends are spread, so that not all ask at once."""
    end = int(time.time() + random.uniform(*TICKET_SECONDS))  # noqa: S311 -- no secret
    return f"{table}-{end:x}-{_sign(table, mark, end)}"


def is_current(ticket: str) -> bool:
    """Whether the ticket is still good, and the rows it was given for still the newest."""
    match = TICKET.fullmatch(ticket)
    if match is None or match[1] not in WATCH or (end := int(match[2], 16)) < time.time():
        return False
    return constant_time_compare(match[3], _sign(match[1], WATCH.mark(match[1]), end))


def _sign(table: str, mark: Mark, end: int) -> str:
    return salted_hmac("web.live", f"{table} {mark} {end}").hexdigest()


class LiveMiddleware:
    """Answer who has a good ticket before anything is asked about who it is."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_asked = request.path_info == PATH and request.method == "GET"
        if is_asked and is_current(request.GET.get("ticket", "")):
            return HttpResponse(status=204)
        return self.get_response(request)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """How many rows under the filters are new or changed, in words, and a new ticket."""
    table, since = find_table(request.GET.get("table", "")), Mark.read(request.GET.get("since", ""))
    if table is not None:
        table = table.for_request(request)
    if table is None or not table.watches:
        raise Http404
    if since is None:
        return HttpResponseBadRequest()
    now = WATCH.mark(table.watches)
    news = tell_news(request, table, since, now)
    ticket = make_ticket(table.watches, now)
    return JsonResponse({"words": news.words, "isNew": news.is_new, "ticket": ticket})


def tell_news(request: HttpRequest, table: Table, since: Mark, now: Mark) -> News:
    """ "12 new – show", or nothing when none is of those that the address asks for.

    Counted once for all who ask the same at the same time, as the readers of one page do.
    """
    if now == since:
        return News()
    asked = [(name, tuple(each)) for name, each in request.GET.lists() if name != "ticket"]
    key = (now, get_language(), get_current_timezone_name(), *asked)
    news = _SAID.get(key)
    if news is None:
        if len(_SAID) >= SAID_MAX:
            _SAID.clear()
        news = _SAID[key] = _read_news(request, table, since, now)
    return news


def _read_news(request: HttpRequest, table: Table, since: Mark, now: Mark) -> News:
    if now.newest - since.newest > SPAN:
        return News(_("Many new – show"), is_new=True)
    state = read_state(request, table)
    if not isinstance(table, Changing):
        rows = table.select(state).filter(since.added_since(table.watched_key))
        return _say(_count(rows), 0)
    added = _count(table.select_new(state, since))
    # Who is told of so many new ones need not know how many others were changed.
    changed = _count(table.select_changed(state, since)) if added <= SHOWN_MAX else 0
    return _say(added, changed)


def _count(rows: QuerySet[Any, Any]) -> int:
    return rows.order_by()[: SHOWN_MAX + 1].count()


def _say(added: int, changed: int) -> News:
    counts = {"added": _said(added), "changed": _said(changed)}
    if added and changed:
        words = _("%(added)s new, %(changed)s changed – show")
    elif added:
        words = ngettext("%(added)s new – show", "%(added)s new – show", added)
    elif changed:
        words = ngettext("%(changed)s changed – show", "%(changed)s changed – show", changed)
    else:
        return News()
    return News(words % counts, is_new=bool(added))


def _said(count: int) -> str:
    return format_count(count) if count <= SHOWN_MAX else f"{format_count(SHOWN_MAX)}+"
