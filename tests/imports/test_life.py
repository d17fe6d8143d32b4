"""From the file that comes to the transactions it becomes: what a check says, posting then does."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Sum

from audit.models import AuditEvent
from balances.models import Balance
from balances.operations import close_balance
from identities.models import Identity
from imports import operations
from imports.checking import Checked
from imports.jobs import go_on_with
from imports.models import Import
from imports.operations import (
    AT_ONCE_BYTES_MAX,
    BYTES_MAX,
    ImportRefusedError,
    check_again,
    discard,
    post_reviewed,
    set_mapping,
)
from imports.refused import list_refused
from ledgers.operations import rename_ledger
from tests.books import assert_sound, snapshot
from tests.factories import (
    NOON,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.imports.files import MAPPING, csv_of, make_checked, make_import, make_rows
from tests.schedules.test_jobs import ask
from tests.transactions.imports import DEMO, balance_of, make_row, treasury
from transactions.importing.toml import MappingError
from transactions.models import Entry, Transaction
from transactions.proof import run_proof
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db

State = Import.State
PAID = ["Voucher", "Date", "Payee", "Paid in", "Paid out"]
TWO_AMOUNTS = (
    MAPPING.replace('amount = ["Amount"]', 'amount = ["Paid in"]\nout = ["Paid out"]')
    .replace('currency = "GBP"', 'currency = "GBP"\nless = "out"')
    .replace('"Department"', '"Area"')
)


def checked(import_: Import) -> Checked:
    found = Checked.of(import_)
    assert found
    return found


def counts(import_: Import) -> tuple[int, int, int, int]:
    """Rows read, posted, already there and refused."""
    found = checked(import_)
    return found.read, found.posted, found.present, found.refused


def post(import_: Import) -> Import:
    """Import what was checked."""
    assert post_reviewed(import_, reviewed=checked(import_).outcome)
    import_.refresh_from_db()
    return import_


def figures(import_: Import) -> dict[str, tuple[str, str, str, bool]]:
    """Each balance that was shown: before, after, what moved, and whether it is new."""
    return {
        side.name: (side.balance.before, side.balance.after, "".join(side.moves), side.is_new)
        for side in checked(import_).sides
        if side.balance
    }


def everything() -> list[Any]:
    """The books, and what else an import makes."""
    return [*snapshot(), Identity.objects.count(), *ask("SELECT name FROM ledgers_ledger")]


def test_file_is_kept_as_it_came_under_its_digest() -> None:
    content = "Voucher;Betrag\r\nV1;1.234,50 \N{EURO SIGN}".encode("cp1252")

    kept = make_import(content=content, file_name="Auszug.csv")

    kept.refresh_from_db()
    assert bytes(kept.content) == content
    assert kept.digest == hashlib.sha256(content).hexdigest()
    assert (kept.byte_count, kept.file_name) == (len(content), "Auszug.csv")
    assert (kept.state, kept.mapping, kept.problem) == (State.NEW, "", "")
    assert Checked.of(kept) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty"),
        (b"x" * (BYTES_MAX + 1), "larger than 10 MB"),
        (b"PK\x03\x04 and so on", "This is a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", "This is a workbook"),
        (b"%PDF-1.7\n\x00\x01", "no table of text"),
        ("Voucher,Amount\nV1,5\n".encode("utf-16-le"), "no table of text"),
    ],
)
def test_what_cannot_be_a_table_of_text_is_not_kept(content: bytes, reason: str) -> None:
    with pytest.raises(ImportRefusedError, match=reason):
        make_import(content=content)

    assert not Import.objects.exists()


def test_file_of_exactly_the_largest_size_is_kept() -> None:
    assert make_import(content=b"x" * BYTES_MAX).byte_count == BYTES_MAX


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\ada\y.csv", "y.csv"),
        ("..\\..\\", "file.csv"),
        ("a\x00b\r\nc\x1b[31m.csv", "abc[31m.csv"),
        ("", "file.csv"),
        (".", "file.csv"),
        ("..", "file.csv"),
        (" .csv. ", "csv"),
        ("/", "file.csv"),
        ("\ud800.csv", "csv"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}vsc.exe.csv", "vsc.exe.csv"),
        ("\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}.csv", "\u05d0\u05d1.csv"),
        ("\N{GRINNING FACE}.csv", "\N{GRINNING FACE}.csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("x" * 300, "x" * 200),
        ("x." + "y" * 300, "x." + "y" * 198),
        ("\N{GRINNING FACE}" * 100 + ".csv", "\N{GRINNING FACE}" * 49 + ".csv"),
        ("bank statement (1).csv", "bank statement (1).csv"),
    ],
)
def test_name_of_a_file_is_plain_and_can_be_written_to_a_disk(sent: str, kept: str) -> None:
    import_ = make_checked(file_name=sent)

    assert import_.file_name == kept
    assert import_.state == State.CHECKED
    assert Transaction.objects.count() == 0


ROWS = [
    make_row("V1_1", amount="10.00", payee="Acme Ltd"),
    make_row("V2", amount="7.50", payee="Bolt"),
    make_row("V1_2", amount="-2.50", payee="Core"),
    make_row("V3", amount="nonsense"),
    make_row("V4", date="soon"),
    make_row("V5", amount="-4.00", payee="Bolt"),
    make_row("V6_1", amount="1.00"),
    make_row("V6_2", amount="one"),
]


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


def test_mapping_that_cannot_be_followed_changes_nothing() -> None:
    import_ = make_checked()
    kept = Import.objects.values().get()

    for broken in (
        "",
        "[amount",
        "x = 1",
        MAPPING.replace("{payee}", "{nobody}"),
        "a = " + "[" * 50_000,
        "a = " + "9" * 5_000,
        MAPPING + '[file]\nencodings = ["zlib"]',
        MAPPING + '[file]\nencodings = ["undefined"]',
        MAPPING + '[file]\nencodings = ["a\\u0000b"]',
        MAPPING.replace("formats", 'timezone = "America"\nformats'),
        MAPPING.replace("formats", f'timezone = "{"x" * 300}"\nformats'),
        MAPPING.replace("%d/%m/%Y", "%Y %Y"),
    ):
        with pytest.raises(MappingError):
            set_mapping(import_, mapping=broken, name="Broken")

    assert Import.objects.values().get() == kept


EURO = 'balance = "{euro}"'
FIXED = 'indicator = "@Treasury"'
OWNER = 'ledger = "Payees"\nowner = "{payee}"\nmay_go_below_zero = true'


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([('currency = "GBP"', 'currency = "XXQ"')], "there is no currency XXQ"),
        ([('ledger = "Payees"', 'ledger = "General ledger"')], "General Ledger holds indicators"),
        ([(FIXED, 'balance = "bln_nonsense"')], "There is no balance with the id bln_nonsense"),
        (
            [(FIXED, 'balance = "bln_0190a6a0-0000-7000-8000-000000000000"')],
            "There is no balance with the id bln_0190a6a0",
        ),
        ([(FIXED, EURO)], "is in EUR, not in GBP"),
        ([(FIXED, EURO), (OWNER, EURO)], "is in EUR, not in GBP"),
        ([('"Amount"', '"Sum"')], "payments.csv: no header for amount"),
        ([("[columns]", '[file]\nencodings = ["ascii"]\n[columns]')], "payments.csv: the text"),
    ],
)
def test_mapping_that_does_not_fit_these_books_or_this_file_says_why(
    changes: list[tuple[str, str]], reason: str
) -> None:
    mapping = MAPPING
    for old, new in changes:
        assert old in mapping
        mapping = mapping.replace(old, new)
    euro = make_balance(currency="EUR", floor_minor=None).key
    before = everything()

    import_ = make_checked([make_row(payee="Café")], mapping=mapping.replace("{euro}", euro))

    assert import_.state == State.NEW
    assert reason in import_.problem
    assert tempfile.gettempdir() not in import_.problem
    assert (import_.report, bytes(import_.refused_file)) == ({}, b"")
    assert everything() == before


def test_both_sides_on_one_balance_are_refused_line_by_line() -> None:
    only = f'balance = "{make_balance(floor_minor=None).key}"'

    import_ = make_checked(mapping=MAPPING.replace(FIXED, only).replace(OWNER, only))

    assert counts(import_) == (1, 0, 0, 1)


def test_header_that_is_no_text_is_told() -> None:
    import_ = make_checked(content="Voucher,Date,Amount,Payee,\0\nV1".encode("utf-16"))

    assert (import_.state, import_.problem) == (State.NEW, "payments.csv: the header is no text")


def test_message_about_a_file_without_end_is_short() -> None:
    import_ = make_checked(content=b"x," * 100_000)

    assert import_.state == State.NEW
    assert 0 < len(import_.problem) <= operations.PROBLEM_LENGTH_MAX


def test_what_nobody_foresaw_is_logged_and_leaves_the_file(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import_ = make_checked(ROWS)
    seen = checked(import_).outcome
    before = everything()

    def broken(*_args: Any, **_options: Any) -> None:
        raise ZeroDivisionError("nobody foresaw")

    monkeypatch.setattr(operations, "_leave", broken)
    with caplog.at_level(logging.ERROR):
        post_reviewed(import_, reviewed=seen)

    import_.refresh_from_db()
    assert everything() == before
    assert import_.state == State.NEW
    assert "Something went wrong, and nothing was imported" in import_.problem
    assert (import_.report, bytes(import_.refused_file)) == ({}, b"")
    assert "nobody foresaw" in caplog.text
    monkeypatch.undo()
    check_again(import_)
    import_.refresh_from_db()
    assert checked(import_).outcome == seen


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


def test_refused_rows_can_be_read_back_whatever_they_hold() -> None:
    odd = [
        *csv_of([make_row("V1", payee='a "quoted", one'), make_row("V2", amount="x\r\ny")])
        .decode()
        .splitlines(keepends=True),
        f'V3,15/01/2025,"{"stray " * 40_000}\r\n',
        "V4,15/01/2025,5,Acme,Parks,too,wide\r\n",
        "V5\r\n",
        "V6,15/01/2025,\0,Acme,\x1b[31m\r\n",
    ]

    import_ = make_checked(content=b"\xef\xbb\xbf" + "".join(odd).encode())

    rows = list_refused(import_)
    assert counts(import_)[3] == len(rows) == 5
    assert [row.cells[0][:2] for row in rows] == ["V2", "V3", "V4", "V5", "V6"]
    assert rows[0].cells[2] == "x\r\ny"
    assert rows[2].cells[-2:] == ("too", "wide")


def test_amounts_at_the_limit_are_refused_row_by_row() -> None:
    most = "9" * 36 + ".99"
    rows = [
        ["V1", "15/01/2025", "Acme", most, f"-{most}"],
        ["V2", "15/01/2025", "Acme", "5.00", ""],
    ]

    import_ = make_checked(content=csv_of(rows, headers=PAID), mapping=TWO_AMOUNTS)

    assert counts(import_) == (2, 1, 0, 1)


def test_rows_in_another_currency_than_a_balance_are_refused_alone() -> None:
    headers = ["Voucher", "Date", "Amount", "Payee", "Currency"]
    rows = [
        ["V1", "15/01/2025", "5", "Acme", "GBP"],
        ["V2", "15/01/2025", "5", "Acme", "JPY"],
    ]
    mapping = MAPPING.replace('currency = "GBP"', 'currency = "{currency}"').replace(
        'department = { headers = ["Department"]', 'currency = { headers = ["Currency"]'
    )
    mapping = mapping.replace('metadata = ["department"]', "")
    one, other = make_balance(floor_minor=None), make_balance(floor_minor=None)

    import_ = make_checked(
        content=csv_of(rows, headers=headers),
        mapping=mapping.replace(FIXED, f'balance = "{one.key}"').replace(
            OWNER, f'balance = "{other.key}"'
        ),
    )

    assert counts(import_) == (2, 1, 0, 1)
    assert list_refused(import_)[0].reason == "One of the balances does not exist."
