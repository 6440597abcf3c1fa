"""When scheduled tasks are due, and that they are run."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wattledger.journal import Journal
from wattledger.services.schedule import Daily, Every, Task, due
from wattledger.services.scheduler import Scheduler

NIGHTLY = Daily(time(2, 37))
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def is_due(when: Every | Daily, *, last: datetime | None, now: datetime) -> bool:
    return bool(due([Task("a", when, lambda: None)], {} if last is None else {"a": last}, now))


def test_a_task_that_never_ran_is_due() -> None:
    assert is_due(NIGHTLY, last=None, now=NOW)
    assert is_due(Every(timedelta(hours=6)), last=None, now=NOW)


def test_a_daily_task_is_due_once_its_time_has_come() -> None:
    assert not is_due(NIGHTLY, last=datetime(2026, 3, 10, 2, 37, 5, tzinfo=UTC), now=NOW)
    assert not is_due(NIGHTLY, last=NOW, now=datetime(2026, 3, 11, 2, 36, tzinfo=UTC))
    assert is_due(NIGHTLY, last=NOW, now=datetime(2026, 3, 11, 2, 37, tzinfo=UTC))


def test_a_task_that_was_missed_while_the_server_was_off_is_due_at_once_and_then_not_again() -> None:
    assert is_due(NIGHTLY, last=NOW - timedelta(days=20), now=NOW)
    assert not is_due(NIGHTLY, last=NOW, now=NOW + timedelta(minutes=1))


def test_a_last_run_that_lies_in_the_future_counts_for_nothing() -> None:
    assert is_due(NIGHTLY, last=NOW + timedelta(days=400), now=NOW)
    assert is_due(Every(timedelta(hours=6)), last=NOW + timedelta(days=400), now=NOW)


def test_a_repeated_task_is_due_after_its_interval() -> None:
    every = Every(timedelta(hours=6))

    assert not is_due(every, last=NOW, now=NOW + timedelta(hours=5, minutes=59))
    assert is_due(every, last=NOW, now=NOW + timedelta(hours=6))


@given(last=MOMENTS, now=MOMENTS)
@settings(max_examples=100)
def test_a_daily_task_never_waits_longer_than_a_day_and_never_runs_twice_for_one_day(
    last: datetime, now: datetime
) -> None:
    if now - last >= timedelta(days=1):
        assert is_due(NIGHTLY, last=last, now=now)
    if last <= now and is_due(NIGHTLY, last=last, now=now):
        assert not is_due(NIGHTLY, last=now, now=now)


async def test_the_scheduler_runs_what_is_due_and_remembers_it_across_restarts(tmp_path: Path) -> None:
    ran = []
    tasks = [Task("snapshot", NIGHTLY, lambda: ran.append(1))]
    with Journal(tmp_path / "journal.sqlite3") as journal:
        assert await Scheduler(tasks, journal.runs, now=lambda: NOW).run_due() == ["snapshot"]
        assert await Scheduler(tasks, journal.runs, now=lambda: NOW + timedelta(hours=1)).run_due() == []
        assert await Scheduler(tasks, journal.runs, now=lambda: NOW + timedelta(days=5)).run_due() == ["snapshot"]

    assert len(ran) == 2


async def test_a_task_that_fails_stops_no_other_and_is_not_hammered(tmp_path: Path) -> None:
    tries = []

    def fail() -> None:
        tries.append(1)
        raise OSError("no space")

    tasks = [Task("bad", NIGHTLY, fail), Task("good", NIGHTLY, lambda: None)]
    with Journal(tmp_path / "journal.sqlite3") as journal:
        scheduler = Scheduler(tasks, journal.runs, now=lambda: NOW)

        assert await scheduler.run_due() == ["good"]
        assert await scheduler.run_due() == []
        assert "bad" not in journal.runs.last()
        assert len(tries) == 1
