from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.setup.running import Up, environment, start_up

Start = Callable[..., Up]


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What the first `up` of a fresh machine left and said."""

    data: Path
    said: str
    password: str


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    data = tmp_path_factory.mktemp("first") / "data"
    with ended_afterwards() as start:
        running = start(data)
    return FirstRun(data, running.said, running.password)


@pytest.fixture
def data(tmp_path: Path, first_run: FirstRun) -> Path:
    """A data folder of this test, as the first run leaves it."""
    return shutil.copytree(first_run.data, tmp_path / "data")


@pytest.fixture
def up() -> Generator[Start, None, None]:
    """Starts `up` with a data folder; whatever still runs after the test is ended."""
    with ended_afterwards() as start:
        yield start


@contextmanager
def ended_afterwards() -> Generator[Start, None, None]:
    started: list[Up] = []

    def start(data: Path, *arguments: str, **more: str) -> Up:
        started.append(start_up(environment(data, **more), *arguments))
        return started[-1]

    try:
        yield start
    finally:
        for running in started:
            running.end()
