from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from benchmarks.bounds import POSTING
from benchmarks.data import QUICK, Size
from benchmarks.report import Result
from dashboard.management.commands import bench


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """What the benchmark finds, without the minutes it takes."""
    results: list[Result] = []

    def run(size: Size, names: set[str], _say: Callable[[str], None]) -> Iterator[Result]:
        assert size == QUICK
        yield from (result for result in results if result.name in names)

    monkeypatch.setitem(bench.PARTS, "posting", (run, ["function", "disk"]))
    return results


def test_bench_prints_results_as_json(found: list[Result]) -> None:
    found.append(Result("function", {"ratio": 0.9}, POSTING["function"]))
    out = StringIO()

    call_command("bench", "posting", "--quick", "--json", stdout=out)

    assert json.loads(out.getvalue()) == {
        "results": [{"name": "function", "ratio": 0.9, "floor": 0.7, "goal": 1.1}]
    }


def test_bench_exits_1_below_a_floor(found: list[Result]) -> None:
    found.append(Result("function", {"ratio": 0.9}, POSTING["function"]))
    found.append(Result("disk", {"bytes": 1301}, POSTING["disk"]))

    with pytest.raises(SystemExit) as exit_:
        call_command("bench", "posting", "--quick", stdout=StringIO())

    assert exit_.value.code == 1


def test_bench_measures_only_what_is_named(found: list[Result]) -> None:
    found.append(Result("function", {"ratio": 0.9}, POSTING["function"]))
    found.append(Result("disk", {"bytes": 900}, POSTING["disk"]))
    out = StringIO()

    call_command("bench", "posting", "--quick", "--only", "disk", stdout=out)

    assert "disk" in out.getvalue()
    assert "function" not in out.getvalue()


def test_bench_refuses_an_unknown_name(found: list[Result]) -> None:
    with pytest.raises(CommandError, match="no speed in bench posting"):
        call_command("bench", "posting", "--quick", "--only", "speed")


def test_bench_says_nothing_of_progress_in_a_pipe(
    found: list[Result], capsys: pytest.CaptureFixture[str]
) -> None:
    found.append(Result("disk", {"bytes": 900}, POSTING["disk"]))

    call_command("bench", "posting", "--quick", stdout=StringIO())

    assert capsys.readouterr().err == ""
