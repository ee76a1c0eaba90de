"""What chaos tests share: the seed, an installation that is torn down, and a line about each at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.processes import Installation

LINES = pytest.StashKey[list[str]]()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--chaos-seed"))


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the long form is wanted."""
    return bool(request.config.getoption("--chaos-full"))


@pytest.fixture
def report(request: pytest.FixtureRequest, seed: int, full: bool) -> Iterator[Callable[[str], None]]:
    """Keep a line for the end: what was found, with which seed, and how to run it again."""
    lines = request.config.stash.setdefault(LINES, [])
    again = f"pytest '{request.node.nodeid}' --chaos-seed {seed}{' --chaos-full' if full else ''}"
    began = time.monotonic()

    def say(what: str) -> None:
        line = (
            f"{request.node.name} [seed {seed}, {time.monotonic() - began:.0f} s] {what}\n    again: {again}"
        )
        lines.append(line)

    yield say


@pytest.fixture
def install(transactional_db: None, tmp_path: Path, seed: int) -> Iterator[Callable[..., Installation]]:
    """Makes installations, in this test's database, and ends what is left of them."""
    made: list[Installation] = []

    def make(**more: str) -> Installation:
        made.append(Installation(tmp_path / f"docloop{len(made)}", seed, **more))
        return made[-1]

    try:
        yield make
    finally:
        for each in made:
            each.close()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if lines := config.stash.get(LINES, []):
        terminalreporter.section("chaos")
        for line in lines:
            terminalreporter.line(line)
