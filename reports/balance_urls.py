"""Part of the addresses under `/balances/`, included by `balances.urls`."""

from __future__ import annotations

from django.urls import path

from reports import (
    balance_list,
    balance_views,
    chart_views,
    flow_views,
    glance_views,
    statement_views,
)
from web.files import KINDS

urlpatterns = [
    path("", balance_list.balance_list, name="list"),
    path("<bln:public_id>/", balance_views.balance_detail, name="detail"),
    path("<bln:public_id>/chart/", chart_views.balance_chart, name="chart"),
    path("<bln:public_id>/closing/", balance_views.balance_close, name="close"),
    path("<bln:public_id>/flow/", flow_views.balance_flow, name="flow"),
    path("<bln:public_id>/quick/", glance_views.balance_quick, name="quick"),
    path("<bln:public_id>/statement/", statement_views.statement, name="statement"),
    *(
        path(
            f"<bln:public_id>/statement.{kind}",
            statement_views.statement_file,
            {"kind": kind},
            name=f"statement-{kind}",
        )
        for kind in KINDS
    ),
]
