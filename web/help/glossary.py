"""The words of Daybook, each with an example in figures: docs/accounting.md for the screen.

In an example, a figure in braces is written as whoever reads it writes numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from web.formatting import format_number

_FIGURE = re.compile(r"\{([\d,]+(?:\.\d+)?)\}")


@dataclass(frozen=True, slots=True)
class Term:
    """One word; `slug` is its place on the page, and what `{% term %}` asks for."""

    slug: str
    name: Promise
    meaning: Promise
    example: Promise

    @property
    def example_text(self) -> str:
        return _FIGURE.sub(lambda match: format_number(match[1]), str(self.example))


@dataclass(frozen=True, slots=True)
class Chapter:
    slug: str
    name: Promise
    terms: tuple[Term, ...]


CHAPTERS = (
    Chapter(
        "books",
        _("The books"),
        (
            Term(
                "ledger",
                _("Ledger"),
                _(
                    "A book that groups balances which belong together: by use case, product,"
                    " place or currency."
                ),
                _(
                    "The ledger “Wallets” has a balance of {25.00} GBP for Ada and one of"
                    " {40.00} GBP for Grace. Together customers are owed {65.00} GBP."
                ),
            ),
            Term(
                "general-ledger",
                _("General Ledger"),
                _(
                    "The one ledger that is always there. It holds the house's own balances, each"
                    " under an @indicator."
                ),
                _(
                    "A fee of {1.50} GBP is credited to @Fees in the General Ledger, and debited"
                    " from the customer who pays it."
                ),
            ),
            Term(
                "balance",
                _("Balance"),
                _(
                    "Money of one currency in one ledger, for one owner or under an @indicator."
                    " Accountants say account. Its figure is credits less debits."
                ),
                _(
                    "Ada's wallet was credited {25.00} and {15.00}, and debited {10.00}: it stands"
                    " at {30.00} GBP. Her dollars are another balance."
                ),
            ),
            Term(
                "indicator",
                _("Indicator"),
                _(
                    "The name of a balance in the General Ledger. It is opened on first use, one"
                    " in each currency."
                ),
                _("@World stands for everything outside: a deposit of {25.00} GBP debits it."),
            ),
            Term(
                "identity",
                _("Identity"),
                _(
                    "A person or an organization that balances belong to. Those who sign in to"
                    " Daybook are users."
                ),
                _("Ada owns two balances: {30.00} GBP and {12.00} USD. They are never added up."),
            ),
            Term(
                "currency",
                _("Currency and minor unit"),
                _(
                    "What a balance counts: money, tokens or points, with a fixed number of"
                    " decimals. Amounts are whole numbers of the smallest unit, so nothing is"
                    " ever rounded on the way."
                ),
                _(
                    "{25.00} GBP are {2,500} pence; {25} JPY are {25} yen; one ether has 18"
                    " decimals."
                ),
            ),
            Term(
                "normal-side",
                _("Normal side"),
                _(
                    "Credit for what is owed to others or earned, debit for cash, assets and"
                    " expenses. It decides the sign that you see."
                ),
                _(
                    "The bank account was debited {500.00} and credited {200.00}. Its normal side"
                    " is debit, so it shows {300.00}, and not −{300.00}."
                ),
            ),
            Term(
                "floor",
                _("Floor"),
                _(
                    "The lowest figure a balance may reach, on its normal side: zero, a negative"
                    " limit, or none. What would go below it is refused."
                ),
                _(
                    "With {30.00} and a floor of zero, a payment of {30.01} is refused. With a"
                    " floor of −{50.00}, up to {80.00} can be paid."
                ),
            ),
            Term(
                "extra-information",
                _("Extra information"),
                _(
                    "Keys and values of your own on a ledger, balance, identity or transaction."
                    " Tables filter, sort and export by them."
                ),
                _("With the key “order” and the value 1042, “order is 1042” finds the payment."),
            ),
        ),
    ),
    Chapter(
        "transactions",
        _("Transactions"),
        (
            Term(
                "transaction",
                _("Transaction"),
                _(
                    "One economic event, made of two to a thousand entries whose debits equal"
                    " their credits in each currency. It is never changed and never deleted."
                ),
                _("Ada pays a shop {10.00} GBP: debit Ada {10.00}, credit the shop {10.00}."),
            ),
            Term(
                "entry",
                _("Entry, debit and credit"),
                _(
                    "One line of a transaction on one balance. A credit raises the figure"
                    " credits less debits, a debit lowers it; each keeps the figure after it."
                ),
                _(
                    "Ada's wallet at {25.00}: a debit of {10.00} leaves {15.00}, a credit of"
                    " {5.00} then makes {20.00}."
                ),
            ),
            Term(
                "source",
                _("Source and destination"),
                _(
                    "Of a transaction with two entries: the balance that is debited, and the one"
                    " that is credited."
                ),
                _(
                    "From Ada to the shop: Ada is the source and goes from {25.00} to {15.00}, the"
                    " shop is the destination and goes from {0.00} to {10.00}."
                ),
            ),
            Term(
                "reference",
                _("Reference"),
                _(
                    "Your own unique key of a transaction, such as an invoice number. Sent twice"
                    " with the same content it is one transaction; with other content it is"
                    " refused."
                ),
                _(
                    "INV-1042 over {80.00} GBP is sent again after a broken connection: it is"
                    " posted once. INV-1042 over {90.00} GBP is refused."
                ),
            ),
            Term(
                "effective",
                _("Effective and recorded"),
                _(
                    "Effective is when something happened in the world, recorded is when it was"
                    " written here. Statements and reports count by the effective date."
                ),
                _(
                    "An invoice of {80.00} GBP of 31 March, entered on 2 April, is in the"
                    " statement of March."
                ),
            ),
            Term(
                "event",
                _("Event"),
                _(
                    "A transaction together with all that follows it: commits, voids, reversals,"
                    " refunds. Tables count events unless they say otherwise."
                ),
                _(
                    "A hold of {100.00}, a commit of {80.00} and a void of {20.00} are three"
                    " records and one event."
                ),
            ),
            Term(
                "inflight",
                _("Hold, inflight"),
                _(
                    "A transaction that reserves what it would move. It shows in the inflight"
                    " figures, not in the balance, and cannot be spent twice."
                ),
                _(
                    "Of Ada's {120.00} a hotel holds {100.00}: her balance stays {120.00},"
                    " inflight is −{100.00}, and {20.00} are free."
                ),
            ),
            Term(
                "commit",
                _("Commit"),
                _("Posts what was held, or a part of it."),
                _(
                    "The hotel commits {80.00} of its {100.00}: Ada's balance is {40.00},"
                    " inflight is −{20.00}, and {20.00} are free as before."
                ),
            ),
            Term(
                "void",
                _("Void and expiry"),
                _("Release what is left of a hold: a person voids, time expires."),
                _(
                    "The hotel voids the {20.00} that are left: Ada's balance is {40.00}, all of"
                    " it free."
                ),
            ),
            Term(
                "reversal",
                _("Reversal"),
                _("The same entries the other way round, once. For what was entered by mistake."),
                _(
                    "A sale of {50.00} entered twice: the second is reversed, and the shop stands"
                    " at {50.00}. Both and the reversal stay to be seen."
                ),
            ),
            Term(
                "refund",
                _("Refund"),
                _(
                    "Gives a posting back, whole or in part, for a reason of business. All"
                    " refunds together never exceed it."
                ),
                _("Of a sale of {50.00}, {20.00} are refunded: at most {30.00} more can be."),
            ),
            Term(
                "overdraft",
                _("Overdraft"),
                _("How far below its floor one transaction may take a balance."),
                _(
                    "With {30.00}, a floor of zero and an overdraft of {5.00}, a payment of"
                    " {34.00} leaves −{4.00}; one of {36.00} is refused."
                ),
            ),
            Term(
                "exchange",
                _("Exchange"),
                _(
                    "One transaction of four entries through two balances of the house, so that"
                    " each currency balances by itself. The rate is kept."
                ),
                _(
                    "{100.00} USD become {92.00} EUR at {0.92}: debit Ada {100.00} USD, credit"
                    " @Exchange {100.00} USD; debit @Exchange {92.00} EUR, credit Ada {92.00} EUR."
                ),
            ),
            Term(
                "schedule",
                _("Schedule"),
                _(
                    "A transaction that posts itself at a time to come. Until then it moves"
                    " nothing; one that cannot be posted is rejected, says why, and is not tried"
                    " again."
                ),
                _("Rent of {500.00} for 1 April, entered on 20 March: it is in no figure before."),
            ),
        ),
    ),
    Chapter(
        "reports",
        _("Reports and trust"),
        (
            Term(
                "statement",
                _("Statement"),
                _(
                    "The history of one balance over a period: what it opened with, each entry,"
                    " what it closed with."
                ),
                _(
                    "March opened at {15.00}, credits of {40.00} and debits of {25.00} follow, and"
                    " it closed at {30.00}."
                ),
            ),
            Term(
                "trial-balance",
                _("Trial balance"),
                _(
                    "What each ledger or balance has come to, in a column of debits and one of"
                    " credits. In each currency the columns have the same sum."
                ),
                _(
                    "Bank {65.00} debit; Ada {25.00} credit, Grace {40.00} credit: {65.00} on both"
                    " sides."
                ),
            ),
            Term(
                "as-of",
                _("As of, and as recorded by"),
                _(
                    "Figures at a day gone by: as of counts by effective date, as recorded by"
                    " leaves out what was entered later."
                ),
                _(
                    "{80.00} of 31 March, entered on 2 April: as of 31 March it is there, as"
                    " recorded by 31 March it is not."
                ),
            ),
            Term(
                "proof",
                _("Proof"),
                _(
                    "Every figure that is kept, computed anew from the entries and compared."
                    " It changes nothing."
                ),
                _(
                    "A wallet says {30.00}; its entries are {25.00}, {15.00} and −{10.00}, which"
                    " make {30.00}: proved."
                ),
            ),
        ),
    ),
)
TERMS = {term.slug: term for chapter in CHAPTERS for term in chapter.terms}
