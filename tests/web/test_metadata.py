from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.test import RequestFactory

from web.forms import open_form
from web.metadata import (
    BYTES_MAX,
    DEPTH_MAX,
    MetadataEdit,
    MetadataEditField,
    MetadataField,
    check_metadata,
    parse_json_object,
    render_tree,
)


class NewForm(forms.Form):
    name = forms.CharField()
    metadata = MetadataField()


class EditForm(forms.Form):
    metadata = MetadataEditField()


def _data(*rows: tuple[str, str], json_text: str = "", shown: tuple[str, ...] = ()) -> QueryDict:
    pairs = [("name", "Suppliers"), ("metadata_json", json_text)]
    for key, value in rows:
        pairs += [("metadata_key", key), ("metadata_value", value)]
    pairs += [("metadata_shown", key) for key in shown]
    return QueryDict(urlencode(pairs))


def _errors(*rows: tuple[str, str], json_text: str = "") -> list[str]:
    errors = NewForm(_data(*rows, json_text=json_text)).errors
    return [str(error) for error in errors.get("metadata", [])]


def test_rows_and_json_become_one_dict() -> None:
    form = NewForm(_data(("region", "EU"), ("", ""), json_text='{"address": {"city": "Oslo"}}'))

    assert form.is_valid()
    assert form.cleaned_data["metadata"] == {"region": "EU", "address": {"city": "Oslo"}}


def test_no_metadata_is_an_empty_dict() -> None:
    form = NewForm(QueryDict("name=Suppliers"))

    assert form.is_valid()
    assert form.cleaned_data["metadata"] == {}


def test_keys_lose_outer_spaces_and_values_keep_theirs() -> None:
    form = NewForm(_data((" region ", " EU ")))

    assert form.is_valid()
    assert form.cleaned_data["metadata"] == {"region": " EU "}


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE x; --", "شركة النور", "\u202eabc", "a\nb"]
)
def test_hostile_and_foreign_text_is_kept_as_text(text: str) -> None:
    form = NewForm(_data(("note", text)))

    assert form.is_valid()
    assert form.cleaned_data["metadata"] == {"note": text}
    assert "<script>" not in str(form)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x7f", "\x85"])
def test_control_characters_are_refused_by_name(character: str) -> None:
    code = f"U+{ord(character):04X}"

    assert code in _errors(("note", f"a{character}b"))[0]
    assert code in _errors((f"a{character}b", "note"))[0]
    assert code in _errors(json_text=json.dumps({"a": [f"x{character}"]}))[0]


def test_lone_surrogate_in_json_is_refused() -> None:
    assert "U+D800" in _errors(json_text='{"a": "\\ud800"}')[0]


@pytest.mark.parametrize(
    ("rows", "json_text"),
    [
        ([("a", "1"), ("a", "2")], ""),
        ([("a", "1")], '{"a": 2}'),
        ([], '{"a": 1, "a": 2}'),
        ([], '{"b": {"a": 1, "a": 2}}'),
    ],
)
def test_key_given_twice_is_refused(rows: list[tuple[str, str]], json_text: str) -> None:
    assert _errors(*rows, json_text=json_text) == ["The key “a” is given twice."]


def test_value_without_key_is_refused() -> None:
    assert _errors(("", "EU")) == ["“EU” needs a key."]


def test_key_has_at_most_200_characters() -> None:
    assert not _errors(("k" * 200, "v"))
    assert "has 201" in _errors(("k" * 201, "v"))[0]


@pytest.mark.parametrize(
    "text", ["[1]", '"a"', "1", "{", '{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', "{'a': 1}"]
)
def test_json_that_is_no_storable_object_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_json_object(text)


def test_json_error_says_where() -> None:
    assert _errors(json_text='{"a": 1,\n "b" 2}') == [
        "This is not valid JSON: look at line 2, column 6."
    ]


def test_a_number_with_too_many_digits_is_refused() -> None:
    assert _errors(json_text='{"a": ' + "9" * 5000 + "}")


def test_a_megabyte_is_refused_quickly() -> None:
    too_big = ["Extra information may hold 64 KB; this is more."]

    assert _errors(("note", "x" * 1_000_000)) == too_big
    assert _errors(json_text='{"a": "' + "x" * 1_000_000 + '"}') == too_big


def test_64_kilobytes_are_counted_in_bytes_of_json() -> None:
    frame = len(json.dumps({"k": ""}))

    assert not check_metadata({"k": "x" * (BYTES_MAX - frame)})
    assert check_metadata({"k": "x" * (BYTES_MAX - frame + 1)})
    assert check_metadata({"k": "ø" * (BYTES_MAX // 2)})


def test_nesting_has_a_limit() -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for _ in range(levels - 1):
            value = {"a": value}
        return value

    assert not check_metadata(nested(DEPTH_MAX))
    assert check_metadata(nested(DEPTH_MAX + 1))
    assert _errors(json_text='{"a": ' + "[" * 50_000 + "]" * 50_000 + "}") == [
        "Extra information may nest 20 levels; this goes deeper."
    ]


def test_refused_form_keeps_what_was_typed() -> None:
    html = str(NewForm(_data(("", "EU"), ("k", "v"), json_text="{")))

    assert 'value="EU"' in html
    assert 'value="k"' in html
    assert ">{</textarea>" in html


def test_edit_form_shows_texts_as_rows_and_the_rest_as_json() -> None:
    html = str(EditForm(initial={"metadata": {"region": "EU", "limit": 5}}))

    assert 'name="metadata_value" value="EU"' in html
    assert "&quot;limit&quot;: 5" in html
    assert 'name="metadata_shown" value="limit"' in html


def test_edit_removes_what_was_shown_and_is_gone_and_nothing_else() -> None:
    form = EditForm(_data(("region", "NO"), shown=("region", "limit", "note")))

    assert form.is_valid()
    edit = form.cleaned_data["metadata"]
    assert edit == MetadataEdit({"region": "NO"}, frozenset({"limit", "note"}))


@pytest.mark.parametrize(
    ("action", "keys"), [({"metadata_add": "1"}, ["a", "b"]), ({"metadata_remove": "0"}, ["b"])]
)
def test_row_buttons_keep_all_input_and_judge_nothing(
    rf: RequestFactory, action: dict[str, str], keys: list[str]
) -> None:
    data = _data(("a", "1"), ("b", "2"), json_text="{").copy()
    data.update({"name": "", **action})

    form = open_form(rf.post("/", data.urlencode(), "application/x-www-form-urlencoded"), NewForm)

    assert not form.is_valid()
    assert not form.errors
    assert [key for key, _ in form["metadata"].value().rows] == keys
    assert ">{</textarea>" in str(form)


def test_value_beyond_the_last_key_is_not_lost() -> None:
    form = NewForm(QueryDict("name=A&metadata_key=a&metadata_value=1&metadata_value=2"))

    assert form.errors["metadata"] == ["“2” needs a key."]


@pytest.mark.parametrize("row", ["", "-1", "9", "x", "²", "9" * 9999])
def test_removing_a_row_that_is_not_there_removes_none(rf: RequestFactory, row: str) -> None:
    request = rf.post("/", {"metadata_key": "a", "metadata_value": "1", "metadata_remove": row})

    assert open_form(request, NewForm)["metadata"].value().rows == (("a", "1"),)


def test_address_prefills_fields_but_not_metadata(rf: RequestFactory) -> None:
    form = open_form(rf.get("/?name=Suppliers&metadata=x&metadata_key=k"), NewForm)

    assert 'value="Suppliers"' in str(form)
    assert form["metadata"].value().rows == ()


def test_tree_escapes_and_shows_every_level() -> None:
    html = render_tree({"<b>": {"list": ["<i>", 1, None, {}]}})

    assert "<bdi>&lt;b&gt;</bdi>" in html
    assert "<bdi>&lt;i&gt;</bdi>" in html
    assert "<code>null</code>" in html
    assert "empty" in html
