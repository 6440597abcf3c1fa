"""A journal on a clock that the test drives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wattledger.journal import Journal


class TestClock:
    """Stands still until it is told to go on."""

    __test__ = False

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path: Path, clock: TestClock) -> Iterator[Journal]:
    with Journal(path, now=clock) as journal:
        yield journal


@pytest.fixture
def another(path: Path, clock: TestClock) -> Iterator[Callable[[], Journal]]:
    """Further journals on the same file, as other processes have them."""
    opened: list[Journal] = []

    def open_one() -> Journal:
        opened.append(Journal(path, now=clock))
        return opened[-1]

    yield open_one
    for journal in opened:
        journal.close()
