"""Every fault that an answer on a serial line can have, on a slow and on a quick one, with and without an echo."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

import modbus_faults as faults
from wattledger.fieldbus import Parity, RtuLink, SerialSettings
from wattledger.fieldbus.modbus.owed_answers import MOST_LATE_S

LISTENS_S = 0.03


@dataclass
class Clock:
    """The computer's own, which can be put forward."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture
def linked(scripted_line: Any) -> faults.Linked:
    @asynccontextmanager
    async def link_to(
        script: Any, *, timeout_s: float = faults.GUARD_S, baudrate: int = 115200, echo: bool = False, **settings: Any
    ) -> AsyncIterator[Any]:
        line = scripted_line(script)
        serial = SerialSettings(line.port, baudrate, Parity.EVEN, echo=echo)
        link = RtuLink(serial, timeout_s=timeout_s, listens_s=LISTENS_S, **settings)
        try:
            async with asyncio.timeout(faults.GUARD_S):
                yield link, line
        finally:
            await link.close()

    return link_to


@pytest.mark.parametrize("fault", faults.faults_on(faults.RTU), ids=str)
async def test_a_fault_costs_no_more_than_its_request(linked: faults.Linked, fault: faults.Fault) -> None:
    outcome, clock = fault.outcomes[faults.RTU], Clock()

    async with linked(fault.strike_second, baudrate=fault.baudrate, clock=clock) as (link, line):

        def mend() -> None:
            if outcome == faults.LOST:
                line.plug()
            if outcome in {faults.UNFIT, faults.LOST}:
                clock.ahead_s += MOST_LATE_S  # as long as an answer to a request of endless patience may be late

        await faults.strike(link, fault, faults.RTU, mend=mend)


@pytest.mark.parametrize("trial", faults.TRIALS, ids=faults.name_of)
async def test_a_device_with_its_ways_is_read(linked: faults.Linked, trial: Callable[..., Awaitable[None]]) -> None:
    await trial(linked)


HARMLESS = [
    fault
    for fault in faults.faults_on(faults.RTU)
    if fault.outcomes[faults.RTU] == faults.RIGHT and fault.baudrate != faults.UNHURRIED
]


@pytest.mark.parametrize("fault", HARMLESS, ids=str)
async def test_what_does_no_harm_does_none_with_an_echo(linked: faults.Linked, fault: faults.Fault) -> None:
    def echo_and_strike(asked: Any) -> faults.Steps:
        return [asked.raw, *fault.strike_second(asked)]

    async with linked(echo_and_strike, echo=True) as (link, _):
        await faults.strike(link, fault, faults.RTU)
