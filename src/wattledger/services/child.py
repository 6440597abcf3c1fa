"""What every child has: its name, the data folder, the heartbeat, and an event loop that stops on SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import uvloop

from wattledger.journal import Code, Journal
from wattledger.plant import DataFolder

BEAT_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Child:
    """Handed to the main function of a child; `death` says why its predecessor died, None for the first."""

    name: str
    folder: DataFolder
    heartbeat_pipe: int
    death: str | None = None

    def beat(self) -> None:
        """Tell the parent that the loop turns; the first beat says that the child is ready."""
        with suppress(BlockingIOError):  # full: the parent has not read for long, and will find enough beats
            os.write(self.heartbeat_pipe, b".")


ChildMain = Callable[[Child], int]


def run_child(main: ChildMain, child: Child) -> int:
    """Tell of the predecessor's death, then be the child; gives the exit code."""
    if child.death is not None:
        _tell_of_restart(child, child.death)
    return main(child)


def run_loop(main: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    """Run `main` in an event loop until it returns; the event it gets is set by SIGTERM. Beating is left to `main`."""

    async def until_stopped() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await main(stop)

    # The loop is left open: closing it waits for threads that nobody needs any more, and the process ends here.
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(until_stopped())
    return 0


async def keep_beating(child: Child, stop: asyncio.Event) -> None:
    """Beat every second until `stop` is set."""
    while not stop.is_set():
        child.beat()
        try:
            async with asyncio.timeout(BEAT_EVERY_S):
                await stop.wait()
        except TimeoutError:
            continue


def _tell_of_restart(child: Child, reason: str) -> None:
    """One event for deaths that follow each other closely: it ends at once and is the same again at the next."""
    key = f"service:{child.name}"
    with Journal(child.folder.journal) as journal:
        params = {"service": child.name, "reason": reason}
        journal.begin(Code.SERVICE_RESTARTED, key, params=params, source=child.name)
        journal.end(Code.SERVICE_RESTARTED, key)
