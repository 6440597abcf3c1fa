"""A serial line between two pseudo terminals that takes as long over each byte as a real one."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BITS_A_CHARACTER = 11  # start, eight, parity and stop (Modbus over Serial Line V1.02, 2.5.1)
TURNAROUND_S = 0.006  # a meter takes some milliseconds to answer
PIECE_BYTES = 8  # what a driver hands on at a time
MOST_BYTES = 4096


class PacedLine:
    """The master's end is `for_master`, that of the devices `for_devices`; both are device files.

    `talk` carries the bytes between them until it is cancelled. The master's side stays plugged in whoever opens it.
    """

    def __init__(self, *, baudrate: int) -> None:
        self._character_s = BITS_A_CHARACTER / baudrate
        self._masters, self._master_slave = pty.openpty()
        self._devices, self._device_slave = pty.openpty()
        for end in (self._master_slave, self._device_slave):
            tty.setraw(end)
        self.for_master = os.ttyname(self._master_slave)
        self.for_devices = os.ttyname(self._device_slave)

    async def talk(self) -> None:
        """Carry bytes both ways."""
        with (
            self._carried(self._masters, self._devices, pause_s=0.0),
            self._carried(self._devices, self._masters, pause_s=TURNAROUND_S),
        ):
            await asyncio.Event().wait()

    def close(self) -> None:
        """Pull it out; whoever has it open is hung up."""
        for end in (self._masters, self._devices, self._master_slave, self._device_slave):
            os.close(end)

    @contextmanager
    def _carried(self, source: int, target: int, *, pause_s: float) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        on_its_way: set[asyncio.TimerHandle] = set()
        free_at = 0.0

        def take() -> None:
            nonlocal free_at
            said = os.read(source, MOST_BYTES)
            begins = max(free_at, loop.time() + pause_s)
            for start in range(0, len(said), PIECE_BYTES):
                piece = said[start : start + PIECE_BYTES]
                begins += len(piece) * self._character_s
                on_its_way.add(loop.call_at(begins, give, piece))
            free_at = begins
            passed = {timer for timer in on_its_way if timer.when() < loop.time()}
            on_its_way.difference_update(passed)

        def give(piece: bytes) -> None:
            with suppress(BlockingIOError):  # nobody listens and the buffer is full: lost, as on a line
                os.write(target, piece)

        os.set_blocking(target, False)
        loop.add_reader(source, take)
        try:
            yield
        finally:
            loop.remove_reader(source)
            for timer in on_its_way:
                timer.cancel()
