"""Tasks that run as long as the engine does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager


class Tasks:
    """Owns running tasks; one that fails ends the engine, which its parent then starts anew."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None], *, name: str) -> asyncio.Task[None]:
        """Run `work` until it ends, is cancelled, or the engine stops."""
        task = self._group.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def cancel(self) -> None:
        """Cancel all that still runs."""
        for task in tuple(self._running):
            task.cancel()


@asynccontextmanager
async def running_tasks() -> AsyncIterator[Tasks]:
    """Tasks started inside are cancelled and waited for at the end."""
    async with asyncio.TaskGroup() as group:
        tasks = Tasks(group)
        try:
            yield tasks
        finally:
            tasks.cancel()
