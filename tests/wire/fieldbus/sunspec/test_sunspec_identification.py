"""Whether the declared meter or inverter is in a device's chain, and what a scan finds there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import pytest

from sunspec_peer import SunSpecPeer, chain, common, model
from wattledger.catalog import load_catalog
from wattledger.fieldbus import Advice, Certainty, Identification, Outcome, Proposal, TcpLink, identify, probe_unit

SOLAR = common("SolarEdge", "SE10K", version="4.18", serial="7E123456")
FIRST = common("WattNode", "WND-3Y", version="25", serial="1001")
SECOND = common("WattNode", "WND-3Y", version="25", serial="1002")
INVERTER = model(103, 50, {})
METER = model(203, 105, {})
LIGHT = model(201, 105, {})

catalog = cache(load_catalog)


@asynccontextmanager
async def linked(peer: Any, *, timeout_s: float = 5.0) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=timeout_s)
    try:
        yield link
    finally:
        await link.close()


async def identified(peer: Any, product: str, *, timeout_ms: int = 5000) -> Identification:
    profile = catalog().profile("sunspec-inverter" if product.startswith("Inverter") else "sunspec-meter")
    profile = profile.model_copy(update={"limits": profile.limits.model_copy(update={"timeout_ms": timeout_ms})})
    async with linked(peer, timeout_s=timeout_ms / 1000) as link:
        return await identify(link, 1, profile, profile.product(product))


@pytest.mark.parametrize(
    ("product", "serial"), [("Inverter 3~", "7E123456"), ("Meter 3~", "1001"), ("Meter 3~ (2)", "1002")]
)
async def test_each_device_of_a_chain_tells_who_it_is(sunspec: SunSpecPeer, product: str, serial: str) -> None:
    sunspec.have(chain(SOLAR, INVERTER, FIRST, METER, SECOND, METER))

    found = await identified(sunspec, product)

    assert (found.outcome, found.advice) == (Outcome.MATCH, Advice.NONE)
    assert found.found["serial"] == serial
    assert found.found["models"] == "1, 103, 1, 203, 1, 203"


async def test_another_number_of_phases_asks_to_choose_the_product(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(FIRST, LIGHT), at=50000)

    found = await identified(sunspec, "Meter 3~")

    assert (found.outcome, found.advice) == (Outcome.OTHER_DEVICE, Advice.CHOOSE_PRODUCT)
    assert found.found["product"] == "Meter 1~"
    assert found.found["vendor"] == "WattNode"


async def test_a_missing_meter_is_told_from_a_missing_sunspec(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(SOLAR, INVERTER, end=[0xFFFF]))
    without_meter = await identified(sunspec, "Meter 3~")
    sunspec.have([0] * 100, at=40000)
    without_sunspec = await identified(sunspec, "Meter 3~")

    assert (without_meter.outcome, without_meter.advice) == (Outcome.OTHER_DEVICE, Advice.CHECK_MODELS)
    assert without_meter.found["models"] == "1, 103"
    assert (without_sunspec.outcome, without_sunspec.advice) == (Outcome.OTHER_DEVICE, Advice.ENABLE_SUNSPEC)


async def test_a_silent_device_asks_for_the_unit(scripted: Any) -> None:
    peer = scripted(lambda asked: [])

    found = await identified(peer, "Meter 3~", timeout_ms=50)

    assert (found.outcome, found.advice) == (Outcome.NO_ANSWER, Advice.CHECK_UNIT)
    assert len(peer.asked) == 3


async def test_a_host_that_is_not_there_asks_for_the_address(scripted: Any) -> None:
    gone = scripted()
    gone.stop()

    found = await identified(gone, "Meter 3~")

    assert (found.outcome, found.advice) == (Outcome.NO_ANSWER, Advice.CHECK_ADDRESS)


def from_chain(registers: Sequence[int], *, at: int) -> Any:
    def script(asked: Any) -> Sequence[Any]:
        start = asked.address - at
        known = asked.function == 3 and start >= 0 and start + asked.count <= len(registers)
        return [asked.answer(registers[start : start + asked.count])] if known else [asked.refusal(2)]

    return script


async def test_a_chain_behind_silent_addresses_is_found(scripted: Any) -> None:
    there = from_chain(chain(FIRST, METER), at=0)
    peer = scripted(lambda asked: there(asked) if asked.address < 1000 else [])

    found = await identified(peer, "Meter 3~", timeout_ms=50)

    assert found.outcome is Outcome.MATCH


async def test_a_device_that_is_busy_in_the_middle_asks_to_try_again(scripted: Any) -> None:
    there = from_chain(chain(FIRST, METER), at=40000)
    peer = scripted(lambda asked: there(asked) if asked.number < 3 else [asked.refusal(6)])

    found = await identified(peer, "Meter 3~", timeout_ms=50)

    assert (found.outcome, found.advice) == (Outcome.REFUSED, Advice.TRY_AGAIN)


async def test_a_scan_proposes_the_inverter_and_each_meter_behind_it(sunspec: SunSpecPeer) -> None:
    sunspec.have(chain(SOLAR, INVERTER, FIRST, METER, SECOND, METER))

    async with linked(sunspec) as link:
        found = await probe_unit(link, 1, catalog().profiles)

    assert found is not None
    assert found.proposals == (
        Proposal("sunspec-inverter", "Inverter 3~", Certainty.SURE),
        Proposal("sunspec-meter", "Meter 3~", Certainty.SURE),
        Proposal("sunspec-meter", "Meter 3~ (2)", Certainty.SURE),
    )
    assert found.said == {"vendor": "SolarEdge", "model": "SE10K", "serial": "7E123456", "firmware": "4.18"}


async def test_a_scan_asks_a_known_meter_for_no_chain(ecr380d: Any) -> None:
    async with linked(ecr380d) as link:
        found = await probe_unit(link, 1, catalog().profiles)
        asked = [entry.hex for entry in link.monitor.snapshot()]

    assert found is not None
    assert [one.profile for one in found.proposals] == ["hager-ecr"]
    assert not any("9c 40 00 02" in frame.lower() or "9c400002" in frame.lower() for frame in asked)


async def test_an_unknown_device_costs_a_scan_three_reads_more(scripted: Any) -> None:
    peer = scripted(lambda asked: [asked.refusal(2)])

    async with linked(peer) as link:
        found = await probe_unit(link, 1, catalog().profiles)

    assert found is not None
    assert found.proposals == ()
    assert [asked.address for asked in peer.asked if asked.function == 3][-3:] == [40000, 50000, 0]
