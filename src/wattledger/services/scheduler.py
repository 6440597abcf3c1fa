"""Runs the scheduled tasks, and remembers in the journal's file when each ran last."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from wattledger.journal import JournalError, Runs
from wattledger.services.schedule import Task, due

log = logging.getLogger(__name__)

LOOK_EVERY_S = 10.0
RETRY_S = 3600.0  # a task that failed is tried again the same day, but does not keep the card busy


class Scheduler:
    """Runs what is due, one after the other, each in a thread."""

    def __init__(
        self, tasks: Sequence[Task], runs: Runs, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._tasks = tasks
        self._runs = runs
        self._now = now
        self._not_before: dict[str, float] = {}  # by name, monotonic seconds

    async def keep_running(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            try:
                await self.run_due()
            except JournalError as error:
                log.error("scheduled tasks wait: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def run_due(self) -> list[str]:
        """Run what is due now; gives the names of those that ran well. Raises JournalError."""
        last = await asyncio.to_thread(self._runs.last)
        waiting = due(self._tasks, last, self._now())
        return [task.name for task in waiting if not self._failed_lately(task) and await self._run(task)]

    def _failed_lately(self, task: Task) -> bool:
        return time.monotonic() < self._not_before.get(task.name, 0.0)

    async def _run(self, task: Task) -> bool:
        started = self._now()
        try:
            await asyncio.to_thread(task.run)
        except Exception:  # one task that fails must not end the others
            log.exception("task %s failed; it is tried again in %.0f min", task.name, RETRY_S / 60)
            self._not_before[task.name] = time.monotonic() + RETRY_S
            return False
        await asyncio.to_thread(self._runs.ran, task.name, started)
        return True
