"""What needs a person now: a few lines on Home, none where nothing does.

A line that counts leads to the table that shows these and no other, and so counts the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard.proofs import ProofMark
from ledgers.money import format_amount
from reports.lookalike_views import describe_count
from reports.lookalikes import count_open
from schedules.listing import IS_LATE, LATE
from schedules.models import IS_UNSEEN, Schedule
from schedules.rows import format_rows
from transactions.counts import Count
from transactions.filters import Tab
from transactions.walks import IS_OPEN
from web.addresses import url_of
from web.counting import EXACT_MAX
from web.formatting import active_dates
from web.statements import fetch_all
from web.tables.conditions import WHERE

SHOWN = 5
PROOF_FOR = timedelta(days=7)

# Only the index of open holds by their ends is read, and no more of it than can be counted.
EXPIRING = f"""
SELECT n.total, t.public_id, t.reference, n.rest_minor, b.currency, c.exponent, n.expires_at
FROM (
    SELECT h.transaction_id, h.expires_at, h.rest_minor, count(*) OVER () AS total
    FROM (
        SELECT h.transaction_id, h.expires_at,
               h.total_minor - h.committed_minor - h.released_minor AS rest_minor
        FROM transactions_hold AS h
        WHERE {IS_OPEN} AND h.expires_at < %(before)s
        ORDER BY h.expires_at LIMIT %(limit)s
    ) AS h
    ORDER BY h.expires_at, h.transaction_id LIMIT %(shown)s
) AS n
JOIN transactions_transaction AS t ON t.id = n.transaction_id
CROSS JOIN LATERAL (
    SELECT b.currency FROM transactions_reservation AS r
    JOIN balances_balance AS b ON b.id = r.balance_id
    WHERE r.transaction_id = n.transaction_id LIMIT 1
) AS b
JOIN ledgers_currency AS c ON c.code = b.currency
ORDER BY n.expires_at, n.transaction_id
"""  # noqa: S608 -- a constant


# Each along its index, and no more of it than can be counted.
SCHEDULES = """
SELECT (SELECT count(*) FROM (
            SELECT FROM schedules_schedule
            WHERE state = 'REJECTED' AND seen_at IS NULL LIMIT %(limit)s
        ) AS s),
       (SELECT count(*) FROM (
            SELECT FROM schedules_schedule
            WHERE state = 'SCHEDULED' AND due_at < now() - %(late)s::interval LIMIT %(limit)s
        ) AS s),
       (SELECT count(*) FROM (
            SELECT FROM schedules_schedule
            WHERE state = 'SCHEDULED' AND due_at >= %(today)s AND due_at < %(tomorrow)s
            LIMIT %(limit)s
        ) AS s)
"""


@dataclass(frozen=True, slots=True)
class Item:
    """A record that a line is about."""

    url: str
    reference: str
    amount: str
    currency: str
    when: SafeString | str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to see to, and where. `shape` is a state's.

    `figure` is "count" when the table says the number in the text. Who has seen to all that it
    tells of says so with `seen_until`, if it can be said.
    """

    shape: str
    text: str
    url: str
    items: tuple[Item, ...] = ()
    note: str = ""
    seen_until: str = ""
    figure: str = "none"


def find_attention(*, inflight: Count, proof: ProofMark) -> list[Line]:
    """What is wrong first, then what is soonest; `inflight` is how many holds are open."""
    now = timezone.now()
    unseen, late, today = _count_schedules()
    return [
        *_failed_proof(proof),
        *_rejected(unseen, now=now),
        *_late(late),
        *_expiring(inflight),
        *_due_today(today),
        *_lookalikes(),
        *_old_proof(proof, now=now),
    ]


def _count_schedules() -> list[Count]:
    """Those rejected that nobody has seen to, those overdue, and those due on the person's day."""
    within = {"today": _midnight_after(days=0), "tomorrow": _midnight_after(days=1)}
    limits = {"late": LATE, "limit": EXACT_MAX + 1}
    rows = fetch_all(SCHEDULES, {**within, **limits})
    return [Count.of(number, maximum=EXACT_MAX) for number in rows[0]]


def _failed_proof(proof: ProofMark) -> Iterator[Line]:
    if proof.failed_count:
        said = ngettext(
            "The books do not match: %(count)s check failed",
            "The books do not match: %(count)s checks failed",
            proof.failed_count,
        )
        yield Line("refused", said % {"count": proof.failed_count}, url_of("dashboard:proof"))


def _old_proof(proof: ProofMark, *, now: datetime) -> Iterator[Line]:
    url = url_of("dashboard:proof")
    if proof.run_at is None:
        yield Line("closed", _("The books have not been proved yet"), url)
    elif now - proof.run_at >= PROOF_FOR:
        days = (now - proof.run_at).days
        said = ngettext(
            "The last proof is %(count)s day old", "The last proof is %(count)s days old", days
        )
        yield Line("closed", said % {"count": days}, url)


def _rejected(count: Count, *, now: datetime) -> Iterator[Line]:
    """Those that nobody has seen to; `now` is up to when they are told of."""
    if count.text == "0":
        return
    said = ngettext(
        "%(count)s scheduled transaction was rejected",
        "%(count)s scheduled transactions were rejected",
        _plural(count),
    )
    items = _first_of(Schedule.objects.filter(IS_UNSEEN))
    line = _line_of("refused", said, count, items, url=_table_url(Tab.REJECTED, "seen:empty"))
    yield replace(line, seen_until=now.isoformat())


def _late(count: Count) -> Iterator[Line]:
    if count.text == "0":
        return
    said = ngettext(
        "%(count)s scheduled transaction is overdue",
        "%(count)s scheduled transactions are overdue",
        _plural(count),
    )
    items = _first_of(Schedule.objects.filter(IS_LATE))
    yield _line_of("refused", said, count, items, url=_table_url(Tab.SCHEDULED, "late:is:yes"))


def _expiring(inflight: Count) -> Iterator[Line]:
    """Those that expire by the end of tomorrow, the person's."""
    if inflight.text == "0":
        return
    limits = {"before": _midnight_after(days=2), "limit": EXACT_MAX + 1, "shown": SHOWN}
    rows = fetch_all(EXPIRING, limits)
    if not rows:
        return
    dates = active_dates()
    items = tuple(
        Item(
            url_of("transactions:detail", public_id),
            reference,
            format_amount(int(rest_minor), exponent),
            currency,
            dates.time_tag(expires_at),
        )
        for _total, public_id, reference, rest_minor, currency, exponent, expires_at in rows
    )
    count = Count.of(rows[0][0], maximum=EXACT_MAX)
    said = ngettext(
        "%(count)s hold expires by the end of tomorrow",
        "%(count)s holds expire by the end of tomorrow",
        _plural(count),
    )
    url = _table_url(Tab.INFLIGHT, "expires:at-most:tomorrow")
    yield _line_of("inflight", said, count, items, url=url)


def _due_today(count: Count) -> Iterator[Line]:
    if count.text == "0":
        return
    said = ngettext(
        "%(count)s scheduled transaction is due today",
        "%(count)s scheduled transactions are due today",
        _plural(count),
    )
    today = Q(due_at__gte=_midnight_after(days=0), due_at__lt=_midnight_after(days=1))
    items = _first_of(Schedule.objects.filter(today, state=Schedule.State.SCHEDULED))
    yield _line_of("scheduled", said, count, items, url=_table_url(Tab.SCHEDULED, "due:is:today"))


def _lookalikes() -> Iterator[Line]:
    count = count_open()
    if count != "0":
        yield Line("closed", describe_count(count), url_of("reports:lookalikes"), figure="count")


def _first_of(schedules: QuerySet[Schedule]) -> tuple[Item, ...]:
    return tuple(
        Item(row["url"], row["reference"], row["amount"], row["currency"], row["effective"])
        for row in format_rows(list(schedules.order_by("due_at", "id")[:SHOWN]))
    )


def _midnight_after(*, days: int) -> datetime:
    """The beginning of the person's today, or of a day after it."""
    day = timezone.localdate() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time.min))


def _line_of(shape: str, said: str, count: Count, items: tuple[Item, ...], *, url: str) -> Line:
    note = "" if count.text == str(len(items)) else _("the first %(count)s") % {"count": SHOWN}
    return Line(shape, said % {"count": count.text}, url, items, note, figure="count")


def _plural(count: Count) -> int:
    """The number that the language counts by."""
    return 1 if count.text == "1" else 2


def _table_url(tab: Tab, condition: str) -> str:
    """The table that shows those which are counted, and no other."""
    query = urlencode({"tab": tab.value, WHERE: condition}, safe=":")
    return f"{url_of('transactions:list')}?{query}"
