"""What others have added to a table, or changed in it, since it was read; told to who shows it.

Each of them asks every second or so, and almost always nothing was added. So each process looks
for the newest rows at most every `FRESH_SECONDS`, whoever asks, and an answer comes with a ticket
that says what was told: to whom no more is to be told, that is said from memory, before sessions
and users are read. A ticket is only given to who is signed in, cannot be guessed, and ends after
half a minute. Only when something was added is it counted, under the filters of the address.
Nothing is asked for the sake of changes: what changes a row (a commit, an entry, a decision, an
audit event) is itself a row that is added. See `web.journals` for which rows of a page that were,
and `web.entering` for which others it has brought there.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Lock
from typing import Any, Protocol, Self, runtime_checkable

from django.db import connection
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    JsonResponse,
    QueryDict,
)
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from web.entering import find_entered, may_enter
from web.formatting import format_count
from web.journals import Journal
from web.marks import SPAN, WINDOW, Mark
from web.statements import fetch_row
from web.tables.definition import Table, find_table
from web.tables.state import TableState, read_state

PATH = "/live/"
FRESH_SECONDS = 0.25
# What enters a page is looked for at once, and then at most so often.
ENTERING_SECONDS = 5.0
TICKET_SECONDS = (20.0, 40.0)
# Beyond so many rows their number is not shown.
SHOWN_MAX = 99
SAID_MAX = 500
CAUSES_MAX = 5
NEWEST = "ARRAY(SELECT id FROM {table} ORDER BY id DESC LIMIT {window})"
ROWS = re.compile(r"[0-9a-f]{1,15}(\.[0-9a-f]{1,15}){0,99}", re.ASCII)
TICKET = re.compile(r"((\w{1,63})-([0-9a-f]{1,10})-([0-9a-f]{16}))-([0-9a-f]{40})", re.ASCII)


GetResponse = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told: "" for nothing. `is_new` when there are rows that were not there."""

    words: str = ""
    is_new: bool = False


_SAID: dict[Hashable, News] = {}
# What had entered the page of an address, and up to which marks of its causes that was looked for.
_ENTERED: dict[Hashable, tuple[tuple[Mark, ...], frozenset[int]]] = {}


# The rows of a page that were changed, by their ids; None where that is too much to tell.
Changed = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows: its rows, and how far it has seen what is added to its table.

    `causes` says the same of the tables of `Table.changed_by`, in their order.
    """

    mark: Mark
    causes: tuple[Mark, ...] = ()
    rows: tuple[int, ...] = ()

    @classmethod
    def read(cls, query: QueryDict) -> Self | None:
        marks = [Mark.read(part) for part in query.get("since", "").split(".", CAUSES_MAX)]
        known = [mark for mark in marks if mark is not None]
        if len(known) < len(marks):
            return None
        rows = query.get("rows", "")
        shown = rows.split(".") if ROWS.fullmatch(rows) else []
        return cls(known[0], tuple(known[1:]), tuple(int(row, 16) for row in shown))


@dataclass(frozen=True, slots=True)
class Now:
    """What there is to tell: how far a table has come, and which rows of the page were changed.

    `causes` is how far the tables have come that change its rows, where others may enter the page.
    """

    mark: Mark
    changed: Changed = ()
    causes: tuple[Mark, ...] = ()

    @property
    def digest(self) -> str:
        told = f"{self.mark} {self.changed} {'.'.join(map(str, self.causes))}"
        return sha256(told.encode()).hexdigest()[:16]


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
        self._journals: dict[tuple[str, str], Journal] = {}
        self._paced: dict[str, tuple[float, tuple[Mark, ...]]] = {}

    def __contains__(self, table: str) -> bool:
        return table in self._marks

    def marks(self, tables: Sequence[str]) -> list[Mark]:
        """At most `FRESH_SECONDS` old; older while another thread is looking."""
        is_known = all(table in self for table in tables)
        is_fresh = is_known and time.monotonic() - self._seen_at < FRESH_SECONDS
        if not is_fresh and self._lock.acquire(blocking=not is_known):
            try:
                seen_at = time.monotonic()
                self._marks = read_marks(sorted({*tables, *self._marks}))
                self._seen_at = seen_at
            finally:
                self._lock.release()
        return [self._marks[table] for table in tables]

    def look(self, tables: Sequence[str]) -> list[Mark]:
        """As they are now; from here on these tables are watched."""
        marks = read_marks(sorted(set(tables)))
        self._marks = self._marks | marks
        return [marks[table] for table in tables]

    def now(self, watched: str, table: Table | None, seen: Seen, query: QueryDict) -> Now:
        """What there is to tell to who asks with this query."""
        causes = table.changed_by if table else {}
        now, *marks = self.marks([watched, *causes])
        until = tuple(marks[: len(seen.causes)])
        found: set[int] = set()
        for journal, since, mark in zip(self._of(causes), seen.causes, until, strict=False):
            changed = journal.changed(seen.rows, since, mark)
            if changed is None:
                return Now(now, None)
            found |= changed
        is_entered = 0 < len(causes) == len(until) == len(seen.causes) and _may_enter(table, query)
        entering = self._pace(watched, seen.causes, until) if is_entered else ()
        return Now(now, tuple(sorted(found)), entering)

    def _pace(
        self, watched: str, since: tuple[Mark, ...], until: tuple[Mark, ...]
    ) -> tuple[Mark, ...]:
        """The marks up to which is looked for what enters; `since`, if these are newer."""
        moment = time.monotonic()
        paced_at, paced = self._paced.get(watched, (-math.inf, ()))
        if paced != until and moment - paced_at >= ENTERING_SECONDS:
            self._paced[watched], paced = (moment, until), until
        are_newer = all(mark.newest >= seen.newest for mark, seen in zip(paced, since, strict=True))
        return paced if are_newer else since

    def touched(
        self, table: Table, since: Sequence[Mark], until: Sequence[Mark]
    ) -> set[int] | None:
        """All rows that were changed; None if that is too much."""
        found: set[int] = set()
        for journal, begin, end in zip(self._of(table.changed_by), since, until, strict=False):
            touched = journal.touched(begin, end)
            if touched is None:
                return None
            found |= touched
        return found

    def _of(self, causes: Mapping[str, str]) -> list[Journal]:
        return [self._journals.setdefault(cause, Journal(*cause)) for cause in causes.items()]


WATCH = Watch()


def read_marks(tables: Sequence[str]) -> dict[str, Mark]:
    """The newest rows of these database tables as they are now, in one statement."""
    arrays = [
        NEWEST.format(table=connection.ops.quote_name(table), window=WINDOW) for table in tables
    ]
    row = fetch_row(f"SELECT {', '.join(arrays)}")
    return {table: Mark.of(ids) for table, ids in zip(tables, row, strict=True)}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins to watch; it has to be read before the rows are."""

    marks: str
    ticket: str
    rows: str = ""

    def showing(self, table: Table, rows: Iterable[Any]) -> Start:
        """With the rows of the page, of which it is told when they are changed."""
        if not table.changed_by:
            return self
        return replace(self, rows=".".join(f"{row[table.watched_key]:x}" for row in rows))


def start_watching(table: Table, query: QueryDict) -> Start | None:
    """None for a table that is not watched."""
    if not table.watches:
        return None
    mark, *causes = WATCH.look([table.watches, *table.changed_by])
    now = Now(mark, (), tuple(causes) if _may_enter(table, query) else ())
    return Start(".".join(map(str, (mark, *causes))), make_ticket(table.watches, now))


def watch_record(table: Table, pk: int, key: str) -> Start | None:
    """For the page of one record: it is told when the row of the table would be changed."""
    start = start_watching(table, QueryDict(f"where=id:is:{key}"))
    return start and start.showing(table, [{table.watched_key: pk}])


def make_ticket(table: str, now: Now) -> str:
    """Proof of having been told of this; the ends are spread, so that not all ask at once."""
    end = int(time.time() + random.uniform(*TICKET_SECONDS))  # noqa: S311 -- no secret
    told = f"{table}-{end:x}-{now.digest}"
    return f"{told}-{_sign(told)}"


def is_current(query: QueryDict) -> bool:
    """Whether the ticket is still good, and nothing is to be told but what it was given for."""
    match, seen = TICKET.fullmatch(query.get("ticket", "")), Seen.read(query)
    if match is None or seen is None or not constant_time_compare(match[5], _sign(match[1])):
        return False
    if match[2] not in WATCH or int(match[3], 16) < time.time():
        return False
    table = find_table(query.get("table", ""))
    return WATCH.now(match[2], table, seen, query).digest == match[4]


def _may_enter(table: Table | None, query: QueryDict) -> bool:
    """Whether a change may bring rows onto the page; a `Changing` table finds them itself."""
    return table is not None and not isinstance(table, Changing) and may_enter(table, query)


def _sign(told: str) -> str:
    return salted_hmac("web.live", told).hexdigest()


class LiveMiddleware:
    """Answer who has a good ticket before anything is asked about who it is."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_asked = request.path_info == PATH and request.method == "GET"
        if is_asked and is_current(request.GET):
            return HttpResponse(status=204)
        return self.get_response(request)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """How many rows under the filters are new or changed, in words, and a new ticket."""
    table, seen = find_table(request.GET.get("table", "")), Seen.read(request.GET)
    if table is not None:
        table = table.for_request(request)
    if table is None or not table.watches:
        raise Http404
    if seen is None:
        return HttpResponseBadRequest()
    now = WATCH.now(table.watches, table, seen, request.GET)
    news = tell_news(request, table, seen, now)
    ticket = make_ticket(table.watches, now)
    return JsonResponse({"words": news.words, "isNew": news.is_new, "ticket": ticket})


def tell_news(request: HttpRequest, table: Table, seen: Seen, now: Now) -> News:
    """ "12 new – show", or nothing when none is of those that the address asks for.

    Counted once for all who ask the same at the same time, as the readers of one page do.
    """
    if now == Now(seen.mark, (), now.causes and seen.causes):
        return News()
    asked = [(name, tuple(each)) for name, each in request.GET.lists() if name != "ticket"]
    address = (get_language(), get_current_timezone_name(), *asked)
    news = _SAID.get((now, *address))
    if news is None:
        if len(_SAID) >= SAID_MAX:
            _SAID.clear()
        news = _SAID[now, *address] = _read_news(request, table, seen, now, address)
    return news


def _read_news(request: HttpRequest, table: Table, seen: Seen, now: Now, address: Hashable) -> News:
    since, changed = seen.mark, now.changed
    if now.mark.newest - since.newest > SPAN:
        return News(_("Many new – show"), is_new=True)
    if changed is None:
        return News(_("Many changed – show"))
    if now.mark == since and not now.causes:
        return _say(0, len(changed))
    state = read_state(request, table)
    if not isinstance(table, Changing):
        rows = table.select(state).filter(since.added_since(table.watched_key))
        added = _count(rows) if now.mark != since else 0
        entered = _read_entered(table, state, seen, now, address)
        return _say(added + len(entered), len(changed))
    added = _count(table.select_new(state, since))
    # Who is told of so many new ones need not know how many others were changed.
    if added > SHOWN_MAX:
        return _say(added, 0)
    others = table.select_changed(state, since).exclude(**{f"{table.watched_key}__in": changed})
    return _say(added, len(changed) + _count(others))


def _read_entered(
    table: Table, state: TableState, seen: Seen, now: Now, address: Hashable
) -> frozenset[int]:
    """The rows that have come onto the page by a change, whether new ones are counted or not.

    Only what was touched since the last look is looked at, and what had come by then.
    """
    since, known = _ENTERED.get(address, (seen.causes, frozenset[int]()))
    touched = WATCH.touched(table, since, now.causes)
    if touched is None:
        return known
    others = {pk for pk in touched | known if not seen.mark.lacks(pk)}
    entered = find_entered(table, state, seen.rows, others - set(seen.rows))
    if len(_ENTERED) >= SAID_MAX:
        _ENTERED.clear()
    _ENTERED[address] = (now.causes, entered)
    return entered


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
