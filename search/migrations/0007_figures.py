from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import F, Func

from web.sql import run_sql_beside


class Migration(migrations.Migration):
    dependencies = [("search", "0006_metadata_changes")]

    operations = [
        run_sql_beside(__file__),
        migrations.AddIndex(
            model_name="document",
            index=GinIndex(
                Func(F("text"), function="search_figures"),
                gin_pending_list_limit=1024,
                name="document_figures",
            ),
        ),
    ]
