"""One thread for what may block, so that the event loop never does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

WITHIN_S = 5.0  # a file of the kernel that takes longer hangs


class SideThread:
    """Does one thing after another, in the order in which it was asked."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def do(self, work: Callable[[], T], *, within_s: float = WITHIN_S) -> T:
        """What `work` gives or raises; TimeoutError when it is not done in time, and it may then still be done."""
        async with asyncio.timeout(within_s):
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """Take no more; what hangs is left to itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)
