"""How a simulator's process lives: it reports on its output, obeys lines on its input, and ends when told."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import stat
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

PR_SET_PDEATHSIG = 1  # prctl(2)


def report(line: str) -> None:
    """Tell whoever started this process; at once."""
    print(line, flush=True)


def run_until_told(serving: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run until SIGTERM, SIGINT or the death of the parent, then let `serving` clean up."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - inside a coroutine there is one
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await serving()

    with suppress(asyncio.CancelledError):
        asyncio.run(run())


async def obey_lines(obey: Callable[[str], None]) -> None:
    """Carry out each line on standard input and answer it: `ok LINE`, or `error REASON` for a ValueError.

    Never ends by itself: when nobody is there to give commands, it waits to be cancelled.
    """
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):  # a plain file, /dev/null or a terminal gives no commands
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := (await lines.readline()).decode().strip():
            try:
                obey(line)
            except ValueError as error:
                report(f"error {error}")
            else:
                report(f"ok {line}")
    await asyncio.Event().wait()
