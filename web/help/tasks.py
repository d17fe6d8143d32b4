"""How to do what people do every day."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CREATE, IMPORT = "transactions:create", "imports:create"


@dataclass(frozen=True, slots=True)
class Task:
    """One question; `steps` answer it, `url_name` is where it starts, `term` explains its word."""

    question: Promise
    steps: tuple[Promise, ...]
    url_name: str
    action: Promise
    term: str

    @property
    def begins_change(self) -> bool:
        """Whether it starts on a form: who may only read is not led there."""
        return self.url_name in (CREATE, IMPORT)


TASKS = (
    Task(
        _("How do I find a transaction?"),
        (
            _("Type its reference, its id or an amount into the search at the top of any page."),
            _("A whole reference or id opens it at once; anything else lists what fits."),
        ),
        "dashboard:search",
        _("Search"),
        "reference",
    ),
    Task(
        _("How do I post a payment?"),
        (
            _("Choose New, then Transaction: from where, to where, how much."),
            _("Look at the figures before and after, then post. Nothing moves before that."),
        ),
        CREATE,
        _("Create transaction"),
        "transaction",
    ),
    Task(
        _("How do I import the statement of a bank?"),
        (
            _("Choose New, then Import: the file, and once what each of its columns holds."),
            _("Look at what would be posted, is there already or is refused, then import."),
        ),
        IMPORT,
        _("Import a file"),
        "reference",
    ),
    Task(
        _("How do I enter a voucher of several lines?"),
        (
            _("Open a new transaction and change to Journal entry."),
            _("Enter a debit or a credit in each line. The sums below must be equal to post."),
        ),
        CREATE,
        _("Create transaction"),
        "entry",
    ),
    Task(
        _("How do I change money into another currency?"),
        (
            _("Open a new transaction with two balances of different currencies."),
            _("Enter the rate or what is received; the other one follows."),
        ),
        CREATE,
        _("Create transaction"),
        "exchange",
    ),
    Task(
        _("How do I reserve money, and take it later?"),
        (
            _("Under Advanced options of a new transaction, tick “Hold the amount”."),
            _("Open it later and choose Commit for all or a part, or Void to release it."),
        ),
        CREATE,
        _("Create transaction"),
        "inflight",
    ),
    Task(
        _("How do I put a mistake right, or give money back?"),
        (
            _("Open the transaction. Reverse undoes a mistake, Refund gives back all or a part."),
            _("The first one stays: both are in the books and linked to each other."),
        ),
        "transactions:list",
        _("Go to the transactions"),
        "reversal",
    ),
    Task(
        _("How do I see what somebody has?"),
        (
            _("Open the identity: each of its balances is listed there."),
            _("A balance shows its figure, and below it every entry that made it."),
        ),
        "identities:list",
        _("Go to the identities"),
        "balance",
    ),
    Task(
        _("How do I send somebody a statement?"),
        (
            _("Open the balance and choose Statement."),
            _("Choose the period, then print it or take it as PDF, CSV or spreadsheet."),
        ),
        "balances:list",
        _("Go to the balances"),
        "statement",
    ),
    Task(
        _("How do I see the books at the end of a month?"),
        (
            _("Open the trial balance, a ledger or a balance, and choose View at a date."),
            _("Every figure on the page is then that of the day. Back to now ends it."),
        ),
        "reports:trial-balance",
        _("Go to the trial balance"),
        "as-of",
    ),
    Task(
        _("How do I know that every figure is right?"),
        (
            _("Run the proof: it computes every figure anew from the entries."),
            _("Each figure on a page leads to what it is made of: follow its link."),
        ),
        "dashboard:proof",
        _("Go to the proof"),
        "proof",
    ),
)
