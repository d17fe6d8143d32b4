"""Each file is posted once, whoever acts at the same time and whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connection

from audit.models import AuditEvent
from imports.checking import Checked
from imports.models import Import
from imports.operations import (
    TURN,
    ImportRefusedError,
    check_again,
    discard,
    go_on,
    go_on_with_all,
    post_reviewed,
    set_mapping,
)
from tests.at_once import at_once
from tests.books import assert_sound, snapshot
from tests.conftest import OwnDatabase
from tests.factories import make_balance, post_transfer
from tests.imports.files import MAPPING, make_checked, make_import, make_rows
from tests.schedules.test_jobs import ask, work_once
from tests.setup.running import ROOT, wait_for
from tests.transactions.imports import balance_of, make_row, treasury
from transactions.errors import BusyError
from transactions.importing import running
from transactions.models import Transaction
from transactions.requests import Indicator

State = Import.State
LOCK = "SELECT FROM balances_balance WHERE id = %s FOR UPDATE"
WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock'"
)
JOBS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'imports.go_on'"
GO_ON = "import django; django.setup(); from imports.operations import go_on; go_on({pk})"


@pytest.fixture
def quick_to_give_up(own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> OwnDatabase:
    """Here nobody waits for a lock for long."""
    monkeypatch.setattr(running, "PAUSE_SECONDS", 0)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    return own_database


def outcome_of(import_: Import) -> str:
    checked = Checked.of(import_)
    assert checked
    return checked.outcome


def state_of(import_: Import) -> str:
    import_.refresh_from_db()
    return str(import_.state)


def posted(import_: Import) -> int:
    return Transaction.objects.filter(batch_id=import_.public_id).count()


def acts_on(import_: Import) -> dict[str, Callable[[], Any]]:
    """What people can press, each answering whether it was refused."""
    seen = outcome_of(import_)

    def unless_refused(act: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            try:
                return act()
            except ImportRefusedError:
                return "refused"

        return run

    return {
        "post": unless_refused(lambda: post_reviewed(import_, reviewed=seen)),
        "check": unless_refused(lambda: check_again(import_)),
        "map": unless_refused(lambda: set_mapping(import_, mapping=MAPPING, name="Again")),
        "discard": unless_refused(lambda: discard(import_)),
    }


def test_posting_twice_at_once_posts_once(own_database: OwnDatabase) -> None:
    import_ = make_checked(make_rows(50))
    press = acts_on(import_)["post"]

    answers = at_once([press] * 4)

    assert answers == [True] * 4
    assert state_of(import_) == State.POSTED
    assert posted(import_) == Transaction.objects.count() == 50
    assert AuditEvent.objects.filter(action="transactions.imported").count() == 1
    assert_sound()


@pytest.mark.parametrize("names", [("map", "map"), ("check", "check"), ("check", "map")])
def test_checking_twice_at_once_checks_and_changes_nothing(
    own_database: OwnDatabase, names: tuple[str, ...]
) -> None:
    import_ = make_checked(make_rows(50))
    before = snapshot()

    at_once([acts_on(import_)[name] for name in names])

    assert state_of(import_) == State.CHECKED
    assert snapshot() == before


@pytest.mark.parametrize(
    "names",
    [
        ("post", "check"),
        ("post", "map"),
        ("post", "discard"),
        ("check", "discard"),
        ("post", "check", "map", "discard"),
    ],
)
def test_whatever_is_pressed_at_once_is_done_wholly_or_not_at_all(
    own_database: OwnDatabase, names: tuple[str, ...]
) -> None:
    for turn in range(5):
        rows = [make_row(f"V{turn}-{number}") for number in range(20)]
        import_ = make_checked(rows)
        acts = acts_on(import_)

        at_once([acts[name] for name in names])
        go_on_with_all()

        kept = Import.objects.filter(pk=import_.pk).first()
        assert posted(import_) == (20 if kept and kept.is_posted else 0)
        assert kept is None or kept.state in (State.CHECKED, State.POSTED)
        assert kept is None or Checked.of(kept)
    assert_sound()


def test_files_with_the_same_rows_at_once_post_them_once(own_database: OwnDatabase) -> None:
    imports = [make_checked(make_rows(30)) for _copy in range(3)]

    at_once([acts_on(each)["post"] for each in imports])
    # Those that found another at it wait for the worker.
    for _turn in imports:
        go_on_with_all()

    states = [state_of(each) for each in imports]
    assert sorted(states) == [State.CHECKED, State.CHECKED, State.POSTED]
    assert Transaction.objects.count() == 30
    for each in imports:
        assert each.is_posted or "The books have changed" in each.problem
    assert_sound()


def test_other_postings_to_the_same_balances_go_on(
    own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than one batch, so that locks are taken out of order.
    monkeypatch.setattr(running, "FIRST_ROWS", 20)
    monkeypatch.setattr(running, "BATCH_ROWS", 20)
    post_and_forget = make_checked([make_row(f"O{n}", payee=f"Payee {n}") for n in range(10)])
    acts_on(post_and_forget)["post"]()
    import_ = make_checked(make_rows(200))
    payees = [balance_of(f"Payee {number}") for number in range(10)]

    def pay(first: int) -> Callable[[], int]:
        def run() -> int:
            done = 0
            for number in range(20):
                source, target = payees[(first + number) % 10], payees[(first - number - 1) % 10]
                if source != target:
                    with suppress(BusyError):
                        post_transfer(source=source, destination=target)
                        done += 1
            return done

        return run

    answers = at_once([acts_on(import_)["post"], pay(0), pay(5)])
    go_on_with_all()

    assert state_of(import_) == State.POSTED
    assert posted(import_) == 200
    assert Transaction.objects.count() == 210 + sum(answers[1:])
    assert_sound()


def test_busy_balance_leaves_the_posting_to_the_worker(quick_to_give_up: OwnDatabase) -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    import_ = make_checked(make_rows(5))

    with quick_to_give_up.owner() as holder:
        holder.execute(LOCK, [treasury().pk])
        assert post_reviewed(import_, reviewed=outcome_of(import_))
        assert state_of(import_) == State.POSTING
        with pytest.raises(BusyError):
            go_on(import_.pk)
    assert ask(JOBS) == [(1,)]
    assert posted(import_) == 0
    work_once()

    assert state_of(import_) == State.POSTED
    assert posted(import_) == 5
    assert ask(JOBS) == [(0,)]


def test_two_imports_take_turns(own_database: OwnDatabase) -> None:
    import_ = make_import(make_rows(5))

    with own_database.app() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
        set_mapping(import_, mapping=MAPPING, name="Payments")
        assert state_of(import_) == State.CHECKING
    work_once()

    assert state_of(import_) == State.CHECKED


def test_import_that_another_process_works_on_is_passed_over(own_database: OwnDatabase) -> None:
    import_ = make_checked(make_rows(5))
    Import.objects.filter(pk=import_.pk).update(state=State.POSTING)

    with own_database.app() as other:
        other.execute("SELECT FROM imports_import WHERE id = %s FOR UPDATE", [import_.pk])
        go_on(import_.pk)
        go_on_with_all()
        assert state_of(import_) == State.POSTING
    go_on_with_all()

    assert state_of(import_) == State.POSTED


@pytest.mark.parametrize("state", [State.CHECKING, State.POSTING])
def test_killed_process_leaves_all_of_it_to_the_next(own_database: OwnDatabase, state: str) -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    import_ = make_checked(make_rows(5))
    Import.objects.filter(pk=import_.pk).update(state=state)
    before = snapshot()
    env = {**os.environ, "DATABASE_URL": own_database.url}
    env["DJANGO_SETTINGS_MODULE"] = "config.settings"

    with own_database.owner() as holder:
        holder.execute(LOCK, [treasury().pk])
        command = [sys.executable, "-c", GO_ON.format(pk=import_.pk)]
        process = subprocess.Popen(command, cwd=ROOT, env=env)
        wait_for(lambda: bool(ask(WAITING)) or process.poll() is not None)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert state_of(import_) == state
        assert snapshot() == before
    # The server ends what it was at when it finds that nobody is there.
    wait_for(lambda: _done_by_the_next(import_))

    assert posted(import_) == (5 if state == State.POSTING else 0)
    assert_sound()


def _done_by_the_next(import_: Import) -> bool:
    go_on_with_all()
    return state_of(import_) not in (State.CHECKING, State.POSTING)


def test_lost_connection_leaves_all_of_it_to_the_next(own_database: OwnDatabase) -> None:
    make_balance(indicator="@Treasury", floor_minor=None)
    import_ = make_checked(make_rows(5))
    press = acts_on(import_)["post"]

    def press_and_part() -> None:
        try:
            press()
        finally:
            connection.close()

    with own_database.owner() as holder, ThreadPoolExecutor(1) as pool:
        holder.execute(LOCK, [treasury().pk])
        pressing = pool.submit(press_and_part)
        wait_for(lambda: bool(ask(WAITING)))
        with own_database.cluster.connect() as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [ask(WAITING)[0][0]])
        with pytest.raises(OperationalError):
            pressing.result()
    assert state_of(import_) == State.POSTING
    assert posted(import_) == 0
    go_on_with_all()

    assert state_of(import_) == State.POSTED
    assert posted(import_) == 5


def test_money_and_state_are_seen_at_the_same_moment(own_database: OwnDatabase) -> None:
    """Nobody sees transactions of an import that is not posted, nor the other way round."""
    import_ = make_checked(make_rows(300))
    press = acts_on(import_)["post"]
    seen: set[tuple[str, int]] = set()
    look = (
        "SELECT state, (SELECT count(*) FROM transactions_transaction WHERE batch_id = i.public_id)"
        " FROM imports_import AS i"
    )

    def watch() -> None:
        for _look in range(200):
            seen.update(ask(look))

    at_once([press, watch])
    seen.update(ask(look))

    assert seen - {("CHECKED", 0), ("POSTING", 0)} == {("POSTED", 300)}


def test_balance_opened_meanwhile_is_shown_before_it_is_used(own_database: OwnDatabase) -> None:
    import_ = make_checked(make_rows(5))
    post_transfer(source=Indicator("@Treasury", "GBP"), destination=make_balance())

    acts_on(import_)["post"]()

    assert state_of(import_) == State.CHECKED
    assert "The books have changed" in import_.problem
    acts_on(import_)["post"]()
    assert state_of(import_) == State.POSTED
    assert posted(import_) == 5
