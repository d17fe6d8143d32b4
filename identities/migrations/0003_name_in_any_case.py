from __future__ import annotations

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("identities", "0002_metadata_history")]

    operations = [
        migrations.AddIndex(
            model_name="identity",
            index=models.Index(Lower("name"), "id", name="identity_name_any_case"),
        ),
    ]
