from __future__ import annotations

from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_client
from tests.pages import links_of, rows_of, text_of
from tests.schedules.building import make_schedule


def test_overdue_schedules_are_told_as_their_table_does(own_database: OwnDatabase) -> None:
    clerk = make_client()
    kept = [
        make_schedule(source=make_balance(), destination=make_balance(), reference=reference)
        for reference in ("late", "in-time")
    ]
    with own_database.owner() as raw:
        raw.execute("ALTER TABLE schedules_schedule DISABLE TRIGGER USER")
        raw.execute(
            "UPDATE schedules_schedule SET due_at = now() - interval '1 hour' WHERE id = %s",
            [kept[0].pk],
        )
        raw.execute("ALTER TABLE schedules_schedule ENABLE TRIGGER USER")

    home = clerk.get("/")
    table = clerk.get(next(link for link in links_of(home) if "late:is:yes" in link))

    assert "1 scheduled transaction is overdue" in text_of(home)
    assert "1 transaction" in text_of(table)
    assert [row[1] for row in rows_of(table)[1:]] == ["late"]
