"""When scheduled tasks are due: pure, so that restarts, times off and jumping clocks are cases like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Every:
    """Again this long after the last run."""

    interval: timedelta


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at this time, UTC."""

    at: time


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do again and again; its name is what the last run is kept under. `run` blocks."""

    name: str
    when: Every | Daily
    run: Callable[[], object]


def due(tasks: Sequence[Task], last: Mapping[str, datetime], now: datetime) -> list[Task]:
    """The tasks to be run now, in their order. However many runs were missed, one makes up for them.

    A last run in the future was dated by a clock that has gone back since; then nobody knows, and it is run.
    """
    return [task for task in tasks if _is_due(task.when, last.get(task.name), now)]


def _is_due(when: Every | Daily, last: datetime | None, now: datetime) -> bool:
    if last is None or last > now:
        return True
    match when:
        case Every(interval):
            return now - last >= interval
        case Daily(at):
            return last < _newest(at, now)


def _newest(at: time, now: datetime) -> datetime:
    """The newest moment, not after `now`, at which it was that time."""
    today = datetime.combine(now.date(), at, tzinfo=now.tzinfo)
    return today if today <= now else today - timedelta(days=1)
