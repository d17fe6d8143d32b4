"""What the web hangs on a temporary table of its own runs inside a trigger, where guards rest."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.attacks.conftest import Attacker
from tests.books import mismatches

MINE = """
    CREATE TEMP TABLE mine (id int);
    CREATE FUNCTION pg_temp.run_mine() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {act};
        RETURN NULL;
    END $$;
    CREATE TRIGGER mine AFTER INSERT ON mine EXECUTE FUNCTION pg_temp.run_mine();
    INSERT INTO mine VALUES (1)"""
PAIR = "ARRAY[{source}, {target}]::bigint[]"
LEGS = f"NULL, 'mine', '', NULL, '{{{{}}}}', {PAIR}, ARRAY[-5, 5]::numeric[], NULL, 0"
OF = "(SELECT id FROM public.transactions_transaction WHERE reference = '{of}')"
CALLS = {
    "post": f"post({LEGS}, NULL)",
    "hold": f"hold({LEGS}, NULL)",
    "commit": f"settle('COMMIT', {OF}, NULL, 'mine', '', NULL, '{{{{}}}}', 2, NULL)",
    "reverse": f"undo('REVERSAL', {OF}, NULL, 'mine', '', NULL, '{{{{}}}}', NULL, NULL, 0)",
    "post a batch": f"post_staged({PAIR}, false, NULL, NULL)",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_nothing_is_posted_from_inside_a_trigger(app: Attacker, call: str) -> None:
    app.run(
        "SELECT transactions_hold(NULL, 'held', '', NULL, '{}', %s::bigint[],"
        " ARRAY[-5, 5]::numeric[], NULL, NULL, NULL)",
        [app.source, app.target],
    )
    app.run("SELECT transactions_stage()")
    app.run(
        "INSERT INTO pg_temp.posting_request"
        " (ord, reference, description, metadata, legs, amounts, overdraft)"
        " VALUES (1, 'mine', '', '{}', '{1,2}', '{-5,5}', 0)"
    )
    of = "held" if "settle" in call else "second"

    named = call.format(source=app.source, target=app.target, of=of)
    error = app.refused(MINE.format(act=f"PERFORM public.transactions_{named}"))

    assert isinstance(error, errors.TriggeredActionException)


def test_what_is_posted_straight_from_inside_a_trigger_is_posted_whole(app: Attacker) -> None:
    app.run(
        MINE.format(
            act="INSERT INTO public.transactions_straight_post"
            " (reference, description, metadata, first_id, second_id, amount)"
            f" VALUES ('mine', '', '{{}}', {app.source}, {app.target}, -5)"
        )
    )

    assert app.run("SELECT count(*) FROM transactions_entry WHERE amount_minor = 5") == [(2,)]
    assert mismatches(app.connection.cursor()) == {}
