"""Every fault of an answer behind TLS, as on a clear connection, and answers that come in pieces of TLS records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

import modbus_faults as faults
from wattledger.fieldbus import TcpLink, TlsSecurity, TlsSettings


@pytest.fixture
def linked(secured: Any, issued: Any) -> faults.Linked:
    @asynccontextmanager
    async def link_to(script: Any, *, timeout_s: float = faults.GUARD_S, **settings: Any) -> AsyncIterator[Any]:
        front = secured(script=script)
        tls = TlsSettings(TlsSecurity.ENCRYPTED, authorities=(issued.authority.pem,))
        link = TcpLink(front.host, front.port, timeout_s=timeout_s, tls=tls, **settings)
        try:
            async with asyncio.timeout(faults.GUARD_S):
                yield link, front
        finally:
            await link.close()

    return link_to


@pytest.mark.parametrize("fault", faults.faults_on(faults.TCP), ids=str)
async def test_a_fault_costs_no_more_than_its_request(linked: faults.Linked, fault: faults.Fault) -> None:
    async with linked(fault.strike_second) as (link, _):
        await faults.strike(link, fault, faults.TCP)


TRIALS = [trial for trial in faults.TRIALS if trial is not faults.split_at_every_byte]  # below, by records


@pytest.mark.parametrize("trial", TRIALS, ids=faults.name_of)
async def test_a_peer_with_its_ways_is_read(linked: faults.Linked, trial: Callable[..., Awaitable[None]]) -> None:
    await trial(linked)


async def test_an_answer_may_be_split_over_records_at_every_byte(linked: faults.Linked) -> None:
    async with linked(lambda asked: [asked.answer()]) as (link, front):
        for first_record_bytes in range(1, 13):
            front.record_bytes = first_record_bytes
            assert await faults.outcome_of(link, faults.read(first_record_bytes)) == faults.RIGHT

    assert link.statistics.of_link().rejected == 0
    assert link.statistics.of_link().connections == 1
