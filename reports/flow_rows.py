"""The flows of a balance as its page says them: streams for the picture, rows for the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.models import Balance
from balances.naming import link_tag
from ledgers.money import format_amount
from reports.flow_picture import NARROW as NARROW_FLOW
from reports.flow_picture import WIDE as WIDE_FLOW
from reports.flow_picture import FlowDrawing, Stream, draw_flow
from reports.flows import Flows, Party
from web.addresses import url_of
from web.formatting import format_count


class FlowRow(TypedDict):
    """One party as the table prints it."""

    name: SafeString
    incoming: str
    outgoing: str
    count: str
    is_rest: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """Where flows lead on: to those of a counterparty by this query, and to the days before."""

    query: str
    earlier_url: str = ""


def draw_flows(flows: Flows, balance: Balance, ways: Ways) -> list[FlowDrawing]:
    """For a wide screen and for a phone."""
    named = [(_name(party), party) for party in flows.parties]
    named.sort(key=lambda pair: -pair[1].in_minor)
    incoming = [_stream(name, each, balance, _url(each, ways), is_in=True) for name, each in named]
    named.sort(key=lambda pair: -pair[1].out_minor)
    outgoing = [_stream(name, each, balance, _url(each, ways), is_in=False) for name, each in named]
    for name, party, url in _rest(flows, ways):
        incoming.append(_stream(name, party, balance, url, is_in=True))
        outgoing.append(_stream(name, party, balance, url, is_in=False))
    return [
        draw_flow(
            [stream for stream in incoming if stream.minor],
            [stream for stream in outgoing if stream.minor],
            exponent=balance.currency.exponent,
            layout=layout,
        )
        for layout in (WIDE_FLOW, NARROW_FLOW)
    ]


def rows_of_flows(flows: Flows, balance: Balance, ways: Ways) -> list[FlowRow]:
    rows = [
        _row(_tag(_name(party), _url(party, ways)), party, balance, is_rest=False)
        for party in flows.parties
    ]
    rest = [
        _row(_tag(name, url), party, balance, is_rest=True)
        for name, party, url in _rest(flows, ways)
    ]
    return [*rows, *rest]


def _rest(flows: Flows, ways: Ways) -> list[tuple[str, Party, str]]:
    """What no single balance can be named for, and where it leads."""
    rest: list[tuple[str, Party, str]] = []
    if others := flows.others:
        count = others.balance_count
        said = ngettext("%(count)s other", "%(count)s others", count)
        rest.append((said % {"count": format_count(count)}, others, ""))
    if flows.together:
        rest.append((_("Several together"), flows.together, ""))
    if count := flows.earlier.entry_count:
        earlier = Party(flows.earlier.credit_minor, flows.earlier.debit_minor, None)
        said = ngettext("%(count)s earlier entry", "%(count)s earlier entries", count)
        rest.append((said % {"count": format_count(count)}, earlier, ways.earlier_url))
    return rest


def _name(party: Party) -> str:
    return _("Itself") if party.is_self else party.name


def _tag(name: str, url: str) -> SafeString:
    return link_tag(url, name) if url else format_html("{}", name)


def _url(party: Party, ways: Ways) -> str:
    return f"{url_of('balances:flow', party.public_id)}?{ways.query}" if party.has_page else ""


def _stream(name: str, party: Party, balance: Balance, url: str, *, is_in: bool) -> Stream:
    minor = party.in_minor if is_in else party.out_minor
    said = _("In from %(name)s: %(amount)s") if is_in else _("Out to %(name)s: %(amount)s")
    amount = f"{format_amount(minor, balance.currency.exponent)} {balance.currency_id}"
    return Stream(name, said % {"name": name, "amount": amount}, minor, url)


def _row(name: SafeString, party: Party, balance: Balance, *, is_rest: bool) -> FlowRow:
    exponent = balance.currency.exponent
    return {
        "name": name,
        "incoming": format_amount(party.in_minor, exponent) if party.in_minor else "",
        "outgoing": format_amount(party.out_minor, exponent) if party.out_minor else "",
        "count": format_count(party.transaction_count),
        "is_rest": is_rest,
    }
