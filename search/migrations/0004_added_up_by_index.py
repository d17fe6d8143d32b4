from __future__ import annotations

from django.db import migrations, models

# Only of pages that a VACUUM has seen can an index speak alone: it comes for what was added, too.
VACUUM_SOONER = "ALTER TABLE search_document SET (autovacuum_vacuum_insert_scale_factor = 0.05)"
VACUUM_AS_USUAL = "ALTER TABLE search_document RESET (autovacuum_vacuum_insert_scale_factor)"


class Migration(migrations.Migration):
    dependencies = [("search", "0003_amounts_counted")]

    operations = [
        migrations.RemoveIndex(model_name="document", name="document_effective"),
        migrations.RemoveIndex(model_name="document", name="document_amount"),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                fields=["effective_at", "transaction"],
                include=("line", "kind", "currency", "amount"),
                name="document_effective",
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                fields=["amount", "transaction"],
                include=("line", "kind", "currency", "effective_at"),
                name="document_amount",
            ),
        ),
        migrations.RunSQL(VACUUM_SOONER, VACUUM_AS_USUAL),
    ]
