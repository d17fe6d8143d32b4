from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_identity, make_user
from tests.pages import text_of
from web.tables.conditions import Condition, Conditions

URL = "/identities/"


@pytest.fixture
def clerk(client: Client, db: None) -> Client:
    client.force_login(make_user())
    return client


def shown(clerk: Client, where: list[str], **more: str) -> set[str]:
    html = clerk.get(URL, {"where": where, **more}).content.decode()
    return {name for name in ("Ann", "Bob", "Cleo", "Dora") if f"<bdi>{name}</bdi></a>" in html}


@pytest.fixture
def people(db: None) -> None:
    make_identity(
        name="Ann",
        kind="PERSON",
        email="ann@example.com",
        metadata={"region": "north", "bill": {"number": 7}},
    )
    make_identity(
        name="Bob", kind="PERSON", metadata={"region": "south", "tier": "2.5", "note": ""}
    )
    make_identity(name="Cleo", email="cleo@example.org", kind="ORGANIZATION")
    make_identity(
        name="Dora", kind="PERSON", metadata={"region": "north-west", "vip": True, "note": "a"}
    )


@given(
    st.lists(
        st.lists(
            st.builds(
                Condition,
                st.text(min_size=1).map(str.strip),
                st.sampled_from(["is", "one-of", "between", "contains"]),
                st.lists(st.text().map(str.strip), min_size=1, max_size=1).map(tuple),
            ),
            min_size=1,
        ).map(tuple),
        min_size=1,
    ).map(tuple),
    st.booleans(),
)
def test_what_is_written_is_read_again(
    groups: tuple[tuple[Condition, ...], ...], is_any: bool
) -> None:
    written = Conditions(groups, is_any and len(groups) > 1)
    query = QueryDict(mutable=True)
    for name, values in written.parameters().items():
        query.setlist(name, values)

    assert Conditions.read(QueryDict(query.urlencode())) == written


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("name:is:Ann", {"Ann"}),
        ("name:is-not:Ann", {"Bob", "Cleo", "Dora"}),
        ("name:one-of:Ann,Bob", {"Ann", "Bob"}),
        ("name:contains:O", {"Bob", "Cleo", "Dora"}),
        ("name:contains:%", set()),
        ("email:empty", {"Bob", "Dora"}),
        ("email:not-empty", {"Ann", "Cleo"}),
        ("kind:is:ORGANIZATION", {"Cleo"}),
        ("balances:is:0", {"Ann", "Bob", "Cleo", "Dora"}),
        ("balances:greater:0", set()),
        ("balances:is:0.5", set()),
        ("balances:one-of:0,7", {"Ann", "Bob", "Cleo", "Dora"}),
        ("balances:one-of:0.5,7,999999999999999999999999999999", set()),
        ("balances:is-not:0.5", {"Ann", "Bob", "Cleo", "Dora"}),
        ("created:is-not:today", set()),
        ("created:is-not:last-month", {"Ann", "Bob", "Cleo", "Dora"}),
        ("created:one-of:2020-01,today", {"Ann", "Bob", "Cleo", "Dora"}),
        ("created:one-of:2020-01,2021", set()),
        ("created:is:today", {"Ann", "Bob", "Cleo", "Dora"}),
        ("created:between:2020-01,last-month", set()),
        ("created:at-least:this-year", {"Ann", "Bob", "Cleo", "Dora"}),
        ("created:less:today", set()),
        ("metadata.region:is:north", {"Ann"}),
        ("metadata.region:contains:north", {"Ann", "Dora"}),
        ("metadata.region:is-not:north", {"Bob", "Cleo", "Dora"}),
        ("metadata.region:has-key", {"Ann", "Bob", "Dora"}),
        ("metadata.region:lacks-key", {"Cleo"}),
        ("metadata.note:has-key", {"Bob", "Dora"}),
        ("metadata.note:empty", {"Ann", "Bob", "Cleo"}),
        ("metadata.note:not-empty", {"Dora"}),
        ("metadata.vip:not-empty", {"Dora"}),
        ("metadata.bill.number:is:7", {"Ann"}),
        ("metadata.bill.number:at-least:7", {"Ann"}),
        ("metadata.tier:between:2,3", {"Bob"}),
        ("metadata.vip:is:true", {"Dora"}),
        ("name:is:Ann|name:is:Cleo", {"Ann", "Cleo"}),
    ],
)
def test_a_condition_shows_what_passes(
    clerk: Client, people: None, where: str, expected: set[str]
) -> None:
    assert shown(clerk, [where]) == expected


def test_groups_are_joined_by_and_their_conditions_by_or_or_the_other_way_round(
    clerk: Client, people: None
) -> None:
    groups = ["name:is:Ann|name:is:Bob", "email:not-empty|kind:is:ORGANIZATION"]

    assert shown(clerk, groups) == {"Ann"}
    assert shown(clerk, groups, match="any") == {"Cleo"}


@pytest.mark.parametrize(
    "where",
    [
        "nothing:is:1",
        "name:shouts:1",
        "name:greater:a",
        "name:is:",
        "name",
        "::",
        "balances:is:1,25",
        "balances:is:many",
        "created:is:2025-02-30",
        "created:between:2025-01-01",
        "kind:is:ROBOT",
        "metadata:is:1",
        "metadata..:is:1",
        "metadata.a:greater:x",
        "metadata.a:between:9,10,11",
        "metadata.a:between:10,9",
        "balances:between:10,9.5",
        "created:between:2015-09-30,2015-07-01",
        "name:is:a\0b",
        "|||",
        "name:is:" + "x" * 3000,
    ],
)
def test_a_filter_that_means_nothing_is_told_and_shows_nothing(
    clerk: Client, people: None, where: str
) -> None:
    response = clerk.get(URL, {"where": where})

    html = response.content.decode()
    assert response.status_code == 200
    assert "Nothing is shown until this filter is changed or removed." in html
    assert 'class="chip broken"' in html
    assert "<tbody>" not in html
    # Whether any would pass is not known.
    assert "Nothing was looked for" in html
    assert "passes these filters" not in html
    assert response.context["total"] == ""
    assert [tab.count for tab in response.context["tabs"].shown if tab.is_current] in ([], [""])


@pytest.mark.parametrize(
    "where",
    [
        "metadata.tier:between:2.5,2.5",
        "balances:between:0,0",
        "created:between:today,2000",
        "created:between:2000-05,2000-05-01",
    ],
)
def test_a_range_may_be_as_narrow_as_one_value_but_not_run_backwards(
    clerk: Client, people: None, where: str
) -> None:
    told = "the second value comes before the first." in text_of(clerk.get(URL, {"where": where}))

    assert told is where.startswith("created:between:today")


def test_each_chip_says_its_condition_and_takes_only_itself_away(
    clerk: Client, people: None
) -> None:
    html = clerk.get(URL, {"where": ["name:is:Ann|name:is:Bob", "email:empty"]}).content.decode()

    assert "<bdi>Name is “Ann”</bdi>" in html
    assert "<bdi>E-mail is empty</bdi>" in html
    assert f'href="{URL}?where=name:is:Bob&amp;where=email:empty:"' in html


def test_the_panel_keeps_what_stands_and_leads_to_the_table(clerk: Client, people: None) -> None:
    url = reverse("web:filters", args=["identities"])

    opened = clerk.get(f"{url}?where=name:is:Ann&sort=name").content.decode()
    applied = clerk.get(
        url,
        {
            "field-0": "name",
            "operator-0": "is",
            "value-0": "Ann",
            "joiner-1": "or",
            "field-1": "metadata",
            "path-1": "tier",
            "operator-1": "between",
            "value-1": "2",
            "upto-1": "3",
            "sort": "name",
            "do": "apply",
        },
    )

    assert 'name="sort" value="name"' in opened
    assert 'value="Ann"' in opened
    assert applied.status_code == 302
    expected = "name:is:Ann|metadata.tier:between:2,3"
    assert unquote(applied["Location"]) == f"{URL}?sort=name&where={expected}"


@pytest.mark.parametrize(
    ("typed", "address", "said"),
    [
        ("1.250", r"1\,250", "1.250 = 1250,00"),
        ("1,250", "1.250", "1,250 = 1,25"),
        ("1250,00", "1250.00", ""),
    ],
)
def test_the_panel_tells_how_it_reads_an_amount_with_two_readings(
    client: Client, db: None, typed: str, address: str, said: str
) -> None:
    client.force_login(make_user(number_format="comma"))
    url = reverse("web:filters", args=["transactions"])
    row = {"field-0": "amount", "operator-0": "at-least", "value-0": typed}

    refreshed = client.get(url, {**row, "do": "refresh"}).content.decode()
    applied = client.get(url, {**row, "do": "apply"})

    assert f'value="{typed}"' in refreshed
    assert (f'<p class="hint">{said}</p>' in refreshed) is bool(said)
    assert unquote(applied["Location"]) == f"/transactions/?where=amount:at-least:{address}"


def test_a_number_compared_with_extra_information_is_typed_as_each_person_writes_it(
    client: Client, people: None
) -> None:
    client.force_login(make_user(number_format="comma"))
    url = reverse("web:filters", args=["identities"])
    row = {"field-0": "metadata", "path-0": "tier", "operator-0": "is", "value-0": "2,5"}

    compared = client.get(url, {**row, "operator-0": "at-least", "do": "apply"})["Location"]

    assert unquote(compared) == "/identities/?where=metadata.tier:at-least:2.5"
    assert shown(client, ["metadata.tier:at-least:2.5"]) == {"Bob"}
    same = client.get(url, {**row, "do": "apply"})["Location"]
    assert unquote(same) == r"/identities/?where=metadata.tier:is:2\,5"


@pytest.mark.parametrize(
    ("numbers", "typed", "address"),
    [
        ("point", "1,250.50; 3", r"1\,250.50,3"),
        ("point", "7, 1,250.50;", r"7,1\,250.50"),
        ("comma", "2,5; 3", "2.5,3"),
        ("comma", "2,5, 3", "2.5,3"),
        ("space", "1 250,5;3", "1250.5,3"),
    ],
)
def test_the_panel_lists_numbers_that_have_commas_of_their_own(
    client: Client, db: None, numbers: str, typed: str, address: str
) -> None:
    client.force_login(make_user(number_format=numbers))
    url = reverse("web:filters", args=["transactions"])
    row = {"field-0": "amount", "operator-0": "one-of", "value-0": typed}

    applied = client.get(url, {**row, "do": "apply"})
    opened = client.get(f"{url}?{applied['Location'].partition('?')[2]}").content.decode()

    assert unquote(applied["Location"]) == f"/transactions/?where=amount:one-of:{address}"
    shown_again = re.search(r'<input id="value-0"[^>]* value="([^"]*)"', opened)
    assert shown_again
    assert len(shown_again[1].split("; ")) == 2
    assert "Values, with semicolons between" in opened
    again = client.get(url, {**row, "value-0": shown_again[1], "do": "apply"})
    assert again["Location"] == applied["Location"]


def test_the_panel_opens_with_a_row_that_is_not_yet_wrong(clerk: Client) -> None:
    response = clerk.get(reverse("web:filters", args=["identities"]))

    assert 'name="value-0"' in response.content.decode()
    assert "a value is missing" not in text_of(response)


def test_the_panel_says_at_the_row_what_is_wrong(clerk: Client) -> None:
    url = reverse("web:filters", args=["identities"])
    sent = {"field-0": "balances", "operator-0": "is", "value-0": "1,25", "do": "apply"}

    response = clerk.get(url, sent)

    assert response.status_code == 422
    assert "“1,25” is not a number such as 1,250.00." in response.content.decode()
