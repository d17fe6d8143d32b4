"""The pages of an import: what they say, what they offer to whom, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from imports.jobs import go_on_with
from imports.models import Import
from imports.operations import AT_ONCE_BYTES_MAX, BYTES_MAX, post_reviewed
from tests.factories import make_client, make_user
from tests.imports.files import MAPPING, csv_of, make_checked, make_import, make_rows
from tests.pages import (
    HTMX,
    SCRIPT,
    count_queries,
    hidden_value,
    is_whole_page,
    links_of,
    rows_of,
    text_of,
)
from tests.transactions.imports import make_row
from transactions.models import Transaction
from users.models import NumberFormat, Role, User

NEW = "/imports/new/"
RIGHT_TO_LEFT = "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}.csv"
IMAGE = "<img src=x onerror=alert(1)>"
BAD_ROW = make_row("V9", amount="ten")


@pytest.fixture
def user(db: None) -> User:
    return make_user(username="ada")


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


def make_posted(**options: Any) -> Import:
    import_ = make_checked(**options)
    assert post_reviewed(import_, reviewed=import_.report["outcome"])
    import_.refresh_from_db()
    assert import_.is_posted
    return import_


def bring(client: Client, content: bytes = b"", *, name: str = "payments.csv", **more: Any) -> Any:
    """Send the form of a new import."""
    file = SimpleUploadedFile(name, content or csv_of([make_row()]), "text/csv")
    return client.post(NEW, {"file": file, "reading": "columns", **more})


def mapping_file(text: str | bytes = MAPPING, *, name: str = "Payments.toml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def facts_of(response: Any) -> dict[str, str]:
    """The figures above, by what they are of."""
    found = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", response.content.decode())
    return {name: re.sub("<[^>]*>", "", value) for name, value in found}


# The list.


def test_an_empty_list_says_what_can_be_imported_and_leads_there(clerk: Client) -> None:
    page = clerk.get("/imports/")

    assert "the statement of a bank" in text_of(page)
    assert "Nothing is posted until you say so" in text_of(page)
    assert NEW in re.findall(r'class="btn primary" href="([^"]*)"', page.content.decode())


def test_the_list_shows_what_everybody_imported_the_newest_first(clerk: Client) -> None:
    make_import(file_name="old.csv", user=make_user(username="bob"))
    make_checked(file_name="checked.csv", user=make_user(username="joe"))
    make_posted(rows=[*make_rows(3), BAD_ROW], file_name="new.csv", user=make_user(username="eve"))

    page = clerk.get("/imports/")

    cells = [[*row[:6]] for row in rows_of(page)[1:]]
    assert cells == [
        ["new.csv", "Payments", "Imported", "4", "3", "eve"],
        ["checked.csv", "Payments", "Checked", "1", "", "joe"],
        ["old.csv", "–", "Not checked", "", "", "bob"],
    ]


def test_the_list_goes_on_on_further_pages(clerk: Client, user: User) -> None:
    for number in range(21):
        make_import(file_name=f"file-{number}.csv", user=user)

    first = clerk.get("/imports/")
    further = next(link for link in links_of(first) if "cursor=" in link)

    assert len(rows_of(first)) == 21
    assert [row[0] for row in rows_of(clerk.get(further))[1:]] == ["file-0.csv"]


def test_the_list_costs_the_same_for_many_and_reads_no_file(clerk: Client, user: User) -> None:
    make_posted(user=user)
    few = count_queries(clerk, "/imports/")
    for number in range(5):
        make_checked(make_rows(2, payees=number + 1), user=make_user())

    assert count_queries(clerk, "/imports/") == few == 1


# A new one.


def test_a_file_whose_columns_are_to_be_chosen_leads_to_them(clerk: Client, user: User) -> None:
    response = bring(clerk, b"Date,Amount\n1/2/2025,3\n")

    import_ = Import.objects.get()
    assert response["Location"] == f"/imports/{import_.public_id}/columns/"
    assert (import_.user, import_.file_name) == (user, "payments.csv")
    assert bytes(import_.content) == b"Date,Amount\n1/2/2025,3\n"


def test_a_file_comes_with_its_mapping_and_is_checked_at_once(clerk: Client) -> None:
    response = bring(clerk, reading="mapping", mapping_file=mapping_file())

    import_ = Import.objects.get()
    assert response["Location"] == import_.get_absolute_url()
    assert (import_.state, import_.name) == ("CHECKED", "Payments")


def test_a_file_is_read_as_the_newest_of_its_kind_was(clerk: Client) -> None:
    make_posted(rows=[make_row("V1")])
    newest = make_posted(rows=[make_row("V2")], mapping=MAPPING.replace("test-", "later-"))
    assert text_of(clerk.get(NEW)).count("As “Payments” before") == 1

    bring(clerk, csv_of([make_row("V3")]), reading=str(newest.public_id))

    import_ = Import.objects.latest("pk")
    assert (import_.state, import_.name) == ("CHECKED", "Payments")
    assert "later-{voucher}" in import_.mapping


def test_kinds_are_offered_only_of_what_was_imported(clerk: Client) -> None:
    make_checked()

    assert "before" not in re.findall(r"As “.*?”", text_of(clerk.get(NEW)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04 and so on", "This is a workbook. Save its sheet as CSV, and choose that."),
        (b"x" * (BYTES_MAX + 1), "The file is larger than 10 MB."),
    ],
    ids=["workbook", "too large"],
)
def test_a_file_that_is_none_is_refused_at_its_field(
    clerk: Client, content: bytes, told: str
) -> None:
    response = bring(clerk, content)

    assert response.status_code == 422
    assert told in response.context["form"].errors["file"][0]
    assert not Import.objects.exists()


def test_an_empty_file_or_none_is_refused_at_its_field(clerk: Client) -> None:
    empty = clerk.post(NEW, {"file": SimpleUploadedFile("a.csv", b""), "reading": "columns"})
    none = clerk.post(NEW, {"reading": "columns"})

    assert empty.context["form"].errors["file"] == ["The file is empty."]
    assert none.context["form"].errors["file"] == ["This field is required."]
    assert (empty.status_code, none.status_code) == (422, 422)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[columns", "Expected"),
        ("", "columns"),
        (b"\xff\xfe", "This file is not text in UTF-8."),
        ("#" * 100_001, "This file is too long for a mapping."),
    ],
    ids=["no TOML", "empty", "no text", "too long"],
)
def test_a_mapping_that_cannot_be_followed_is_refused_at_its_field(
    clerk: Client, text: str | bytes, told: str
) -> None:
    response = bring(clerk, reading="mapping", mapping_file=mapping_file(text))

    assert response.status_code == 422
    assert told in response.context["form"].errors["mapping_file"][0]
    assert not Import.objects.exists()


def test_the_mapping_file_is_asked_for_where_it_is_to_be_read_by_one(clerk: Client) -> None:
    response = bring(clerk, reading="mapping")

    assert response.context["form"].errors["mapping_file"] == ["This field is required."]


def test_a_way_to_read_it_that_is_not_offered_is_refused(clerk: Client) -> None:
    response = bring(clerk, reading=str(make_checked().public_id))

    assert response.status_code == 422
    assert "reading" in response.context["form"].errors


def test_the_form_costs_the_same_however_much_was_imported(clerk: Client) -> None:
    make_posted(rows=[make_row("V0")])
    before = count_queries(clerk, NEW)
    for number in range(1, 4):
        make_posted(rows=[make_row(f"V{number}")])

    assert count_queries(clerk, NEW) == before == 1


def test_that_the_same_file_was_imported_is_said_with_who_and_a_link(
    clerk: Client, user: User
) -> None:
    twin = make_posted(user=make_user(username="bob"))
    import_ = make_checked(user=user)

    for path in ("", "columns/", "mapping/"):
        page = clerk.get(f"{import_.get_absolute_url()}{path}")
        assert "This very file was imported before, by bob" in text_of(page)
        assert twin.get_absolute_url() in links_of(page)
    assert "imported before" not in text_of(clerk.get(twin.get_absolute_url()))


# How it is read.


def test_the_columns_are_chosen_beside_the_first_rows(clerk: Client, user: User) -> None:
    import_ = make_import(make_rows(30), user=user)

    rows = rows_of(clerk.get(f"{import_.get_absolute_url()}columns/"))

    assert rows[0] == ["Voucher", "Date", "Amount", "Payee", "Department"]
    assert [row[0] for row in rows[1:]] == [f"V{number}" for number in range(1, 9)]


def test_a_file_that_is_no_table_says_so_and_offers_other_ways(clerk: Client, user: User) -> None:
    import_ = make_import(content=b"Dear all,\nplease pay.\n", user=user)

    page = clerk.get(f"{import_.get_absolute_url()}columns/")

    assert 'role="alert"' in page.content.decode()
    assert {NEW, f"{import_.get_absolute_url()}mapping/"} <= set(links_of(page))


def test_a_mapping_is_written_as_text_and_the_file_checked(clerk: Client, user: User) -> None:
    import_ = make_import(user=user)
    address = f"{import_.get_absolute_url()}mapping/"

    response = clerk.post(address, {"name": "Payments", "mapping": MAPPING})

    import_.refresh_from_db()
    assert response["Location"] == import_.get_absolute_url()
    assert (import_.state, import_.name) == ("CHECKED", "Payments")
    assert "description = &quot;{payee}&quot;" in clerk.get(address).content.decode()


def test_a_mapping_that_is_wrong_is_said_at_its_field_and_kept_as_typed(
    clerk: Client, user: User
) -> None:
    import_ = make_checked(user=user)
    wrong = MAPPING.replace('negative = "swap"', 'negative = "turn"')

    response = clerk.post(
        f"{import_.get_absolute_url()}mapping/", {"name": "Payments", "mapping": wrong}
    )

    assert response.status_code == 422
    assert "negative" in response.context["form"].errors["mapping"][0]
    assert "negative = &quot;turn&quot;" in response.content.decode()
    import_.refresh_from_db()
    assert (import_.state, import_.mapping) == ("CHECKED", MAPPING)


@pytest.mark.parametrize("path", ["columns/", "mapping/"])
def test_how_it_is_read_is_settled_once_it_is_imported(
    clerk: Client, user: User, path: str
) -> None:
    import_ = make_posted(user=user)
    address = f"{import_.get_absolute_url()}{path}"

    assert clerk.get(address)["Location"] == import_.get_absolute_url()
    assert clerk.post(address, {"name": "x", "mapping": "y"}).status_code == 302


# What it comes to.


def test_the_check_says_what_becomes_of_each_row_and_of_the_balances(
    clerk: Client, user: User
) -> None:
    make_posted(rows=[make_row("V1", payee="Bea")])
    rows = [make_row("V1", payee="Bea"), make_row("V2", payee="Bea"), make_row("V3"), BAD_ROW]
    page = clerk.get(make_checked(rows, user=user).get_absolute_url())

    facts = facts_of(page)
    assert facts["Rows in the file"] == "4"
    assert facts["Would be posted"] == "2"
    assert facts["Already there"] == "1"
    assert facts["Refused"] == "1"
    assert facts["Transactions"] == "2"
    assert facts["New balances"] == "1"
    assert facts["Sum, with what is there"] == "30.00 GBP"
    moved = {row[0].split(" ")[0]: (row[1], row[3]) for row in rows_of(page) if len(row) == 4}
    assert moved["Bea"] == ("10.00", "20.00")
    assert "One row is refused, and stays out." in text_of(page)
    assert "Import 2 transactions" in text_of(page)


def test_whoever_looks_sees_the_figures_as_they_write_numbers(user: User) -> None:
    comma = make_user(number_format=NumberFormat.COMMA)
    address = make_checked([make_row(amount="1234.50")], user=comma).get_absolute_url()
    make_client(user=comma).post(f"{address}check/")

    for reader, amount in ((user, "1,234.50"), (comma, "1.234,50")):
        page = make_client(user=reader).get(address)
        assert facts_of(page)["Sum, with what is there"] == f"{amount} GBP"
        assert [row[3] for row in rows_of(page) if len(row) == 4][1:] == [amount, f"−{amount}"]
        assert f"credited {amount}" in text_of(page)


def test_balances_in_several_currencies_say_which(clerk: Client, user: User) -> None:
    mapping = MAPPING.replace('currency = "GBP"', 'currency = "{department}"')
    rows = [make_row("V1", department="GBP"), make_row("V2", department="EUR")]

    page = clerk.get(make_checked(rows, mapping=mapping, user=user).get_absolute_url())

    assert {"credited 10.00 GBP", "credited 10.00 EUR"} <= set(
        re.findall(r"credited 10.00 \w+", text_of(page))
    )


def test_refused_rows_are_shown_with_line_and_reason_and_are_all_in_their_file(
    clerk: Client, user: User
) -> None:
    bad = [make_row(f"B{number}", amount="ten", payee=SCRIPT) for number in range(120)]
    import_ = make_checked([make_row("V1"), *bad], user=user)

    page = clerk.get(import_.get_absolute_url())
    file = clerk.get(f"{import_.get_absolute_url()}refused.csv")

    shown = [row for row in rows_of(page) if len(row) == 3][1:]
    assert len(shown) == 100
    assert shown[0][0] == "3"
    assert "ten" in shown[0][1]
    assert SCRIPT not in page.content.decode()
    assert SCRIPT in shown[0][2]
    assert "These are the first 100; the file has all of them." in text_of(page)
    assert len(file.content.decode().splitlines()) == 121
    assert file["Content-Type"] == "text/csv"
    assert file["Content-Disposition"] == 'attachment; filename="payments.refused.csv"'


def test_columns_of_which_nothing_is_made_are_named(clerk: Client, user: User) -> None:
    headers = ["Voucher", "Date", "Amount", "Payee", "Department", "Colour", "Mood"]
    import_ = make_checked(content=csv_of([[*make_row(), "", ""]], headers=headers), user=user)

    assert "Columns that are not used: Colour, Mood" in text_of(
        clerk.get(import_.get_absolute_url())
    )


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "The file has no rows below its header"),
        ([make_row("V1")], "All of it is in the books already"),
        ([BAD_ROW], "Every row is refused"),
        ([make_row("V1"), BAD_ROW], "What is not refused is in the books already"),
    ],
    ids=["no rows", "there", "refused", "both"],
)
def test_where_nothing_would_be_posted_the_page_says_why(
    clerk: Client, user: User, rows: list[list[str]], told: str
) -> None:
    make_posted(rows=[make_row("V1")])
    import_ = make_checked(rows, user=user)

    page = clerk.get(import_.get_absolute_url())

    assert told in text_of(page)
    assert "Control+Enter" not in page.content.decode()


def test_what_was_checked_is_imported_once_however_often_it_is_sent(
    clerk: Client, user: User
) -> None:
    import_ = make_checked(make_rows(3), user=user)
    reviewed = hidden_value(clerk.get(import_.get_absolute_url()), "reviewed")

    for _click in range(2):
        answer = clerk.post(f"{import_.get_absolute_url()}post/", {"reviewed": reviewed})
        assert answer["Location"] == import_.get_absolute_url()

    page = clerk.get(import_.get_absolute_url())
    assert facts_of(page)["Posted"] == "3"
    assert "checked again" not in text_of(page)
    assert Transaction.objects.filter(batch_id=import_.public_id).count() == 3


def test_another_check_than_the_one_that_was_seen_imports_nothing(
    clerk: Client, user: User
) -> None:
    import_ = make_checked(user=user)

    page = clerk.post(f"{import_.get_absolute_url()}post/", {"reviewed": "old"}, follow=True)

    assert "Nothing was imported: look at it again." in text_of(page)
    assert not Transaction.objects.filter(batch_id=import_.public_id).exists()


def test_books_that_changed_since_the_check_are_told_and_nothing_is_imported(
    clerk: Client, user: User
) -> None:
    import_ = make_checked(make_rows(2), user=user)
    reviewed = hidden_value(clerk.get(import_.get_absolute_url()), "reviewed")
    make_posted(rows=make_rows(1))

    page = clerk.post(f"{import_.get_absolute_url()}post/", {"reviewed": reviewed}, follow=True)

    assert "this is what would happen now" in text_of(page)
    assert 'role="alert"' in page.content.decode()
    assert facts_of(page)["Already there"] == "1"
    assert not Transaction.objects.filter(batch_id=import_.public_id).exists()


def test_an_import_leads_to_as_many_transactions_as_it_says_and_to_reversing_them(
    clerk: Client,
) -> None:
    import_ = make_posted(rows=make_rows(4))

    page = clerk.get(import_.get_absolute_url())

    assert facts_of(page)["Transactions"] == "4"
    table = next(link for link in links_of(page) if link.startswith("/transactions/?where="))
    assert len(re.findall("<tr[^>]* data-row", clerk.get(table).content.decode())) == 4
    reverse = next(link for link in links_of(page) if link.endswith("/reverse-batch/"))
    assert "4 transactions" in text_of(clerk.get(reverse))


def test_it_is_checked_again_against_the_books_as_they_are(clerk: Client, user: User) -> None:
    import_ = make_checked(make_rows(2), user=user)
    make_posted(rows=make_rows(1))

    page = clerk.post(f"{import_.get_absolute_url()}check/", follow=True)

    assert facts_of(page)["Would be posted"] == "1"
    assert facts_of(page)["Already there"] == "1"


def test_a_file_is_discarded_and_one_that_is_imported_stays(clerk: Client, user: User) -> None:
    waiting, posted = make_checked(make_rows(2), user=user), make_posted(user=user)

    gone = clerk.post(f"{waiting.get_absolute_url()}discard/", follow=True)
    kept = clerk.post(f"{posted.get_absolute_url()}discard/", follow=True)

    assert "payments.csv discarded." in text_of(gone)
    assert "This file is being worked on, or imported already." in text_of(kept)
    assert list(Import.objects.all()) == [posted]


def test_a_file_that_cannot_be_read_so_says_why_and_how_to_go_on(clerk: Client, user: User) -> None:
    import_ = make_checked(content=b"When,What\n1,2\n", user=user)

    page = clerk.get(import_.get_absolute_url())

    assert "payments.csv: no header for voucher" in text_of(page)
    assert 'role="alert"' in page.content.decode()
    assert f"{import_.get_absolute_url()}mapping/" in links_of(page)


def test_a_large_file_is_followed_while_the_worker_is_at_it(clerk: Client, user: User) -> None:
    headers = ["Voucher", "Date", "Amount", "Payee", "Department", "Remark"]
    rows = [[*row, "x" * (AT_ONCE_BYTES_MAX // 8)] for row in make_rows(9)]
    import_ = make_checked(content=csv_of(rows, headers=headers), user=user)
    address = import_.get_absolute_url()

    page, part = clerk.get(address), clerk.get(address, headers=HTMX)

    assert "It is being checked" in text_of(page)
    assert 'hx-trigger="every 1s"' in part.content.decode()
    assert not is_whole_page(part)
    assert "Discard" not in text_of(page)
    go_on_with(import_.pk)
    part = clerk.get(address, headers=HTMX)
    assert 'hx-trigger="never"' in part.content.decode()
    assert "Import 9 transactions" in text_of(part)


def test_the_page_costs_the_same_however_large_the_file_is(clerk: Client, user: User) -> None:
    small = make_checked([make_row("V0"), BAD_ROW], user=user)
    large = make_checked([*make_rows(200), *[BAD_ROW] * 50], user=user)
    posted = make_posted(rows=make_rows(20), user=user)

    assert count_queries(clerk, small.get_absolute_url()) == 3
    assert count_queries(clerk, large.get_absolute_url()) == 3
    assert count_queries(clerk, posted.get_absolute_url()) == 2


# Files.


def test_the_file_is_given_back_as_it_came(clerk: Client) -> None:
    content = "Naïve,=1+1\n".encode("cp1252")
    import_ = make_import(content=content, file_name=f"{SCRIPT}.csv")

    file = clerk.get(f"{import_.get_absolute_url()}file.csv")

    assert file.content == content
    assert file["Content-Type"] == "text/csv"
    assert file["Content-Disposition"].startswith("attachment;")
    assert file["X-Content-Type-Options"] == "nosniff"


def test_a_name_in_another_script_is_kept(clerk: Client) -> None:
    import_ = make_import(file_name=RIGHT_TO_LEFT)

    file = clerk.get(f"{import_.get_absolute_url()}file.csv")

    assert file["Content-Disposition"] == "attachment; filename*=utf-8''%D7%90%D7%91.csv"
    assert f"<bdi>{RIGHT_TO_LEFT}</bdi>" in clerk.get(import_.get_absolute_url()).content.decode()


def test_there_is_no_file_of_refused_rows_where_none_is_refused(clerk: Client) -> None:
    assert clerk.get(f"{make_checked().get_absolute_url()}refused.csv").status_code == 404


@pytest.mark.parametrize("path", ["", "columns/", "mapping/", "refused.csv", "file.csv"])
def test_there_is_no_page_of_an_import_that_is_not_there(clerk: Client, path: str) -> None:
    address = "/imports/00000000-0000-0000-0000-000000000000/"

    assert clerk.get(f"{address}{path}").status_code == 404


# Who.


def test_texts_of_a_file_are_text(clerk: Client, user: User) -> None:
    content = csv_of(
        [make_row(payee=SCRIPT)], headers=["Voucher", "Date", "Amount", "Payee", SCRIPT]
    )
    import_ = make_checked(content=content, file_name=f"{IMAGE}.csv", user=user)

    for address in ("/imports/", import_.get_absolute_url()):
        page = clerk.get(address)
        assert IMAGE in text_of(page)
        assert IMAGE not in page.content.decode()
        assert SCRIPT not in page.content.decode()
    for path in ("columns/", "mapping/"):
        html = clerk.get(f"{import_.get_absolute_url()}{path}").content.decode()
        assert SCRIPT not in html
        assert IMAGE not in html


@pytest.mark.parametrize("action", ["check", "post", "discard", "columns", "mapping"])
def test_only_who_brought_a_file_goes_on_with_it(clerk: Client, action: str) -> None:
    import_ = make_checked(user=make_user(username="bob"))
    address = import_.get_absolute_url()

    answer = clerk.post(f"{address}{action}/", {"reviewed": import_.report["outcome"]})
    page = clerk.get(address)

    assert answer.status_code == 403
    assert "Only bob can do this" in text_of(answer)
    assert "Only bob, who brought this file, can go on with it" in text_of(page)
    assert 'class="btn primary"' not in page.content.decode().partition("<main")[2]
    assert Import.objects.get().state == "CHECKED"


def test_a_reader_sees_all_and_is_offered_nothing(db: None) -> None:
    import_ = make_checked([make_row(), BAD_ROW], user=make_user(username="bob"))
    reading = make_client(user=make_user(role=Role.READER))

    pages = [reading.get(address) for address in ("/imports/", import_.get_absolute_url())]

    assert "payments.csv" in text_of(pages[0])
    assert facts_of(pages[1])["Would be posted"] == "1"
    for page in pages:
        main = page.content.decode().partition("<main")[2].partition("</main>")[0]
        assert "/new/" not in main
        assert "<button" not in main.replace("<button type", "")
        assert "can go on with it" not in main
    assert reading.get(f"{import_.get_absolute_url()}file.csv").status_code == 200
    assert reading.get(NEW).status_code == 403


def test_a_reader_of_an_empty_list_is_offered_no_button(db: None) -> None:
    reading = make_client(user=make_user(role=Role.READER))

    assert NEW not in links_of(reading.get("/imports/"))


def test_imports_are_found_where_transactions_are_made(clerk: Client) -> None:
    assert NEW in links_of(clerk.get("/transactions/"))
    box = clerk.get("/search/box/", {"q": "import"}).content.decode()
    assert f'href="{NEW}"' in box
    assert 'href="/imports/"' in box


def test_file_and_actions_need_a_person(db: None) -> None:
    import_ = make_checked()

    for path in ("", "file.csv", "refused.csv"):
        answer = Client().get(f"{import_.get_absolute_url()}{path}")
        assert answer["Location"].startswith("/login/")
