"""Meters of other makes on a real socket, each as strict as its manual: who they are, and all that they measure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from wattledger.catalog import DeviceMap, device_map, load_catalog
from wattledger.fieldbus import BlockMemory, Certainty, Proposal, TcpLink, probe_unit, read_points

ILLEGAL_ADDRESS, ILLEGAL_VALUE = 2, 3  # exception codes


def text(said: str, *, words: int) -> list[int]:
    data = said.encode().ljust(2 * words, b"\0")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


@dataclass(frozen=True)
class Meter:
    """A meter that answers what its manual allows, and refuses the rest.

    `identity` holds what answers only to exactly that request: (function, address) → registers. `shown` are registers
    that are not zero.
    """

    profile: str
    product: str
    identity: Mapping[tuple[int, int], Sequence[int]]
    shown: Mapping[int, int]
    expected: Mapping[str, float]
    most: int = 125  # registers of one request
    even: bool = False  # an odd address or count is refused

    @property
    def mapped(self) -> DeviceMap:
        profile = load_catalog().profile(self.profile)
        return device_map(profile, profile.product(self.product))

    def script(self) -> Callable[[Any], list[bytes]]:
        documented = {
            (block.function, address) for block in self.mapped.blocks for address in range(block.start, block.end)
        }

        def answer(asked: Any) -> list[bytes]:
            known = self.identity.get((asked.function, asked.address))
            if known is not None and len(known) == asked.count:
                return [asked.answer(known)]
            if asked.count > self.most or (self.even and (asked.address % 2 or asked.count % 2)):
                return [asked.refusal(ILLEGAL_VALUE)]
            addresses = range(asked.address, asked.address + asked.count)
            if not all((asked.function, address) in documented for address in addresses):
                return [asked.refusal(ILLEGAL_ADDRESS)]
            return [asked.answer([self.shown.get(address, 0) for address in addresses])]

        return answer


SDM630 = Meter(
    "eastron-sdm",
    "SDM630",
    identity={(3, 0xFC02): [112], (3, 0xFC00): [0x0012, 0xD687]},
    shown={0x00: 0x4366, 0x01: 0x3334, 0x48: 0x449A, 0x49: 0x5000},
    expected={"voltage.l1-n": 230.20001, "active_energy.import.total": 1_234_500, "active_energy.sum.l3": 0},
    most=60,
    even=True,
)
EM340 = Meter(
    "carlo-gavazzi-em300",
    "EM340",
    identity={(4, 0x000B): [341]},
    shown={0x0A: 3985, 0x0B: 0, 0x34: 0xD687, 0x35: 0x0012},
    expected={"voltage.l3-l1": 398.5, "active_energy.import.total": 123_456_700},
    most=20,
)
EM24 = Meter(
    "carlo-gavazzi-em24",
    "EM24-AV5",
    identity={(4, 0x000B): [72]},
    shown={0x3E: 1000, 0x42: 10, 0x37: 500},
    expected={"active_energy.import.total": 100_000, "partial_active_energy.import.total": 1000, "frequency": 50},
    most=11,
)
B23 = Meter(
    "abb-b2x",
    "B23",
    identity={(3, 0x8960): text("B23 ", words=2)},
    shown={0x5B0B: 4001, 0x5B2C: 4998, 0x5003: 0x00FF},
    expected={"voltage.l3-l1": 400.1, "frequency": 49.98, "active_energy.import.total": 2550},
)
IEM3255 = Meter(
    "schneider-iem3000",
    "iEM3255",
    identity={(3, 49): text("iEM3255", words=20)},
    shown={3059: 0x3F20, 3083: 0x3FC0, 3206: 4321},
    expected={"active_power.total": 625, "power_factor.total": 0.5, "active_energy.import.total": 4321},
)
PRO_3EM = Meter(
    "shelly-pro-3em",
    "S3EM-003CXCEU63",
    identity={(4, 6): [13139, 19781, 12333, 13104, 22595, 17731, 13909, 51, 0, 0]},
    shown={1020: 23147, 1021: 17264, 1033: 5122, 1034: 16968},
    expected={"voltage.l1-n": 240.3532, "frequency": 50.01954},
    most=80,
)
METERS = (SDM630, EM340, EM24, B23, IEM3255, PRO_3EM)


@asynccontextmanager
async def linked(peer: Any) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=5.0)
    try:
        yield link
    finally:
        await link.close()


@pytest.mark.parametrize("meter", METERS, ids=lambda meter: meter.product)
async def test_a_meter_is_recognised_among_all_profiles(scripted: Any, meter: Meter) -> None:
    async with linked(scripted(meter.script())) as link:
        found = await probe_unit(link, 1, load_catalog().profiles)

    assert found is not None
    assert found.proposals == (Proposal(meter.profile, meter.product, Certainty.LIKELY),)


@pytest.mark.parametrize("meter", METERS, ids=lambda meter: meter.product)
async def test_every_point_is_read_without_asking_what_the_manual_forbids(scripted: Any, meter: Meter) -> None:
    device = meter.mapped
    async with linked(scripted(meter.script())) as link:
        got = await read_points(link, 1, device, device.points, memory=BlockMemory())

    assert (got.failures, got.error) == ((), None)
    assert set(got.values) == set(device.points)
    values = {str(point.name): value.value for point, value in got.values.items()}
    assert {name: values[name] for name in meter.expected} == meter.expected
