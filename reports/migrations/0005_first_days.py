from __future__ import annotations

from datetime import date

from django.db import migrations, models

FILL = """
UPDATE reports_ledgercurrency AS kept SET first_day = days.first_day
FROM (
    SELECT ledger_id, currency, min(day) AS first_day FROM reports_ledgerdaytotal
    GROUP BY ledger_id, currency
) AS days
WHERE (days.ledger_id, days.currency) = (kept.ledger_id, kept.currency)
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_currency_day_totals")]

    operations = [
        # Before the tables, as rolling does it: nobody rolls up meanwhile.
        migrations.RunSQL(
            "LOCK TABLE reports_rollmark IN ACCESS EXCLUSIVE MODE", migrations.RunSQL.noop
        ),
        migrations.AddField(
            model_name="ledgercurrency",
            name="first_day",
            field=models.DateField(default=date.min),
            preserve_default=False,
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
