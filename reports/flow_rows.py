"""The flows of a balance as its page says them: streams for the picture, rows for the table."""

from __future__ import annotations

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


def draw_flows(flows: Flows, balance: Balance, *, query: str) -> list[FlowDrawing]:
    """For a wide screen and for a phone; the nodes lead on with `query`."""
    named = [(_name(party), party) for party in flows.parties]
    named.sort(key=lambda pair: -pair[1].in_minor)
    incoming = [_stream(name, each, balance, query, is_in=True) for name, each in named]
    named.sort(key=lambda pair: -pair[1].out_minor)
    outgoing = [_stream(name, each, balance, query, is_in=False) for name, each in named]
    for name, party in _rest(flows):
        incoming.append(_stream(name, party, balance, query, is_in=True))
        outgoing.append(_stream(name, party, balance, query, is_in=False))
    return [
        draw_flow(
            [stream for stream in incoming if stream.minor],
            [stream for stream in outgoing if stream.minor],
            exponent=balance.currency.exponent,
            layout=layout,
        )
        for layout in (WIDE_FLOW, NARROW_FLOW)
    ]


def rows_of_flows(flows: Flows, balance: Balance, *, query: str) -> list[FlowRow]:
    rows = [_row(_tag(party, query), party, balance, is_rest=False) for party in flows.parties]
    rest = [
        _row(format_html("{}", name), party, balance, is_rest=True) for name, party in _rest(flows)
    ]
    return [*rows, *rest]


def _rest(flows: Flows) -> list[tuple[str, Party]]:
    """What no single balance can be named for."""
    rest = []
    if others := flows.others:
        count = others.balance_count
        said = ngettext("%(count)s other", "%(count)s others", count)
        rest.append((said % {"count": format_count(count)}, others))
    if flows.together:
        rest.append((_("Several together"), flows.together))
    if count := flows.earlier.entry_count:
        earlier = Party(flows.earlier.credit_minor, flows.earlier.debit_minor, None)
        said = ngettext("%(count)s earlier entry", "%(count)s earlier entries", count)
        rest.append((said % {"count": format_count(count)}, earlier))
    return rest


def _name(party: Party) -> str:
    return _("Itself") if party.is_self else party.name


def _tag(party: Party, query: str) -> SafeString:
    name = _name(party)
    return link_tag(_url(party, query), name) if party.has_page else format_html("{}", name)


def _url(party: Party, query: str) -> str:
    return f"{url_of('balances:flow', party.public_id)}?{query}" if party.has_page else ""


def _stream(name: str, party: Party, balance: Balance, query: str, *, is_in: bool) -> Stream:
    minor = party.in_minor if is_in else party.out_minor
    said = _("In from %(name)s: %(amount)s") if is_in else _("Out to %(name)s: %(amount)s")
    amount = f"{format_amount(minor, balance.currency.exponent)} {balance.currency_id}"
    return Stream(name, said % {"name": name, "amount": amount}, minor, _url(party, query))


def _row(name: SafeString, party: Party, balance: Balance, *, is_rest: bool) -> FlowRow:
    exponent = balance.currency.exponent
    return {
        "name": name,
        "incoming": format_amount(party.in_minor, exponent) if party.in_minor else "",
        "outgoing": format_amount(party.out_minor, exponent) if party.out_minor else "",
        "count": format_count(party.transaction_count),
        "is_rest": is_rest,
    }
