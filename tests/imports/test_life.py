"""From the file that comes to the transactions it becomes: what a check says, posting then does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import Sum

from audit.models import AuditEvent
from balances.models import Balance
from balances.operations import close_balance
from imports.jobs import go_on_with
from imports.models import Import
from imports.operations import (
    AT_ONCE_BYTES_MAX,
    ImportRefusedError,
    check_again,
    discard,
    post_reviewed,
    set_mapping,
)
from imports.refused import list_refused
from ledgers.operations import rename_ledger
from tests.books import assert_sound
from tests.factories import (
    NOON,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.imports.files import (
    MAPPING,
    PAID,
    ROWS,
    TWO_AMOUNTS,
    checked,
    counts,
    csv_of,
    everything,
    make_checked,
    make_import,
    make_rows,
    post,
)
from tests.schedules.test_jobs import ask
from tests.transactions.imports import DEMO, balance_of, make_row, treasury
from transactions.models import Entry, Transaction
from transactions.proof import run_proof
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db

State = Import.State


def figures(import_: Import) -> dict[str, tuple[str, str, str, bool]]:
    """Each balance that was shown: before, after, what moved, and whether it is new."""
    return {
        side.name: (side.balance.before, side.balance.after, "".join(side.moves), side.is_new)
        for side in checked(import_).sides
        if side.balance
    }


def test_check_changes_nothing_but_the_import() -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    before = everything()

    import_ = make_checked(ROWS)

    assert import_.state == State.CHECKED
    assert everything() == before
    assert not Transaction.objects.exists()


def test_check_says_what_becomes_of_every_row_and_balance() -> None:
    make_balance(indicator="@Treasury", floor_minor=None, opening_minor=100_00)

    import_ = make_checked(ROWS)

    found = checked(import_)
    assert counts(import_) == (8, 4, 0, 4)
    assert (found.transactions, found.opened, found.net) == (3, 3, ("11.00 GBP",))
    assert figures(import_) == {
        "@Treasury": ("100.00", "89.00", "debited 11.00", False),
        "Acme Ltd": ("0.00", "10.00", "credited 10.00", True),
        "Bolt": ("0.00", "3.50", "credited 3.50", True),
        "Core": ("0.00", "−2.50", "debited 2.50", True),
    }
    assert [side.url for side in found.sides if side.is_new] == ["", "", ""]
    assert [(row.line, row.reason) for row in list_refused(import_)] == [
        (5, "the amount 'nonsense' cannot be read"),
        (6, "the date 'soon' cannot be read"),
        (8, "line 9 of the same voucher is refused"),
        (9, "the amount 'one' cannot be read"),
    ]
    assert list_refused(import_)[0].cells == tuple(ROWS[3])


def _rows_there_already() -> list[list[str]]:
    post(make_checked(ROWS))
    return [*ROWS, make_row("V7", payee="Dent")]


KINDS: dict[str, Callable[[], Import]] = {
    "refused, swapped, several lines": lambda: make_checked(ROWS),
    "some already there": lambda: make_checked(_rows_there_already()),
    "two columns of amounts": lambda: make_checked(
        content=csv_of(
            [
                ["V1", "15/01/2025", "Acme", "10.00", ""],
                ["V2", "15/01/2025", "Bolt", "", "2.50"],
                ["V3", "15/01/2025", "Bolt", "5.00", "1.00"],
                ["V4", "15/01/2025", "Bolt", "", ""],
                ["V5", "15/01/2025", "Bolt", "x", "1.00"],
                ["V6", "15/01/2025", "Bolt", "1.00", "1.00"],
            ],
            headers=PAID,
        ),
        mapping=TWO_AMOUNTS,
    ),
    "a balance that is there": lambda: make_checked(
        make_rows(30),
        mapping=MAPPING.replace(
            'indicator = "@Treasury"', f'balance = "{make_balance(floor_minor=None).key}"'
        ),
    ),
    "no more than a floor allows": lambda: make_checked(
        make_rows(10, payees=1),
        mapping=MAPPING.replace(
            'indicator = "@Treasury"', f'balance = "{make_balance(opening_minor=35_00).key}"'
        ),
    ),
    "references that come twice": lambda: make_checked(
        [make_row("V1"), make_row("V2"), make_row("V1"), make_row("")],
        mapping=MAPPING.replace("[transaction]", '[transaction]\nlines = "each"'),
    ),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())
def test_posting_does_what_the_check_said(make: Callable[[], Import]) -> None:
    import_ = make()
    said, refused = checked(import_), bytes(import_.refused_file)
    shown, before = figures(import_), Balance.objects.count()

    post(import_)

    done = checked(import_)
    assert import_.state == State.POSTED
    assert counts(import_) == (said.read, said.posted, said.present, said.refused)
    assert (done.transactions, done.opened, done.net) == (said.transactions, said.opened, said.net)
    assert (done.outcome, done.more) == (said.outcome, said.more)
    assert (figures(import_), bytes(import_.refused_file)) == (shown, refused)
    posted = Transaction.objects.filter(batch_id=import_.public_id)
    assert posted.count() == said.transactions > 0
    assert Balance.objects.count() - before == said.opened
    assert_sound()
    assert run_proof(actor=None).is_ok


def test_quarter_of_the_demonstration_is_imported_as_it_was_checked() -> None:
    (path,) = DEMO.glob("*.csv")
    mapping = (DEMO / "oxford.toml").read_text("utf-8")
    import_ = make_checked(content=path.read_bytes(), file_name=path.name, mapping=mapping)
    said = checked(import_)

    post(import_)

    moved = Entry.objects.filter(
        transaction__batch_id=import_.public_id, balance__indicator="@Treasury"
    ).aggregate(minor=Sum("amount_minor"))
    assert checked(import_).outcome == said.outcome
    assert (said.read, said.refused) == (3461, 0)
    assert said.posted == said.read
    assert Transaction.objects.filter(batch_id=import_.public_id).count() == said.transactions
    assert said.opened == Balance.objects.count()
    assert said.more == said.opened - len(said.sides)
    assert moved["minor"] > 0
    assert_sound()


def test_audit_trail_names_who_imported_what() -> None:
    ada = make_user(username="ada")
    import_ = post(make_checked(ROWS, user=ada))

    event = AuditEvent.objects.get(action="transactions.imported")
    assert (event.actor_name, event.subject) == ("ada", f"batch_{import_.public_id}")
    assert event.after == {
        "mapping": "Payments",
        "files": ["payments.csv"],
        "read": 8,
        "posted": 4,
        "present": 0,
        "refused": 4,
        "transactions": 3,
    }
    assert set(Transaction.objects.values_list("actor__username", flat=True)) == {"ada"}


def _post_the_reference() -> None:
    post_transfer(source=Indicator("@X", "GBP"), destination=make_balance(), reference="test-V1")


def _close_the_balance() -> None:
    close_balance(balance_of("Acme Ltd"), at=NOON, actor=None)


def _spend_the_rest() -> None:
    post_transfer(source=balance_of("Poor"), destination=make_balance(), amount_minor=5_00)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_post_the_reference, "This reference belongs to another transaction"),
        (_close_the_balance, "One of the balances is closed"),
        (_spend_the_rest, "A balance would fall below"),
    ],
)
def test_books_that_changed_since_the_check_keep_everything_out(
    change: Callable[[], None], reason: str
) -> None:
    floors = MAPPING.replace("may_go_below_zero = true", "")
    rows = [make_row("A", payee="Acme Ltd"), make_row("B", payee="Poor")]
    post(make_checked(rows, mapping=floors))
    post(make_checked([make_row("C", amount="-10.00", payee="Acme Ltd")], mapping=floors))
    import_ = make_checked(
        [make_row("V1", payee="Acme Ltd"), make_row("V2", amount="-10.00", payee="Poor")],
        mapping=floors,
    )
    seen = checked(import_).outcome
    change()
    before = everything()

    assert post_reviewed(import_, reviewed=seen)

    import_.refresh_from_db()
    assert everything() == before
    assert import_.state == State.CHECKED
    assert "The books have changed since this was checked" in import_.problem
    assert counts(import_) == (2, 1, 0, 1)
    assert reason in list_refused(import_)[0].reason
    assert not post_reviewed(import_, reviewed=seen)
    assert everything() == before
    post(import_)
    assert (import_.state, import_.problem) == (State.POSTED, "")
    assert Transaction.objects.filter(batch_id=import_.public_id).count() == 1
    assert_sound()


def test_other_balances_than_were_shown_are_not_posted_to() -> None:
    ledger = make_ledger(name="Payees")
    make_balance(ledger=ledger, identity=make_identity(name="Acme Ltd"), floor_minor=None)
    import_ = make_checked()
    rename_ledger(ledger, name="Vendors", actor=None)

    post_reviewed(import_, reviewed=checked(import_).outcome)

    import_.refresh_from_db()
    assert import_.state == State.CHECKED
    assert "The books have changed" in import_.problem
    assert checked(import_).opened == 2
    assert not Transaction.objects.exists()


def test_figures_that_others_move_meanwhile_are_no_matter() -> None:
    post(make_checked([make_row("V1")]))
    import_ = make_checked([make_row("V2")])
    post_transfer(source=treasury(), destination=balance_of("Acme Ltd"), amount_minor=5_00)

    post(import_)

    assert import_.state == State.POSTED
    assert figures(import_)["Acme Ltd"][:2] == ("15.00", "25.00")


def test_row_that_is_there_meanwhile_is_not_posted_twice() -> None:
    first, second = make_checked(ROWS), make_checked(ROWS)
    post(first)

    post_reviewed(second, reviewed=checked(second).outcome)

    second.refresh_from_db()
    assert second.state == State.CHECKED
    assert counts(second) == (8, 0, 4, 4)
    assert checked(second).net == ("11.00 GBP",)
    assert Transaction.objects.filter(batch_id=second.public_id).count() == 0


def test_nothing_to_post_stays_checked() -> None:
    import_ = make_checked([make_row(amount="x")])

    post_reviewed(import_, reviewed=checked(import_).outcome)

    import_.refresh_from_db()
    assert import_.state == State.CHECKED
    assert not AuditEvent.objects.filter(action="transactions.imported").exists()


@pytest.mark.parametrize("reviewed", ["", "0" * 64, "\0", "\ud800", "'; --", "9" * 100_000])
def test_another_outcome_than_the_reviewed_one_is_not_posted(reviewed: str) -> None:
    import_ = make_checked()

    assert not post_reviewed(import_, reviewed=reviewed)

    import_.refresh_from_db()
    assert import_.state == State.CHECKED
    assert not Transaction.objects.exists()


def test_posting_again_does_nothing_and_says_it_is_done() -> None:
    import_ = post(make_checked())
    before = everything()

    assert post_reviewed(import_, reviewed=checked(import_).outcome)

    assert everything() == before


def test_another_mapping_is_checked_anew() -> None:
    import_ = make_checked(ROWS)
    seen = checked(import_).outcome
    other = MAPPING.replace('incomplete = "refuse"', "").replace('"test-', '"other-')

    set_mapping(import_, mapping=other, name="Other", choices={"delimiter": ","})

    import_.refresh_from_db()
    assert (import_.name, import_.choices) == ("Other", {"delimiter": ","})
    assert checked(import_).outcome != seen
    assert not post_reviewed(import_, reviewed=seen)


def test_check_again_looks_at_the_books_of_now() -> None:
    import_ = make_checked()
    _post_the_reference()

    check_again(import_)

    import_.refresh_from_db()
    assert (import_.state, import_.problem) == (State.CHECKED, "")
    assert counts(import_) == (1, 0, 0, 1)


def test_file_without_a_mapping_is_not_checked() -> None:
    import_ = make_import()

    check_again(import_)

    import_.refresh_from_db()
    assert import_.state == State.NEW


def test_discarded_file_is_gone_and_an_imported_one_stays() -> None:
    waiting, tried, done = make_import(), make_checked(), make_checked([make_row("V9")])
    post(done)

    discard(waiting)
    discard(tried)
    for attempt in (discard, lambda each: set_mapping(each, mapping=MAPPING, name="x")):
        with pytest.raises(ImportRefusedError, match="imported already"):
            attempt(done)

    assert list(Import.objects.all()) == [done]


def test_large_file_is_left_to_the_worker() -> None:
    rows = make_rows(20)
    rows[0][-1] = "x" * AT_ONCE_BYTES_MAX
    narrow = MAPPING.replace('metadata = ["department"]', "")
    import_ = make_checked(rows, mapping=narrow)
    assert import_.state == State.CHECKING
    assert ask("SELECT args FROM procrastinate_jobs WHERE task_name = 'imports.go_on'") == [
        (f'{{"import_id": {import_.pk}}}',)
    ]

    for attempt in (discard, lambda each: set_mapping(each, mapping=MAPPING, name="x")):
        with pytest.raises(ImportRefusedError, match="being worked on"):
            attempt(import_)
    go_on_with(import_.pk)

    import_.refresh_from_db()
    assert counts(import_) == (20, 19, 0, 1)
    post_reviewed(import_, reviewed=checked(import_).outcome)
    assert not Transaction.objects.filter(batch_id=import_.public_id).exists()
    go_on_with(import_.pk)
    go_on_with(import_.pk)
    import_.refresh_from_db()
    assert import_.state == State.POSTED
    assert Transaction.objects.count() == 19
