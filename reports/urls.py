from __future__ import annotations

from django.urls import path

from reports import lookalike_views, trial_balance_views
from web.files import KINDS

app_name = "reports"

urlpatterns = [
    path("transactions/duplicates/", lookalike_views.lookalike_list, name="lookalikes"),
    path(
        "transactions/duplicates/<txn:public_id>/",
        lookalike_views.lookalike_dismiss,
        name="lookalike",
    ),
    path("trial-balance/", trial_balance_views.trial_balance, name="trial-balance"),
    *(
        path(
            f"trial-balance.{kind}",
            trial_balance_views.trial_balance_file,
            {"kind": kind},
            name=f"trial-balance-{kind}",
        )
        for kind in KINDS
    ),
]
