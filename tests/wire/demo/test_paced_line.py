"""The line of the hotel: as slow as a real one, and what is said on it arrives whole and in order."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from wattledger.demo.paced_line import BITS_A_CHARACTER, PacedLine

BAUD = 9600
SAID = bytes(range(100))


@pytest.fixture
async def line() -> AsyncIterator[PacedLine]:
    """A line that talks."""
    made = PacedLine(baudrate=BAUD)
    talking = asyncio.create_task(made.talk())
    yield made
    talking.cancel()
    with suppress(asyncio.CancelledError):
        await talking
    made.close()


def heard(terminal: int, count: int) -> bytes:
    """So many bytes, as they come."""
    got = b""
    while len(got) < count:
        got += os.read(terminal, count - len(got))
    return got


@pytest.mark.parametrize("is_answer", [False, True])
async def test_bytes_take_at_least_as_long_as_on_wires_and_keep_their_order(line: PacedLine, is_answer: bool) -> None:
    ends = (line.for_devices, line.for_master) if is_answer else (line.for_master, line.for_devices)
    speaker, listener = (os.open(end, os.O_RDWR | os.O_NOCTTY) for end in ends)
    started = time.monotonic()

    os.write(speaker, SAID)
    got = await asyncio.to_thread(heard, listener, len(SAID))

    assert got == SAID
    assert time.monotonic() - started >= len(SAID) * BITS_A_CHARACTER / BAUD
    os.close(speaker)
    os.close(listener)


async def test_who_comes_again_finds_the_line_as_it_was(line: PacedLine) -> None:
    for said in (b"first", b"again"):
        speaker = os.open(line.for_master, os.O_RDWR | os.O_NOCTTY)
        listener = os.open(line.for_devices, os.O_RDWR | os.O_NOCTTY)
        os.write(speaker, said)
        assert await asyncio.to_thread(heard, listener, len(said)) == said
        os.close(speaker)
        os.close(listener)
