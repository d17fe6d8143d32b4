"""`{% load formatting %}`: the functions of `web.formatting` as filters of the same names."""

from __future__ import annotations

from django import template

from web import formatting

register = template.Library()

for function in (
    formatting.format_date,
    formatting.format_datetime,
    formatting.format_datetime_full,
    formatting.format_count,
    formatting.format_number,
    formatting.format_since,
    formatting.time_tag,
    formatting.date_tag,
    formatting.since_tag,
):
    register.filter(function.__name__, function)
