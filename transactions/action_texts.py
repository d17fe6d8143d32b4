"""What the pages say about doing something with a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledgers.money import format_amount
from transactions.following import Step
from transactions.standing import Action, Standing

Text = str | Promise


@dataclass(frozen=True, slots=True)
class ActionTexts:
    """`impossible` stands above the reason why it cannot be done; `%(…)s` are filled in."""

    heading: Text
    lead: Text
    submit: Text
    done: Text
    impossible: Text


TEXTS = {
    Action.COMMIT: ActionTexts(
        heading=_("Commit the hold"),
        lead=_("What you commit is posted; what is left stays reserved."),
        submit=_("Commit %(amount)s"),
        done=_("Committed: %(reference)s is posted."),
        impossible=_("This cannot be committed"),
    ),
    Action.VOID: ActionTexts(
        heading=_("Void the hold"),
        lead=_("What is left is released, for good. What was committed stays posted."),
        submit=_("Void %(amount)s"),
        done=_("Voided: what was left is released."),
        impossible=_("This cannot be voided"),
    ),
    Action.REVERSE: ActionTexts(
        heading=_("Reverse the transaction"),
        lead=_("The same entries are posted the other way round. Both stay in the books."),
        submit=_("Reverse %(amount)s"),
        done=_("Reversed by %(reference)s."),
        impossible=_("This cannot be reversed"),
    ),
    Action.REFUND: ActionTexts(
        heading=_("Refund the transaction"),
        lead=_("A new transaction gives back what was paid, or a part of it."),
        submit=_("Refund %(amount)s"),
        done=_("Refunded by %(reference)s."),
        impossible=_("This cannot be refunded"),
    ),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure above a form."""

    label: Text
    amount: str
    currency: str


def list_facts(standing: Standing, action: Action) -> Iterator[Fact]:
    """What a person has to know before the form is filled in."""
    if hold := standing.hold:
        figures = (
            (_("Held"), int(hold.total_minor)),
            (_("Committed"), int(hold.committed_minor)),
            (_("Left"), hold.remaining_minor),
        )
        for label, minor in figures:
            yield Fact(label, format_amount(minor, standing.exponent), standing.currency)
    for each in standing.posted:
        yield Fact(_("Amount"), format_amount(each.total_minor, each.exponent), each.currency)
        if action == Action.REFUND:
            refunded = format_amount(each.refunded_minor, each.exponent)
            yield Fact(_("Refunded"), refunded, each.currency)
            yield Fact(_("Left"), format_amount(each.left_minor, each.exponent), each.currency)


def list_amounts(standing: Standing, action: Action, step: Step) -> list[str]:
    """What the step is about, in each currency."""
    if hold := standing.hold:
        minor = step.amount_minor or hold.remaining_minor
        return [f"{format_amount(minor, standing.exponent)} {standing.currency}"]
    return [
        format_amount(
            step.amount_minor or (each.left_minor if action == Action.REFUND else each.total_minor),
            each.exponent,
        )
        + f" {each.currency}"
        for each in standing.posted
    ]
