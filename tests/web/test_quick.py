from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.urls import NoReverseMatch
from django.utils.safestring import mark_safe
from django.utils.translation import override

from web.templatetags import quick


def render(text: str, **variables: Any) -> str:
    return Template("{% load i18n quick %}" + text).render(Context(variables))


def test_fixed_text_is_rendered_as_elsewhere() -> None:
    html = render(
        '{% fixed %}<a href="{% url "ledgers:list" %}">{% translate "Name" %}</a>{% endfixed %}'
    )

    assert html == '<a href="/ledgers/">Name</a>'


def test_fixed_text_knows_nothing_of_the_page() -> None:
    assert render("{% fixed %}[{{ name }}]{% endfixed %}", name="secret") == "[]"


def test_fixed_text_is_rendered_once_for_each_language() -> None:
    template = Template(
        "{% load i18n quick %}{% fixed %}{% get_current_language as it %}{{ it }}{% endfixed %}"
    )

    shown = []
    for language in ("en", "nb", "en"):
        with override(language):
            shown.append(template.render(Context()))

    assert shown == ["en", "nb", "en"]


def test_fixed_text_is_rendered_once_for_each_value_that_it_names() -> None:
    asked = []

    class Reader(str):
        def greeting(self) -> str:
            asked.append(str(self))
            return f"<{self}>"

    template = Template(
        "{% load quick %}{% fixed reader %}{{ reader.greeting }}{{ secret }}{% endfixed %}"
    )

    shown = [
        template.render(Context({"reader": Reader(name), "secret": "x"}))
        for name in ("Ada", "Bao", "Ada")
    ]

    assert shown == ["&lt;Ada&gt;", "&lt;Bao&gt;", "&lt;Ada&gt;"]
    assert asked == ["Ada", "Bao"]


def test_fixed_text_is_kept_for_a_limited_number_of_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quick, "VARIANTS_MAX", 2)
    template = Template("{% load quick %}{% fixed name %}{{ name }}{% endfixed %}")

    shown = [template.render(Context({"name": name})) for name in "abcab"]

    assert shown == list("abcab")
    kept = [len(node.texts) for node in template.nodelist if isinstance(node, quick.FixedNode)]
    assert kept == [1]


def test_fixed_text_of_a_name_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("{% fixed name %}{% endfixed %}")


def test_each_row_is_printed_with_its_fields() -> None:
    rows = [{"name": "Ada", "age": 36}, {"name": "Bao", "age": 7}]

    assert render("{% each rows %}{{ name }}={{ age }};{% endeach %}", rows=rows) == "Ada=36;Bao=7;"


def test_fields_are_escaped_unless_they_are_ready() -> None:
    rows = [{"text": "<b>'\"&", "tag": mark_safe("<br>")}]

    html = render("{% each rows %}{{ text }}{{ tag }}{% endeach %}", rows=rows)

    assert html == "&lt;b&gt;&#x27;&quot;&amp;<br>"
    assert html == render("{% for r in rows %}{{ r.text }}{{ r.tag }}{% endfor %}", rows=rows)


def test_field_decides_what_is_printed() -> None:
    rows = [{"a": "1", "b": ""}, {"a": "", "b": "1"}, {"a": "", "b": ""}]
    choice = "{% if a %}A{{ a }}{% elif b %}B{% if b %}!{% endif %}{% else %}none{% endif %},"

    assert render("{% each rows %}" + choice + "{% endeach %}", rows=rows) == "A1,B!,none,"


def test_other_tags_work_within_rows() -> None:
    html = render('{% each rows %}{% translate "Name" %}{% endeach %}', rows=[{}, {}])

    assert html == "NameName"


@pytest.mark.parametrize(
    "body",
    [
        "{{ row.name }}",
        "{{ name|upper }}",
        "{% if a == b %}{% endif %}",
        "{% if not a %}{% endif %}",
    ],
)
def test_more_than_names_is_refused(body: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="names of fields only"):
        render("{% each rows %}" + body + "{% endeach %}", rows=[])


def test_field_that_the_rows_lack_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("{% each rows %}{{ nome }}{% endeach %}", rows=[{"name": "Ada"}])


def test_address_by_texts_is_that_of_its_page() -> None:
    html = render("{% url 'exports:file' table kind %}", table="entries", kind="csv")

    assert html == render("{% url 'exports:file' 'entries' 'csv' %}") == "/entries/export.csv"
    with pytest.raises(NoReverseMatch):
        render("{% url 'exports:file' table kind %}", table="a/b", kind="csv")


def test_constant_template_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = "{% include 'components/_empty.html' with heading=name %}"
    template = Template("{% load quick %}" + shell)
    first = template.render(Context({"name": "Ada"}))
    monkeypatch.setattr(template.engine, "find_template", None)

    second = template.render(Context({"name": "<Bao>"}))

    assert "<h2>Ada</h2>" in first
    assert "<h2>&lt;Bao&gt;</h2>" in second


def test_a_row_is_printed_in_the_language_of_each_reader() -> None:
    template = Template(
        "{% load i18n quick %}{% each rows %}{{ name }}"
        "{% fixed %}{% get_current_language as it %}{{ it }}{% endfixed %}{% endeach %}"
    )

    shown = []
    for language in ("en", "nb", "en"):
        with override(language):
            shown.append(template.render(Context({"rows": [{"name": "Ada "}]})))

    assert shown == ["Ada en", "Ada nb", "Ada en"]


def test_a_text_like_a_ready_row_that_was_printed_before_is_escaped() -> None:
    template = Template("{% load quick %}{% each rows %}{{ name }}{% endeach %}")

    shown = [
        template.render(Context({"rows": [{"name": name}]}))
        for name in (mark_safe("<b>"), "<b>", mark_safe("<b>"))
    ]

    assert shown == ["<b>", "&lt;b&gt;", "<b>"]


def test_a_row_knows_nothing_of_the_page_around_it() -> None:
    with pytest.raises(TemplateSyntaxError):
        render("{% each rows %}{% firstof secret %}{% endeach %}", rows=[{}], secret="x")


def test_template_named_by_a_variable_is_looked_up_each_time() -> None:
    template = Template("{% load quick %}{% include name %}")

    shown = [
        template.render(Context({"name": name, "heading": "Ada", "tag": ""}))
        for name in ("components/_empty.html", "components/_messages.html")
    ]

    assert "<h2>Ada</h2>" in shown[0]
    assert 'id="messages"' in shown[1]


def test_included_template_may_see_no_more_than_it_is_given() -> None:
    include = "{% include 'components/_empty.html' with text='none' only %}"

    assert "<h2></h2>" in render(include, heading="secret")
