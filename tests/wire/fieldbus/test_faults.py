"""Every fault that an answer over TCP can have: a right value or an error at once, and nothing for the next request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

import modbus_faults as faults
from wattledger.fieldbus import TcpLink


@pytest.fixture
def linked(scripted: Any) -> faults.Linked:
    @asynccontextmanager
    async def link_to(script: Any, *, timeout_s: float = faults.GUARD_S, **settings: Any) -> AsyncIterator[Any]:
        peer = scripted(script)
        link = TcpLink(peer.host, peer.port, timeout_s=timeout_s, **settings)
        try:
            async with asyncio.timeout(faults.GUARD_S):
                yield link, peer
        finally:
            await link.close()

    return link_to


@pytest.mark.parametrize("fault", faults.faults_on(faults.TCP), ids=str)
async def test_a_fault_costs_no_more_than_its_request(linked: faults.Linked, fault: faults.Fault) -> None:
    async with linked(fault.strike_second) as (link, _):
        await faults.strike(link, fault, faults.TCP)


@pytest.mark.parametrize("trial", faults.TRIALS, ids=faults.name_of)
async def test_a_peer_with_its_ways_is_read(linked: faults.Linked, trial: Callable[..., Awaitable[None]]) -> None:
    await trial(linked)
