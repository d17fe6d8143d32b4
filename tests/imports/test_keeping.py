"""A file that is brought is kept as it came, if it can be a table of text at all."""

from __future__ import annotations

import hashlib

import pytest

from imports.checking import Checked
from imports.models import Import
from imports.operations import (
    BYTES_MAX,
    ImportRefusedError,
)
from tests.imports.files import make_checked, make_import
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

State = Import.State


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
